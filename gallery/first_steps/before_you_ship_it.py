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
    return {point: result for point, result in check_function(function.apply, x, weight).items() if result != "ok"}


results = failing_points(Linear)
print(results)
assert not results

# %%
# Mathematics
# -----------
#
# The first variant divides by the number of inputs and forgets to do so in ``backward``. The second loses the
# history of what it saves:


def print_failing(function, *points):
    results = failing_points(function)
    for point, result in results.items():
        print(f"{point:17} {result}"[:88])
    assert tuple(results) == points


class Unscaled(Linear):
    @staticmethod
    def forward(x, weight):
        return x @ weight.T / weight.shape[1]  # wrong: backward does not divide


print_failing(Unscaled, "first order")


class Detached(Linear):
    @staticmethod
    def setup_context(ctx, inputs, output):
        x, weight = inputs
        ctx.save_for_backward(x.detach(), weight.detach())  # wrong: no history


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
        # wrong: without .contiguous() before it
        rows = torch.as_strided(grad_output, grad_output.shape, (grad_output.shape[1], 1))
        return linear_backward(ctx, rows)


print_failing(ReadsMemory, "strided gradient")


class ComputesAll(Linear):
    @staticmethod
    def backward(ctx, grad_output):
        x, weight = ctx.saved_tensors
        grad_output = grad_output.to(x.dtype)
        return grad_output @ weight, grad_output.T @ x  # wrong: does not ask ctx.needs_input_grad


print_failing(ComputesAll, "needs_input_grad")


class GuessesShape(Linear):
    @staticmethod
    def forward(x, weight):
        return x.reshape(len(x), -1) @ weight.T  # wrong: -1 can be anything if x is empty


print_failing(GuessesShape, "empty batch")

# %%
# Where it runs
# -------------
#
# A Function that has seen only the inputs of its ``gradcheck`` may contain their dtype or their device:


class InDouble(Linear):
    @staticmethod
    def forward(x, weight):
        # wrong: dtype=x.dtype is meant
        return x @ weight.T + torch.zeros(len(weight), dtype=torch.float64, device=x.device)


print_failing(InDouble, "dtype")


class OnCPU(Linear):
    @staticmethod
    def forward(x, weight):
        return x @ weight.T + torch.zeros(len(weight), dtype=x.dtype)  # wrong: device=x.device is missing


print_failing(OnCPU, "device")

# %%
# ``vmap`` wants a rule. The next variant has none. The one after it looks at values to save work, and that fails
# wherever there are no values yet: on the device ``meta``, under ``vmap`` and under ``torch.compile``.


class WithoutRule(Linear):
    generate_vmap_rule = False  # wrong: forward and backward are made of operations that vmap knows


print_failing(WithoutRule, "vmap")


class LooksAtValues(Linear):
    @staticmethod
    def backward(ctx, grad_output):
        if not grad_output.any():  # wrong: depends on values
            return tuple(torch.zeros_like(saved) for saved in ctx.saved_tensors)
        return linear_backward(ctx, grad_output)


print_failing(LooksAtValues, "device", "vmap", "compile")

# %%
# Under autocast a product in ``forward`` is computed in ``bfloat16``. Backward runs outside and gets a gradient in
# ``bfloat16``, next to a weight in ``float32``:


class Uncast(Linear):
    @staticmethod
    def backward(ctx, grad_output):
        x, weight = ctx.saved_tensors
        # wrong: without .to(x.dtype)
        grad_x = grad_output @ weight if ctx.needs_input_grad[0] else None
        grad_weight = grad_output.T @ x if ctx.needs_input_grad[1] else None
        return grad_x, grad_weight


print_failing(Uncast, "autocast")

# %%
# What it keeps
# -------------
#
# One attribute, left over from a search for a bug, and the result is kept for as long as its node. Why that is
# longer than it seems is told in :doc:`/field_guide/tensors_on_ctx`.


class KeepsOutput(Linear):
    @staticmethod
    def setup_context(ctx, inputs, output):
        Linear.setup_context(ctx, inputs, output)
        ctx.output = output  # wrong: an attribute


print_failing(KeepsOutput, "memory")
