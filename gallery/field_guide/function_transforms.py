"""
torch.func and custom Functions
===============================

``torch.func.grad``, ``vmap`` and ``jacrev`` expect more of a custom Function than ``backward()`` does. On this page you
write a Function that they accept.

Read :doc:`/double_backward/saving_outputs` first.

The symptom: your Function works with ``backward()`` and with :func:`~torch.autograd.grad`, but a ``torch.func``
transform asks for a ``setup_context`` method and, once you have added it, for ``vmap`` support.
"""

from textwrap import fill

import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.func import grad, jacrev, vmap

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# The function :math:`y = 1/x` has the derivative :math:`-y^2`. Here, as on most pages, the Function's ``forward`` takes
# ``ctx``:


class ReciprocalInOne(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        out = 1 / x
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx, grad_output):
        (out,) = ctx.saved_tensors
        return -grad_output * out**2


x = torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64, requires_grad=True)


def attempt(transformed):
    try:
        print(transformed(x).tolist())
    except RuntimeError as error:
        print(fill(f"{type(error).__name__}: {error}", 88))


print("gradcheck", gradcheck(ReciprocalInOne.apply, x), gradgradcheck(ReciprocalInOne.apply, x))
torch.testing.assert_close(ReciprocalInOne.apply(x), 1 / x)
attempt(vmap(ReciprocalInOne.apply))

# %%
# The cause
# ---------
#
# A transform wraps the tensors that you pass in. It unwraps them to compute the result, but for ``backward`` it has to
# save the wrapped ones. So the work is split between two methods: ``forward``, now without ``ctx``, computes the
# result, and ``setup_context`` saves the tensors.


class ReciprocalInTwo(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return 1 / x

    @staticmethod
    def setup_context(ctx, inputs, output):
        # inputs is a tuple, even if there is only one input.
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, grad_output):
        (out,) = ctx.saved_tensors
        return -grad_output * out**2


attempt(jacrev(ReciprocalInTwo.apply))
attempt(vmap(ReciprocalInTwo.apply))

# %%
# The cure
# --------
#
# ``vmap`` can batch all three methods by itself if they use only PyTorch operations that it can handle, contain no
# ``if`` on a tensor's value, and compute no result whose shape depends on values. A single line in the class tells it
# that this is the case:


class Reciprocal(ReciprocalInTwo):
    generate_vmap_rule = True


def compare(name, result, formula):
    torch.testing.assert_close(result, formula)
    print(f"{name:20}", [round(value, 6) for value in result.tolist()])


compare("vmap", vmap(Reciprocal.apply)(x), 1 / x)
compare("vmap(grad)", vmap(grad(Reciprocal.apply))(x), -1 / x**2)
compare("vmap(jacrev(jacrev))", vmap(jacrev(jacrev(Reciprocal.apply)))(x), 2 / x**3)

print("gradcheck", gradcheck(Reciprocal.apply, x, check_batched_grad=True))
print("gradgradcheck", gradgradcheck(Reciprocal.apply, x))

# %%
# If a method calls code outside PyTorch, ``generate_vmap_rule`` is not enough; see :doc:`vmap_rule`.
# ``torch.func.jacfwd`` and ``torch.func.hessian`` need a ``jvp`` method; see :doc:`forward_mode`. A ``backward`` marked
# ``once_differentiable`` raises no error under ``torch.func``; see :doc:`once_differentiable`. And inside
# ``torch.compile`` the transforms don't use ``backward`` at all; see :doc:`compiled_func_grad`.
