"""
A lost second derivative: three cures and their cost
====================================================

After this page you can give a Function its second derivative back in one of three ways, and choose among them
by what they cost.

Read :doc:`lost_second_derivative` first.

The Function is :math:`y = x \, \sigma(x)` again. Its ``backward`` needs the sigmoid, an intermediate without
a history.
"""

import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.functional import silu
from torch.utils._python_dispatch import TorchDispatchMode

torch.manual_seed(0)


def silu_derivative(x, sigmoid):
    return sigmoid + x * sigmoid * (1 - sigmoid)


def derivatives_at_one(function, orders):
    x = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    result, values = function(x), []
    for _ in range(orders):
        (result,) = torch.autograd.grad(result, x, create_graph=True)
        values.append(round(result.item(), 4))
    return values


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
# Each of the three passes both checks. Behind them stand the derivatives at 1 up to the third order:

x = torch.randn(4, dtype=torch.float64, requires_grad=True)
CURES = {
    "SiLUReturned  ": silu_returned,
    "SiLURecomputed": SiLURecomputed.apply,
    "SiLUByHand    ": SiLUByHand.apply,
}
for name, function in CURES.items():
    checks = gradcheck(function, x), gradgradcheck(function, x)
    print(name, *checks, derivatives_at_one(function, 3))
    torch.testing.assert_close(function(x), silu(x))
print("silu          ", "   -    - ", derivatives_at_one(silu, 3))

# %%
# The first two cures hold at every order. The third one holds for the orders that somebody wrote down. Its
# last ``backward`` takes the sigmoid for a constant, and the mistake is back, one order higher.
#
# What they cost
# --------------
#
# A hook counts the bytes that autograd keeps, each storage once, however many nodes save it. A dispatch mode
# counts the operations that compute something; views are left out.


class CountOperations(TorchDispatchMode):
    count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.count += not func.is_view
        return func(*args, **(kwargs or {}))


def cost_of_cure(function):
    storages = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    x, ones = torch.randn(1000, requires_grad=True), torch.ones(1000)
    with saved_tensors_hooks(pack, lambda tensor: tensor):
        out = function(x)
        kept = [sum(storages.values())]
        with CountOperations() as first:
            torch.autograd.grad(out, x, ones, retain_graph=True)
        (grad_x,) = torch.autograd.grad(out, x, ones, create_graph=True)
        kept.append(sum(storages.values()))
        with CountOperations() as second:
            torch.autograd.grad(grad_x, x, ones)
    return *kept, first.count, second.count


for name, function in CURES.items():
    print(name, "{:6,} {:6,} {:4} {:4}".format(*cost_of_cure(function)))

# %%
# The columns: bytes kept after ``forward``, of which 4,000 are ``x``; bytes kept once the first derivative has a
# graph; operations of the first backward; operations of the second.
#
# - Computing it again keeps the least for a first derivative and costs one sigmoid more in ``backward``. Where
#   the intermediate is cheap, this is the cure to try first.
#
# - Returning it costs the most for a second derivative: ``backward`` records one term more, and autograd enters
#   it once more. It pays where the intermediate is expensive to make.
#
# - The Function for ``backward`` keeps the least for a second derivative. You derive one order more by hand,
#   and have to know that nobody asks for another.
