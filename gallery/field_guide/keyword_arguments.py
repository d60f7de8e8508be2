"""
Keyword arguments and defaults in ``apply``
===========================================

``backward`` returns one gradient for each argument that the Function gets, and an argument left at its default isn't
always one of them. This page shows how ``apply`` treats keywords and defaults, and how to offer both to your callers.

Read :doc:`grad_is_none` first.

The symptom: ``backward`` raises ``tuple index out of range``, or you get ``missing required argument`` although the
argument has a default. In earlier versions of PyTorch, the error was ``apply() takes no keyword arguments``.
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
        ((), {"factor": 5.0, "weight": None, "x": x}),
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


assert try_calls(Scaled.apply) == [[5.0, 5.0], [5.0, 5.0], "IndexError", "TypeError"]

# %%
# The cause
# ---------
#
# In torch 2.13, ``apply`` accepts keywords, even for a tensor, and puts them in the order of ``forward``'s parameters,
# so the second call works just like the first. But ``apply`` doesn't fill in defaults, so in the third call the
# Function gets only one argument. ``ctx.needs_input_grad`` then has length one, so reading its index 1 raises an error.
# ``backward`` may still return three gradients in this call, as long as the surplus gradients are ``None``. The fourth
# call raises an error because ``weight``, which stands between ``x`` and ``factor``, is missing.
#
# With ``setup_context``
# ----------------------
#
# If the Function has ``setup_context``, ``apply`` fills in the defaults before it does anything else. Then all four
# calls give the right gradients:


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
# But ``torch.compile`` still leaves the defaults out, even in torch 2.13. If the caller passes only the first argument,
# ``setup_context`` gets one input where it expects three, which leads to the ``Unsupported`` error.
#
# The cure
# --------
#
# Give the defaults to a function that wraps ``apply``, and let it pass on every argument by position:


def scaled(x, weight=None, factor=1.0):
    return ScaledInTwoSteps.apply(x, weight, factor)


compiled = torch.compile(scaled, backend="eager", fullgraph=True)
assert try_calls(scaled) == try_calls(compiled) == expected
for inputs in ((x,), (x, weight, 5.0)):
    print("gradcheck    ", gradcheck(scaled, inputs))
    print("gradgradcheck", gradgradcheck(scaled, inputs))
