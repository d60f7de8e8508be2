"""
A gradient that is not contiguous
=================================

The gradient that ``backward`` receives has the shape of the output, but rarely a memory layout that you chose. On
this page a ``backward`` in plain PyTorch breaks on that, once with an error and once with wrong numbers.

Read :doc:`/double_backward/saving_inputs` first.

The symptom: ``view size is not compatible with input tensor's size and stride`` in ``backward``. Or the gradient is
wrong after ``t()``, and right otherwise.
"""

from textwrap import fill

import torch
from torch.autograd import grad, gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# What arrives
# ------------
#
# A Function that notes the strides of ``grad_output``, and some losses behind it. The output has two rows of
# three numbers:


class Noted(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, grad_output):
        strides.append(grad_output.stride())
        return grad_output


strides = []
x = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
other = torch.randn(3, 2, dtype=torch.float64)
losses = {
    "(out**2).sum()": lambda out: (out**2).sum(),
    "out.sum()": lambda out: out.sum(),
    "out.sum(dim=0)": lambda out: (out.sum(dim=0) ** 2).sum(),
    "out.t() * other": lambda out: (out.t() * other).sum(),
    "torch.cat": lambda out: (torch.cat([out, other.t()], dim=1) ** 2).sum(),
}
for text, loss in losses.items():
    grad(loss(Noted.apply(x)), x)
    print(f"{text:16}", strides[-1])
assert strides == [(3, 1), (0, 0), (0, 1), (1, 2), (6, 1)]
print("gradcheck    ", gradcheck(Noted.apply, x))
print("gradgradcheck", gradgradcheck(Noted.apply, x))

# %%
# Only the first one is contiguous. ``sum`` hands back a single number that is seen six times, with strides 0;
# ``t()`` hands back a transposed tensor, and ``cat`` a part of a larger one.
#
# The symptom
# -----------
#
# The first Function flattens the gradient with ``view``. The second one relies on the strides of a contiguous
# tensor:


class ReversedByView(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.flatten().flip(0).reshape(x.shape)

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output.view(-1).flip(0).view(grad_output.shape)


class ReversedByStrides(ReversedByView):
    @staticmethod
    def backward(ctx, grad_output):
        flat = grad_output.as_strided((grad_output.numel(),), (1,))  # wrong: strides may differ
        return flat.flip(0).view(grad_output.shape)


def outcomes(function):
    found = []
    for text in ("(out**2).sum()", "out.sum()", "out.t() * other", "torch.cat"):
        (expected,) = grad(losses[text](x.flip(0, 1)), x)
        try:
            (grad_x,) = grad(losses[text](function.apply(x)), x)
            found.append("==" if torch.equal(grad_x, expected) else "!=")
        except RuntimeError as error:
            print(fill(f"{text:16} RuntimeError: {error}", 80))
            found.append("RuntimeError")
    print(function.__name__, found)
    return found


assert outcomes(ReversedByView) == ["==", "==", "RuntimeError", "RuntimeError"]
assert outcomes(ReversedByStrides) == ["==", "RuntimeError", "!=", "!="]

# %%
# ``!=`` stands for wrong numbers without an error. With the first loss both Functions work. A gradient check
# passes contiguous gradients, too, unless something behind the Function changes that:


def strides_then_transposed(x):
    return ReversedByStrides.apply(x).t()


for function in (ReversedByView, ReversedByStrides):
    print("gradcheck    ", gradcheck(function.apply, x))
print("gradcheck    ", gradcheck(strides_then_transposed, x, raise_exception=False))

# %%
# The cure
# --------
#
# ``flatten`` and ``reshape`` take any layout and copy if they have to. Where code really depends on the
# layout, such as ``as_strided``, ``data_ptr`` or a kernel as in :doc:`c_kernel`, call ``contiguous()`` first.
# It costs nothing when the tensor is contiguous already: then it returns the same tensor, so do not write
# into it (:doc:`not_yours_to_write`).


class Reversed(ReversedByView):
    @staticmethod
    def backward(ctx, grad_output):
        return grad_output.flatten().flip(0).reshape(grad_output.shape)


class ReversedContiguous(ReversedByView):
    @staticmethod
    def backward(ctx, grad_output):
        flat = grad_output.contiguous().as_strided((grad_output.numel(),), (1,))
        return flat.flip(0).view(grad_output.shape)


contiguous = torch.ones(2, 3)
assert contiguous.contiguous() is contiguous
for function in (Reversed, ReversedContiguous):
    assert outcomes(function) == ["=="] * 4
    print("gradcheck    ", gradcheck(function.apply, x))
    print("gradgradcheck", gradgradcheck(function.apply, x))
