"""
A Function that works in place
==============================

On this page you write a Function that changes its input in place, and find out which tensors autograd doesn't let you
change.

Read :doc:`/double_backward/saving_inputs` first.

The symptom: a gradient is wrong but you get no error, or an error mentions a ``leaf Variable`` or a ``view`` that is
``being modified inplace``.
"""

from textwrap import fill

import torch
from torch.autograd import grad, gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# This Function doubles its input in place without telling autograd, and the caller goes on to use the doubled tensor:


class DoubleUndeclared(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.mul_(2)

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * 2


def doubled(function, x):
    hidden = x.clone()
    function.apply(hidden)
    return hidden


x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
out = doubled(DoubleUndeclared, x)
print(out.tolist(), grad(out.sum(), x)[0].tolist(), out.grad_fn.name())
try:
    gradcheck(DoubleUndeclared.apply, x)
except RuntimeError as error:
    print(fill(f"RuntimeError: {error}", 78))

# %%
# The cause and the cure
# ----------------------
#
# The values are doubled, so the gradient should be 2, but the output shows 1. The tensor's ``grad_fn`` is still the one
# from ``clone``, so the backward pass bypasses the Function. The cure is ``mark_dirty``, which gives the changed tensor
# a new ``grad_fn``. ``forward`` has to return that very tensor, and ``backward`` must not need the values that were
# overwritten. If ``forward`` calls ``save_for_backward(x)`` and then ``x.mul_(x)``, for example, ``backward`` computes
# with the squared values instead of the original ones, and you get no error.


class Double(DoubleUndeclared):
    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        x.mul_(2)
        return x


def double_a_copy(x):
    return Double.apply(x.clone())  # a check needs its inputs unchanged


x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
out = doubled(Double, x)
(grad_x,) = grad(out.sum(), x)
print(out.tolist(), grad_x.tolist(), out.grad_fn.name())
print("gradcheck", gradcheck(double_a_copy, x), gradgradcheck(double_a_copy, x))

# %%
# In torch 2.13, ``torch.compile`` respects ``mark_dirty`` even when the result of ``apply`` goes unused, as it does in
# ``doubled``. But ``torch.compile`` requires ``forward`` to return the input ``x`` itself and not the result of
# ``mul_``, although the input and that result are the same tensor:


class DoubleReturnsMul(Double):
    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x.mul_(2)


def double_through_mul(x):
    return DoubleReturnsMul.apply(x.clone())


print("gradcheck", gradcheck(double_through_mul, x), gradgradcheck(double_through_mul, x))
compiled = torch.compile(doubled, fullgraph=True, backend="aot_eager")
assert grad(compiled(Double, x).sum(), x)[0].tolist() == [2.0, 2.0]
try:
    torch.compile(double_through_mul, fullgraph=True, backend="aot_eager")(x)
    raise AssertionError("mul_ was accepted")
except torch._dynamo.exc.Unsupported as error:
    print(type(error).__name__, str(error).partition("\n")[0], sep=": ")

# %%
# What cannot be changed in place
# -------------------------------


class DoubleNotReturned(Double):
    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x.mul_(2).clone()


class DoubleOfCopy(Double):
    @staticmethod
    def forward(ctx, x):
        copy = x.clone().view(-1)
        ctx.mark_dirty(copy)
        return copy.mul_(2)


class Flat(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.view(-1)  # (1, 2) gives (2,)

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output.view(1, -1)


attempts = (
    lambda: DoubleNotReturned.apply(x.clone()),  # 1: marked dirty but not returned
    lambda: Double.apply(x),  # 2: a leaf
    lambda: Double.apply(x[:1]),  # 3: a view of a leaf
    lambda: Double.apply(x.clone().unbind()[0]),  # 4: one of several views
    lambda: Flat.apply(x.clone().view(1, 2)).mul_(2),  # 5: a view created by a Function
    lambda: DoubleOfCopy.apply(x),  # 6: marked dirty but not an input
)
for number, attempt in enumerate(attempts, start=1):
    try:
        attempt()
        raise AssertionError(f"{number} was not refused")
    except RuntimeError as error:
        print(fill(f"{number} RuntimeError: {error}", 80))

row = torch.randn(1, 2, dtype=torch.float64, requires_grad=True)
assert Flat.apply(row).shape == (2,)
print("gradcheck", gradcheck(Flat.apply, row), gradgradcheck(Flat.apply, row))

# %%
# In attempt 6, ``forward`` creates a tensor and marks a view of this tensor as dirty. But you may mark only inputs that
# you have changed.
#
# If autograd doesn't let you change a tensor, change a copy instead, as ``double_a_copy`` does. Keep in mind that
# autograd raises the error only after the Function's ``forward`` has run. By that time, attempts 2 and 3 had already
# changed ``x``:

assert x.tolist() == [4.0, 4.0]  # it was [1, 2]
