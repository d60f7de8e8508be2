"""
Do you need a Function?
=======================

A custom Function is the right tool for a few problems and a burden for all others. Five questions, each answered by
running code, tell you which tool your problem needs: plain operations, ``torch.utils.checkpoint``, ``torch.compile``,
a :class:`torch.autograd.Function` or a ``torch.library`` operator.

Read :doc:`backward_graph` first.

The tools come in order of cost, cheapest first. Stop at the first one that is enough.
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
# If they can, write the formula down and you're done, because autograd knows the derivative of each of its operations:


def tanh_exp(x):
    return x * torch.tanh(torch.exp(x))


x = torch.randn(1000, dtype=torch.float64, requires_grad=True)
print("gradcheck    ", gradcheck(tanh_exp, x[:4]))
print("gradgradcheck", gradgradcheck(tanh_exp, x[:4]))

# %%
# Does it keep too much memory?
# -----------------------------
#
# Each node of the graph saves the tensors it needs and knows nothing about its neighbours. Here every call keeps three
# tensors of 8,000 bytes each: ``x``, :math:`e^x` and the tanh of :math:`e^x`. Checkpointing keeps only ``x`` and runs
# the formula again when backward needs the other two:


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
# Each of the formula's three operations reads and writes memory. ``torch.compile`` sees all three operations at once,
# in forward and in backward. So it may fuse them, or compute a value twice rather than keep it. The backend
# ``aot_eager_decomp_partition``, which is used here, only decides what to keep and generates no machine code, so it
# needs no compiler. To find out whether your code gets faster, time it on your device.

compiled = torch.compile(tanh_exp, backend="aot_eager_decomp_partition")
kept_by_compile, grad_x = bytes_kept(compiled, x)
print("compile   ", kept_by_compile)
torch.testing.assert_close(grad_x, grad_plain)
assert kept_by_compile < kept

# %%
# Is autograd's derivative not the one you want?
# ----------------------------------------------
#
# Rounding has a derivative of zero, so nothing that comes before it would ever be trained. Often ``detach`` is the fix,
# because a detached term contributes nothing to the derivative. In the function below, only the term ``x`` contributes,
# so the function is a straight-through estimator:


def round_straight_through(x):
    return x + (torch.round(x) - x).detach()


values = torch.tensor([-1.3, 0.2, 2.6], requires_grad=True)
print(round_straight_through(values).tolist())
print(torch.autograd.grad(torch.round(values).sum(), values)[0].tolist())
print(torch.autograd.grad(round_straight_through(values).sum(), values)[0].tolist())
torch.testing.assert_close(round_straight_through(values), torch.round(values))

# %%
# If you first limit the values with ``clamp``, those outside the bounds get a gradient of zero. In torch 2.13 a value
# exactly on a bound still gets its gradient:

clipped = round_straight_through(values.clamp(-1, 2))
(grad_clipped,) = torch.autograd.grad(clipped.sum(), values)
print(grad_clipped.tolist())
assert grad_clipped.tolist() == [0, 1, 0]
on_bound = torch.tensor([-1.0, 2.0], requires_grad=True)
assert torch.autograd.grad(on_bound.clamp(-1, 2).sum(), on_bound)[0].tolist() == [1, 1]

# %%
# ``torch.where`` chooses between two branches, but both are computed, and backward runs through both. The branch that
# was not chosen gets a gradient of zero, but zero times an infinite or NaN derivative is NaN. Use another
# ``torch.where`` to give that branch a harmless input, so that all derivatives are finite:


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
# If no combination of operations gives the derivative you need, write a Function. For example, the derivative of the
# square root grows without bound near zero, and an infinite derivative times a zero from an earlier layer is NaN. The
# Function below returns the exact root, but its derivative is bounded:


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

# At zero the derivative is at its bound. Through zero**2 the gradient is zero instead of NaN.
(slope,) = torch.autograd.grad(BoundedSqrt.apply(zero), zero)
torch.testing.assert_close(slope, torch.full_like(zero, 500))
assert torch.autograd.grad(BoundedSqrt.apply(zero**2), zero)[0] == 0

# %%
# Does the code leave PyTorch?
# ----------------------------
#
# SciPy has Dawson's integral :math:`D`, but torch 2.13 does not, so here a Function connects SciPy's code to the graph.
# Because :math:`D' = 1 - 2xD`, its ``backward`` can be written with PyTorch operations:


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
# ``torch.compile`` traces into a Function's ``forward``, but it cannot trace SciPy. If code that calls SciPy has to be
# compiled as one graph, make it a custom operator. The compiler does not look inside an operator, so you have to
# register what its output looks like and what its derivative is:


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
# If PyTorch operations can compute what you need:
#
# - Use nothing else, unless one of the following is true.
#
# - The operations keep too much memory for backward: use ``torch.utils.checkpoint`` or ``torch.compile``.
#
# - The operations are too slow: use ``torch.compile``, and measure the time.
#
# - Part of the derivative has to go: use ``detach``.
#
# - You need a different derivative: write a Function, as in :doc:`your_first_function`.
#
# If the code leaves PyTorch:
#
# - The code doesn't have to be compiled as one graph: write a Function. For its second derivative, see
#   :doc:`/double_backward/backward_outside_autograd`.
#
# - The code has to be compiled as one graph: make it a custom operator, as in :doc:`/field_guide/custom_op`.
