"""
Training runs, gradcheck fails
==============================

Autograd sums a gradient that is too large, so a sum that is missing in ``backward`` may go unnoticed. Here you learn to
read what :func:`~torch.autograd.gradcheck.gradcheck` says to it.

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

for out in (ScaleRows.apply(x, weight), x * weight[:, None]):
    grad_x, grad_weight = grad(out.sum(), (x, weight))
    print([grad_x.tolist(), grad_weight.tolist()])
    assert grad_x.tolist() == [[2, 2], [3, 3]]  # right in both
try:
    gradcheck(ScaleRows.apply, (x, weight))
except RuntimeError as error:
    print(f"{type(error).__name__}: {error}")

# %%
# ``input 1`` is the second input, ``weight``. A row of the two matrices belongs to an element of this input, a column to
# an element of the output. The numerical one says what should be there: the first weight, in the first row, changes the
# outputs 0 and 1. Both hold the same numbers, in other places.

def flat_scale(weight):
    return (x * weight[:, None]).flatten()


jacobian = torch.autograd.functional.jacobian(flat_scale, weight)
print(jacobian.T.tolist())  # the numerical matrix, from autograd
assert jacobian.T.tolist() == [[1, 2, 0, 0], [0, 0, 3, 4]]

# %%
# If a gradient is larger than its input, autograd sums it to the size of the input, as it does after broadcasting: over
# dimensions that were added on the left, and over those in which the input has size 1. With a square ``x`` the shapes
# fit, and the sum goes over the rows. With a single row they fit as well, and the result is even right. With any other
# shape they do not fit, and the first ``backward`` raises an error:

rows = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
try:
    ScaleRows.apply(rows, weight).sum().backward()
except RuntimeError as error:
    print(fill(f"RuntimeError: {error}", 78))


def on_one_row(x, weight):
    # A name of its own sets this check apart from the others in the record.
    return ScaleRows.apply(x, weight)


print("gradcheck    ", gradcheck(on_one_row, (rows[:1], weight[:1])))

# %%
# So never check with two dimensions of the same size or with one of size 1, and sum yourself. Only where the weights
# are a column of shape ``(rows, 1)`` can you leave the sum to autograd:


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
# The other mistake that training hides is a loss that ignores ``grad_output``: :doc:`ignores_grad_output`.
