"""
An operator under torch.func
============================

An operator made with ``torch.library.custom_op`` has a derivative for autograd, but none for ``torch.func``.
This page shows where it raises, where it gives zeros instead of a derivative, and a Function around it that
mends both.

Read :doc:`operator_vmap` and :doc:`forward_mode` first.

The symptom: an operator passes the checks of both orders. ``torch.func.grad`` asks for a ``setup_context`` although
one was registered, and ``torch.func.jvp`` returns zeros.
"""

from textwrap import fill

import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.func import grad, jacfwd, jacrev, jvp, vmap

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# Once more the polygamma functions, from :doc:`custom_op`:

from custom_op import polygamma, psi


@polygamma.register_vmap
def polygamma_vmap(info, in_dims, n, x):
    return polygamma(n, x), in_dims[1]


x = torch.tensor([0.5, 1.5, 2.5], dtype=torch.float64, requires_grad=True)
print("gradgradcheck", gradgradcheck(psi, x))
try:
    grad(lambda x: psi(x).sum())(x)
except RuntimeError as error:
    print(fill(f"{type(error).__name__}: {error}", 88))

# %%
# Forward mode should give the derivative, :math:`\psi_1`. ``torch.func.jvp`` gives zeros and raises nothing.
# ``gradcheck`` notices, if you let it check forward mode:


def show(name, values):
    print(f"{name:14}", [round(value, 6) for value in values.tolist()])


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
print(function.setup_context is torch.autograd.Function.setup_context)
print(function.jvp is torch.autograd.Function.jvp)

# %%
# In PyTorch 2.13 this class has no ``setup_context`` of its own, it calls yours from within its ``forward``. It
# has no ``jvp`` either, and the tangent is lost on the way.
#
# The cure
# --------
#
# Write the Function yourself, and let it call the operator. ``torch.func`` and forward mode then see the Function.
# Where ``torch.compile`` is at work, call the operator.


class PolyGammaOfOperator(torch.autograd.Function):
    generate_vmap_rule = True

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


show("vmap(grad)", vmap(grad(psi_function))(inputs))
show("jvp", jvp(psi_function, (inputs,), (tangent,))[1])
print("gradcheck    ", gradcheck(psi_function, x, check_forward_ad=True))
print("gradgradcheck", gradgradcheck(psi_function, x, check_fwd_over_rev=True))
torch.testing.assert_close(psi_function(x), torch.special.digamma(x))
torch.testing.assert_close(vmap(grad(psi_function))(inputs), polygamma(1, inputs))
blocks = torch.rand(2, 3, 4, dtype=torch.float64) + 0.5
torch.testing.assert_close(vmap(psi, in_dims=1, out_dims=1)(blocks), polygamma(0, blocks))

# %%
# One zero is left. Where forward mode runs inside forward mode, PyTorch 2.13 loses the second derivative of this
# Function, and raises nothing. Forward mode over reverse mode, as in ``torch.func.hessian``, is right:

point = inputs[:1].squeeze()
second = [jacfwd(outer(psi_function))(point).item() for outer in (jacfwd, jacrev)]
print(second, polygamma(2, point).item())
assert jacfwd(jacfwd(psi_function))(point) == 0
torch.testing.assert_close(jacfwd(jacrev(psi_function))(point), polygamma(2, point))
