"""
Training runs, gradcheck fails
==============================

After this page you know two mistakes in ``backward`` that a training run may never report, and you
can read what :func:`~torch.autograd.gradcheck.gradcheck` says to them.

Read :doc:`/double_backward/saving_inputs` first. If your Function is correct and the check fails
all the same, read :doc:`gradcheck_says_no`.

The symptom: the output is right, a loss goes down, nothing is raised, and the check fails.
"""

from textwrap import fill

import torch
from torch.autograd import grad, gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# Summed over the wrong dimension
# -------------------------------
#
# Every row of ``x`` has a weight of its own. The gradient of the weights is a sum over the columns,
# which this ``backward`` forgets:


class ScaleRows(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight):
        ctx.save_for_backward(x, weight)
        return x * weight[:, None]  # (rows, columns)

    @staticmethod
    def backward(ctx, grad_output):
        x, weight = ctx.saved_tensors
        # Wrong: the second one is (rows, columns), and weight is (rows,).
        return grad_output * weight[:, None], grad_output * x


x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64, requires_grad=True)
weight = torch.tensor([2.0, 3.0], dtype=torch.float64, requires_grad=True)

print("ScaleRows", grad(ScaleRows.apply(x, weight).sum(), weight)[0].tolist())
print("plain    ", grad((x * weight[:, None]).sum(), weight)[0].tolist())
try:
    gradcheck(ScaleRows.apply, (x, weight))
except RuntimeError as error:
    print(f"{type(error).__name__}: {error}")
ours, plain = ScaleRows.apply(x, weight), x * weight[:, None]
torch.testing.assert_close(grad(ours.sum(), x), grad(plain.sum(), x))

# %%
# ``input 1`` is the second input, ``weight``. Both Jacobians hold the same numbers, in other
# places.
#
# A gradient that is larger than its input is summed down by autograd, over the dimensions that
# broadcasting would have added on the left. With a square ``x`` that fits, and it sums over the
# rows. With a single row it fits, too, and is even right. With any other shape it does not fit, and
# the mistake comes to light in the first ``backward``:

x = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
try:
    ScaleRows.apply(x, weight).sum().backward()
except RuntimeError as error:
    print(fill(f"RuntimeError: {error}", 78))


def on_one_row(x, weight):
    # A name of its own sets this check apart from the others in the record.
    return ScaleRows.apply(x, weight)


row = torch.randn(1, 3, dtype=torch.float64, requires_grad=True)
print("gradcheck    ", gradcheck(on_one_row, (row, weight[:1])))

# %%
# So never check with two dimensions of the same size or with one of size 1, and sum yourself:


class ScaleRowsSummed(ScaleRows):
    @staticmethod
    def backward(ctx, grad_output):
        x, weight = ctx.saved_tensors
        return grad_output * weight[:, None], (grad_output * x).sum(1)


print("gradcheck    ", gradcheck(ScaleRowsSummed.apply, (x, weight)))
print("gradgradcheck", gradgradcheck(ScaleRowsSummed.apply, (x, weight)))

# %%
# A loss that ignores ``grad_output``
# -----------------------------------


class HalfSquares(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.pow(2).sum() / 2

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return x.clone()  # wrong: as if grad_output were always 1


x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
print("     loss", grad(HalfSquares.apply(x), x)[0].tolist())
print("10 * loss", grad(10 * HalfSquares.apply(x), x)[0].tolist())
try:
    gradcheck(HalfSquares.apply, x)
except RuntimeError as error:
    print(f"{type(error).__name__}: {error}")
torch.testing.assert_close(grad(HalfSquares.apply(x), x)[0], x)

# %%
# As the last step a loss receives a gradient of one, and all is well. A factor in front of it, such
# as that of a gradient scaler, arrives as ``grad_output`` and is lost here.


class HalfSquaresScaled(HalfSquares):
    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * x


print("gradcheck    ", gradcheck(HalfSquaresScaled.apply, x))
print("gradgradcheck", gradgradcheck(HalfSquaresScaled.apply, x))
