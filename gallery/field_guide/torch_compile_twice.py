"""
Double backward through torch.compile
=====================================

After this page you know what becomes of the second derivative of a compiled Function, and you can
compile a gradient penalty all the same.

Read :doc:`torch_compile` first.

The symptom: a Function passes :func:`~torch.autograd.gradcheck.gradgradcheck`, and compiled it raises
``torch.compile with aot_autograd does not currently support double backward``, or its second derivative
is wrong.
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
print("6 * x    ", (6 * x).tolist())
print("product  ", second_derivative(product, x).tolist())
for backend in ("aot_eager", "eager"):
    compiled = torch.compile(product, fullgraph=True, backend=backend)
    print(f"{backend:9} gradcheck", gradcheck(compiled, x))
    try:
        print(f"{backend:9}", second_derivative(compiled, x).tolist())
    except RuntimeError as error:
        print(backend, fill(f"{type(error).__name__}: {error}", 88), sep="\n")

# %%
# ``aot_eager`` prepares ``backward`` ahead of time, as does the default, ``inductor``. ``eager`` runs what
# was traced, and is meant for debugging. One refuses the second derivative, the other gets it wrong.
#
# The cause
# ---------
#
# With ``aot_eager`` the first derivative comes from a compiled ``backward``. To differentiate this
# ``backward`` would take another one, and none has been compiled.
#
# With ``eager``, the traced ``backward`` is run as it was written down. Like the one that
# :doc:`torch_compile` prints, it begins with ``_set_grad_enabled(False)``. To autograd its result is a
# constant, ``create_graph=True`` or not. What should come from there is missing in the second derivative of
# ``product``, as in :doc:`/double_backward/losing_intermediates`. The check of the second order finds it:

compiled = torch.compile(product, fullgraph=True, backend="eager")
print("gradcheck    ", gradcheck(Square.apply, x))
print("gradgradcheck", gradgradcheck(Square.apply, x))
print("gradgradcheck", gradgradcheck(compiled, x, raise_exception=False))

# %%
# So does the graph of the first derivative:

x = torch.ones(3, dtype=torch.float64, requires_grad=True).clone()
out = compiled(x)
grad_output = torch.ones(3, dtype=torch.float64, requires_grad=True)
(grad_x,) = torch.autograd.grad(out, x, grad_output, create_graph=True)

names = {"x": x, "out": out, "grad_output": grad_output, "grad_x": grad_x}
make_dot((grad_x, x, out), params=names)

# %%
# ``grad_x`` is a sum of two terms, :math:`g \cdot x^2` and :math:`g \cdot x \cdot 2x`. Only the first has an
# arrow into ``AddBackward0``. ``ApplyTemplateBackward`` is the node of the traced Function.
#
# The cure
# --------
#
# Take the first derivative inside of what you compile. Then the compiled function is differentiated only
# once from outside, and that works. ``torch.func.grad`` can be traced. So that it accepts ``Square`` without
# ``torch.compile``, too, ``Square`` has a method ``setup_context``: :doc:`function_transforms`.


def penalty(x):
    grad_x = torch.func.grad(lambda x: product(x).sum())(x)
    return grad_x**2


x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
compiled = torch.compile(penalty, fullgraph=True, backend="aot_eager")
print("gradcheck", gradcheck(compiled, x))
# p = (3 x²)², so dp/dx = 36 x³.
print((36 * x**3).tolist())
print(torch.autograd.grad(compiled(x).sum(), x)[0].tolist())

# %%
# This ``gradcheck`` differentiates a derivative, so it is a check of the second order. It comes first for a
# reason: :doc:`compiled_gradcheck`.
