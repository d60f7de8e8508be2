"""
Before you ship it
==================

A Function that trains your model today meets other callers tomorrow: a gradient penalty, a frozen layer, half
precision, a compiler. This page goes through the checklist point by point. Each point gets a Function that fails it.

Read :doc:`your_first_function` and :doc:`check_function` first.

The Function is a plain linear layer, so that you can see at a glance what each variant of it gets wrong.
"""

import torch
from check_function import check_function

torch.manual_seed(0)


def linear_backward(ctx, grad_output):
    x, weight = ctx.saved_tensors
    # Under autocast the result is in bfloat16, and its gradient too.
    grad_output = grad_output.to(x.dtype)
    grad_x = grad_output @ weight if ctx.needs_input_grad[0] else None
    grad_weight = grad_output.T @ x if ctx.needs_input_grad[1] else None
    return grad_x, grad_weight


class Linear(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x, weight):
        return x @ weight.T

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        return linear_backward(ctx, grad_output)


def failing_points(function):
    x = torch.randn(4, 3, dtype=torch.float64)
    weight = torch.randn(2, 3, dtype=torch.float64)
    results = check_function(function.apply, x, weight)
    return {point: result for point, result in results.items() if result != "ok"}


results = failing_points(Linear)
print(results)
assert not results

# %%
# Derivatives
# -----------
#
# Somebody turned the sum into an average and forgot ``backward``:


def print_failing(function, *points):
    results = failing_points(function)
    for point, result in results.items():
        print(f"{point:17} {result}"[:88])
    assert tuple(results) == points


class Unscaled(Linear):
    @staticmethod
    def forward(x, weight):
        return x @ weight.T / weight.shape[1]  # wrong: backward does not divide


x, weight = torch.randn(4, 3), torch.randn(2, 3)
torch.testing.assert_close(Unscaled.apply(x, weight), torch.nn.functional.linear(x, weight) / 3)
print_failing(Unscaled, "first order")

# %%
# Here the tensors lose their history before they are saved. The first derivative does not notice:


class Detached(Linear):
    @staticmethod
    def setup_context(ctx, inputs, output):
        x, weight = inputs
        ctx.save_for_backward(x.detach(), weight.detach())  # wrong: the history is cut off


print_failing(Detached, "second order")

# %%
# What comes in
# -------------
#
# Nobody promises that ``grad_output`` lies in memory row by row. Code that goes by the address, such as a kernel in C,
# then reads the wrong numbers, and nothing complains. ``torch.as_strided`` does the same:


class ReadsMemory(Linear):
    @staticmethod
    def backward(ctx, grad_output):
        # wrong: grad_output.contiguous() is meant
        rows = torch.as_strided(grad_output, grad_output.shape, (grad_output.shape[1], 1))
        return linear_backward(ctx, rows)


print_failing(ReadsMemory, "strided gradient")

# %%
# Somebody freezes the weight and expects to save half of the work:


class ComputesAll(Linear):
    @staticmethod
    def backward(ctx, grad_output):
        x, weight = ctx.saved_tensors
        grad_output = grad_output.to(x.dtype)
        return grad_output @ weight, grad_output.T @ x  # wrong: does not ask ctx.needs_input_grad


print_failing(ComputesAll, "needs_input_grad")

# %%
# A batch without a single row leaves ``reshape`` nothing to compute the -1 from:


class GuessesShape(Linear):
    @staticmethod
    def forward(x, weight):
        return x.reshape(len(x), -1) @ weight.T  # wrong: flatten(1) is meant


print_failing(GuessesShape, "empty batch")

# %%
# Where it runs
# -------------
#
# A Function that was tried only with ``gradcheck`` may contain the dtype of that check:


class InDouble(Linear):
    @staticmethod
    def forward(x, weight):
        return (x @ weight.T).to(torch.float64)  # wrong: the dtype of x is meant


print_failing(InDouble, "dtype")

# %%
# The device is forgotten just as easily, and missed only where there is another one:


class OnCPU(Linear):
    @staticmethod
    def forward(x, weight):
        # wrong: device=x.device is missing
        return x @ weight.T + torch.zeros(len(weight), dtype=x.dtype)


print_failing(OnCPU, "device")

# %%
# ``vmap`` wants a rule, and this Function has none. One line would allow PyTorch to make it, because all methods
# consist of its operations:


class WithoutRule(Linear):
    generate_vmap_rule = False  # wrong: True is meant


print_failing(WithoutRule, "vmap")

# %%
# This one looks at values to save work. That fails wherever there are no values yet: on the device ``meta``, under
# ``vmap`` and under ``torch.compile``:


class LooksAtValues(Linear):
    @staticmethod
    def backward(ctx, grad_output):
        if not grad_output.any():  # wrong: depends on values
            return tuple(torch.zeros_like(saved) for saved in ctx.saved_tensors)
        return linear_backward(ctx, grad_output)


print_failing(LooksAtValues, "device", "vmap", "compile")

# %%
# Under autocast the product in ``forward`` is computed in ``bfloat16``. Backward runs outside of it. There it meets a
# gradient in ``bfloat16`` and a weight in ``float32``:


class Uncast(Linear):
    @staticmethod
    def backward(ctx, grad_output):
        x, weight = ctx.saved_tensors
        # wrong: grad_output.to(x.dtype) is meant
        grad_x = grad_output @ weight if ctx.needs_input_grad[0] else None
        grad_weight = grad_output.T @ x if ctx.needs_input_grad[1] else None
        return grad_x, grad_weight


print_failing(Uncast, "autocast")

# %%
# What it keeps
# -------------
#
# Here an attribute was left over from a search for a bug, and the result lives as long as its node.
# :doc:`/field_guide/tensors_on_ctx` tells why that is longer than it seems.


class KeepsOutput(Linear):
    @staticmethod
    def setup_context(ctx, inputs, output):
        Linear.setup_context(ctx, inputs, output)
        ctx.output = output  # wrong: an attribute


print_failing(KeepsOutput, "memory")

# %%
# Of these eleven faults ``gradcheck`` finds one. Run the whole list on your Function, with shapes that differ in
# every dimension, and put the call into your tests.
