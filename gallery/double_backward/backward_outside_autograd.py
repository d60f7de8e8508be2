"""
When autograd cannot track backward: write it as a Function too
===============================================================

A Function's ``backward`` may run where autograd can't follow: in SciPy, in NumPy, in C++ or in a kernel of your own.
You can still give such a Function a second derivative if you write that derivative yourself.

Read :doc:`saving_inputs` first.

On the previous pages, ``backward`` was made up of PyTorch operations, so autograd recorded it when you passed
``create_graph=True``. Autograd can't record code outside PyTorch. The way out is to write ``backward`` as a second
Function, which has a ``backward`` of its own.
"""

import torch
from torch.autograd import gradcheck, gradgradcheck
from torchviz import make_dot

torch.manual_seed(0)

# %%
# A Function for backward
# -----------------------
#
# Take :math:`y = x^3`. The two plain functions below stand in for code that autograd can't see. Backward is a function
# of *two* variables, the incoming gradient and the input: :math:`b(g, x) = 3 g x^2`. So its own backward has to return
# two gradients, one for each variable. If :math:`G` is the gradient that this second backward receives, the two
# gradients are:
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
        # grad_output and x are inputs of CubeBackward, so both stay in the graph.
        return CubeBackward.apply(grad_output, *ctx.saved_tensors)


class CubeBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, grad_output, x):
        ctx.save_for_backward(grad_output, x)
        return cube_backward(grad_output, x)

    @staticmethod
    def backward(ctx, grad_grad_input):
        # The gradients come in the order of forward's inputs: grad_output first, then x.
        return cube_double_backward(grad_grad_input, *ctx.saved_tensors)


# %%
# ``Cube`` passes both gradient checks. ``CubeBackward`` is a Function like any other, so you can check it separately,
# with respect to both of its inputs. If its ``backward`` swapped the two gradients, this check would tell you.

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
# The graphs on earlier pages showed every operation of ``backward``, but this one shows a single node between
# ``grad_x`` and ``x``: ``CubeBackwardBackward``, which autograd named after ``CubeBackward``. Two arrows enter this
# node, one from ``x`` and one from ``grad_output``. The node's ``backward`` returns two gradients, and each of them
# travels back along one of these arrows.
#
# If autograd really can't see your code, these two Functions give you a first and a second derivative, but not a third.
# Autograd would treat the values computed in the last ``backward`` as constants, so a third derivative would be lost as
# in :doc:`losing_intermediates`. The next page, :doc:`no_third_derivative`, has Functions that really leave PyTorch,
# and shows how to make a third derivative raise an error instead.
