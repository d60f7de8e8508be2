"""
A sparse matrix as an input
===========================

A sparse matrix has a derivative at each element that it stores, and one at each zero that it does not store. This
page shows how a Function returns one kind or both, and how to tell ``gradcheck`` which of them you mean.

Read :doc:`none_and_zeros` first.

The symptom: ``gradcheck`` reports a ``Jacobian mismatch``, and some rows of the analytical Jacobian are zero.
"""

import torch
from torch.autograd import grad, gradcheck, gradgradcheck

torch.manual_seed(0)
torch.sparse.check_sparse_tensor_invariants.enable()  # without a choice here, PyTorch warns

# %%
# The symptom
# -----------
#
# A sparse matrix times a dense one. The matrix gets a gradient where it stores elements:


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
        print(f"{type(error).__name__}: {str(error).partition(' This could')[0]}")
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
# ``gradcheck`` moved all six elements, ``backward`` gives a gradient to three, and both make sense. Where a zero
# means "no edge here" or "this weight is pruned", it stays zero and needs no gradient. Where it is a number like the
# others, it has a derivative like the others. PyTorch has operations of both kinds:

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
# With ``masked=True``, only the stored elements are moved and compared. Afterwards ``gradcheck`` sends no gradient,
# and cannot examine the sparse zeros that come back; ``check_undefined_grad=False`` leaves this out:

show_error(gradcheck, StoredProduct.apply, (matrix, x), masked=True)
print(gradcheck(StoredProduct.apply, (matrix, x), masked=True, check_undefined_grad=False))

# %%
# ``gradgradcheck`` takes no sparse gradients, not even those of PyTorch's own operation. Let it move the values in a
# dense tensor, and put the matrix together inside. Both checks then pass without an option:

show_error(gradgradcheck, torch.sparse.mm, (matrix, x), masked=True)
values = matrix.detach().values().requires_grad_()


def product_of_values(values, x):
    return StoredProduct.apply(torch.sparse_coo_tensor(matrix.indices(), values, matrix.shape), x)


print("gradcheck    ", gradcheck(product_of_values, (values, x)))
print("gradgradcheck", gradgradcheck(product_of_values, (values, x)))

# %%
# A derivative everywhere has the size of the whole matrix. Both checks take it as it is. ``SGD`` does not: it cannot
# add a dense tensor to a sparse parameter.


class EverywhereProduct(StoredProduct):
    @staticmethod
    def backward(ctx, grad_output):
        matrix, x = ctx.saved_tensors
        return grad_output @ x.t(), matrix.t() @ grad_output


print("gradcheck    ", gradcheck(EverywhereProduct.apply, (matrix, x)))
print("gradgradcheck", gradgradcheck(EverywhereProduct.apply, (matrix, x)))
optimizer = torch.optim.SGD([matrix], lr=0.1)
StoredProduct.apply(matrix, x).sum().backward()
optimizer.step()
optimizer.zero_grad()
EverywhereProduct.apply(matrix, x).sum().backward()
show_error(optimizer.step)
