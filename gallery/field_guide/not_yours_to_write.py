"""
Tensors that are not yours to change
====================================

``backward`` must not write to ``grad_output``, and ``forward`` must not write to an input without declaring it. This
page shows what goes wrong if they do.

Read :doc:`in_place` first.

The symptom: the gradient of *another* layer is wrong, or a check shows values like ``1.2e+08``.
"""

from textwrap import fill

import torch
from torch.autograd import grad, gradcheck, gradgradcheck

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
# In each line of output, the second list is the gradient of ``bias``, which should be 1 everywhere.
#
# The cause
# ---------
#
# In the backward pass, an addition sends the *same* tensor into both branches, and the branch that was recorded last
# runs first. If that branch triples the tensor in place, the other branch receives the tripled values. So the gradient
# may depend on the order of the two terms in the addition, as in this residual connection, where both orders should
# give 4:

for out in (TripleOverGrad.apply(x * 1) + x * 1, x * 1 + TripleOverGrad.apply(x * 1)):
    print(grad(out, x, torch.ones_like(out))[0].tolist())

# %%
# By itself, the wrong Function still passes ``gradcheck``. But if a plain ``sum`` follows it, ``mul_`` raises an error,
# because ``sum`` sends back an expanded gradient in which one element is repeated many times:

print("gradcheck    ", gradcheck(TripleOverGrad.apply, x))
try:
    grad(TripleOverGrad.apply(x).sum(), x)
    raise AssertionError("mul_ did not refuse")
except RuntimeError as error:
    print(fill(f"RuntimeError: {error}", 78))

# %%
# A saved tensor isn't yours to change either. Below, the gradient (first list) is right, but the caller's input (second
# list), which might be a parameter, has been overwritten. A second ``backward`` notices the change and raises an error:


class SquareOverSaved(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.pow(2)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return x.mul_(2 * grad_output)  # wrong: it is the caller's tensor


x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
out = SquareOverSaved.apply(x)
print(grad(out.sum(), x, retain_graph=True)[0].tolist(), x.tolist())
assert x.tolist() == [2.0, 4.0]
try:
    grad(out.sum(), x)
    raise AssertionError("the change was not noticed")
except RuntimeError as error:
    print(fill(f"RuntimeError: {str(error).partition(':')[0]}", 78))

# %%
# Inputs as scratch paper
# -----------------------
#
# ``forward``, too, can overwrite the caller's tensor. Here the output, 5, is right, but the caller's input has changed:


class SquaresOverInput(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x.clone())
        return x.pow_(2).sum()  # wrong: use pow instead

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
# During this gradient check, each call of ``forward`` starts from the values that the previous call left behind. The
# check divides the difference between two such calls by twice its tiny step, which gives values like ``1.2e+08``. The
# fix is to use a new tensor for every result. If you do mean to change the input, declare it; see :doc:`in_place`.


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
