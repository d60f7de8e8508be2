"""
Old-style Functions that keep state
===================================

In early versions of PyTorch you created an instance of a Function and kept settings in it. This page shows what happens
to such code now, why a class attribute is no replacement, and where settings belong.

Read :doc:`grad_is_none` first.

The symptom: either you get the error ``Legacy autograd function with non-static forward method is deprecated``, even if
``forward`` is static, or an attribute that you set in ``__init__`` is missing in ``forward``.
"""

from textwrap import fill

import torch
from torch import nn
from torch.autograd import grad, gradcheck, gradgradcheck

# %%
# The symptom
# -----------


class ScaleOldStyle(torch.autograd.Function):
    def __init__(self, factor):
        self.factor = factor

    def forward(self, x):
        return x * self.factor

    def backward(self, grad_output):
        return grad_output * self.factor


class ScaleWithInit(ScaleOldStyle):
    forward = staticmethod(ScaleOldStyle.forward)
    backward = staticmethod(ScaleOldStyle.backward)


x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
attempts = (
    lambda: ScaleOldStyle(3.0)(x),  # 1: as it was once written
    lambda: ScaleWithInit(3.0)(x),  # 2: with static methods
    lambda: ScaleWithInit(3.0).apply(x),  # 3: apply on an instance
)
for number, attempt in enumerate(attempts, start=1):
    try:
        attempt()
    except (AttributeError, RuntimeError) as error:
        print(fill(f"{number} {type(error).__name__}: {error}", 80))
    else:
        raise AssertionError(f"{number} was not refused")

# %%
# The cause
# ---------
#
# Attempts 1 and 2 fail because an instance of a Function cannot be called, although both error messages blame
# ``forward``. Attempt 3 fails because ``apply`` belongs to the class and doesn't see the instance. In each call,
# ``apply`` creates a ``ctx``, an object of a different class, and this object has no ``factor``. The old ``forward``
# and ``backward`` are correct in themselves, as you see when you call them directly:

old = ScaleOldStyle(3.0)
for method in (old.forward, old.backward):
    assert method(x.detach()).tolist() == [3.0, 6.0]

# %%
# A class attribute
# -----------------


class ScaleByAttribute(torch.autograd.Function):
    factor = 3.0

    @staticmethod
    def forward(ctx, x):
        return x * ScaleByAttribute.factor

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * ScaleByAttribute.factor


print("gradcheck    ", gradcheck(ScaleByAttribute.apply, x))
print("gradgradcheck", gradgradcheck(ScaleByAttribute.apply, x))
out = ScaleByAttribute.apply(x)
ScaleByAttribute.factor = 5.0
print(out.tolist(), grad(out.sum(), x)[0].tolist())
assert (out / x).tolist() == [3.0, 3.0]
assert grad(ScaleByAttribute.apply(x).sum(), x)[0].tolist() == [5.0, 5.0]

# %%
# A class attribute works only as long as nobody changes it. Here it was changed between ``forward`` and ``backward``,
# as if another layer had set it to 5. So in the last printed line, the output is 3 times the input, but the gradient
# with respect to the input is 5 instead of 3.
#
# The cure
# --------
#
# Make each setting an argument of ``forward``, and let ``ctx`` carry it to the ``backward`` of the same call. If you
# want an object that keeps settings, write a module:


class ScaleBy(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, factor):
        ctx.factor = factor
        return x * factor

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * ctx.factor, None


class ScaleLayer(nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return ScaleBy.apply(x, self.factor)


layer, other = ScaleLayer(3.0), ScaleLayer(5.0)
out, other_out = layer(x), other(x)
print([grad(each.sum(), x)[0].tolist() for each in (out, other_out)])
assert (out / x).tolist() == grad(out.sum(), x)[0].tolist() == [3.0, 3.0]
print("gradcheck    ", gradcheck(layer, x))
print("gradgradcheck", gradgradcheck(layer, x))
