"""
A lost second derivative: three cures
=====================================

There are three ways to give a Function its second derivative back. Here each of them is written down and checked.

Read :doc:`lost_second_derivative` first.

The Function is :math:`y = x \, \sigma(x)` again. Its ``backward`` needs the sigmoid, an intermediate without
a history.
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
# The sigmoid becomes an output, and ``backward`` adds what its gradient contributes, as in
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
# Only the input is saved. Autograd records how ``backward`` makes the sigmoid from it.


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
# The sigmoid still has no history. It needs none, because the second derivative is written by hand, as in
# :doc:`/double_backward/backward_outside_autograd`.


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
        # None for the sigmoid: second holds what depends on x through it.
        return grad_grad_output, grad_grad_input * grad_output * second, None


# %%
# Each of the three passes both checks. After the checks come the derivatives at 1 up to the third order:

x = torch.randn(4, dtype=torch.float64, requires_grad=True)
CURES = {
    "SiLUReturned": silu_returned,
    "SiLURecomputed": SiLURecomputed.apply,
    "SiLUByHand": SiLUByHand.apply,
}
for name, function in CURES.items():
    checked = gradcheck(function, x), gradgradcheck(function, x)
    print(f"{name:14}", *checked, derivatives_at_one(function, 3))
    torch.testing.assert_close(function(x), silu(x))
print(f"{'silu':14}    -    -", derivatives_at_one(silu, 3))

# %%
# The first two give the third derivative as well. The third one is right for the orders that were written down: its last
# ``backward`` takes the sigmoid for a constant, and the mistake is back, one order higher.
#
# What the three cost is on the next page: :doc:`cost_of_cures`.
