"""
``saved_tensors_hooks``: half the memory in bfloat16
====================================================

With a pair of hooks you can keep the tensors that ``backward`` needs in a smaller form, without writing a Function.
This page shows what such hooks may convert, what they have to leave alone, and how accurate the first and second
derivatives remain.

Read :doc:`recompute_or_save` first.

Suppose that training runs out of memory, and that the tensors filling it are expensive to compute again. Then you can
keep these tensors in lower precision instead.
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
# The hook ``to_bfloat16`` converts each saved tensor to ``bfloat16``, which is half the size of ``float32``, and
# ``from_bfloat16`` converts it back. Around an embedding, these hooks also convert the saved row indices, which rounds
# them. The gradients then end up in the wrong rows, and you get no error:


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
# The hooks convert the embedding's saved indices too, but ``bfloat16`` has only eight significant bits, so 257 becomes
# 256.
#
# Hooks that choose
# -----------------
#
# Convert only ``float32`` and ``float64``, because integers can change and complex numbers would lose their imaginary
# part. Also leave alone whatever stays in memory anyway, such as the input and the parameters, since an extra copy
# takes more memory, not less. To recognise such tensors, compare storages rather than the tensors themselves, because a
# linear layer saves a view of its weight:


def to_bfloat16_except(*held):
    storages = [tensor.untyped_storage().data_ptr() for tensor in held]

    def pack(tensor):
        is_held = tensor.untyped_storage().data_ptr() in storages
        converts = tensor.dtype in (torch.float32, torch.float64) and not is_held
        return to_bfloat16(tensor) if converts else as_it_is(tensor)

    return pack


assert rows_with_gradient(to_bfloat16_except(table)) == rows.tolist()
assert to_bfloat16_except()(torch.tensor(1 + 2j)) == (torch.complex64, 1 + 2j)

# %%
# Each line of output shows how many bytes the arguments of one function and its saved tensors take together, with each
# storage counted once. The input has 1,000,000 bytes. In each line, the first number is measured without any
# conversion, the second with every saved tensor converted, and the third with only those tensors converted that the
# hook above chooses.

from recompute_or_save import tanh_gelu


def three_uses(x):
    hidden = 2 * x
    return hidden.sin() + hidden.cos() + hidden.square()


def bytes_of_all(function, pack, *held):
    kept = list(held)
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
# For ``tanh_gelu``, converting only the chosen tensors needs the fewest bytes. For ``linear``, whose weight also has
# 1,000,000 bytes, this choice needs as many bytes as no conversion at all. For ``three_uses``, it helps neither to
# convert all tensors nor to choose, because three operations save the same tensor and the hook makes a converted copy
# for each of them.
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
# Rounding to ``bfloat16`` makes the derivatives too inaccurate for ``gradcheck``. The two printed values are the
# relative errors of the first and second derivatives, and whether such errors are acceptable is up to you.
#
# Hooks that convert saved tensors have two blind spots. First, they never see a tensor on ``ctx``, as
# :doc:`freed_after_backward` shows. Second, if the hooks leave a saved tensor unconverted and it is later modified in
# place, autograd does not notice. Without hooks, autograd would raise an error, but with hooks it computes the gradient
# from the modified values.
#
# The hooks do see what your own Function passes to ``save_for_backward``. But each time ``backward`` reads
# ``ctx.saved_tensors``, all of these tensors are unpacked again. So read this attribute only once, unlike the Function
# below:


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


unpacked, pair = [], (x, torch.randn_like(x, requires_grad=True))
with saved_tensors_hooks(lambda tensor: tensor, unpack):
    torch.testing.assert_close(grad(ProductReadTwice.apply(*pair).sum(), pair), (pair[1], pair[0]))
print(len(unpacked))
assert len(unpacked) == 4  # two tensors, twice
print("gradcheck    ", gradcheck(ProductReadTwice.apply, pair))
print("gradgradcheck", gradgradcheck(ProductReadTwice.apply, pair))
