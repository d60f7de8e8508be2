"""
What goes on ctx, and what is saved
===================================

Some values belong on ``ctx``, others in ``save_for_backward``. This page shows which value goes where, and how to spot
a misplaced one.

Read :doc:`/double_backward/saving_outputs` first.

Your Function passes its checks, but training goes wrong when the Function's output is overwritten in place.
"""

from textwrap import fill

import torch
from torch.autograd import gradcheck, gradgradcheck

# %%
# The symptom
# -----------
#
# The derivative of the sigmoid is :math:`y \, (1 - y)`. Here are two ways to get the output :math:`y` to ``backward``:


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
# Now double each Function's output, first into a new tensor and then in place:

for function in (SigmoidOnCtx, SigmoidSaved):
    for double in (lambda out: out * 2, lambda out: out.mul_(2)):
        x = torch.ones(1, requires_grad=True)
        try:
            (grad_x,) = torch.autograd.grad(double(function.apply(x)), x)
            print(function.__name__, f"{grad_x.item():.4f}")
        except RuntimeError as error:
            print(fill(f"{function.__name__} {type(error).__name__}: {error}", 88))

# %%
# The cause
# ---------
#
# The second line of output shows the in-place case: ``SigmoidOnCtx`` computes with the doubled values, so not even the
# sign is right. ``save_for_backward`` records the tensor's version, which every in-place operation increments, and
# ``ctx.saved_tensors`` raises an error if the version has changed. Avoid the in-place operation, or apply it to a
# ``clone``. A write through ``.data`` or NumPy escapes this check, and so does a kernel that gets a raw pointer. If you
# need such a kernel, tell autograd which tensor it has modified, and you get the error again:

out = SigmoidSaved.apply(x)
out.data.mul_(2)
print("out.data.mul_(2)", f"{torch.autograd.grad(out, x, retain_graph=True)[0].item():.4f}")
torch.autograd.graph.increment_version(out)
try:
    torch.autograd.grad(out, x)
    raise AssertionError("the change was not noticed")
except RuntimeError as error:
    print(fill(f"{type(error).__name__}: {str(error).partition(':')[0]}", 88))

# %%
# The cure: what goes where
# -------------------------
#
# - Inputs and outputs go to ``save_for_backward``. Save the tensors themselves, because a view taken in ``forward`` has
#   no history, and a view of an output leaks memory. See :doc:`tensors_on_ctx`.
# - Other tensors, such as a mask, go to ``save_for_backward`` too. They have no history wherever you keep them, so if
#   you need to differentiate ``backward`` through them, see :doc:`lost_second_derivative`.
# - Everything else, such as a number, a flag or a shape, goes on ``ctx``.
#
# A leaky ReLU needs a mask and a number, the slope. If you pass the slope to ``save_for_backward``, you get a
# ``TypeError``:


class LeakyReLUByMask(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, slope):
        positive = x > 0
        ctx.save_for_backward(positive)
        ctx.slope = slope
        return torch.where(positive, x, slope * x)

    @staticmethod
    def backward(ctx, grad_output):
        return torch.where(*ctx.saved_tensors, grad_output, ctx.slope * grad_output), None  # slope is a number


x = torch.tensor([-2.0, -0.5, 0.5, 2.0], dtype=torch.float64, requires_grad=True)
for check in (gradcheck, gradgradcheck):
    print(check.__name__, check(LeakyReLUByMask.apply, (x, 0.1)))
torch.testing.assert_close(LeakyReLUByMask.apply(x, 0.1), torch.nn.functional.leaky_relu(x, 0.1))


class SlopeSaved(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x, slope)


try:
    SlopeSaved.apply(x, 0.1)
    raise AssertionError("a number was saved")
except TypeError as error:
    print(type(error).__name__, error, sep=": ")
