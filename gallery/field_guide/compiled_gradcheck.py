"""
gradcheck of a compiled function
================================

You can check the gradients of a function that ``torch.compile`` has compiled. But if the compiled function has already
computed gradients, the check raises an error unless you prepare for it. This page shows how to do that, and what the
check may miss.

Read :doc:`torch_compile_twice` first.

The symptom: after the compiled function has computed gradients, :func:`~torch.autograd.gradcheck.gradcheck` or a call
with ``retain_graph=True`` raises an error about ``donated buffers``.
"""

from textwrap import fill

import torch
from torch.autograd import gradcheck

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# The compiled function is the gradient penalty from :doc:`torch_compile_twice`:

from torch_compile_twice import Square, penalty

torch._dynamo.reset()  # forgets what was compiled before
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
# Normally ``backward`` runs only once, so compiled code may reuse the memory of a saved tensor that nothing else holds.
# Such a tensor is called a donated buffer. ``gradcheck`` runs ``backward`` several times, so it passes
# ``retain_graph=True``, and then the tensor has to stay. But by the time the check runs, it is too late: the code was
# compiled during an earlier call, which passed ``retain_graph=False``.
#
# The cure
# --------
#
# You can choose between two cures. One is to change the setting that the error message names, but only while the check
# runs. The other is to reset Dynamo before the check, which discards the compiled code. After the reset, the first
# ``backward`` is the one that ``gradcheck`` runs, so the code is compiled without donated buffers.

with torch._functorch.config.patch(donated_buffer=False):
    print("gradcheck", gradcheck(compiled, x))
torch._dynamo.reset()
print("gradcheck", gradcheck(compiled, x))

# %%
# What the check may miss
# -----------------------
#
# This ``backward`` returns a gradient that is a hundred times too large:


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
# ``steep_unseen`` does without ``allow_in_graph``, so its compiled version never calls ``backward``. The check passes,
# although the uncompiled function returns different values (see :doc:`compiled_func_grad`). So check the Function by
# itself too, as in the first line of output.
