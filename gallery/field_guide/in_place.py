"""
A Function that works in place
==============================

Here you write a Function that changes its input in place, and meet the tensors that autograd does not let you change.

Read :doc:`/double_backward/saving_inputs` first.

The symptom: a gradient is wrong and nothing is raised, or an error speaks of a ``leaf Variable`` or
of a ``view`` that is ``being modified inplace``.
"""

from textwrap import fill

import torch
from torch.autograd import grad, gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# This Function doubles its input and tells nobody. The caller uses the doubled tensor:


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
# The values are doubled, and the gradient should be 2. But the ``grad_fn`` of the tensor is still that of ``clone``, so
# the way back leads past the Function. ``mark_dirty`` gives the changed tensor a new one. ``forward`` has to return that
# very tensor, and ``backward`` must not need what was overwritten: after ``save_for_backward(x)`` and ``x.mul_(x)`` it
# computes with the square, and nothing is raised.


class Double(DoubleUndeclared):
    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x.mul_(2)


def double_a_copy(x):
    return Double.apply(x.clone())  # a check needs its inputs unchanged


x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
out = doubled(Double, x)
(grad_x,) = grad(out.sum(), x)
print(out.tolist(), grad_x.tolist(), out.grad_fn.name())
print("gradcheck", gradcheck(double_a_copy, x), gradgradcheck(double_a_copy, x))

# %%
# What cannot be changed in place
# -------------------------------


class DoubleNotReturned(Double):
    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x.mul_(2).clone()


class Flat(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.view(-1)  # (1, 2) gives (2,)

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output.view(1, -1)


attempts = (
    lambda: DoubleNotReturned.apply(x.clone()),  # 1: dirty, and not returned
    lambda: Double.apply(x),  # 2: a leaf
    lambda: x.mul_(2),  # 3: PyTorch's own words for the same
    lambda: Double.apply(x[:1]),  # 4: a view of a leaf
    lambda: Double.apply(x.clone().unbind()[0]),  # 5: one of several views
    lambda: Flat.apply(x.clone().view(1, 2)).mul_(2),  # 6: a view made by a Function
)
for number, attempt in enumerate(attempts, start=1):
    try:
        attempt()
    except RuntimeError as error:
        print(fill(f"{number} RuntimeError: {error}", 80))
    else:
        raise AssertionError(f"{number} was not refused")

row = torch.randn(1, 2, dtype=torch.float64, requires_grad=True)
assert Flat.apply(row).shape == (2,)
print("gradcheck", gradcheck(Flat.apply, row), gradgradcheck(Flat.apply, row))

# %%
# A copy can be changed, as in ``double_a_copy``. Mind that a Function is refused only after its ``forward`` has run. In 2
# and 4 that was too late for ``x``:

assert x.tolist() == [4.0, 4.0]  # it was [1, 2]
