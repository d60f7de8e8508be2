"""
An operator under torch.func
============================

After this page you can use an operator made with ``torch.library.custom_op`` under ``torch.func`` and in
forward mode, and you know where it would give zeros instead of a derivative.

Read :doc:`custom_op` and :doc:`forward_mode` first.

The symptom: an operator passes the checks of both orders. ``torch.func.grad`` asks for a
``setup_context`` although one was registered, and ``torch.func.jvp`` returns zeros.
"""

from textwrap import fill

import torch
from scipy import special
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck
from torch.func import grad, jvp
from torch.library import custom_op

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# Once more the polygamma functions, from :doc:`custom_op`:


@custom_op("field_guide::polygamma", mutates_args=())
def polygamma(n: int, x: Tensor) -> Tensor:
    return torch.from_numpy(special.polygamma(n, x.numpy()))


def setup_context(ctx, inputs, output):
    ctx.n, x = inputs
    ctx.save_for_backward(x)


def backward(ctx, grad_output):
    (x,) = ctx.saved_tensors
    # The operator again: so there is a derivative of every order.
    return None, grad_output * polygamma(ctx.n + 1, x)


polygamma.register_autograd(backward, setup_context=setup_context)


def psi(x):
    return polygamma(0, x)


def show(name, values):
    print(f"{name:13}", [round(value, 6) for value in values.tolist()])


x = torch.tensor([0.5, 1.5, 2.5], dtype=torch.float64, requires_grad=True)
print("gradgradcheck", gradgradcheck(psi, x))
try:
    grad(lambda x: psi(x).sum())(x)
except RuntimeError as error:
    print(fill(f"{type(error).__name__}: {error}", 88))

# %%
# Forward mode should give the derivative, :math:`\psi_1`. If the input does not require a gradient, it
# gives zeros, and nothing is raised. Only a check of forward mode, which detaches ``x``, notices:

inputs, tangent = x.detach(), torch.ones(3, dtype=torch.float64)
show("jvp", jvp(psi, (inputs,), (tangent,))[1])
show("psi_1", polygamma(1, inputs))
print("gradcheck    ", gradcheck(psi, x, check_forward_ad=True, raise_exception=False))

# %%
# The cause
# ---------
#
# ``register_autograd`` makes a Function of what it is given. The node in the graph knows the class:

function = type(psi(x).grad_fn)._forward_cls
print(function.__name__, issubclass(function, torch.autograd.Function))
print(function.setup_context is torch.autograd.Function.setup_context)
print(function.jvp is torch.autograd.Function.jvp)

# %%
# In PyTorch 2.13 it is a Function of the older kind: it calls your ``setup_context`` from within its
# ``forward``, and has none of its own. Nor has it a ``jvp``. If no input requires a gradient it is not even
# asked, and the tangent is lost on the way.
#
# The cure
# --------
#
# Write the Function yourself, and let it call the operator. What ``torch.func`` and forward mode get to
# see is the Function. For ``vmap`` it takes one method more: :doc:`vmap_rule`. Where ``torch.compile`` is at
# work, call the operator.


class PolyGammaOfOperator(torch.autograd.Function):
    @staticmethod
    def forward(n, x):
        return polygamma(n, x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.n, x = inputs
        ctx.save_for_backward(x)
        ctx.save_for_forward(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return None, grad_output * PolyGammaOfOperator.apply(ctx.n + 1, x)

    @staticmethod
    def jvp(ctx, _, tangent):
        (x,) = ctx.saved_tensors
        return tangent * PolyGammaOfOperator.apply(ctx.n + 1, x)


def psi_function(x):
    return PolyGammaOfOperator.apply(0, x)


show("grad", grad(lambda x: psi_function(x).sum())(inputs))
show("jvp", jvp(psi_function, (inputs,), (tangent,))[1])
print("gradcheck    ", gradcheck(psi_function, x, check_forward_ad=True))
print("gradgradcheck", gradgradcheck(psi_function, x, check_fwd_over_rev=True))
for function in (psi, psi_function):
    torch.testing.assert_close(function(x), torch.special.digamma(x))
