"""
Zero, or lost?
==============

When autograd raises an error for a second derivative, that derivative may be zero or lost. Here you learn to tell the
two cases apart, and to get zeros where zero is right.

Read :doc:`/double_backward/losing_intermediates` first.

The symptom: you differentiate a second time and get ``element 0 of tensors does not require grad`` or
``appears to not have been used in the graph``.
"""

from textwrap import fill

import torch
from torch.autograd import grad, gradcheck, gradgradcheck
from torch.autograd.functional import hessian

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# These two Functions lead to the same error for different reasons. The first computes :math:`3x`, so its derivative is
# a constant. The derivative of :math:`x^3` is not constant, but ``backward`` reads it from a tensor without history:


class Triple(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 3 * x

    @staticmethod
    def backward(ctx, grad_output):
        return 3 * grad_output


class CubeOnCtx(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.slope = 3 * x**2  # no history: forward is not recorded
        return x**3

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * ctx.slope


x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
for function in (Triple, CubeOnCtx):
    (grad_x,) = grad(function.apply(x).sum(), x, create_graph=True)
    try:
        grad(grad_x.sum(), x)
    except RuntimeError as error:
        print(f"{function.__name__:9} RuntimeError:", error)

# %%
# The cause
# ---------
#
# For both Functions, no path leads from ``grad_x`` to ``x``. (You get the same message if you forget
# ``create_graph=True``.) To autograd, a zero derivative and a lost one look the same. A tool that fills in zeros, like
# ``hessian``, doesn't help: for ``CubeOnCtx`` it returns zeros, although the diagonal should be :math:`6x`. Finite
# differences, as in ``gradgradcheck``, can tell a zero derivative from a lost one:

for function in (Triple, CubeOnCtx):
    print(f"{function.__name__:9}", hessian(lambda x: function.apply(x).sum(), x).tolist())
    print("gradcheck", gradcheck(function.apply, x))
    print("gradgradcheck", gradgradcheck(function.apply, x, raise_exception=False))

# %%
# If ``gradgradcheck`` fails, the second derivative is *lost*, so fix the Function as in :doc:`three_cures`. If it
# passes at random points, the second derivative is *zero* around these points, and the caller of the Function has to
# handle the error.
#
# The same test works for a straight-through estimator or any other surrogate gradient. There ``gradcheck`` fails,
# because the gradient is deliberately not the true one. But ``gradgradcheck`` compares the derivative of ``backward``
# with ``backward`` itself, so you can rely on its answer. Straight-through rounding has a constant surrogate gradient,
# so a second derivative of zero is right:


class RoundThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output


print("gradcheck    ", gradcheck(RoundThrough.apply, x, raise_exception=False))
print("gradgradcheck", gradgradcheck(RoundThrough.apply, x))
assert grad(RoundThrough.apply(x).sum(), x)[0].tolist() == [1, 1]
torch.testing.assert_close(RoundThrough.apply(x), torch.round(x))
assert hessian(lambda x: RoundThrough.apply(x).sum(), x).count_nonzero() == 0

# %%
# A gradient that does not depend on x
# ------------------------------------
#
# You get the second message, ``appears to not have been used in the graph``, when the gradient has a graph but ``x`` is
# not in it. Even a plain product leads to this message, because its derivative is the other factor, :math:`\partial
# (xw) / \partial x = w`:

weight = torch.tensor([3.0, 4.0], dtype=torch.float64, requires_grad=True)
(grad_x,) = grad((x * weight).sum(), x, create_graph=True)
try:
    grad(grad_x.sum(), x)
except RuntimeError as error:
    print(fill(f"RuntimeError: {error}", 78))
print("gradgradcheck", gradgradcheck(torch.mul, (x, weight)))

# %%
# The check passes, so this second derivative is zero. In :doc:`grad_is_none` the same message has another cause.
#
# The cure
# --------
#
# When the second derivative is zero, ``grad_x`` may have no graph, or it may have one that doesn't contain ``x``. The
# function below handles both cases and returns the row sums of the Hessian:


def second_or_zeros(function, x):
    (grad_x,) = grad(function(x).sum(), x, create_graph=True)
    if not grad_x.requires_grad:
        return torch.zeros_like(x)
    return grad(grad_x.sum(), x, materialize_grads=True)[0]


print(second_or_zeros(Triple.apply, x).tolist())
print(second_or_zeros(lambda x: x * weight, x).tolist())
