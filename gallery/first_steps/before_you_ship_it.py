"""
Before you ship it
==================

A Function that works in your own training may later be used in other ways: with a gradient penalty, a frozen layer,
half precision or a compiler. For each point of the checklist, this page shows a Function that fails it.

Read :doc:`your_first_function` and :doc:`check_function` first.

The example is a plain linear layer that passes every point of the checklist. Each variant below has one fault, which
you can see at a glance.
"""

from textwrap import shorten

import torch
from check_function import check_function

torch.manual_seed(0)


def linear_backward(ctx, grad_output):
    x, weight = ctx.saved_tensors
    # Under autocast, forward's result is in bfloat16, and so is its gradient.
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
# Somebody changed ``forward`` to average instead of sum, but forgot to change ``backward``:


def print_failing(function, *points):
    results = failing_points(function)
    for point, result in results.items():
        print(f"{point:17} {shorten(result, 74, placeholder=' …')}")
    assert tuple(results) == points


class Unscaled(Linear):
    @staticmethod
    def forward(x, weight):
        return x @ weight.T / weight.shape[1]  # wrong: backward does not divide


x, weight = torch.randn(4, 3), torch.randn(2, 3)
torch.testing.assert_close(Unscaled.apply(x, weight), torch.nn.functional.linear(x, weight) / 3)
print_failing(Unscaled, "first order")

# %%
# Here the tensors lose their history before they are saved. The first derivative is still right, but the second one
# isn't:


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
# ``grad_output`` is not guaranteed to be contiguous. If it isn't, code that works with memory addresses, such as a C
# kernel, reads the wrong values without raising an error. Here ``torch.as_strided`` stands in for such code:


class ReadsMemory(Linear):
    @staticmethod
    def backward(ctx, grad_output):
        # wrong: should use grad_output.contiguous()
        rows = torch.as_strided(grad_output, grad_output.shape, (grad_output.shape[1], 1))
        return linear_backward(ctx, rows)


print_failing(ReadsMemory, "strided gradient")

# %%
# A caller may need the gradient of only one input, for example because the weight is frozen. This Function computes
# both gradients anyway. The checklist first runs ``backward`` without asking for the gradient of ``x``, which the
# output calls gradient 0:


class ComputesAll(Linear):
    @staticmethod
    def backward(ctx, grad_output):
        x, weight = ctx.saved_tensors
        grad_output = grad_output.to(x.dtype)
        return grad_output @ weight, grad_output.T @ x  # wrong: ignores ctx.needs_input_grad


print_failing(ComputesAll, "needs_input_grad")

# %%
# If a batch is empty, ``reshape`` cannot work out what the -1 stands for:


class GuessesShape(Linear):
    @staticmethod
    def forward(x, weight):
        return x.reshape(len(x), -1) @ weight.T  # wrong: should be x.flatten(1)


print_failing(GuessesShape, "empty batch")

# %%
# Where it runs
# -------------
#
# A Function that was tried only with ``gradcheck`` may have that check's ``float64`` hard-coded:


class InDouble(Linear):
    @staticmethod
    def forward(x, weight):
        return (x @ weight.T).to(torch.float64)  # wrong: should keep the dtype of x


print_failing(InDouble, "dtype")

# %%
# It is just as easy to forget the device. That mistake shows only on a device other than the CPU, here on ``meta``:


class OnCPU(Linear):
    @staticmethod
    def forward(x, weight):
        # wrong: device=x.device is missing
        return x @ weight.T + torch.zeros(len(weight), dtype=x.dtype)


print_failing(OnCPU, "device")

# %%
# ``vmap`` needs a rule, but this Function has none. A single line would let PyTorch generate the rule, because the
# Function's methods use only PyTorch operations:


class WithoutRule(Linear):
    generate_vmap_rule = False  # wrong: should be True


print_failing(WithoutRule, "vmap")

# %%
# To save work, this variant looks at the gradient's values. That fails wherever the values aren't available: on the
# ``meta`` device, under ``vmap`` and under ``torch.compile``. The ``vmap`` check recorded on this page passes because
# it maps only ``forward``, while the checklist also differentiates the result:


class LooksAtValues(Linear):
    @staticmethod
    def backward(ctx, grad_output):
        if not grad_output.any():  # wrong: depends on values
            return tuple(torch.zeros_like(saved) for saved in ctx.saved_tensors)
        return linear_backward(ctx, grad_output)


print_failing(LooksAtValues, "device", "vmap", "compile")

# %%
# Under autocast, ``forward`` computes the product in ``bfloat16``. But backward runs outside autocast, where
# multiplying a gradient in ``bfloat16`` by a weight in ``float32`` raises an error:


class Uncast(Linear):
    @staticmethod
    def backward(ctx, grad_output):
        x, weight = ctx.saved_tensors
        # wrong: grad_output.to(x.dtype) is missing
        grad_x = grad_output @ weight if ctx.needs_input_grad[0] else None
        grad_weight = grad_output.T @ x if ctx.needs_input_grad[1] else None
        return grad_x, grad_weight


print_failing(Uncast, "autocast")

# %%
# What it keeps
# -------------
#
# Here an attribute left over from debugging keeps the output in memory for as long as the output's node exists. To see
# why that is longer than it seems, read :doc:`/field_guide/tensors_on_ctx`.


class KeepsOutput(Linear):
    @staticmethod
    def setup_context(ctx, inputs, output):
        Linear.setup_context(ctx, inputs, output)
        ctx.output = output  # wrong: a tensor as an attribute


print_failing(KeepsOutput, "memory")

# %%
# Of the eleven faults on this page, ``gradcheck`` finds only one. So run the whole checklist on your Function, with a
# different size in each dimension, and add that call to your tests.
