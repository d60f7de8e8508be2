"""
gradcheck of a compiled function
================================

Here you check a function that was compiled with ``torch.compile``, after it has been in use, and see what the check
may miss.

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

from torch_compile_twice import Square, penalty

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
# A saved tensor that nobody else holds is of no use after ``backward``, so compiled code may take its memory for
# something else; such a tensor is called a donated buffer. With ``retain_graph=True`` it has to stay, and
# ``gradcheck``, which runs ``backward`` several times, asks for that. The first call had not, and compiled the code.
#
# The cure
# --------
#
# Either change the setting that the message names, for as long as the check takes. Or forget what was compiled: then
# the first ``backward`` is that of ``gradcheck``, and it is compiled without donated buffers.

with torch._functorch.config.patch(donated_buffer=False):
    print("gradcheck", gradcheck(compiled, x))
torch._dynamo.reset()
print("gradcheck", gradcheck(compiled, x))

# %%
# What the check may miss
# -----------------------
#
# This ``backward`` is a hundred times too large:


class SquareTooSteep(Square):
    @staticmethod
    def backward(ctx, grad_output):
        return 100 * Square.backward(ctx, grad_output)


@torch.compiler.allow_in_graph
def steep_square(x):
    return SquareTooSteep.apply(x)


def steep_penalty(x):
    return torch.func.grad(lambda x: (x * steep_square(x)).sum())(x) ** 2


def steep_unseen(x):
    return torch.func.grad(lambda x: (x * SquareTooSteep.apply(x)).sum())(x) ** 2


print("gradcheck    ", gradcheck(SquareTooSteep.apply, x, raise_exception=False))
for function in (steep_penalty, steep_unseen):
    torch._dynamo.reset()
    compiled = torch.compile(function, fullgraph=True, backend="aot_eager")
    print(f"{function.__name__:13}", gradcheck(compiled, x, raise_exception=False))
    print(function(x).tolist(), compiled(x).tolist())

# %%
# Without ``allow_in_graph`` the compiled function never calls ``backward``, so the check passes, while the same function
# returns other values without ``torch.compile``: :doc:`compiled_func_grad`. Check the Function by itself as well, as in
# the first line.
