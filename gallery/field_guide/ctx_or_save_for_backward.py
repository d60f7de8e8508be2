"""
What goes on ctx, and what is saved
===================================

After this page you know what to put on ``ctx``, what to give to ``save_for_backward``, and how the wrong
choice shows: a wrong gradient, or an error.

Read :doc:`tensors_on_ctx` first.

Somebody overwrites the output of your Function in place, and the loss goes astray. No check says why.
"""

import torch
from torch.autograd import gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# The derivative of the sigmoid is :math:`y \, (1 - y)`, so ``backward`` needs the output. The two differ in the
# way it gets there, and in nothing else:


class SigmoidOnCtx(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.out = torch.sigmoid(x)
        return ctx.out

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * ctx.out * (1 - ctx.out)


class SigmoidSaved(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        out = torch.sigmoid(x)
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx, grad_output):
        (out,) = ctx.saved_tensors
        return grad_output * out * (1 - out)


# %%
# The output is doubled, once in place and once not:

for function in (SigmoidOnCtx, SigmoidSaved):
    x = torch.ones(1, requires_grad=True)
    (right,) = torch.autograd.grad(function.apply(x) * 2, x)
    print(function.__name__, f"{right.item():.4f}")
    try:
        (wrong,) = torch.autograd.grad(function.apply(x).mul_(2), x)
        print(function.__name__, f"{wrong.item():.4f}")
    except RuntimeError as error:
        print(function.__name__, f"{type(error).__name__}: {error}")

# %%
# The cause
# ---------
#
# ``SigmoidOnCtx`` finds the doubled values on ``ctx`` and computes with them; not even the sign is right.
# ``save_for_backward`` notes the version of a tensor, a number that every operation in place raises, and
# ``ctx.saved_tensors`` compares. The error is the help: leave out the operation in place, or do it on a
# ``clone``.
#
# The cure: what goes where
# -------------------------
#
# - Inputs and outputs: ``save_for_backward``.
#
# - Tensors that are neither, such as a mask: ``save_for_backward`` too. They have no history this way or that;
#   if ``backward`` is to be differentiated through them, see :doc:`lost_second_derivative`.
#
# - What is no tensor, such as a number, a flag or a shape: ``ctx``.
#
# A leaky ReLU needs a mask and a number. The mask takes one byte for each value, the input would take four.


class LeakyReLUByMask(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, slope):
        positive = x > 0
        ctx.save_for_backward(positive)
        ctx.slope = slope
        return torch.where(positive, x, slope * x)

    @staticmethod
    def backward(ctx, grad_output):
        (positive,) = ctx.saved_tensors
        # One gradient for each input of forward; slope is a number and gets None.
        return torch.where(positive, grad_output, ctx.slope * grad_output), None


x = torch.tensor([-2.0, -0.5, 0.5, 2.0], dtype=torch.float64, requires_grad=True)
print("gradcheck    ", gradcheck(LeakyReLUByMask.apply, (x, 0.1)))
print("gradgradcheck", gradgradcheck(LeakyReLUByMask.apply, (x, 0.1)))
expected = torch.nn.functional.leaky_relu(x, 0.1)
torch.testing.assert_close(LeakyReLUByMask.apply(x, 0.1), expected)

# %%
# The other way round, with the number in ``save_for_backward``, autograd refuses:


class SlopeSaved(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x, slope)
        return slope * x


try:
    SlopeSaved.apply(x, 0.1)
except TypeError as error:
    print(type(error).__name__, error, sep=": ")
else:
    raise AssertionError("a number was saved")
