"""
When backward cannot be tracked
===============================

After this page you can give a second derivative to a Function whose ``backward`` runs where autograd
cannot follow: in SciPy, in NumPy, in C++ or in a kernel of your own.

Read :doc:`saving_inputs` first.

So far ``backward`` was made of PyTorch operations, and with ``create_graph=True`` autograd
recorded them. Code outside PyTorch leaves no record. The way out: ``backward`` becomes a Function
too, with a ``backward`` of its own.
"""

import torch
from scipy import special
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
# Cube passes both orders. CubeBackward is a Function like any other and can be checked alone, with
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
# The same for real
# -----------------
#
# The logarithm of the gamma function, its derivative :math:`\psi` and the derivative :math:`\psi_1`
# of that, all from SciPy: compiled code that takes NumPy arrays and knows of no graph.


class LogGamma(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.from_numpy(special.gammaln(x.numpy()))

    @staticmethod
    def backward(ctx, grad_output):
        return LogGammaBackward.apply(grad_output, *ctx.saved_tensors)


class LogGammaBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, grad_output, x):
        ctx.save_for_backward(grad_output, x)
        return grad_output * torch.from_numpy(special.digamma(x.numpy()))

    @staticmethod
    def backward(ctx, grad_grad_input):
        grad_output, x = ctx.saved_tensors
        digamma = torch.from_numpy(special.digamma(x.detach().numpy()))
        trigamma = torch.from_numpy(special.polygamma(1, x.detach().numpy()))
        return grad_grad_input * digamma, grad_grad_input * grad_output * trigamma


# Away from the pole at zero.
x = (torch.rand(4, 3, dtype=torch.float64) + 0.5).requires_grad_()

print("gradcheck    ", gradcheck(LogGamma.apply, x))
print("gradgradcheck", gradgradcheck(LogGamma.apply, x))

# %%
# Two derivatives deep, and no deeper: to autograd ``digamma`` and ``trigamma`` in the last
# ``backward`` are constants, so a third derivative is lost as in :doc:`losing_intermediates`. If
# it may be asked for, a third Function continues the chain. If not, write that Function all the
# same and let its ``backward`` raise, so that nobody takes a wrong number for an answer.
