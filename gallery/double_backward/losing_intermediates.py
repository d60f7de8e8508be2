"""
What not to do: losing intermediates
====================================

A Function can get its first derivative right and its second one wrong without raising an error. You can recognise such
a Function by its code, its graph and its checks.

Read :doc:`saving_intermediates` first.

The Function computes :math:`\\sinh` again, but this time its two exponentials don't become outputs. Instead they are
stored on ``ctx`` as plain attributes, which is shorter and seems to work. All the code below was run, so the failures
that you see are its actual output.
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
        # Wrong: these tensors were created while autograd was not recording, so they have no history.
        ctx.exp_pos = exp_pos
        ctx.exp_neg = exp_neg
        return (exp_pos - exp_neg) / 2

    @staticmethod
    def backward(ctx, grad_output):
        # To autograd, this is grad_output times a constant.
        return grad_output * (ctx.exp_pos + ctx.exp_neg) / 2


# %%
# ``gradcheck`` sees nothing wrong, because the values of the first derivative are right. Only ``gradgradcheck`` gives
# the mistake away:

x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)

print("gradcheck    ", gradcheck(SinhOnCtx.apply, x))
print("gradgradcheck", gradgradcheck(SinhOnCtx.apply, x, raise_exception=False))

# %%
# It raises if nothing else depends on x
# --------------------------------------
#
# If nothing else in the computation depends on ``x``, the first derivative has no history at all, so trying to
# differentiate it raises an error. In this lucky case you notice the mistake.

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
# Now square the Function's result. By the chain rule, the first derivative is :math:`2 \sinh\,x \cosh\,x`. The factor
# :math:`\sinh\,x` is the Function's output, which is still attached to ``x``. Autograd finds a path to ``x`` through
# this factor, so it raises no error about the missing path through :math:`\cosh\,x`.
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

# The wrong value is one term of the right one: 2 cosh² x.
torch.testing.assert_close(wrong, 2 * torch.cosh(x) ** 2)
torch.testing.assert_close(right, 2 * torch.cosh(x) ** 2 + 2 * torch.sinh(x) ** 2)

# %%
# The first printed value is wrong, yet autograd raised no error and gave no warning.
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
# The picture shows two separate graphs, with no arrow between them. If you follow the arrows backwards from ``grad_x``,
# you reach ``grad_output`` and can go no further, because ``x`` and ``out`` belong to the other graph. On paper,
# however, ``grad_x`` does depend on ``x``. So the missing path tells you that the second derivative is lost, even
# before you compute it.
#
# So what can you put on ``ctx``? Use it for values that aren't tensors, such as sizes, flags or a seed. Tensors belong
# in ``save_for_backward``: when you read them again, autograd checks that no operation has overwritten them. But saving
# a tensor that is neither an input nor an output gives it no history. So if you save an intermediate this way without
# returning it, the second derivative is lost all the same. If the derivative of ``backward`` needs this intermediate,
# return it as in :doc:`saving_intermediates`, or compute it again in ``backward`` from a saved input.
