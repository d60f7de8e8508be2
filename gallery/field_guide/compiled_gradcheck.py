"""
gradcheck of a compiled function
================================

After this page you can check a function that was compiled with ``torch.compile``, also after it has been
in use.

Read :doc:`torch_compile_twice` first.

The symptom: the compiled function has computed gradients, and then
:func:`~torch.autograd.gradcheck.gradcheck` or a call with ``retain_graph=True`` speaks of
``donated buffers``.
"""

from textwrap import fill

import torch
from torch.autograd import gradcheck

torch.manual_seed(0)
torch._dynamo.reset()

# %%
# The symptom
# -----------
#
# Once more the gradient penalty of :doc:`torch_compile_twice`:


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


def penalty(x):
    grad_x = torch.func.grad(lambda x: product(x).sum())(x)
    return grad_x**2


x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
compiled = torch.compile(penalty, fullgraph=True, backend="aot_eager")
for retain_graph in (False, True):
    try:
        (grad_x,) = torch.autograd.grad(compiled(x).sum(), x, retain_graph=retain_graph)
        print(grad_x.tolist())
    except RuntimeError as error:
        print(fill(f"{type(error).__name__}: {error}", 88))

# %%
# The cause
# ---------
#
# A saved tensor that nobody else holds is of no use after ``backward``. Compiled code may take its memory
# for something else; the tensor is then called a donated buffer. With ``retain_graph=True`` it has to
# stay, and ``gradcheck`` calls ``backward`` that way, because it calls it more than once. The code was
# compiled during the first call, which did not say so.
#
# The cure
# --------
#
# Compile anew for the check. Then the first ``backward`` is that of ``gradcheck``, and it is compiled
# without donated buffers:

torch._dynamo.reset()
print("gradcheck", gradcheck(compiled, x))
