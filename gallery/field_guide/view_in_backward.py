"""
``view`` fails in backward
==========================

The gradient that reaches ``backward`` has the output's shape, but its memory layout depends on the operations that
follow your Function. This page shows which layouts ordinary operations send back, and how to reshape a gradient
whatever its layout.

Read :doc:`not_yours_to_write` first.

The symptom: ``backward`` raises ``view size is not compatible with input tensor's size and stride`` as soon as a
transpose or a ``torch.cat`` follows the Function.
"""

from textwrap import fill

import torch
from torch.autograd import grad, gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# This Function reverses the order of the elements. To reverse the gradient, ``backward`` flattens it with ``view``:


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
# Each line of output begins with the number of a loss. Then come the strides of ``grad_output``, which say how many
# elements apart the rows and the columns are in memory, and finally whether the gradient is right. Only the first
# gradient is contiguous. For losses 2 and 3, ``sum`` sends back an expanded gradient, which repeats values with a
# stride of 0. For loss 4, ``t()`` sends back a transposed gradient, and for loss 5, ``torch.cat`` sends back part of a
# larger tensor. ``view`` never copies, so it can flatten a gradient only if all elements are evenly spaced in memory,
# as for losses 1 and 2. For losses 3, 4 and 5, it raises an error. ``gradcheck`` misses the mistake because the
# gradient that it passes is contiguous:

print("gradcheck    ", gradcheck(ReversedByView.apply, x))

# %%
# The cure
# --------
#
# ``flatten`` and ``reshape`` do what ``view`` does where they can, and copy where they have to:


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
# A gradient with a stride of 0 is also a problem for an in-place operation such as ``mul_`` (see
# :doc:`not_yours_to_write`). And if a gradient isn't contiguous, code that reads memory directly gets wrong values
# instead of an error (see :doc:`not_contiguous`).
