"""
A loss that ignores its incoming gradient
=========================================

A loss whose ``backward`` ignores ``grad_output`` trains well, until there is a factor in front of it. Here you see both,
and the check that finds out.

Read :doc:`/double_backward/saving_inputs` first.

The symptom: :func:`~torch.autograd.gradcheck.gradcheck` says ``backward not multiplied by grad_output``. Or training
changes nothing when you give a loss another weight, or with a gradient scaler.
"""

import torch
from torch.autograd import grad, gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# The symptom
# -----------


class HalfSquares(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.pow(2).sum() / 2

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return x.clone()  # wrong: as if grad_output were always 1


x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
print("     loss", grad(HalfSquares.apply(x), x)[0].tolist())
print("10 * loss", grad(10 * HalfSquares.apply(x), x)[0].tolist())
try:
    gradcheck(HalfSquares.apply, x)
except RuntimeError as error:
    print(f"{type(error).__name__}: {error}")
torch.testing.assert_close(grad(HalfSquares.apply(x), x)[0], x)

# %%
# The cause
# ---------
#
# The last step of a computation receives a gradient of one. A factor behind it, such as the weight of this loss in a sum
# of several, or the factor of ``GradScaler`` in mixed precision, arrives as ``grad_output``, and is lost here.
#
# The cure
# --------


class HalfSquaresScaled(HalfSquares):
    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * x


print("10 * loss", grad(10 * HalfSquaresScaled.apply(x), x)[0].tolist())
print("gradcheck    ", gradcheck(HalfSquaresScaled.apply, x))
print("gradgradcheck", gradgradcheck(HalfSquaresScaled.apply, x))
