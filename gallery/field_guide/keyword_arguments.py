"""
Keyword arguments and defaults in ``apply``
===========================================

``backward`` returns one gradient for each argument, and an argument with a default is not always one. On this
page you see what ``apply`` makes of keywords and defaults, and how to offer both to a caller.

Read :doc:`grad_is_none` first.

The symptom: ``tuple index out of range`` in ``backward``, or a ``missing required argument``, although the
argument has a default. In earlier versions of PyTorch: ``apply() takes no keyword arguments``.
"""

import torch
from torch.autograd import grad, gradcheck, gradgradcheck

x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
weight = torch.tensor([3.0, 4.0], dtype=torch.float64, requires_grad=True)

# %%
# The symptom
# -----------


class Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight=None, factor=1.0):
        ctx.save_for_backward(x, weight)
        ctx.factor = factor
        return factor * (x if weight is None else x * weight)

    @staticmethod
    def backward(ctx, grad_output):
        x, weight = ctx.saved_tensors
        grad_x = grad_weight = None
        if ctx.needs_input_grad[0]:
            grad_x = ctx.factor * grad_output
            grad_x = grad_x if weight is None else grad_x * weight
        if ctx.needs_input_grad[1]:
            grad_weight = ctx.factor * grad_output * x
        return grad_x, grad_weight, None


def try_calls(apply):
    outcomes = []
    for arguments, keywords in (
        ((x, None, 5.0), {}),
        ((x,), {"weight": None, "factor": 5.0}),
        ((x,), {}),
        ((x,), {"factor": 5.0}),
    ):
        try:
            out = apply(*arguments, **keywords)
            outcomes.append(grad(out.sum(), x)[0].tolist())
        except (IndexError, TypeError) as error:
            outcomes.append(type(error).__name__)
            print(f"{type(error).__name__}: {error}")
    print(outcomes)
    return outcomes


print(torch.__version__)
assert try_calls(Scaled.apply) == [[5.0, 5.0], [5.0, 5.0], "IndexError", "TypeError"]

# %%
# The cause
# ---------
#
# In torch 2.13 ``apply`` takes keywords, and brings them into the order of ``forward``; the second call is as
# good as the first. It does not fill in defaults, however. In the third call the Function has one argument,
# so ``ctx.needs_input_grad`` has length one, and place 1 does not exist. In the fourth, ``weight`` is missing
# between ``x`` and ``factor``. ``backward`` may still return three gradients in the third call, as long as
# the surplus ones are ``None``.
#
# A tensor as a keyword does get its gradient:

grads = grad(Scaled.apply(factor=5.0, weight=weight, x=x).sum(), (x, weight))
print([grad_input.tolist() for grad_input in grads])
assert [grad_input.tolist() for grad_input in grads] == [[15.0, 20.0], [5.0, 10.0]]

# %%
# With ``setup_context``
# ----------------------
#
# Here ``apply`` fills in the defaults before anything else, and all four calls are right:


class ScaledInTwoSteps(Scaled):
    @staticmethod
    def forward(x, weight=None, factor=1.0):
        return factor * (x if weight is None else x * weight)

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, weight, ctx.factor = inputs
        ctx.save_for_backward(x, weight)


expected = [[5.0, 5.0], [5.0, 5.0], [1.0, 1.0], [5.0, 5.0]]
assert try_calls(ScaledInTwoSteps.apply) == expected
try:
    torch.compile(ScaledInTwoSteps.apply, backend="eager", fullgraph=True)(x)
except torch._dynamo.exc.Unsupported as error:
    assert "not enough values to unpack (expected 3, got 1)" in str(error)
    print(f"{type(error).__name__}: {str(error).splitlines()[0]}")

# %%
# But ``torch.compile`` leaves them out again, also in torch 2.13: ``setup_context`` got one input, where it
# expected three.
#
# The cure
# --------
#
# Give the defaults to a function around ``apply``, and pass every argument in its place:


def scaled(x, weight=None, factor=1.0):
    return ScaledInTwoSteps.apply(x, weight, factor)


compiled = torch.compile(scaled, backend="eager", fullgraph=True)
assert try_calls(scaled) == try_calls(compiled) == expected
for inputs in ((x,), (x, weight, 5.0)):
    print("gradcheck    ", gradcheck(scaled, inputs))
    print("gradgradcheck", gradgradcheck(scaled, inputs))

# %%
# Such a function also has room for a list that is taken apart, as in :doc:`lists_of_tensors`, or for a cast,
# as in :doc:`mixed_precision_twice`.
