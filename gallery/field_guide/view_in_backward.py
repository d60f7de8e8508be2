"""
``view`` fails in backward
==========================

The gradient that ``backward`` receives has the shape of the output, but rarely a memory layout that you chose. This
page shows the layouts that plain operations send back, and how to change a shape whatever the layout.

Read :doc:`not_yours_to_write` first.

The symptom: ``backward`` raises ``view size is not compatible with input tensor's size and stride``, as soon as a
transpose or a ``torch.cat`` stands behind the Function.
"""

from textwrap import fill

import torch
from torch.autograd import grad, gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# The elements in reverse order. To turn the gradient around, ``backward`` flattens it with ``view``:


class ReversedByView(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.flatten().flip(0).reshape(x.shape)

    @staticmethod
    def backward(ctx, grad_output):
        strides.append(grad_output.stride())
        return grad_output.view(-1).flip(0).view(grad_output.shape)


x = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
other = torch.randn(3, 2, dtype=torch.float64)
losses = (
    lambda out: (out**2).sum(),  # 1
    lambda out: out.sum(),  # 2
    lambda out: (out.sum(dim=0) ** 2).sum(),  # 3
    lambda out: (out.t() * other).sum(),  # 4
    lambda out: (torch.cat([out, other.t()], dim=1) ** 2).sum(),  # 5
)


def outcomes(function):
    found = []
    for loss in losses:
        (expected,) = grad(loss(x.flip(0, 1)), x)
        try:
            found.append(torch.equal(grad(loss(function.apply(x)), x)[0], expected))
        except RuntimeError as error:
            found.append(str(error))
    return found


strides = []
found = outcomes(ReversedByView)
for number, (outcome, stride) in enumerate(zip(found, strides), start=1):
    print(number, stride, outcome is True)
print(fill(f"RuntimeError: {found[3]}", 80))
assert strides == [(3, 1), (0, 0), (0, 1), (1, 2), (6, 1)]
assert [outcome is True for outcome in found] == [True, True, False, False, False]

# %%
# The cause
# ---------
#
# The strides say how many elements it is to the next row and to the next column. Only the first gradient is
# contiguous. ``sum`` hands back numbers that are seen several times, with a stride of 0; ``t()`` hands back a
# transposed tensor, and ``torch.cat`` a part of a larger one. ``view`` copies nothing, so it works where the elements
# lie at equal distances, in 1 and 2, and raises elsewhere. A gradient check passes a contiguous gradient:

print("gradcheck    ", gradcheck(ReversedByView.apply, x))

# %%
# The cure
# --------
#
# ``flatten`` and ``reshape`` do what ``view`` does if they can, and copy if they have to:


class Reversed(ReversedByView):
    @staticmethod
    def backward(ctx, grad_output):
        return grad_output.flatten().flip(0).reshape(grad_output.shape)


def reversed_and_transposed(x):
    return Reversed.apply(x).t()


print(outcomes(Reversed))
assert outcomes(Reversed) == [True] * 5
for function in (Reversed.apply, reversed_and_transposed):
    print("gradcheck    ", gradcheck(function, x))
    print("gradgradcheck", gradgradcheck(function, x))

# %%
# For an operation in place, such as ``mul_``, a gradient with a stride of 0 is an obstacle, too:
# :doc:`not_yours_to_write`. Code that reads memory by itself gets wrong numbers instead of an error:
# :doc:`not_contiguous`.
