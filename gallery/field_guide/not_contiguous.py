"""
A gradient that is not contiguous
=================================

A kernel can be right for every gradient that ``gradcheck`` tries, yet wrong for gradients that it meets in a network.
This page explains why, and shows how to make ``gradcheck`` notice.

Read :doc:`gradcheck_says_yes` first.

The symptom: ``gradcheck`` passes, but if a transpose follows the Function, the gradient is wrong. If a plain sum
follows it, the kernel reads memory that does not belong to the gradient.
"""

from textwrap import fill

import torch
from torch.autograd import grad, gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# A kernel written in C or Triton gets a tensor's address, and often assumes that the elements are stored there row by
# row. Here ``as_strided`` reads ``grad_output`` the way such a kernel would:


class CubeOfMemory(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        rows, columns = x.shape
        return grad_output.as_strided((rows, columns), (columns, 1)) * 3 * x**2


x = torch.tensor([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]], dtype=torch.float64, requires_grad=True)
print("gradcheck    ", gradcheck(CubeOfMemory.apply, x))
print("gradgradcheck", gradgradcheck(CubeOfMemory.apply, x))

weight = torch.tensor([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]], dtype=torch.float64)
print(grad((CubeOfMemory.apply(x).t() * weight).sum(), x)[0].tolist())
print(grad(((x**3).t() * weight).sum(), x)[0].tolist())
try:
    grad(CubeOfMemory.apply(x).sum(), x)
except RuntimeError as error:
    print(fill(f"{type(error).__name__}: {error}", 88))

# %%
# The cause
# ---------
#
# The first list printed above is wrong, because the operation that follows the Function decides which strides
# ``grad_output`` has. A tensor's ``stride`` says how many elements apart consecutive rows and consecutive columns are
# in memory. After a sum, ``grad_output`` is a single value in memory, which all its elements share:

for following in (torch.exp, lambda out: out.t() * weight, torch.sum):
    out = CubeOfMemory.apply(x)
    (grad_output,) = grad(following(out).sum(), out)
    print(grad_output.stride(), grad_output.is_contiguous())

# %%
# Both gradient checks make their own gradients, which are contiguous (stored row by row). ``gradgradcheck`` has an
# option for gradients with other strides, ``gen_non_contig_grad_outputs``, but it doesn't help here. To reveal the
# mistake, add a transpose after the Function:


def transposed(x):
    return CubeOfMemory.apply(x).t()


print("gradgradcheck", gradgradcheck(CubeOfMemory.apply, x, gen_non_contig_grad_outputs=True))
print("gradcheck    ", gradcheck(transposed, x, raise_exception=False))

# %%
# The cure
# --------
#
# ``contiguous`` returns a copy stored row by row, or the tensor itself if it is already stored that way. Call it on
# every other tensor that a kernel reads, too. Here ``x`` is transposed as well, but it needs no copy, because only
# PyTorch's own operations read it, and these respect its strides:


class CubeInOrder(CubeOfMemory):
    @staticmethod
    def backward(ctx, grad_output):
        return CubeOfMemory.backward(ctx, grad_output.contiguous())


def transposed_in_order(x):
    return CubeInOrder.apply(x.t()).t()


print("gradcheck    ", gradcheck(transposed_in_order, x))
print("gradgradcheck", gradgradcheck(transposed_in_order, x))
assert torch.equal(grad(CubeInOrder.apply(x).sum(), x)[0], 3 * x**2)
