"""
The fast mode of gradcheck errs both ways
=========================================

``gradcheck(..., fast_mode=True)`` can pass a wrong Function and fail a right one. Here you see both, and what to do
instead.

Read :doc:`gradcheck_says_yes` and :doc:`none_and_zeros` first.

The symptom: a check of a large input passes in fast mode and fails without it. Or fast mode reports
``Jacobian mismatch for output 0``, and that output has no gradient at all.
"""

import torch
from torch.autograd import gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# It passes
# ---------
#
# The gradient of the last element is wrong:


class MeanOfNeighbours(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return (x[:-1] + x[1:]) / 2  # (n,) gives (n - 1,)

    @staticmethod
    def backward(ctx, grad_output):
        grad_input = grad_output.new_zeros(len(grad_output) + 1)
        grad_input[:-1] += grad_output / 2
        grad_input[1:-1] += grad_output[:-1] / 2  # wrong: the last one gets nothing
        return grad_input


def in_fast_mode(x):
    # A name of its own sets this check apart from the others in the record.
    return MeanOfNeighbours.apply(x)


x = torch.randn(200, dtype=torch.float64, requires_grad=True)
print("gradcheck    ", [gradcheck(in_fast_mode, x, fast_mode=True) for _ in range(3)])
print("gradcheck    ", gradcheck(MeanOfNeighbours.apply, x, raise_exception=False))
x = torch.randn(3, dtype=torch.float64, requires_grad=True)
print("gradcheck    ", gradcheck(MeanOfNeighbours.apply, x, fast_mode=True, raise_exception=False))

# %%
# Fast mode compares one number, :math:`v^{\top} J\,u`, instead of the Jacobian :math:`J`. One element in two hundred
# moves it by less than the tolerance. :math:`u` and :math:`v` are random but the same in every call, so asking again
# does not help. Slow mode finds the mistake, and so does fast mode with a small input.
#
# It fails
# --------
#
# This Function is right, and its first output is marked as one without a gradient:


class WholeAndPart(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        whole = x.floor()
        ctx.mark_non_differentiable(whole)
        return whole, x - whole

    @staticmethod
    def backward(ctx, grad_whole, grad_part):
        return grad_part


def whole_and_part(x):
    return WholeAndPart.apply(x)


x = torch.tensor([0.25, 1.5], dtype=torch.float64, requires_grad=True)
try:
    gradcheck(whole_and_part, x, fast_mode=True)
except RuntimeError as error:
    print(type(error).__name__, "\n".join(str(error).splitlines()[:3]), sep=": ")

# %%
# The measured slope of ``whole`` is zero. In torch 2.13 fast mode compares it with the slope that ``backward`` gives for
# the next output, ``x - whole``. Slow mode does not mix them up. Or check a function that returns only the output that has
# a gradient:


def part(x):
    return WholeAndPart.apply(x)[1]


torch.testing.assert_close(WholeAndPart.apply(x), (x.floor(), x.frac()))
print("gradcheck    ", gradcheck(WholeAndPart.apply, x))
print("gradgradcheck", gradgradcheck(WholeAndPart.apply, x))
print("gradcheck    ", gradcheck(part, x, fast_mode=True))
