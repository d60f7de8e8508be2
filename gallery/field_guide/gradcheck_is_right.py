"""
Training runs, gradcheck fails
==============================

If a gradient has more elements than its input, autograd sums it to fit the input's shape, so you may not notice that
``backward`` lacks a sum. This page teaches you to read what :func:`~torch.autograd.gradcheck.gradcheck` says about such
a gradient.

Read :doc:`/double_backward/saving_inputs` first. If your Function is correct but the check fails anyway, read
:doc:`gradcheck_says_no`.

The symptom: the output is right, the loss goes down and no error is raised, but the check fails.
"""

from textwrap import fill

import torch
from torch.autograd import grad, gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# Summed over the wrong dimension
# -------------------------------
#
# Each row of ``x`` has its own weight. The gradient of the weights is a sum over the columns, but this ``backward``
# forgets to sum:


class ScaleRows(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight):
        ctx.save_for_backward(x, weight)
        return x * weight[:, None]  # (rows, columns)

    @staticmethod
    def backward(ctx, grad_output):
        x, weight = ctx.saved_tensors
        # Wrong: the second gradient is (rows, columns), but weight is (rows,).
        return grad_output * weight[:, None], grad_output * x


x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64, requires_grad=True)
weight = torch.tensor([2.0, 3.0], dtype=torch.float64, requires_grad=True)

for out in (ScaleRows.apply(x, weight), x * weight[:, None]):
    grad_x, grad_weight = grad(out.sum(), (x, weight))
    print([grad_x.tolist(), grad_weight.tolist()])
    assert grad_x.tolist() == [[2, 2], [3, 3]]  # right in both
try:
    gradcheck(ScaleRows.apply, (x, weight))
except RuntimeError as error:
    print(f"{type(error).__name__}: {error}")

# %%
# In the error message, ``input 1`` is the second input, ``weight``. In both of the printed matrices, each row belongs
# to one element of this input and each column to one element of the output. The numerical matrix holds the right
# derivatives. For example, the first weight, in the first row, changes output elements 0 and 1. The analytical matrix
# holds the same values, but in the wrong places.

def flat_scale(weight):
    return (x * weight[:, None]).flatten()


jacobian = torch.autograd.functional.jacobian(flat_scale, weight)
print(jacobian.T.tolist())  # the numerical matrix, from autograd
assert jacobian.T.tolist() == [[1, 2, 0, 0], [0, 0, 3, 4]]

# %%
# If a gradient is larger than its input, autograd sums it to the input's shape, as it does after broadcasting. It sums
# over dimensions that were added on the left, and over those in which the input has size 1. If ``x`` is square, the
# summed gradient has the weights' shape, but its values are wrong, because autograd has summed over the rows instead of
# the columns. With a single row, the shape is right too, and so, by chance, are the values. With any other shape of
# ``x``, autograd can't sum the gradient to the weights' shape, and the first ``backward`` raises an error:

rows = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
try:
    ScaleRows.apply(rows, weight).sum().backward()
except RuntimeError as error:
    print(fill(f"RuntimeError: {error}", 78))


def on_one_row(x, weight):
    # A separate name keeps this check apart in the table of all checks.
    return ScaleRows.apply(x, weight)


print("gradcheck    ", gradcheck(on_one_row, (rows[:1], weight[:1])))

# %%
# So choose test inputs whose dimensions have different sizes, none of them 1, and sum over the broadcast dimensions
# yourself. In this example, you can leave that sum to autograd only if the weights are a column of shape ``(rows, 1)``,
# as in ``ScaleByColumn``:


class ScaleRowsSummed(ScaleRows):
    @staticmethod
    def backward(ctx, grad_output):
        x, weight = ctx.saved_tensors
        return grad_output * weight[:, None], (grad_output * x).sum(1)


class ScaleByColumn(ScaleRows):
    @staticmethod
    def forward(ctx, x, column):
        ctx.save_for_backward(x, column)
        return x * column

    @staticmethod
    def backward(ctx, grad_output):
        x, column = ctx.saved_tensors
        return grad_output * column, grad_output * x


for function, weights in ((ScaleRowsSummed, weight), (ScaleByColumn, weight[:, None])):
    for check in (gradcheck, gradgradcheck):
        print(function.__name__, check.__name__, check(function.apply, (rows, weights)))

# %%
# Training can hide another mistake as well: a loss whose ``backward`` ignores ``grad_output``. See
# :doc:`ignores_grad_output`.
