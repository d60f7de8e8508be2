"""
Tensors that are not yours to change
====================================

This page shows why ``backward`` must not write into ``grad_output``, nor ``forward`` into an input that it has not
declared.

Read :doc:`in_place` first.

The symptom: the gradient of *another* layer is wrong, or a check shows numbers like ``1.2e+08``.
"""

from textwrap import fill

import torch
from torch.autograd import grad, gradcheck, gradgradcheck
from torchviz import make_dot

torch.manual_seed(0)

# %%
# The symptom
# -----------


class TripleOverGrad(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 3 * x

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output.mul_(3)  # wrong: others are going to read this tensor


class TripleBesideGrad(TripleOverGrad):
    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * 3


x = torch.ones(2, dtype=torch.float64, requires_grad=True)
bias = torch.ones(2, dtype=torch.float64, requires_grad=True)
for function in (TripleOverGrad, TripleBesideGrad):
    out = function.apply(x) + bias
    grads = grad(out, (x, bias), grad_outputs=torch.ones_like(out))
    print(f"{function.__name__:16}", [grad_input.tolist() for grad_input in grads])

# %%
# The gradient of ``bias`` should be 1.
#
# The cause
# ---------

out = TripleOverGrad.apply(x) + bias
make_dot(out, params={"x": x, "bias": bias, "out": out})

# %%
# Two arrows come together in ``AddBackward0``. On the way back an addition hands the *same* tensor to both sides, and
# the side that was recorded last comes first. If it triples the tensor, the other side gets the tripled one. So it may
# depend on the order of two terms, as in this residual connection, where the right gradient is 4:

residuals = (
    lambda x: TripleOverGrad.apply(x * 1) + x * 1,
    lambda x: x * 1 + TripleOverGrad.apply(x * 1),
)
for residual in residuals:
    print(grad(residual(x), x, grad_outputs=torch.ones_like(x))[0].tolist())

# %%
# By itself the Function passes the check. Before a plain ``sum``, ``mul_`` refuses, because the gradient that ``sum``
# hands back is one element that is seen many times:

print("gradcheck    ", gradcheck(TripleOverGrad.apply, x))
try:
    grad(TripleOverGrad.apply(x).sum(), x)
except RuntimeError as error:
    print(fill(f"RuntimeError: {error}", 78))
else:
    raise AssertionError("mul_ did not refuse")

# %%
# Neither is a saved tensor yours. Here the gradient is right, and the input of the caller, a parameter perhaps, is not
# what it was. A second ``backward`` notices the change:


class SquareOverSaved(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.pow(2)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return x.mul_(2 * grad_output)  # wrong: it is the tensor of the caller


x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
out = SquareOverSaved.apply(x)
print(grad(out.sum(), x, retain_graph=True)[0].tolist(), x.tolist())
assert x.tolist() == [2.0, 4.0]
try:
    grad(out.sum(), x)
except RuntimeError as error:
    print(f"RuntimeError: {str(error).partition(':')[0]}")
else:
    raise AssertionError("the change was not noticed")

# %%
# Inputs as scratch paper
# -----------------------
#
# This happens in ``forward`` as well. The output is right, but the caller's tensor is not what it was:


class SquaresOverInput(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x.clone())
        return x.pow_(2).sum()  # wrong: pow would do

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * 2 * x


x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
print(SquaresOverInput.apply(x).item(), x.tolist())
assert x.tolist() == [1.0, 4.0]
x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
try:
    gradcheck(SquaresOverInput.apply, x)
except RuntimeError as error:
    print(f"{type(error).__name__}: {error}")

# %%
# Each call of ``forward`` starts from what the last one left, and the check divides the difference by twice its tiny
# step. The cure is a new tensor for every result. If the input is meant to change, declare it: :doc:`in_place`.


class SquaresBesideInput(SquaresOverInput):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.pow(2).sum()


x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
for function in (TripleBesideGrad, SquaresBesideInput):
    print("gradcheck    ", gradcheck(function.apply, x))
    print("gradgradcheck", gradgradcheck(function.apply, x))
print(SquaresBesideInput.apply(x).item(), x.tolist())
