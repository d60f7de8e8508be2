"""
Double backward through torch.compile
=====================================

When you compile a Function, its second derivative may raise an error or be wrong. This page explains why, and shows how
to compile a gradient penalty anyway.

Read :doc:`torch_compile` first.

The symptom: a Function passes :func:`~torch.autograd.gradcheck.gradgradcheck`, but once it is compiled, it raises
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
# ``Square`` computes a square, and ``product`` multiplies it by ``x``, so :math:`f(x) = x \cdot x^2` and
# :math:`f'' = 6x`.


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
# Like the default backend ``inductor``, ``aot_eager`` compiles ``backward`` ahead of time. But it doesn't compile the
# derivative of ``backward``, which double backward would need, so a second derivative raises an error.
#
# The backend ``eager`` is meant for debugging and runs the traced ``backward`` as it was recorded. Like the one that
# :doc:`torch_compile` prints, this traced ``backward`` begins with ``_set_grad_enabled(False)``. Autograd therefore
# treats its result as a constant, even with ``create_graph=True``, and the second derivative of ``product`` lacks a
# term. ``Square`` by itself passes ``gradgradcheck``, but the compiled ``product`` does not:

print("gradgradcheck", gradgradcheck(Square.apply, x))
print("gradgradcheck", gradgradcheck(compiled, x, raise_exception=False))

# %%
# The graph of the first derivative also shows what is missing:

copy = x.clone()
grad_output = torch.ones_like(x, requires_grad=True)
out = compiled(copy)
(grad_x,) = torch.autograd.grad(out, copy, grad_output, create_graph=True)
make_dot((grad_x, copy, out), params={"x": copy, "out": out, "grad_output": grad_output, "grad_x": grad_x})

# %%
# ``grad_x`` is the sum of :math:`g \cdot x^2` and :math:`g \cdot x \cdot 2x`, but only the first of these terms has an
# arrow into ``AddBackward0``. The node ``ApplyTemplateBackward`` belongs to the traced Function.
#
# The cure
# --------
#
# Take the first derivative with ``torch.func.grad``, inside the function that you compile. The compiled function is
# then differentiated only once from outside, which is supported. But a compiled ``torch.func.grad`` ignores your
# ``backward`` unless ``allow_in_graph`` keeps ``torch.compile`` out of the Function, as in :doc:`compiled_func_grad`.


@torch.compiler.allow_in_graph
def square(x):
    return Square.apply(x)


def penalty(x):
    grad_x = torch.func.grad(lambda x: (x * square(x)).sum())(x)
    return grad_x**2


compiled = torch.compile(penalty, fullgraph=True, backend="aot_eager")
print("gradcheck", gradcheck(compiled, x))
(grad_x,) = torch.autograd.grad(compiled(x).sum(), x)
print(grad_x.tolist())
torch.testing.assert_close(grad_x, 36 * x**3)  # p = (3 x²)²

# %%
# Since ``penalty`` contains a first derivative, this ``gradcheck`` checks the second derivative.
# :doc:`compiled_gradcheck` explains why this check must come before other calls, and what it misses without
# ``allow_in_graph``.
