"""
Double backward through torch.compile
=====================================

This page shows what becomes of the second derivative of a compiled Function, and how to compile a gradient
penalty all the same.

Read :doc:`torch_compile` first.

The symptom: a Function passes :func:`~torch.autograd.gradcheck.gradgradcheck`. Compiled, it raises
``torch.compile with aot_autograd does not currently support double backward``, or its second derivative is wrong.
"""

from textwrap import fill

import torch
from torch.autograd import gradcheck, gradgradcheck
from torchviz import make_dot

torch.manual_seed(0)
torch._dynamo.reset()

# %%
# The symptom
# -----------
#
# The Function is a square, called in a product: :math:`f(x) = x \cdot x^2`, with :math:`f'' = 6x`.


class Square(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return x**2

    @staticmethod
    def setup_context(ctx, inputs, output):
        (x,) = inputs
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * 2 * x


def product(x):
    return x * Square.apply(x)


def second_derivative(function, x):
    (grad_x,) = torch.autograd.grad(function(x).sum(), x, create_graph=True)
    return torch.autograd.grad(grad_x.sum(), x)[0]


x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
print(second_derivative(product, x).tolist(), (6 * x).tolist())
for backend in ("aot_eager", "eager"):
    compiled = torch.compile(product, fullgraph=True, backend=backend)
    print("gradcheck", gradcheck(compiled, x))
    try:
        print(f"{backend:9}", second_derivative(compiled, x).tolist())
    except RuntimeError as error:
        print(fill(f"{backend} {type(error).__name__}: {error}", 88))

# %%
# The cause
# ---------
#
# ``aot_eager``, like the default backend ``inductor``, compiles ``backward`` ahead of time. To differentiate that would
# take a compiled backward of its own. There is none, so the second derivative is refused.
#
# ``eager`` is meant for debugging and runs the traced ``backward`` as it was written down. Like the one that
# :doc:`torch_compile` prints, it begins with ``_set_grad_enabled(False)``. To autograd its result is a constant, even
# with ``create_graph=True``, and the second derivative of ``product`` lacks a term. The second-order check finds it:

print("gradgradcheck", gradgradcheck(Square.apply, x))
print("gradgradcheck", gradgradcheck(compiled, x, raise_exception=False))

# %%
# So does the graph of the first derivative:

x = torch.ones(3, dtype=torch.float64, requires_grad=True).clone()
grad_output = torch.ones(3, dtype=torch.float64, requires_grad=True)
out = compiled(x)
(grad_x,) = torch.autograd.grad(out, x, grad_output, create_graph=True)
names = {"x": x, "out": out, "grad_output": grad_output, "grad_x": grad_x}
make_dot((grad_x, x, out), params=names)

# %%
# ``grad_x`` is a sum of :math:`g \cdot x^2` and :math:`g \cdot x \cdot 2x`, and only the first has an arrow into
# ``AddBackward0``. ``ApplyTemplateBackward`` is the node of the traced Function.
#
# The cure
# --------
#
# Take the first derivative inside of what you compile, with ``torch.func.grad``. Then the compiled function is
# differentiated only once from outside, and that works. By itself, ``torch.func.grad`` would be compiled without
# ever using ``backward``, and ``allow_in_graph`` prevents that: :doc:`compiled_func_grad`.


@torch.compiler.allow_in_graph
def square(x):
    return Square.apply(x)


def penalty(x):
    grad_x = torch.func.grad(lambda x: (x * square(x)).sum())(x)
    return grad_x**2


x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
compiled = torch.compile(penalty, fullgraph=True, backend="aot_eager")
print("gradcheck", gradcheck(compiled, x))
(grad_x,) = torch.autograd.grad(compiled(x).sum(), x)
print(grad_x.tolist())
torch.testing.assert_close(grad_x, 36 * x**3)  # p = (3 x²)²

# %%
# Since ``penalty`` contains a derivative, this is a check of the second order. :doc:`compiled_gradcheck` says why it
# has to come first, and what it would miss without ``allow_in_graph``.
