"""
torch.compile cannot trace a Function
=====================================

If ``torch.compile`` cannot trace your Function, the first line of the error message tells you what stopped it. This
page teaches you to read that line, and shows what is traced in the first place.

Read :doc:`/double_backward/saving_inputs` first.

The symptom: a Function works, but under ``torch.compile`` with ``fullgraph=True`` a call to it raises ``Unsupported``.
Without ``fullgraph=True`` nothing is raised, but the graph is broken into pieces.
"""

import torch
from torch.autograd import gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# ``torch.compile`` can trace ``Cube``, but each of its two subclasses adds something that can't be traced:


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
        if (grad_output == 0).all():  # meant to save work
            return torch.zeros_like(grad_output)
        return Cube.backward(ctx, grad_output)


class CubeForwardMode(Cube):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_forward(x)
        return Cube.forward(ctx, x)

    @staticmethod
    def jvp(ctx, tangent):
        return Cube.backward(ctx, tangent)


x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
FUNCTIONS = Cube, CubeShortcut, CubeForwardMode
for function in FUNCTIONS:
    print(function.__name__, gradcheck(function.apply, x), gradgradcheck(function.apply, x))
    torch.testing.assert_close(torch.autograd.grad(function.apply(x).sum(), x)[0], 3 * x**2)
    try:
        print(torch.compile(function.apply, fullgraph=True, backend="aot_eager")(x).tolist())
    except torch._dynamo.exc.Unsupported as error:
        print(type(error).__name__, str(error).partition("\n")[0], sep=": ")

# %%
# The cause
# ---------
#
# If an input requires grad, ``torch.compile`` reads ``forward`` and ``backward`` before either runs, and records the
# operations of both in a graph. A backend can be any callable that takes this graph. Ours just keeps the graph, so that
# we can print the part that belongs to ``backward``.

graphs = []


def keep(graph, example_inputs):
    graphs.append(graph)
    return graph


torch.compile(Cube.apply, fullgraph=True, backend=keep)(x)
print(graphs[0].bwd_body_0.code.strip())

# %%
# As the output shows, the Python method ``backward`` has become a list of tensor operations. An ``if`` on a tensor's
# value cannot be part of this list, because no values are known during tracing. ``torch.compile`` also rejects a
# Function with a ``jvp``. But if autograd records nothing, ``torch.compile`` traces only ``forward``, so it accepts all
# three Functions on this page:

with torch.no_grad():
    for function in FUNCTIONS:
        assert torch._dynamo.explain(lambda x: function.apply(x))(x).graph_break_count == 0

# %%
# Without ``fullgraph=True``, the call to the Function stays outside the compiled graphs, and the code before and after
# the call is compiled in pieces. ``torch._dynamo.explain`` counts the graphs and the breaks between them. One of the
# graphs it counts is the Function's ``forward``, which is traced on its own:

found = torch._dynamo.explain(lambda x: torch.cos(CubeShortcut.apply(torch.sin(x))))(x)
print(found.graph_count, found.graph_break_count, found.break_reasons[0].reason.partition("\n")[0])

# %%
# The cure
# --------
#
# If ``backward`` branches on values, remove the branch, which turns ``CubeShortcut`` into ``Cube``. If there is a
# ``jvp``, as in :doc:`forward_mode`, use ``allow_in_graph`` to keep ``torch.compile`` from looking into the call (see
# :doc:`compiled_func_grad`). For other causes, see :doc:`grad_in_backward` or, for code outside PyTorch,
# :doc:`custom_op`.


@torch.compiler.allow_in_graph
def cube_forward_mode(x):
    return CubeForwardMode.apply(x)


compiled = torch.compile(lambda x: Cube.apply(x) + cube_forward_mode(x), fullgraph=True, backend="aot_eager")
print("gradcheck", gradcheck(compiled, x))
print("gradcheck", gradcheck(CubeForwardMode.apply, x, check_forward_ad=True))
