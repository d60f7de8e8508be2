"""
A loss that ignores its incoming gradient
=========================================

A loss whose ``backward`` ignores ``grad_output`` trains well until you multiply the loss by a factor. This page shows
what such a loss does with and without a factor, and which check finds the mistake.

Read :doc:`/double_backward/saving_inputs` first.

The symptom: :func:`~torch.autograd.gradcheck.gradcheck` says ``backward not multiplied by grad_output``. In training, a
factor in front of the loss makes no difference, and with a gradient scaler, SGD hardly changes the parameters.
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
weight = torch.nn.Parameter(x.detach())
scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
scaler.scale(HalfSquares.apply(weight)).backward()
scaler.unscale_(torch.optim.SGD([weight]))
print("   scaler", weight.grad.tolist())
assert weight.grad.tolist() == [1 / 1024, 2 / 1024]
try:
    gradcheck(HalfSquares.apply, x)
except RuntimeError as error:
    print(f"{type(error).__name__}: {error}")
torch.testing.assert_close(grad(HalfSquares.apply(x), x)[0], x)

# %%
# The cause
# ---------
#
# The last step of a computation receives a gradient of one, so this loss works as long as it is the last step (first
# line of output). But if the loss is multiplied by a factor, this factor arrives as ``grad_output``, which the Function
# ignores (second line). Such a factor may be the loss's weight in a sum of several losses, or the ``GradScaler`` factor
# in mixed precision. In the latter case, the scaler then divides a gradient that was never multiplied (third line).
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
