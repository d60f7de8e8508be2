"""
An operator under torch.func
============================

Autograd can differentiate an operator made with ``torch.library.custom_op``, but under ``torch.func`` the operator
raises an error or gives zeros. On this page you reproduce both problems, and fix them with a Function around the
operator.

Read :doc:`operator_vmap` and :doc:`forward_mode` first.

The symptom: an operator passes both gradient checks, but ``torch.func.grad`` asks for a ``setup_context`` although you
registered one, and ``torch.func.jvp`` returns zeros.
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
# Take the polygamma operator from :doc:`custom_op`, here with a rule for ``vmap``:

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
# Forward mode should give the derivative, :math:`\psi_1`, but ``torch.func.jvp`` returns zeros without an error.
# ``gradcheck`` notices this if you ask it to check forward mode:

inputs, tangent = x.detach(), torch.ones(3, dtype=torch.float64)
print("jvp  ", jvp(psi, (inputs,), (tangent,))[1])
print("psi_1", polygamma(1, inputs))
print("gradcheck    ", gradcheck(psi, x, check_forward_ad=True, raise_exception=False))

# %%
# The cause
# ---------
#
# ``register_autograd`` makes a Function from your ``backward`` and ``setup_context``. You can reach this Function's
# class through its node in the graph:

function = type(psi(x).grad_fn)._forward_cls
print("setup_context" in vars(function), "jvp" in vars(function))

# %%
# As the output shows, the class that PyTorch 2.13 creates has neither a ``setup_context`` nor a ``jvp`` of its own.
# Instead, its ``forward`` calls your ``setup_context``, and the tangent is lost on the way.
#
# The cure
# --------
#
# Write a Function of your own that calls the operator, so that ``torch.func`` and forward mode see this Function. When
# you use ``torch.compile``, call the operator directly instead.


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


print("vmap(grad)", vmap(grad(psi_function))(inputs))
print("jvp       ", jvp(psi_function, (inputs,), (tangent,))[1])
print("gradcheck    ", gradcheck(psi_function, x, check_forward_ad=True))
print("gradgradcheck", gradgradcheck(psi_function, x, check_fwd_over_rev=True))
torch.testing.assert_close(psi_function(x), torch.special.digamma(x))
torch.testing.assert_close(vmap(grad(psi_function))(inputs), polygamma(1, inputs))
blocks = torch.rand(2, 3, 4, dtype=torch.float64) + 0.5
torch.testing.assert_close(vmap(psi, in_dims=1, out_dims=1)(blocks), polygamma(0, blocks))

# %%
# One case still gives a wrong zero. When forward mode runs inside forward mode, PyTorch 2.13 loses this Function's
# second derivative without raising an error, as the first value printed below shows. Forward mode over reverse mode, as
# in ``torch.func.hessian``, gives the right value:

point = inputs[:1].squeeze()
second = [jacfwd(outer(psi_function))(point).item() for outer in (jacfwd, jacrev)]
print(second, polygamma(2, point).item())
assert jacfwd(jacfwd(psi_function))(point) == 0
torch.testing.assert_close(jacfwd(jacrev(psi_function))(point), polygamma(2, point))
