"""
Forward mode asks for jvp
=========================

``torch.func.jacfwd`` and ``torch.func.hessian`` rely on forward-mode differentiation, which a Function doesn't support
by default. Here you add this support and check it.

Read :doc:`function_transforms` first.

The symptom: ``backward`` is right and its checks pass, but ``jacfwd`` raises ``You must implement the jvp function for
custom autograd.Function``.
"""

from textwrap import fill

import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.func import hessian, jacfwd

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# This Function computes :math:`y = a \, x^2`. Its derivatives with respect to ``a`` and ``x`` are :math:`x^2` and
# :math:`2 a x`:


class ReverseOnly(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(a, x):
        return a * x**2

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        a, x = ctx.saved_tensors
        return grad_output * x**2, grad_output * 2 * a * x


def evaluate(compute):
    try:
        print([derivative.item() for derivative in compute()])
    except (RuntimeError, ValueError) as error:
        print(fill(f"{type(error).__name__}: {error}", 88))


a = torch.tensor(5.0, dtype=torch.float64, requires_grad=True)
x = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
print("gradcheck    ", gradcheck(ReverseOnly.apply, (a, x)))
evaluate(lambda: jacfwd(ReverseOnly.apply, argnums=(0, 1))(a, x))

# %%
# The cause
# ---------
#
# Reverse mode goes from the output to the inputs, so ``backward`` gets the output's gradient and returns a gradient for
# each input. Forward mode runs in the same direction as ``forward``. Each input comes with a tangent, the direction in
# which the input moves, and ``jvp`` returns the output's tangent, :math:`t_y = x^2 \, t_a + 2 a x \, t_x`.
#
# The cure
# --------
#
# Write a ``jvp`` method, and save the tensors it needs with ``save_for_forward``, separately from those for
# ``backward``. Each of the two methods then finds its own tensors in ``ctx.saved_tensors``. For an input that has no
# tangent, ``jvp`` receives zeros, or ``None`` after ``ctx.set_materialize_grads(False)``. ``gradcheck`` and
# ``gradgradcheck`` check forward mode only if an argument asks them to.


class ScaledSquare(ReverseOnly):
    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def jvp(ctx, tangent_a, tangent_x):
        a, x = ctx.saved_tensors
        return tangent_a * x**2 + tangent_x * 2 * a * x


torch.testing.assert_close(jacfwd(ScaledSquare.apply, argnums=(0, 1))(a, x), (x**2, 2 * a * x))
torch.testing.assert_close(hessian(ScaledSquare.apply, argnums=(0, 1))(a, x)[1], (2 * x, 2 * a))
print("gradcheck    ", gradcheck(ScaledSquare.apply, (a, x), check_forward_ad=True))
print("gradgradcheck", gradgradcheck(ScaledSquare.apply, (a, x), check_fwd_over_rev=True))

# %%
# Two mistakes
# ------------
#
# The first Function below saves nothing for ``jvp``. The second forgets that ``a`` may move too:


class NothingSaved(ScaledSquare):
    setup_context = ReverseOnly.setup_context


class OneTermMissing(ScaledSquare):
    @staticmethod
    def jvp(ctx, tangent_a, tangent_x):
        a, x = ctx.saved_tensors
        return tangent_x * 2 * a * x


for function in (NothingSaved, OneTermMissing):
    evaluate(lambda: jacfwd(function.apply, argnums=(0, 1))(a, x))

# %%
# The second mistake raises no error, because autograd trusts ``jvp``. So the second line of output has a zero where
# there should be a 9. Checks of ``backward`` accept both Functions, but ``check_forward_ad=True`` finds the second
# mistake:

for function in (NothingSaved, OneTermMissing):
    print("gradgradcheck", gradgradcheck(function.apply, (a, x)))
evaluate(lambda: gradcheck(OneTermMissing.apply, (a, x), check_forward_ad=True))
assert jacfwd(OneTermMissing.apply, argnums=(0, 1))(a, x) == (0, 2 * a * x)
