"""
A gradient that is not contiguous
=================================

Here a kernel is right for every gradient that ``gradcheck`` tries and wrong for those that it meets in a network. You
see why, and how to check for it.

Read :doc:`gradcheck_says_yes` first.

The symptom: ``gradcheck`` passes. But with a transpose behind the Function the gradient is wrong, and with a plain sum
the kernel reads memory that does not belong to the gradient.
"""

from textwrap import fill

import torch
from torch.autograd import grad, gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# A kernel written in C or Triton gets the address of a tensor, and often takes for granted that the elements lie there
# one after another, row by row. ``as_strided`` reads ``grad_output`` like such a kernel:


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
# What follows the Function decides how ``grad_output`` lies in memory. Its ``stride`` says how many elements it is to the
# next row and to the next column. Behind a sum it is a single number, which all elements share:

for following in (torch.exp, lambda out: out.t() * weight, torch.sum):
    out = CubeOfMemory.apply(x)
    (grad_output,) = grad(following(out).sum(), out)
    print(grad_output.stride(), grad_output.is_contiguous())

# %%
# The checks make gradients of their own and pass them in as they made them, row by row. ``gradgradcheck`` has a switch
# for others, ``gen_non_contig_grad_outputs``, which does not help here. A transpose behind the Function does:


def transposed(x):
    return CubeOfMemory.apply(x).t()


print("gradgradcheck", gradgradcheck(CubeOfMemory.apply, x, gen_non_contig_grad_outputs=True))
print("gradcheck    ", gradcheck(transposed, x, raise_exception=False))

# %%
# The cure
# --------
#
# ``contiguous`` returns a copy that lies in order, or the tensor itself if it does so already. The same goes for
# everything else that the kernel reads. Here ``x`` comes in transposed, too, which PyTorch's operations take care of:


class CubeInOrder(CubeOfMemory):
    @staticmethod
    def backward(ctx, grad_output):
        return CubeOfMemory.backward(ctx, grad_output.contiguous())


def transposed_in_order(x):
    return CubeInOrder.apply(x.t()).t()


print("gradcheck    ", gradcheck(transposed_in_order, x))
print("gradgradcheck", gradgradcheck(transposed_in_order, x))
assert torch.equal(grad(CubeInOrder.apply(x).sum(), x)[0], 3 * x**2)
