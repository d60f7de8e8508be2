"""
When autograd cannot track backward: write it as a Function too
===============================================================

The ``backward`` of a Function may run where autograd cannot follow: in SciPy, in NumPy, in C++ or in a kernel
of your own. This page gives such a Function a second derivative.

Read :doc:`saving_inputs` first.

So far ``backward`` was made of PyTorch operations, and with ``create_graph=True`` autograd
recorded them. Code outside PyTorch leaves no record. The way out: ``backward`` becomes a Function
too, with a ``backward`` of its own.
"""

import torch
from torch.autograd import gradcheck, gradgradcheck
from torchviz import make_dot

torch.manual_seed(0)

# %%
# A Function for backward
# -----------------------
#
# Take :math:`y = x^3`. The two plain functions below stand for code that autograd does not see.
# Backward is a function of *two* variables, :math:`b(g, x) = 3 g x^2`, and its own backward owes a
# gradient to each. With :math:`G` for the gradient that comes in:
#
# .. math::
#
#    \frac{\partial b}{\partial g} \, G = 3 x^2 \, G
#    \qquad
#    \frac{\partial b}{\partial x} \, G = 6 \, g \, x \, G


def cube_backward(grad_output, x):
    return grad_output * 3 * x**2


def cube_double_backward(grad_grad_input, grad_output, x):
    return grad_grad_input * 3 * x**2, grad_grad_input * 6 * grad_output * x


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, grad_output):
        # Both are inputs of the next Function, and so both stay in the graph.
        return CubeBackward.apply(grad_output, *ctx.saved_tensors)


class CubeBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, grad_output, x):
        ctx.save_for_backward(grad_output, x)
        return cube_backward(grad_output, x)

    @staticmethod
    def backward(ctx, grad_grad_input):
        # Returned in the order of forward's inputs: grad_output first, then x.
        return cube_double_backward(grad_grad_input, *ctx.saved_tensors)


# %%
# Cube passes both orders. CubeBackward is a Function like any other and can be checked by itself, with
# both of its inputs varied; if the two gradients were swapped, this check would say so.

x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
grad_output = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)

print("gradcheck    ", gradcheck(Cube.apply, x))
print("gradgradcheck", gradgradcheck(Cube.apply, x))
print("gradcheck    ", gradcheck(CubeBackward.apply, (grad_output, x)))
print("gradgradcheck", gradgradcheck(CubeBackward.apply, (grad_output, x)))

# %%
# Read the graph
# --------------

x = torch.ones(3, dtype=torch.float64, requires_grad=True).clone()
grad_output = torch.ones(3, dtype=torch.float64, requires_grad=True)
out = Cube.apply(x)
(grad_x,) = torch.autograd.grad(out, x, grad_output, create_graph=True)

names = {"x": x, "out": out, "grad_output": grad_output, "grad_x": grad_x}
make_dot((grad_x, x, out), params=names)

# %%
# Where earlier graphs showed every operation of ``backward``, this one shows a single node between
# ``grad_x`` and ``x``: ``CubeBackwardBackward``, which autograd named after CubeBackward. One arrow
# enters it from the side of ``x`` and one from that of ``grad_output``: the two gradients that its
# backward returns go there.
#
# Two derivatives deep, and no deeper: to autograd the code in the last ``backward`` would be made of constants,
# and a third derivative would be lost as in :doc:`losing_intermediates`. How to raise an error for it is on the
# next page, :doc:`no_third_derivative`, with Functions that really leave PyTorch.
