"""
gradcheck fails on a correct Function
=====================================

Sometimes :func:`~torch.autograd.gradcheck.gradcheck` raises a false alarm. This page shows how to tell a false alarm
from a bug, and how to call the check so that it tests your ``backward`` and nothing else.

Read :doc:`/double_backward/saving_inputs` first.

The symptom: you are sure of the formula, yet the check says ``Jacobian mismatch``. Every Function on this page is
correct, and the inputs are to blame. If the false alarm comes from fast mode, see :doc:`fast_mode`.
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
    # A separate name keeps this check apart in the table of all checks.
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
# The two printed Jacobians are similar, and the warning names the cause of the difference. The check computes finite
# differences with a step of ``eps=1e-6``. A ``float32`` value has about seven digits, and if you subtract two outputs
# that are this close together, only one or two of those digits remain. The fix is to use ``float64``:

x = x.detach().double().requires_grad_()
print("gradcheck    ", gradcheck(Quartic.apply, x))
print("gradgradcheck", gradgradcheck(Quartic.apply, x))

# %%
# If your kernel exists only in ``float32``, use a large step and loose tolerances. The check then lets through an error
# of 0.01 plus one percent, so it may pass even if a derivative of 0.01 is missing altogether.

x = x.detach().float().requires_grad_()
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    print("gradcheck    ", gradcheck(Quartic.apply, x, eps=1e-2, atol=1e-2, rtol=1e-2))

# %%
# A kink at the point
# -------------------
#
# At zero, not even PyTorch's own ``relu`` passes the check:


def at_the_kink(x):
    return torch.relu(x)


x = torch.tensor([0.0, 1.0], dtype=torch.float64, requires_grad=True)
try:
    gradcheck(at_the_kink, x)
except RuntimeError as error:
    print(f"{type(error).__name__}: {error}")

# %%
# The check takes one step to the right of zero and one to the left. The slope between these two points is one half,
# which is not the slope on either side. So keep your test points away from kinks and jumps:

x = torch.randn(4, 3, dtype=torch.float64)
x = (x.sign() * (x.abs() + 0.1)).requires_grad_()
print("gradcheck    ", gradcheck(torch.relu, x))
print("gradgradcheck", gradgradcheck(torch.relu, x))

# %%
# Elements that share memory
# --------------------------
#
# The check changes one input element at a time. But in an expanded tensor and in overlapping windows, elements share
# memory, so when one element changes, others change with it. The check rejects the expanded tensor with a message that
# names the cause. For the overlapping windows, it measures wrong derivatives, and its message doesn't say why. In
# either case, check a contiguous copy instead:


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
