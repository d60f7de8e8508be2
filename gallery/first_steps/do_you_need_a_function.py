"""
Do you need a Function?
=======================

A custom Function is the right tool for a few problems and a burden for all others. Five questions, each answered
by a run, tell you which tool yours needs: plain operations, ``torch.utils.checkpoint``, ``torch.compile``, a
:class:`torch.autograd.Function` or an operator of ``torch.library``.

Read :doc:`backward_graph` first.

The questions come in the order of their price. Stop at the first answer that is enough.
"""

import torch
from scipy import special
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck
from torch.autograd.graph import saved_tensors_hooks
from torch.library import custom_op, opcheck
from torch.utils.checkpoint import checkpoint

torch.manual_seed(0)
torch._dynamo.reset()

# %%
# Can PyTorch operations compute it?
# ----------------------------------
#
# Then write it down, and you are done. Autograd knows the derivative of each of these operations:


def tanh_exp(x):
    return x * torch.tanh(torch.exp(x))


x = torch.randn(1000, dtype=torch.float64, requires_grad=True)
print("gradcheck    ", gradcheck(tanh_exp, x[:4]))
print("gradgradcheck", gradgradcheck(tanh_exp, x[:4]))

# %%
# Does it keep too much memory?
# -----------------------------
#
# Each node saves what it needs and knows nothing of its neighbours. Here three tensors are kept for every call, of
# 8,000 bytes each: ``x``, :math:`e^x` and its tanh. Checkpoint keeps the input only and runs the formula again when
# backward asks for the rest:


def bytes_kept(function, x):
    storages = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        out = function(x)
    return sum(storages.values()), torch.autograd.grad(out.sum(), x)[0]


def checkpointed(x):
    return checkpoint(tanh_exp, x, use_reentrant=False)


kept, grad_plain = bytes_kept(tanh_exp, x)
print("plain     ", kept)
kept_by_checkpoint, grad_x = bytes_kept(checkpointed, x)
print("checkpoint", kept_by_checkpoint)
torch.testing.assert_close(grad_x, grad_plain, rtol=0, atol=0)
assert kept == 3 * kept_by_checkpoint == 24_000

# %%
# Is it too slow?
# ---------------
#
# Three operations read and write memory three times. ``torch.compile`` sees them together, forward and backward, and
# may fuse them, or decide to compute something twice rather than keep it. Its backend ``aot_eager_decomp_partition``
# makes that last decision and generates no machine code, so it needs no compiler. Whether your code gets faster, only
# a clock on your device can tell.

compiled = torch.compile(tanh_exp, backend="aot_eager_decomp_partition")
kept_by_compile, grad_x = bytes_kept(compiled, x)
print("compile   ", kept_by_compile)
torch.testing.assert_close(grad_x, grad_plain)
assert kept_by_compile < kept

# %%
# Is autograd's derivative not the one you want?
# ----------------------------------------------
#
# Rounding has the derivative zero, and nothing in front of it would ever be trained. Often ``detach`` puts this
# right, because what is detached contributes no derivative. Here only ``x`` is left to contribute, which is called a
# straight-through estimator:


def round_straight_through(x):
    return x + (torch.round(x) - x).detach()


values = torch.tensor([-1.3, 0.2, 2.6], requires_grad=True)
print(round_straight_through(values).tolist())
print(torch.autograd.grad(torch.round(values).sum(), values)[0].tolist())
print(torch.autograd.grad(round_straight_through(values).sum(), values)[0].tolist())
torch.testing.assert_close(round_straight_through(values), torch.round(values))

# %%
# Limit the values with ``clamp`` first, and nothing flows back for those that were cut off. In torch 2.13 a value that
# lies on a bound is not cut off:

clipped = round_straight_through(values.clamp(-1, 2))
(grad_clipped,) = torch.autograd.grad(clipped.sum(), values)
print(grad_clipped.tolist())
assert grad_clipped.tolist() == [0, 1, 0]
on_bound = torch.tensor([-1.0, 2.0], requires_grad=True)
assert torch.autograd.grad(on_bound.clamp(-1, 2).sum(), on_bound)[0].tolist() == [1, 1]

# %%
# ``torch.where`` computes both of its branches, and backward goes through both. The branch that was not chosen gets a
# gradient of zero, and zero times a slope that is infinite or NaN is NaN. Choose the input as well, and all slopes are
# finite:


def root_or_zero(x):
    return torch.where(x > 0, torch.sqrt(x), 0.0)


def root_or_zero_safe(x):
    return torch.where(x > 0, torch.sqrt(torch.where(x > 0, x, 1.0)), 0.0)


around_zero = torch.tensor([-1.0, 0.0, 4.0], dtype=torch.float64, requires_grad=True)
for function in (root_or_zero, root_or_zero_safe):
    print(torch.autograd.grad(function(around_zero).sum(), around_zero)[0].tolist())
torch.testing.assert_close(root_or_zero(around_zero), root_or_zero_safe(around_zero))
(grad_safe,) = torch.autograd.grad(root_or_zero_safe(around_zero).sum(), around_zero)
assert grad_safe.tolist() == [0, 0, 0.25]

# %%
# If no arrangement of operations gives the derivative you need, write a Function. The slope of :math:`\sqrt x` grows
# without a bound at zero, and infinity times the zero of an earlier layer is NaN. This root is exact, and its slope
# stays below a bound:


class BoundedSqrt(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return torch.sqrt(x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, grad_output):
        (out,) = ctx.saved_tensors
        return grad_output / (2 * out.clamp(min=1e-3))


zero = torch.zeros(1, dtype=torch.float64, requires_grad=True)
for root in (torch.sqrt, BoundedSqrt.apply):
    print(torch.autograd.grad(root(zero**2), zero)[0].item())
positive = x[:4].detach().abs().requires_grad_()
print("gradcheck    ", gradcheck(BoundedSqrt.apply, positive))
print("gradgradcheck", gradgradcheck(BoundedSqrt.apply, positive))

# The bound itself, and NaN turned into zero.
(slope,) = torch.autograd.grad(BoundedSqrt.apply(zero), zero)
torch.testing.assert_close(slope, torch.full_like(zero, 500))
assert torch.autograd.grad(BoundedSqrt.apply(zero**2), zero)[0] == 0

# %%
# Does the code leave PyTorch?
# ----------------------------
#
# Dawson's integral :math:`D` is in SciPy, but not in torch 2.13. A Function connects it to the graph. Since
# :math:`D' = 1 - 2xD`, its ``backward`` can be made of PyTorch operations:


class Dawson(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return torch.from_numpy(special.dawsn(x.detach().numpy()))

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs, output)

    @staticmethod
    def backward(ctx, grad_output):
        x, out = ctx.saved_tensors
        return grad_output * (1 - 2 * x * out)


print("gradcheck    ", gradcheck(Dawson.apply, x[:4]))
print("gradgradcheck", gradgradcheck(Dawson.apply, x[:4]))

# %%
# ``torch.compile`` reads the ``forward`` of a Function, and SciPy cannot be read. If the code has to be compiled as
# one graph, make an operator of it. An operator is not looked into; you declare what comes out, and its derivative:


@custom_op("first_steps::dawson", mutates_args=())
def dawson(x: Tensor) -> Tensor:
    return torch.from_numpy(special.dawsn(x.detach().numpy()))


@dawson.register_fake
def dawson_fake(x):
    return torch.empty_like(x)


dawson.register_autograd(Dawson.backward, setup_context=Dawson.setup_context)

for function in (Dawson.apply, dawson):
    try:
        out = torch.compile(function, fullgraph=True, backend="aot_eager")(x)
        print(torch.equal(out, dawson(x)))
    except torch._dynamo.exc.Unsupported as error:
        print(f"{type(error).__name__}: {str(error).splitlines()[0]}")
print("gradcheck    ", gradcheck(dawson, x[:4]))
print("gradgradcheck", gradgradcheck(dawson, x[:4]))
for dtype in (torch.float32, torch.float64):
    print(dtype, sorted(set(opcheck(dawson, (x[:4].to(dtype),)).values())))

# %%
# The decision
# ------------
#
# If PyTorch operations can compute it:
#
# - They are all you need, unless one of the following holds.
#
# - They keep too much memory for backward: use ``torch.utils.checkpoint`` or ``torch.compile``.
#
# - They are slow: use ``torch.compile``, and a clock.
#
# - Part of the derivative has to go: use ``detach``.
#
# - The derivative has to be a different one: write a Function. :doc:`your_first_function` shows how.
#
# If the code leaves PyTorch:
#
# - It will not be compiled: write a Function. :doc:`/double_backward/backward_outside_autograd` adds a second derivative.
#
# - It has to be compiled as one graph: make an operator, as in :doc:`/field_guide/custom_op`.
