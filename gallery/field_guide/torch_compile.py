"""
torch.compile cannot trace a Function
=====================================

After this page you can tell from the first line of the message what ``torch.compile`` could not trace
in your Function, and you know what it traces at all.

Read :doc:`/double_backward/saving_inputs` first.

The symptom: a Function works, but a call of it under ``torch.compile`` with ``fullgraph=True`` raises
``Unsupported``. Without ``fullgraph=True`` nothing is raised; the graph falls apart in silence.
"""

import torch
from torch.autograd import gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# One Function that can be traced, and two that add something to it:


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * 3 * x**2


class CubeShortcut(Cube):
    @staticmethod
    def backward(ctx, grad_output):
        # Meant to save work, but which way to go now depends on values.
        if (grad_output == 0).all():
            return torch.zeros_like(grad_output)
        return Cube.backward(ctx, grad_output)


class CubeForwardMode(Cube):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_forward(x)
        return Cube.forward(ctx, x)

    @staticmethod
    def jvp(ctx, tangent):
        (x,) = ctx.saved_tensors
        return tangent * 3 * x**2


x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
for function in (Cube, CubeShortcut, CubeForwardMode):
    print(function.__name__, gradcheck(function.apply, x), gradgradcheck(function.apply, x))
    torch.testing.assert_close(torch.autograd.grad(function.apply(x).sum(), x)[0], 3 * x**2)

for function in (Cube, CubeShortcut, CubeForwardMode):
    # Afresh: what was compiled for Cube would be used for CubeForwardMode, too.
    torch._dynamo.reset()
    try:
        out = torch.compile(function.apply, fullgraph=True, backend="aot_eager")(x)
        print(function.__name__, out.tolist())
    except torch._dynamo.exc.Unsupported as error:
        first_line = str(error).partition("\n")[0]
        print(f"{function.__name__}\n{type(error).__name__}: {first_line}")

# %%
# The cause
# ---------
#
# ``torch.compile`` does not wait until a gradient is wanted. It reads ``forward`` and ``backward`` before
# either runs, and writes down the operations of both. A backend is any callable that takes what was
# written; this one keeps it, and we look at ``backward``.

graphs = []


def keep(graph, example_inputs):
    graphs.append(graph)
    return graph


torch.compile(Cube.apply, fullgraph=True, backend=keep)(x)
print(graphs[0].bwd_body_0.code.strip())

# %%
# A Python method has become a list of tensor operations. What is no such operation cannot be written
# down, such as a decision on values that are not known yet. A Function with ``jvp`` is refused whatever
# it says.
#
# Without ``fullgraph=True`` the Function is left out, and the code around it falls into pieces.
# ``torch._dynamo.explain`` counts the graphs and the breaks between them. One of the graphs is
# ``forward`` of the Function, which is traced by itself:


def chain(x):
    return torch.cos(CubeShortcut.apply(torch.sin(x)))


found = torch._dynamo.explain(chain)(x)
print(found.graph_count, found.graph_break_count)
print(found.break_reasons[0].reason.partition("\n")[0])

# %%
# The cure
# --------
#
# A decision on values: do without it, as ``Cube`` does, or let ``torch.where`` choose between two results.
# A ``jvp``, which :doc:`forward_mode` is about: keep it in a subclass, for code that is not compiled.
#
# Other reasons have pages of their own: :doc:`grad_in_backward`, and :doc:`custom_op` for code outside
# PyTorch. What remains can be compiled, and checked like this:


def cube(x):
    return Cube.apply(x)


print("gradcheck", gradcheck(torch.compile(cube, fullgraph=True, backend="aot_eager"), x))
print("gradcheck", gradcheck(CubeForwardMode.apply, x, check_forward_ad=True))
