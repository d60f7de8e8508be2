"""
gradcheck passes a wrong Function
=================================

Some calls of :func:`~torch.autograd.gradcheck.gradcheck` let a wrong gradient pass. Here are two of them, each with a
call that finds the mistake.

Read :doc:`/double_backward/saving_inputs` first.

The symptom: the check prints ``True``, but the gradient is wrong.
"""

from textwrap import fill

import torch
from torch.autograd import gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# An input that does not require grad
# -----------------------------------


class Shift(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, bias):
        return x - bias

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output, grad_output  # wrong: the second gradient lacks its minus sign


def with_fixed_bias(x):
    # A separate name keeps this check apart in the table of all checks.
    return Shift.apply(x, bias)


x = torch.randn(3, dtype=torch.float64, requires_grad=True)
bias = torch.randn(3, dtype=torch.float64)
print("gradcheck    ", gradcheck(with_fixed_bias, x))
bias.requires_grad_()
print("gradcheck    ", gradcheck(Shift.apply, (x, bias), raise_exception=False))

out = Shift.apply(x, bias)
(grad_bias,) = torch.autograd.grad(out.sum(), bias)
print("grad_bias    ", grad_bias.tolist())
torch.testing.assert_close((out, grad_bias), (x - bias, torch.ones_like(bias)))

# %%
# A gradient check varies only the inputs that require grad. So in the check, every input for which ``backward`` returns
# a gradient must require grad.
#
# Real values in a complex tensor
# -------------------------------


class ComplexSquare(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        return z**2

    @staticmethod
    def backward(ctx, grad_output):
        (z,) = ctx.saved_tensors
        return grad_output * 2 * z  # wrong: a conjugate is missing


def at_a_real_value(z):
    return ComplexSquare.apply(z)


z = torch.tensor([3 + 0j], dtype=torch.complex128, requires_grad=True)
print("gradcheck    ", gradcheck(at_a_real_value, z))
z = torch.tensor([3 + 4j], dtype=torch.complex128, requires_grad=True)
try:
    gradcheck(ComplexSquare.apply, z)
except RuntimeError as error:
    message = f"{type(error).__name__}: {error}"
    print(*(fill(line, 88) for line in message.splitlines()), sep="\n")

# %%
# In PyTorch, the gradient is the incoming gradient times the *conjugate* of the derivative. At a real :math:`z` the
# derivative :math:`2z` is its own conjugate, so only a check at complex values notices that the conjugate is missing.
# This Function is right:


class ComplexSquareConj(ComplexSquare):
    @staticmethod
    def backward(ctx, grad_output):
        (z,) = ctx.saved_tensors
        return grad_output * (2 * z).conj()


print("gradcheck    ", gradcheck(ComplexSquareConj.apply, z))
print("gradgradcheck", gradgradcheck(ComplexSquareConj.apply, z))

# %%
# Two other reasons why a wrong gradient can pass the check have their own pages. Fast mode compares too little (see
# :doc:`fast_mode`), and the check gives only contiguous gradients to ``backward`` (see :doc:`not_contiguous`).
