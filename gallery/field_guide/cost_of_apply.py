"""
What ``apply`` costs
====================

Python is slower than the C++ that runs PyTorch's own operations, so every call of a Function costs some extra time.
Here you measure that cost for a small tensor and for a large one.

Read :doc:`/double_backward/saving_outputs` first.

The symptom: a network with many small tensors becomes slower when you use a Function, even though the Function's
formula is simpler.
"""

from functools import partial
from time import perf_counter

import torch
from torch.autograd import grad, gradcheck, gradgradcheck

torch.set_num_threads(1)
torch.manual_seed(0)

# %%
# Four ways to write an exponential
# ---------------------------------
#
# The three versions below do the same arithmetic as ``torch.exp``, with one operation in ``forward`` and one in
# ``backward``:


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


# A custom operator: autograd and torch.compile see it only from outside.
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
# For one element and for a million, the column ``forward`` shows the time of ``forward`` in microseconds, and ``both``
# the time of both passes together. Each value is the smallest of thirty averages, because other work on the machine can
# only make a call slower. The calls take turns, so that a busy moment doesn't slow down only one of them:


def microseconds(calls, repeats):
    smallest = [float("inf")] * len(calls)
    for _ in range(30):
        for i, call in enumerate(calls):
            start = perf_counter()
            for _ in range(repeats):
                call()
            smallest[i] = min(smallest[i], 1e6 * (perf_counter() - start) / repeats)
    return smallest


WAYS = {
    "torch.exp": torch.exp,
    "ExpOneStep": ExpOneStep.apply,
    "ExpTwoSteps": ExpTwoSteps.apply,
    "exp_operator": exp_operator,
}
price = {}
print(f"{'':15} {'elements':>9} {'forward':>9} {'both':>9}")
for elements, repeats in ((1, 50), (1_000_000, 2)):
    x, grad_output = torch.randn(elements, requires_grad=True), torch.ones(elements)
    forwards = microseconds([partial(way, x) for way in WAYS.values()], repeats)
    boths = microseconds([lambda way=way: grad(way(x), x, grad_output) for way in WAYS.values()], repeats)
    for name, forward, both in zip(WAYS, forwards, boths):
        price[name, elements] = forward, both
        print(f"{name:15} {elements:9,} {forward:9.1f} {both:9.1f}")
plain = price["torch.exp", 1]
for name in ("ExpOneStep", "ExpTwoSteps", "exp_operator"):
    forward, both = (one / other for one, other in zip(price[name, 1], plain))
    print(f"{name:15} {'relative':>9} {forward:9.1f} {both:9.1f}")
    assert price[name, 1] > plain
assert 0.5 < price["exp_operator", 1][0] / price["ExpTwoSteps", 1][0] < 2
large = [price[name, 1_000_000][1] for name in WAYS]
assert max(large) < 2 * min(large)

# %%
# The last three lines of output give the times for one element relative to those of ``torch.exp``. The extra
# microseconds are spent on creating a ``ctx`` and on running ``forward`` and ``backward`` in Python. With
# ``setup_context``, ``apply`` also binds the arguments to the signature of ``forward`` on every call. A call of a
# ``torch.library`` operator passes through several layers of Python and costs about as much as ``ExpTwoSteps``. With a
# million elements, the arithmetic takes most of the time, and the four ways stay within a factor of two of each other.
#
# When it matters
# ---------------
#
# The cost of a call matters when a Function is called thousands of times on small tensors, as in a recurrent network or
# a solver. In that case, write one Function for the whole loop rather than for a single step. For a layer that takes
# milliseconds, you can ignore the cost.
