"""
``saved_tensors_hooks``: half the memory in bfloat16
====================================================

A pair of hooks can keep what ``backward`` needs in a smaller form, without a Function of your own. This page shows
what such hooks may convert, what they have to leave alone, and how exact both derivatives remain.

Read :doc:`recompute_or_save` first.

Training runs out of memory, and what fills it is expensive to compute again. You can keep it less exactly.
"""

import torch
from torch.autograd import grad, gradcheck, gradgradcheck
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.functional import embedding, linear

torch.manual_seed(0)

# %%
# Hooks that convert everything
# -----------------------------
#
# The first hook turns what is saved into ``bfloat16``, half the size of ``float32``, and the second turns it back.
# Around an embedding they send the gradients to the wrong rows, and no error says so:


def as_it_is(tensor):
    return tensor.dtype, tensor


def to_bfloat16(tensor):
    return tensor.dtype, tensor.to(torch.bfloat16)


def from_bfloat16(packed):
    dtype, tensor = packed
    return tensor.to(dtype)


def rows_with_gradient(pack):
    with saved_tensors_hooks(pack, from_bfloat16):
        out = embedding(rows, table)
    return grad(out.sum(), table)[0].sum(1).nonzero().flatten().tolist()


table, rows = torch.randn(400, 2, requires_grad=True), torch.tensor([257, 301])
print(rows.tolist(), rows_with_gradient(to_bfloat16))
assert rows_with_gradient(to_bfloat16) == [256, 300]

# %%
# The indices are a saved tensor too, and ``bfloat16`` has only eight significant bits: it makes 256 of 257.
#
# Hooks that choose
# -----------------
#
# Convert ``float32`` and ``float64`` only: integers change, complex numbers would lose their imaginary part.
# And leave alone whatever stays in memory anyway, such as the input and the parameters, because a copy beside
# them takes more memory, not less. A linear layer saves a view of its weight, so compare storages, not tensors:


def to_bfloat16_except(*held):
    storages = [tensor.untyped_storage().data_ptr() for tensor in held]

    def pack(tensor):
        is_held = tensor.untyped_storage().data_ptr() in storages
        if tensor.dtype in (torch.float32, torch.float64) and not is_held:
            return to_bfloat16(tensor)
        return as_it_is(tensor)

    return pack


assert rows_with_gradient(to_bfloat16_except(table)) == rows.tolist()
assert to_bfloat16_except()(torch.tensor(1 + 2j)) == (torch.complex64, 1 + 2j)

# %%
# Three functions of an input of 1,000,000 bytes, with what is held or saved, each storage once: without conversion,
# with everything converted, and with a choice.

from recompute_or_save import tanh_gelu


def three_uses(x):
    hidden = 2 * x
    return hidden.sin() + hidden.cos() + hidden.square()


def bytes_of_all(function, pack, *held):
    kept = list(held)
    # What is kept cannot be unpacked here, and need not be.
    with saved_tensors_hooks(lambda tensor: kept.append(pack(tensor)[1]), lambda _: _):
        function(*held)
    storages = [tensor.untyped_storage() for tensor in kept]
    return sum({storage.data_ptr(): storage.nbytes() for storage in storages}.values())


inputs, weight = (torch.randn(500, 500, requires_grad=True) for _ in range(2))
for function, *held in (tanh_gelu, inputs), (linear, inputs, weight), (three_uses, inputs):
    hooks = as_it_is, to_bfloat16, to_bfloat16_except(*held)
    numbers = [bytes_of_all(function, pack, *held) for pack in hooks]
    print(f"{function.__name__:10}", *(f"{number:10,}" for number in numbers))

# %%
# The choice is best for the first two; the weight has 1,000,000 bytes as well. Nothing helps the third: three
# operations save the same tensor, and the hook converts it once for each of them.
#
# How exact is it?
# ----------------


def gelu_in_bfloat16(x):
    with saved_tensors_hooks(to_bfloat16_except(x), from_bfloat16):
        return tanh_gelu(x)


def two_orders(function):
    (grad_x,) = grad(function(inputs).sum(), inputs, create_graph=True)
    return grad_x.detach(), grad(grad_x.sum(), inputs)[0]


x = torch.randn(4, dtype=torch.float64, requires_grad=True)
print("gradcheck", gradcheck(gelu_in_bfloat16, x, raise_exception=False))
for found, right in zip(two_orders(gelu_in_bfloat16), two_orders(tanh_gelu)):
    print(f"{((found - right).norm() / right.norm()).item():.0e}")

# %%
# Not exact enough for ``gradcheck``. The numbers are the relative deviations of the first and of the second
# derivative, from the rounding to ``bfloat16``. Whether that will do is for you to decide.
#
# Two things escape such hooks. What lies on ``ctx`` never reaches them, as :doc:`freed_after_backward` shows.
# And autograd does not notice an in-place change of a tensor that they leave alone: without hooks it raises an
# error, with them the gradient is computed from the changed values.
#
# They do reach what a Function of yours saves. Each time that ``backward`` reads ``ctx.saved_tensors``, all of it is
# unpacked again, so read it once:


class ProductReadTwice(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * ctx.saved_tensors[1], grad_output * ctx.saved_tensors[0]


def unpack(tensor):
    unpacked.append(tensor)
    return tensor


unpacked = []
with saved_tensors_hooks(lambda tensor: tensor, unpack):
    grad(ProductReadTwice.apply(inputs, weight).sum(), (inputs, weight))
print(len(unpacked))
assert len(unpacked) == 4  # two tensors, twice
y = x.detach().exp().requires_grad_()
print("gradcheck    ", gradcheck(ProductReadTwice.apply, (x, y)))
print("gradgradcheck", gradgradcheck(ProductReadTwice.apply, (x, y)))
torch.testing.assert_close(ProductReadTwice.apply(x, y), x * y)
