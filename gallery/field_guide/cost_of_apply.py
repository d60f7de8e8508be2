"""
What ``apply`` costs
====================

Python is slower than the C++ in which PyTorch's own operations run, so a Function has a price for each call. Here you
measure it, for a small tensor and for a large one.

Read :doc:`/double_backward/saving_outputs` first.

The symptom: a network of many small tensors becomes slower with a Function, although its formula is simpler.
"""

from time import perf_counter

import torch
from torch.autograd import grad, gradcheck, gradgradcheck

torch.set_num_threads(1)
torch.manual_seed(0)

# %%
# Four ways to write an exponential
# ---------------------------------
#
# The arithmetic is the same in all four, one operation in ``forward`` and one in ``backward``:


class ExpOneStep(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        out = torch.exp(x)
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx, grad_output):
        (out,) = ctx.saved_tensors
        return grad_output * out


class ExpTwoSteps(ExpOneStep):
    @staticmethod
    def forward(x):
        return torch.exp(x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output)


# An operator, which autograd and torch.compile see from outside only.
@torch.library.custom_op("field_guide::exp", mutates_args=())
def exp_operator(x: torch.Tensor) -> torch.Tensor:
    return torch.exp(x)


exp_operator.register_autograd(ExpOneStep.backward, setup_context=ExpTwoSteps.setup_context)

x = torch.randn(3, dtype=torch.float64, requires_grad=True)
for function in (ExpOneStep.apply, ExpTwoSteps.apply, exp_operator):
    torch.testing.assert_close(function(x), torch.exp(x))
    print("gradcheck    ", gradcheck(function, x))
    print("gradgradcheck", gradgradcheck(function, x))

# %%
# Microseconds
# ------------
#
# For one number and for a hundred thousand: ``forward``, and both passes. Each value is the smallest of
# thirty averages over a few calls, because everything else that a computer does can only make a call slower:


def microseconds(call, repeats):
    smallest = float("inf")
    for _ in range(30):
        start = perf_counter()
        for _ in range(repeats):
            call()
        smallest = min(smallest, (perf_counter() - start) / repeats)
    return 1e6 * smallest


def both_passes(function, x, grad_output):
    return grad(function(x), x, grad_output)


WAYS = {
    "torch.exp": torch.exp,
    "ExpOneStep": ExpOneStep.apply,
    "ExpTwoSteps": ExpTwoSteps.apply,
    "exp_operator": exp_operator,
}
price = {}
print(f"{'':15} {'elements':>9} {'forward':>9} {'both':>9}")
for elements, repeats in ((1, 50), (100_000, 5)):
    x, grad_output = torch.randn(elements, requires_grad=True), torch.ones(elements)
    for name, way in WAYS.items():
        forward = microseconds(lambda: way(x), repeats)
        both = microseconds(lambda: both_passes(way, x, grad_output), repeats)
        price[name, elements] = forward, both
        print(f"{name:15} {elements:9,} {forward:9.1f} {both:9.1f}")
plain = price["torch.exp", 1]
for name in ("ExpOneStep", "ExpTwoSteps", "exp_operator"):
    ratios = [f"{one / other:.1f}" for one, other in zip(price[name, 1], plain)]
    print(f"{name:15}", ratios)
    assert price[name, 1] > plain
two_steps, operator = (price[name, 1][0] for name in ("ExpTwoSteps", "exp_operator"))
assert two_steps / 2 < operator < 2 * two_steps

# %%
# The last three lines show how many times as long as ``torch.exp`` the others take for one number, in
# ``forward`` and in both passes. What is added are microseconds: a ``ctx`` is made, and Python runs
# ``forward`` and ``backward``. With ``setup_context``, ``apply`` also binds the arguments to the signature of
# ``forward`` each time. An operator of ``torch.library`` goes through as many layers of Python and costs about as
# much. For a hundred thousand numbers about the same microseconds are added, and there they
# are a small part of the whole.
#
# When it matters
# ---------------
#
# It matters where a Function is called thousands of times on small tensors, as in a recurrent network or a
# solver: write the Function for the whole loop then, not for one step. For a layer that takes milliseconds it
# does not matter.
