"""
Saving outputs
==============

A Function can save the result of ``forward`` instead of its input. The second derivative is still right, although it
takes a different path through the graph. Here you follow that path, and see what happens when the saved result is
overwritten.

Read :doc:`saving_inputs` first.

The exponential function is its own derivative: with :math:`y = e^x` and an incoming gradient :math:`g`, backward
computes :math:`g \\cdot y`. A Function that saves :math:`x` has to compute :math:`e^x` again, while one that saves
:math:`y` already has it.
"""

from textwrap import fill

import torch
from torch.autograd import gradcheck, gradgradcheck
from torchviz import make_dot

torch.manual_seed(0)

# %%
# The Function
# ------------


class Exp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        out = torch.exp(x)
        # Save the very tensor that is returned, not a copy of it.
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx, grad_output):
        (out,) = ctx.saved_tensors
        return grad_output * out


# %%
# While ``forward`` runs, autograd records nothing, so ``out`` has no history. That changes when ``forward`` returns,
# because autograd makes this Function's own node the ``grad_fn`` of its differentiable outputs. The saved ``out`` is
# one of them, so ``backward`` receives it attached to the graph.

x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)

print("gradcheck    ", gradcheck(Exp.apply, x))
print("gradgradcheck", gradgradcheck(Exp.apply, x))

# %%
# On paper, every derivative of :math:`e^x` is :math:`e^x` again. Below, three rounds of :func:`~torch.autograd.grad`,
# each with ``create_graph=True``, give the first three derivatives. Each printed line ends with the derivative's
# largest difference from ``torch.exp``.

x = torch.tensor([0.0, 1.0, 2.0], dtype=torch.float64, requires_grad=True)
derivative = Exp.apply(x)
for order in (1, 2, 3):
    (derivative,) = torch.autograd.grad(derivative.sum(), x, create_graph=True)
    torch.testing.assert_close(derivative, torch.exp(x))
    print(order, derivative.tolist(), (derivative - torch.exp(x)).abs().max().item())

# %%
# Read the graph
# --------------

x = torch.ones(3, dtype=torch.float64, requires_grad=True).clone()
out = Exp.apply(x)
grad_output = torch.ones(3, dtype=torch.float64, requires_grad=True)
(grad_x,) = torch.autograd.grad(out, x, grad_output, create_graph=True)

names = {"x": x, "out": out, "grad_output": grad_output, "grad_x": grad_x}
make_dot((grad_x, x, out), params=names)

# %%
# Start at ``grad_x`` again and follow the arrows backwards. The multiplication in ``backward`` had two operands,
# ``grad_output`` and the saved ``out``. The path to ``x`` leads through ``out``, and therefore through ``ExpBackward``.
# So to differentiate ``grad_x``, autograd calls the very same ``backward`` a second time.
#
# Compare this path to ``x`` with the one in :doc:`saving_inputs`, which bypassed the Function's node. Either path gives
# the right second derivative. Which one you get depends on what you saved.
#
# Overwritten outputs
# -------------------
#
# The caller holds the very tensor that you saved. If an in-place operation overwrites it, autograd notices, and
# backward raises an error. A change through ``.data``, however, goes unnoticed, so the gradient in the first line of
# output is 5 instead of 1:

x = torch.zeros(1, dtype=torch.float64, requires_grad=True)
out = Exp.apply(x)
out.data.mul_(5)
(grad_x,) = torch.autograd.grad(out, x)
print("out.data.mul_(5)", grad_x.item())
assert grad_x == 5

out = Exp.apply(x)
out.detach().mul_(5)
try:
    torch.autograd.grad(out, x)
except RuntimeError as error:
    print(fill(f"RuntimeError: {str(error).partition(':')[0]}", 88))
else:
    raise AssertionError("the change was not noticed")
