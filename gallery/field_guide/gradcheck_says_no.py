"""
gradcheck fails on a correct Function
=====================================

This page helps you to tell a false alarm of :func:`~torch.autograd.gradcheck.gradcheck` from a bug, and to call it so
that it measures your ``backward`` and nothing else.

Read :doc:`/double_backward/saving_inputs` first.

The symptom: you are sure of the formula, and the check says ``Jacobian mismatch`` all the same. Every Function on this
page is correct. The inputs are to blame. For a false alarm of fast mode, see
:doc:`fast_mode`.
"""

import warnings
from textwrap import fill

import torch
from torch.autograd import gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# Inputs in float32
# -----------------


class Quartic(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**4

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * 4 * x**3


def in_float32(x):
    # A name of its own sets this check apart from the others in the record.
    return Quartic.apply(x)


x = torch.randn(2, requires_grad=True)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    try:
        gradcheck(in_float32, x)
    except RuntimeError as error:
        print(f"{type(error).__name__}: {error}")
print(fill(f"UserWarning: {caught[0].message}", 78))

# %%
# The numbers resemble each other, and the warning names the cause. The step of the finite differences is ``eps=1e-6``.
# A value in ``float32`` has about seven digits, and the difference of two outputs that lie so close together keeps one
# or two of them. The cure is ``float64``:

x = x.detach().double().requires_grad_()
print("gradcheck    ", gradcheck(Quartic.apply, x))
print("gradgradcheck", gradgradcheck(Quartic.apply, x))

# %%
# A kernel may exist in ``float32`` only. Then take a large step and wide tolerances, and bear in mind what passes: an
# error of 0.01 plus one percent. A derivative of 0.01 may be missing altogether.

x = x.detach().float().requires_grad_()
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    print("gradcheck    ", gradcheck(Quartic.apply, x, eps=1e-2, atol=1e-2, rtol=1e-2))

# %%
# A kink at the point
# -------------------
#
# Not even PyTorch's own ``relu`` passes at zero:


def at_the_kink(x):
    return torch.relu(x)


x = torch.tensor([0.0, 1.0], dtype=torch.float64, requires_grad=True)
try:
    gradcheck(at_the_kink, x)
except RuntimeError as error:
    print(f"{type(error).__name__}: {error}")

# %%
# The check goes one step to the right and one to the left. The slope between the two points is one half, which is not
# the slope of either side. Keep the points of a check away from kinks and jumps:

x = torch.randn(4, 3, dtype=torch.float64)
x = (x.sign() * (x.abs() + 0.1)).requires_grad_()
print("gradcheck    ", gradcheck(torch.relu, x))
print("gradgradcheck", gradgradcheck(torch.relu, x))

# %%
# Elements that share memory
# --------------------------
#
# The check moves one element of the input at a time. In an expanded tensor and in overlapping windows others move
# along. The first is refused with a message that names the cause. The second is measured wrongly, and the message does
# not say why:


def on_shared_memory(x):
    return Quartic.apply(x)


expanded = torch.ones(1, dtype=torch.float64).expand(3).requires_grad_()
windows = torch.ones(4, dtype=torch.float64).unfold(0, 2, 1).requires_grad_()  # (3, 2)
for x in (expanded, windows):
    try:
        gradcheck(on_shared_memory, x)
    except RuntimeError as error:
        print(fill(f"{type(error).__name__}: {error}".partition("\n")[0], 78))
    print("gradcheck    ", gradcheck(Quartic.apply, x.contiguous()))
