"""
A sparse matrix as an input
===========================

A sparse matrix has a derivative for each element that it stores, and also for each zero that it doesn't. Here you write
one Function that returns only the stored elements' derivatives, and another that returns the derivatives of all
elements. You also learn to tell ``gradcheck`` which set of derivatives you mean.

Read :doc:`none_and_zeros` first.

The symptom: ``gradcheck`` reports a ``Jacobian mismatch``, and some rows of the analytical Jacobian are zero.
"""

from textwrap import fill

import torch
from torch.autograd import grad, gradcheck, gradgradcheck

torch.manual_seed(0)
torch.sparse.check_sparse_tensor_invariants.enable()  # PyTorch warns if you don't choose

# %%
# The symptom
# -----------
#
# This Function multiplies a sparse matrix by a dense one. The sparse matrix gets a gradient only where it stores
# elements:


class StoredProduct(torch.autograd.Function):
    @staticmethod
    def forward(ctx, matrix, x):
        ctx.save_for_backward(matrix, x)
        return torch.sparse.mm(matrix, x)

    @staticmethod
    def backward(ctx, grad_output):
        matrix, x = ctx.saved_tensors
        row, col = indices = matrix.coalesce().indices()  # (2, stored elements)
        values = (grad_output[row] * x[col]).sum(dim=1)
        grad_matrix = torch.sparse_coo_tensor(indices, values, matrix.shape)
        return grad_matrix, torch.sparse.mm(matrix.t(), grad_output)


def show_error(call, *arguments, **options):
    try:
        call(*arguments, **options)
    except (RuntimeError, NotImplementedError, ValueError) as error:
        message = f"{type(error).__name__}: {error}".partition(" This could")[0]
        print(*(fill(line, 88) for line in message.splitlines()), sep="\n")
    else:
        raise AssertionError("no error")


dense = torch.tensor([[1.0, 0.0, 2.0], [0.0, 0.0, 3.0]], dtype=torch.float64)
matrix = dense.to_sparse().requires_grad_()  # stores 3 of its 6 elements
x = torch.randn(3, 2, dtype=torch.float64, requires_grad=True)
show_error(gradcheck, StoredProduct.apply, (matrix, x))

# %%
# The cause
# ---------
#
# ``gradcheck`` varied all six elements of the matrix, whereas ``backward`` gives a gradient only to the three that are
# stored. It makes sense to differentiate either set of elements. If a zero means "no edge here" or "this weight is
# pruned", it stays zero and needs no gradient. If a zero is a value like any other, it also has a derivative like any
# other. PyTorch has operations of both kinds, with a gradient for six elements or for three:

results = {
    "mm": torch.mm(matrix, x),
    "to_dense(masked_grad=False)": matrix.to_dense(masked_grad=False),
    "sparse.mm": torch.sparse.mm(matrix, x),
    "to_dense()": matrix.to_dense(),
}
for (name, result), expected in zip(results.items(), (6, 6, 3, 3)):
    (grad_matrix,) = grad(result.sum(), matrix)
    number = grad_matrix.to_dense().count_nonzero().item()
    print(f"{name:27}", number, grad_matrix.layout)
    assert number == expected

# %%
# The cure
# --------
#
# With ``masked=True``, ``gradcheck`` varies only the stored elements and compares only their derivatives. Afterwards,
# however, it also calls ``backward`` with an undefined gradient. ``backward`` then returns sparse zeros, which
# ``gradcheck`` cannot examine. ``check_undefined_grad=False`` skips this last step:

show_error(gradcheck, StoredProduct.apply, (matrix, x), masked=True)
print(gradcheck(StoredProduct.apply, (matrix, x), masked=True, check_undefined_grad=False))

# %%
# ``gradgradcheck`` accepts no sparse gradients, not even those of PyTorch's own operation. So pass it the stored values
# as a dense tensor, and build the sparse matrix inside the function that you check. Then both checks pass without
# options:

show_error(gradgradcheck, torch.sparse.mm, (matrix, x), masked=True)
values = matrix.detach().values().requires_grad_()


def product_of_values(values, x):
    return StoredProduct.apply(torch.sparse_coo_tensor(matrix.indices(), values, matrix.shape), x)


print("gradcheck    ", gradcheck(product_of_values, (values, x)))
print("gradgradcheck", gradgradcheck(product_of_values, (values, x)))

# %%
# If every element gets a derivative, the gradient is a dense tensor of the matrix's full size. Both checks accept this
# gradient, but ``SGD`` does not, because it cannot add a dense tensor to a sparse parameter.


class EverywhereProduct(StoredProduct):
    @staticmethod
    def backward(ctx, grad_output):
        matrix, x = ctx.saved_tensors
        return grad_output @ x.t(), matrix.t() @ grad_output


print("gradcheck    ", gradcheck(EverywhereProduct.apply, (matrix, x)))
print("gradgradcheck", gradgradcheck(EverywhereProduct.apply, (matrix, x)))
optimizer = torch.optim.SGD([matrix], lr=0.1)
EverywhereProduct.apply(matrix, x).sum().backward()
show_error(optimizer.step)
