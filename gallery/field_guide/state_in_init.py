"""
Old-style Functions that keep state
===================================

In early versions of PyTorch you created an object of a Function and kept settings in it. This page shows what
happens to such code now, why a class attribute is no replacement, and where settings belong.

Read :doc:`grad_is_none` first.

The symptom: ``Legacy autograd function with non-static forward method is deprecated``, even if ``forward`` is static.
Or an attribute that ``__init__`` has set is missing in ``forward``.
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
    lambda: ScaleWithInit(3.0).apply(x),  # 3: apply of an object
    lambda: ScaleWithInit.apply(x),  # 4: apply of the class
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
# 1 and 2: an object of a Function cannot be called, and the error blames ``forward`` in both cases. 3 and 4
# are the same call, for ``apply`` belongs to the class and does not see the object. For each call it makes a
# ``ctx``, and that has another class. The two methods themselves are right:

old = ScaleOldStyle(3.0)
print(old.forward(x.detach()).tolist(), old.backward(x.detach()).tolist())
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
# The attribute is right as long as nobody changes it. Here another layer, with the factor 5, changed it between
# ``forward`` and ``backward``. The output was multiplied by 3, and its gradient is 5.
#
# The cure
# --------
#
# A setting is an argument of ``forward``, and ``ctx`` carries it to the ``backward`` of the same call. An
# object that keeps settings is a module:


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
