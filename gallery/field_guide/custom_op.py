"""
No fake impl, no autograd formula
=================================

``torch.library.custom_op`` makes a custom operator from a function that PyTorch cannot look inside. This page shows
what PyTorch says about an unfinished operator, and how to complete the operator so that ``opcheck`` passes.

Read :doc:`/double_backward/backward_outside_autograd` first.

The symptom: you have turned a function into an operator that you can call, but PyTorch complains that a ``fake impl``
or an ``autograd formula`` is missing.
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
# Each of the polygamma functions :math:`\psi_n` is the derivative of the previous one. To turn them into an operator,
# you need a plain function with annotated types, a name for the operator in ``torch.ops``, and a list of the arguments
# that the function mutates, which is empty here.


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
        # One message begins with a file path, which ends at "): ".
        message = str(error).partition("\n")[0].rpartition("): ")[2]
        print(fill(f"{type(error).__name__}: {message}", 88))


x = torch.tensor([0.5, 1.5, 2.5], dtype=torch.float64, requires_grad=True)
attempt_call(psi, x)
attempt_call(torch.compile(psi, fullgraph=True, backend="aot_eager"), x)

# %%
# ``opcheck`` calls an operator the way ``torch.compile`` would, and says what is missing:


def show_results(results):
    for name, result in results.items():
        print(fill(f"{name}: {result}", 88))


show_results(opcheck(polygamma, (0, x), raise_exception=False))

# %%
# The cause
# ---------
#
# Neither autograd nor ``torch.compile`` looks inside an operator. So you have to tell them what the result looks like
# and what its derivative is.
#
# The cure
# --------


@polygamma.register_fake
def polygamma_fake(n, x):
    # No values, only shape, dtype and device.
    return torch.empty_like(x)


def setup_context(ctx, inputs, output):
    ctx.n, x = inputs
    ctx.save_for_backward(x)


def backward(ctx, grad_output):
    (x,) = ctx.saved_tensors
    # This calls the operator again, so there is a derivative of every order.
    return None, grad_output * polygamma(ctx.n + 1, x)


polygamma.register_autograd(backward, setup_context=setup_context)

show_results(opcheck(polygamma, (0, x)))
opcheck(polygamma, (0, x.detach().float().requires_grad_()))
attempt_call(torch.compile(psi, fullgraph=True, backend="aot_eager"), x)
print("gradcheck    ", gradcheck(psi, x))
print("gradgradcheck", gradgradcheck(psi, x))
torch.testing.assert_close(psi(x), torch.special.digamma(x))

# %%
# Call ``opcheck`` with each dtype that the operator should accept, as the code above does with ``float32``. To learn
# what else ``opcheck`` finds, and what it misses, see :doc:`operator_results`.
