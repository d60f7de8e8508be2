"""
gradcheck passes a wrong Function
=================================

Some calls of :func:`~torch.autograd.gradcheck.gradcheck` let a wrong gradient pass. Here are two of them, and calls that
find the mistake.

Read :doc:`/double_backward/saving_inputs` first.

The symptom: the check prints ``True``, and the gradient is wrong all the same.
"""

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
        return grad_output, grad_output  # wrong: the second one lacks its minus


def with_fixed_bias(x):
    # A name of its own sets this check apart from the next one in the record.
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
# The check varies the inputs that require grad, and skips the others. So every input that has a gradient must require it.
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
    print(f"{type(error).__name__}: {error}")

# %%
# The gradient in PyTorch is the incoming one times the *conjugate* of the derivative. At a real :math:`z` the
# derivative :math:`2z` is its own conjugate, so only a check at complex values can tell. This one is right:


class ComplexSquareConj(ComplexSquare):
    @staticmethod
    def backward(ctx, grad_output):
        (z,) = ctx.saved_tensors
        return grad_output * (2 * z).conj()


print("gradcheck    ", gradcheck(ComplexSquareConj.apply, z))
print("gradgradcheck", gradgradcheck(ComplexSquareConj.apply, z))

# %%
# Two other causes have pages of their own. Fast mode compares too little: :doc:`fast_mode`. And the gradients that the
# check passes in are all contiguous: :doc:`not_contiguous`.
