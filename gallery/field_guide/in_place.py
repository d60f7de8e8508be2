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
# In torch 2.13 ``torch.compile`` respects the mark, also if, as in ``doubled``, the result of ``apply`` is not used. But it
# wants the input itself to be returned, ``x``, and not what ``mul_`` returns, although that is the same tensor:


class DoubleReturnsMul(Double):
    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x.mul_(2)


def double_through_mul(x):
    return DoubleReturnsMul.apply(x.clone())


def double_hidden(x):
    return doubled(Double, x)


torch._dynamo.reset()
print("gradcheck", gradcheck(double_through_mul, x), gradgradcheck(double_through_mul, x))
for function in (double_a_copy, double_hidden, double_through_mul):
    try:
        out = torch.compile(function, fullgraph=True, backend="aot_eager")(x)
        torch.testing.assert_close(grad(out.sum(), x)[0], torch.full_like(x, 2))
        assert function is not double_through_mul
    except torch._dynamo.exc.Unsupported as error:
        assert function is double_through_mul
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
    lambda: DoubleNotReturned.apply(x.clone()),  # 1: dirty, and not returned
    lambda: Double.apply(x),  # 2: a leaf
    lambda: x.mul_(2),  # 3: PyTorch's own words for the same
    lambda: Double.apply(x[:1]),  # 4: a view of a leaf
    lambda: Double.apply(x.clone().unbind()[0]),  # 5: one of several views
    lambda: Flat.apply(x.clone().view(1, 2)).mul_(2),  # 6: a view made by a Function
    lambda: DoubleOfCopy.apply(x),  # 7: dirty, and no input
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
# 7 marks a tensor that is a view of something made in ``forward``. Only inputs that were changed may be marked.
#
# A copy can be changed, as in ``double_a_copy``. Mind that a Function is refused only after its ``forward`` has run. In 2
# and 4 that was too late for ``x``:

assert x.tolist() == [4.0, 4.0]  # it was [1, 2]
