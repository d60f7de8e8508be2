"""
The fast mode of gradcheck errs both ways
=========================================

``gradcheck(..., fast_mode=True)`` can pass a wrong Function and fail a right one. This page shows both mistakes, and
how to avoid them.

Read :doc:`gradcheck_says_yes` and :doc:`none_and_zeros` first.

The symptom: either a check with a large input passes in fast mode but fails without it, or fast mode reports ``Jacobian
mismatch for output 0``, although that output has no gradient at all.
"""

import torch
from torch.autograd import gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# A wrong Function passes
# -----------------------
#
# This ``backward`` returns a wrong gradient for the last element:


class MeanOfNeighbours(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return (x[:-1] + x[1:]) / 2  # (n,) gives (n - 1,)

    @staticmethod
    def backward(ctx, grad_output):
        grad_input = grad_output.new_zeros(len(grad_output) + 1)
        grad_input[:-1] += grad_output / 2
        grad_input[1:-1] += grad_output[:-1] / 2  # wrong: the last element gets nothing
        return grad_input


def in_fast_mode(x):
    # A separate name keeps this check apart in the table of all checks.
    return MeanOfNeighbours.apply(x)


x = torch.randn(200, dtype=torch.float64, requires_grad=True)
print("gradcheck    ", [gradcheck(in_fast_mode, x, fast_mode=True) for _ in range(3)])
print("gradcheck    ", gradcheck(MeanOfNeighbours.apply, x, raise_exception=False))
x = torch.randn(3, dtype=torch.float64, requires_grad=True)
print("gradcheck    ", gradcheck(MeanOfNeighbours.apply, x, fast_mode=True, raise_exception=False))

# %%
# Fast mode compares not the whole Jacobian :math:`J` but a single number, :math:`v^{\top} J\,u`. One wrong element in
# two hundred changes this number by less than the tolerance. The vectors :math:`u` and :math:`v` are random but the
# same in every call, so checking again doesn't help (first line of output). Slow mode finds the mistake (second line),
# and so does fast mode with a small input (third line).
#
# A right Function fails
# ----------------------
#
# This Function is correct and marks its first output as non-differentiable:


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
# In the error message, ``numerical`` is the measured derivative of ``whole``, which is zero. In torch 2.13, fast mode
# compares this value with the wrong derivative, namely the one that ``backward`` returns for the second output, ``x -
# whole``. So use slow mode, which doesn't confuse the two outputs, or check a function that returns only the
# differentiable output:


def part(x):
    return WholeAndPart.apply(x)[1]


torch.testing.assert_close(WholeAndPart.apply(x), (x.floor(), x.frac()))
print("gradcheck    ", gradcheck(WholeAndPart.apply, x))
print("gradgradcheck", gradgradcheck(WholeAndPart.apply, x))
print("gradcheck    ", gradcheck(part, x, fast_mode=True))
