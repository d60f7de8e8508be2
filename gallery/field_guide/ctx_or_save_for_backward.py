"""
What goes on ctx, and what is saved
===================================

This page says what to put on ``ctx``, what to give to ``save_for_backward``, and how to notice a wrong choice.

Read :doc:`/double_backward/saving_outputs` first.

The output of your Function is overwritten in place, and the loss goes astray, although the checks pass.
"""

import torch
from torch.autograd import gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# The derivative of the sigmoid is :math:`y \, (1 - y)`, and the output :math:`y` gets to ``backward`` in two ways:


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
# The output is doubled, first in a new tensor, then in place, then in place past autograd:


def past_autograd(out):
    out.data.mul_(2)
    return out


for function in (SigmoidOnCtx, SigmoidSaved):
    for double in (lambda out: out * 2, lambda out: out.mul_(2), past_autograd):
        x = torch.ones(1, requires_grad=True)
        try:
            (grad_x,) = torch.autograd.grad(double(function.apply(x)), x)
            print(function.__name__, f"{grad_x.item():.4f}")
        except RuntimeError as error:
            print(function.__name__, f"{type(error).__name__}: {error}")

# %%
# The cause
# ---------
#
# ``SigmoidOnCtx`` computes with the doubled values; not even the sign is right. ``save_for_backward`` notes the version
# of a tensor, which every operation in place raises, and ``ctx.saved_tensors`` compares. Writing through ``.data`` or
# NumPy escapes it, and so does a kernel that gets an address. Do without the operation in place, or apply it to a
# ``clone``. If there has to be such a kernel, tell autograd what it has written to. Then the error is raised:

x = torch.ones(1, requires_grad=True)
out = past_autograd(SigmoidSaved.apply(x))
torch.autograd.graph.increment_version(out)
try:
    torch.autograd.grad(out, x)
except RuntimeError as error:
    print(type(error).__name__, str(error).partition(":")[0], sep=": ")
else:
    raise AssertionError("the change was not noticed")

# %%
# The cure: what goes where
# -------------------------
#
# - Inputs and outputs: ``save_for_backward``, the tensors themselves. A view of them taken in ``forward`` has no
#   history, and a view of an output leaks: :doc:`tensors_on_ctx`.
#
# - Other tensors, such as a mask: ``save_for_backward`` too. They have no history either way; if ``backward`` is to be
#   differentiated through them, see :doc:`lost_second_derivative`.
#
# - Everything else, such as a number, a flag or a shape: ``ctx``.
#
# A leaky ReLU needs a mask and a number. The mask takes one byte for each value, an eighth of the input:


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
        return torch.where(positive, grad_output, ctx.slope * grad_output), None  # slope is a number


x = torch.tensor([-2.0, -0.5, 0.5, 2.0], dtype=torch.float64, requires_grad=True)
assert 8 * (x > 0).nbytes == x.nbytes
for check in (gradcheck, gradgradcheck):
    print(check.__name__, check(LeakyReLUByMask.apply, (x, 0.1)))
torch.testing.assert_close(LeakyReLUByMask.apply(x, 0.1), torch.nn.functional.leaky_relu(x, 0.1))

# %%
# ``save_for_backward`` does not take a number:


class SlopeSaved(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x, slope)


try:
    SlopeSaved.apply(x, 0.1)
except TypeError as error:
    print(type(error).__name__, error, sep=": ")
else:
    raise AssertionError("a number was saved")
