"""
No fake impl, no autograd formula
=================================

``torch.library.custom_op`` makes a custom operator of a function that PyTorch cannot look into. This page shows
what PyTorch says about an unfinished operator, and how to finish it until ``opcheck`` is content.

Read :doc:`/double_backward/backward_outside_autograd` first.

The symptom: a function became an operator, and it can be called. But PyTorch misses a ``fake impl``, or an
``autograd formula``.
"""

from textwrap import fill

import torch
from scipy import special
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck
from torch.library import custom_op, opcheck

torch.manual_seed(0)
torch._dynamo.reset()

# %%
# The symptom
# -----------
#
# The polygamma functions :math:`\psi_n`, of which each is the derivative of the one before. An operator is a
# plain function with annotated types, a name under which ``torch.ops`` will have it, and a list of the
# arguments that it changes, here none.


@custom_op("field_guide::polygamma", mutates_args=())
def polygamma(n: int, x: Tensor) -> Tensor:
    if not x.is_floating_point():
        raise TypeError(f"x: expected a floating-point dtype, got {x.dtype}")
    # SciPy takes arrays on the CPU; to(x) restores the dtype and the device.
    return torch.as_tensor(special.polygamma(n, x.cpu().double().numpy())).to(x)


def psi(x):
    return polygamma(0, x)


def attempt_call(function, x):
    try:
        print([round(value, 6) for value in function(x).tolist()])
    except RuntimeError as error:
        # One message begins with the path of a file, up to "): ".
        message = str(error).partition("\n")[0].rpartition("): ")[2]
        print(fill(f"{type(error).__name__}: {message}", 88))


x = torch.tensor([0.5, 1.5, 2.5], dtype=torch.float64, requires_grad=True)
attempt_call(psi, x)
attempt_call(torch.compile(psi, fullgraph=True, backend="aot_eager"), x)

# %%
# ``opcheck`` calls an operator in the ways in which ``torch.compile`` would, and says what is missing:


def show_results(results):
    for name, result in results.items():
        print(fill(f"{name}: {result}", 88))


show_results(opcheck(polygamma, (0, x), raise_exception=False))

# %%
# The cause
# ---------
#
# Neither autograd nor ``torch.compile`` looks inside an operator. You have to say what cannot be seen from outside:
# what the result looks like, and what its derivative is.
#
# The cure
# --------


@polygamma.register_fake
def polygamma_fake(n, x):
    # No values; shape, dtype and device only.
    return torch.empty_like(x)


def setup_context(ctx, inputs, output):
    ctx.n, x = inputs
    ctx.save_for_backward(x)


def backward(ctx, grad_output):
    (x,) = ctx.saved_tensors
    # The operator again: so there is a derivative of every order.
    return None, grad_output * polygamma(ctx.n + 1, x)


polygamma.register_autograd(backward, setup_context=setup_context)

show_results(opcheck(polygamma, (0, x)))
opcheck(polygamma, (0, x.detach().float().requires_grad_()))
attempt_call(torch.compile(psi, fullgraph=True, backend="aot_eager"), x)
print("gradcheck    ", gradcheck(psi, x))
print("gradgradcheck", gradgradcheck(psi, x))
torch.testing.assert_close(psi(x), torch.special.digamma(x))

# %%
# Call ``opcheck`` with each dtype that the operator is to take; the code above does it with ``float32`` too.
# What it finds otherwise, and what it does not find, is on :doc:`operator_results`.
