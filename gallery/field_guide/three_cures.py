"""
A lost second derivative: three cures
=====================================

If a Function has lost its second derivative, there are three ways to get it back. Here you write and check all three.

Read :doc:`lost_second_derivative` first.

The example is again the Function :math:`y = x \, \sigma(x)`. Its ``backward`` needs the sigmoid, an intermediate result
that has no history.
"""

import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.nn.functional import silu

from lost_second_derivative import derivatives_at_one, silu_derivative

torch.manual_seed(0)

# %%
# Cure one: return it
# -------------------
#
# The sigmoid becomes a second output, and ``backward`` adds the contribution of that output's gradient, as in
# :doc:`/double_backward/saving_intermediates`.


class SiLUReturned(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        sigmoid = torch.sigmoid(x)
        ctx.save_for_backward(x, sigmoid)
        return x * sigmoid, sigmoid

    @staticmethod
    def backward(ctx, grad_output, grad_sigmoid):
        x, sigmoid = ctx.saved_tensors
        grad_input = grad_output * silu_derivative(x, sigmoid)
        return grad_input + grad_sigmoid * sigmoid * (1 - sigmoid)


def silu_returned(x):
    return SiLUReturned.apply(x)[0]


# %%
# Cure two: compute it again
# --------------------------
#
# Save only the input. Then ``backward`` recomputes the sigmoid from it, and autograd records this computation.


class SiLURecomputed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * silu_derivative(x, torch.sigmoid(x))


# %%
# Cure three: a Function for backward
# -----------------------------------
#
# With this cure, the sigmoid still has no history, but it doesn't need one, because you write the second derivative by
# hand, as in :doc:`/double_backward/backward_outside_autograd`.


class SiLUByHand(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        sigmoid = torch.sigmoid(x)
        ctx.save_for_backward(x, sigmoid)
        return x * sigmoid

    @staticmethod
    def backward(ctx, grad_output):
        return SiLUByHandBackward.apply(grad_output, *ctx.saved_tensors)


class SiLUByHandBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, grad_output, x, sigmoid):
        ctx.save_for_backward(grad_output, x, sigmoid)
        return grad_output * silu_derivative(x, sigmoid)

    @staticmethod
    def backward(ctx, grad_grad_input):
        grad_output, x, sigmoid = ctx.saved_tensors
        grad_grad_output = grad_grad_input * silu_derivative(x, sigmoid)
        second = sigmoid * (1 - sigmoid) * (2 + x * (1 - 2 * sigmoid))
        # None for the sigmoid: second already includes how the sigmoid depends on x.
        return grad_grad_output, grad_grad_input * grad_output * second, None


# %%
# All three Functions pass both gradient checks. Each line shows the results of the checks and then the derivatives at
# 1, up to the third order:

x = torch.randn(4, dtype=torch.float64, requires_grad=True)
CURES = {"SiLUReturned": silu_returned, "SiLURecomputed": SiLURecomputed.apply, "SiLUByHand": SiLUByHand.apply}
for name, function in CURES.items():
    checked = gradcheck(function, x), gradgradcheck(function, x)
    print(f"{name:14}", *checked, derivatives_at_one(function, 3))
    torch.testing.assert_close(function(x), silu(x))
print(f"{'silu':14}    -    -", derivatives_at_one(silu, 3))

# %%
# ``SiLUReturned`` and ``SiLURecomputed`` also give the right third derivative. ``SiLUByHand``, however, is right only
# for the orders whose formulas you wrote down. The ``backward`` of ``SiLUByHandBackward`` treats the sigmoid as a
# constant, so this time the third derivative is lost.
#
# The next page, :doc:`cost_of_cures`, shows what each of the three costs.
