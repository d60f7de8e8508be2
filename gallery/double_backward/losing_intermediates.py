"""
What not to do: losing intermediates
====================================

A Function can have a right first derivative and a second one that is wrong, without an error. This page shows
how to recognise such a Function in its code, in its graph and in its checks.

Read :doc:`saving_intermediates` first.

The Function is :math:`\\sinh` again. This time the two exponentials do not become outputs: they are put on
``ctx`` as plain attributes, which is shorter and looks as if it worked. All code below was run, and the
failures are its results.
"""

import torch
from torch.autograd import gradcheck, gradgradcheck
from torchviz import make_dot

torch.manual_seed(0)

# %%
# The mistake
# -----------


class SinhOnCtx(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        exp_pos = torch.exp(x)
        exp_neg = torch.exp(-x)
        # Wrong: made while autograd was not recording, these tensors have no history.
        ctx.exp_pos = exp_pos
        ctx.exp_neg = exp_neg
        return (exp_pos - exp_neg) / 2

    @staticmethod
    def backward(ctx, grad_output):
        # To autograd this is grad_output times a constant.
        return grad_output * (ctx.exp_pos + ctx.exp_neg) / 2


# %%
# The first check sees nothing wrong, because the values are right. Only the second order gives the
# mistake away:

x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)

print("gradcheck    ", gradcheck(SinhOnCtx.apply, x))
print("gradgradcheck", gradgradcheck(SinhOnCtx.apply, x, raise_exception=False))

# %%
# It raises if nothing else depends on x
# --------------------------------------
#
# Then the first derivative has no history at all, and the attempt to differentiate it ends in an error. This is the
# lucky case.

x = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
(grad_x,) = torch.autograd.grad(SinhOnCtx.apply(x), x, create_graph=True)

print("grad_x.requires_grad", grad_x.requires_grad)
try:
    torch.autograd.grad(grad_x, x)
except RuntimeError as error:
    print("RuntimeError:", error)

# %%
# It is wrong if something else does
# ----------------------------------
#
# Square the result. The chain rule gives :math:`2 \sinh\,x \cosh\,x`, and one factor of this product,
# :math:`\sinh\,x`, is the output and still attached. Autograd finds a way to ``x`` through it, and raises no
# error for the one that is missing.
#
# .. math::
#
#    \frac{d^2}{dx^2} \sinh^2\,x = 2 \cosh^2\,x + 2 \sinh^2\,x

(grad_x,) = torch.autograd.grad(SinhOnCtx.apply(x) ** 2, x, create_graph=True)
(wrong,) = torch.autograd.grad(grad_x, x)

(grad_x,) = torch.autograd.grad(torch.sinh(x) ** 2, x, create_graph=True)
(right,) = torch.autograd.grad(grad_x, x)

print(f"SinhOnCtx   {wrong.item():.4f}")
print(f"torch.sinh  {right.item():.4f}")

# The wrong number is one term of the right one: 2 cosh² x.
torch.testing.assert_close(wrong, 2 * torch.cosh(x) ** 2)
torch.testing.assert_close(right, 2 * torch.cosh(x) ** 2 + 2 * torch.sinh(x) ** 2)

# %%
# The wrong number comes without an error and without a warning.
#
# Read the graph
# --------------

x = torch.ones(3, dtype=torch.float64, requires_grad=True).clone()
out = SinhOnCtx.apply(x)
grad_output = torch.ones(3, dtype=torch.float64, requires_grad=True)
(grad_x,) = torch.autograd.grad(out, x, grad_output, create_graph=True)

names = {"x": x, "out": out, "grad_output": grad_output, "grad_x": grad_x}
make_dot((grad_x, x, out), params=names)

# %%
# Two graphs lie side by side, and no arrow joins them. Walk from ``grad_x`` against the arrows: you reach
# ``grad_output`` and stop. ``x`` and ``out`` form the other part. On paper ``grad_x`` depends on ``x``, so a
# graph without a way to ``x`` says that the second derivative is lost, before any number does.
#
# What may go on ``ctx``, then? Values that are not tensors: sizes, flags, a seed. Tensors go through
# ``save_for_backward``, which notices when an operation overwrites them. But it gives no history to a tensor
# that is neither input nor output: saved that way and not returned, an intermediate is lost just the same. If
# the derivative of ``backward`` needs it, return it as in :doc:`saving_intermediates`, or compute it again in
# ``backward`` from a saved input.
