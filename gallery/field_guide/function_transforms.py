"""
torch.func and custom Functions
===============================

Here you write a Function that ``torch.func.grad``, ``vmap`` and ``jacrev`` accept.

Read :doc:`/double_backward/saving_outputs` first.

The symptom: a Function works with ``backward()`` and with :func:`~torch.autograd.grad`, but a transform
from ``torch.func`` asks for a method ``setup_context``, and then for ``vmap``.
"""

from textwrap import fill

import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.autograd.function import once_differentiable
from torch.func import grad, jacrev, vmap

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# :math:`y = 1/x` has the derivative :math:`-y^2`. The Function is written like those on most
# pages, with a ``forward`` that gets ``ctx``:


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
# A transform wraps the tensors that you pass. To compute the result, it unwraps them; for ``backward`` it has to save them
# wrapped. So there are two methods: ``forward`` without ``ctx``, which computes, and ``setup_context``, which saves.


class ReciprocalInTwo(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return 1 / x

    @staticmethod
    def setup_context(ctx, inputs, output):
        # inputs is a tuple, also if there is only one.
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
# If all three methods are made of PyTorch operations that ``vmap`` can handle, it goes through them by itself. One line
# allows it. An ``if`` on the value of a tensor would not do, nor a result whose shape depends on values:


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
# A guard that does not guard
# ---------------------------
#
# ``once_differentiable`` is meant to raise when a second derivative is asked for. Under ``torch.func`` it gives zero
# instead, in torch 2.13:


class ReciprocalOnce(Reciprocal):
    @staticmethod
    @once_differentiable
    def backward(ctx, grad_output):
        return Reciprocal.backward(ctx, grad_output)


compare("vmap(jacrev)", vmap(jacrev(ReciprocalOnce.apply))(x), -1 / x**2)
compare("vmap(jacrev(jacrev))", vmap(jacrev(jacrev(ReciprocalOnce.apply)))(x), 0 * x)

# %%
# ``generate_vmap_rule`` is not enough if a method leaves PyTorch: :doc:`vmap_rule`. ``torch.func.jacfwd`` and
# ``torch.func.hessian`` need one more method: :doc:`forward_mode`. And inside ``torch.compile`` the transforms do not
# use ``backward`` at all: :doc:`compiled_func_grad`.
