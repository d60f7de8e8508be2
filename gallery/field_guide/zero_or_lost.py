"""
Zero, or lost?
==============

Here you learn to tell a second derivative that is zero from one that is lost, and to get zeros where zero is right.

Read :doc:`/double_backward/losing_intermediates` first.

The symptom: you differentiate a second time and read
``element 0 of tensors does not require grad``, or ``appears to not have been used in the graph``.
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
# Two Functions raise the same error. The derivative of :math:`3x` is a constant. That of :math:`x^3` is not, but
# ``backward`` takes it from a tensor without history:


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
# Neither time is there a path from ``grad_x`` to ``x``. (The same message comes if ``create_graph=True`` was forgotten.)
# To autograd, zero and lost look the same, and a tool that fills in zeros, like ``hessian``, cannot tell either: its
# second result should be :math:`6x` on the diagonal. Finite differences can tell:


def at_zero(x):
    return CubeOnCtx.apply(x)


for function in (Triple, CubeOnCtx):
    print(f"{function.__name__:9}", hessian(lambda x: function.apply(x).sum(), x).tolist())
    print("gradcheck", gradcheck(function.apply, x))
    print("gradgradcheck", gradgradcheck(function.apply, x, raise_exception=False))
print("at_zero  ", gradgradcheck(at_zero, torch.zeros(2, dtype=torch.float64, requires_grad=True)))

# %%
# A check that fails means *lost*. Mend the Function: :doc:`three_cures`. A check that passes at points taken at random
# means *zero* around these points, and the error is the caller's to handle. The last line shows why they should be
# random: :math:`6x` is zero at zero, and the check of ``CubeOnCtx`` passes there.
#
# This holds for a ``backward`` that is not the derivative, too, as in a straight-through estimator or with any other
# surrogate gradient. There ``gradcheck`` fails on purpose. ``gradgradcheck`` compares the derivative of ``backward``
# with ``backward`` itself, so its answer counts. Rounding straight through has a constant slope, so this zero is right:


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
# A square behind it adds a second derivative of its own.
squares = hessian(lambda x: RoundThrough.apply(x).square().sum(), x)
torch.testing.assert_close(squares, 2 * torch.eye(2, dtype=torch.float64))

# %%
# A gradient that does not depend on x
# ------------------------------------
#
# The other message comes when there is a graph, but ``x`` is not in it. So it is with :math:`\partial (xw) / \partial x = w`:


class Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight):
        ctx.save_for_backward(x, weight)
        return x * weight

    @staticmethod
    def backward(ctx, grad_output):
        x, weight = ctx.saved_tensors
        return grad_output * weight, grad_output * x


weight = torch.tensor([3.0, 4.0], dtype=torch.float64, requires_grad=True)
(grad_x,) = grad(Product.apply(x, weight).sum(), x, create_graph=True)
try:
    grad(grad_x.sum(), x)
except RuntimeError as error:
    print(fill(f"RuntimeError: {error}", 78))
print("gradcheck", gradcheck(Product.apply, (x, weight)), gradgradcheck(Product.apply, (x, weight)))

# %%
# The checks say that this is a zero. In :doc:`grad_is_none` the same message has another cause.
#
# The cure
# --------
#
# Be ready for a zero in both forms, no graph and a graph without ``x``. This function returns the row sums of the Hessian:


def second_or_zeros(function, x):
    (grad_x,) = grad(function(x).sum(), x, create_graph=True)
    if not grad_x.requires_grad:
        return torch.zeros_like(x)
    return grad(grad_x.sum(), x, materialize_grads=True)[0]


for function in (Triple.apply, lambda x: Product.apply(x, weight)):
    print(second_or_zeros(function, x).tolist())
