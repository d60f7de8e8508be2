"""
Saved tensors in half the bytes
===============================

After this page you can keep what ``backward`` needs in a smaller form, without a Function of your own, and you
know how exact both derivatives remain.

Read :doc:`recompute_or_save` first.

Training runs out of memory, and what fills it is expensive to compute again. It can be kept less exactly.
"""

import math

import torch
from torch.autograd import gradcheck
from torch.autograd.graph import saved_tensors_hooks

torch.manual_seed(0)
SCALE, CUBIC = math.sqrt(2 / math.pi), 0.044715


def tanh_gelu(x):
    return 0.5 * x * (1 + torch.tanh(SCALE * (x + CUBIC * x**3)))


# %%
# Hooks that pack
# ---------------
#
# A pair of hooks turns what is saved into ``bfloat16``, half the size of ``float32``, and back. Nothing is
# computed again. On the way it counts the bytes that are kept, each storage once:

kept = {}


def count_storage(tensor):
    storage = tensor.untyped_storage()
    kept[storage.data_ptr()] = storage.nbytes()
    return tensor


def to_bfloat16(tensor):
    return tensor.dtype, count_storage(tensor.to(torch.bfloat16))


def from_bfloat16(packed):
    dtype, tensor = packed
    return tensor.to(dtype)


def in_bfloat16(x):
    with saved_tensors_hooks(to_bfloat16, from_bfloat16):
        return tanh_gelu(x)


inputs = torch.randn(500, 500, requires_grad=True)
with saved_tensors_hooks(count_storage, lambda tensor: tensor):
    out = tanh_gelu(inputs)  # holds the graph
print(f"tanh_gelu   {sum(kept.values()):,}")
kept.clear()
out = in_bfloat16(inputs)
print(f"in_bfloat16 {sum(kept.values()):,}")

# %%
# Half the bytes. But the input is now kept twice, because the caller has it in ``float32``.
#
# Is it right?
# ------------

x = torch.randn(4, dtype=torch.float64, requires_grad=True)
try:
    gradcheck(in_bfloat16, x)
except RuntimeError as error:
    print(f"{type(error).__name__}: {error}")


def two_orders(function):
    (grad_x,) = torch.autograd.grad(function(inputs).sum(), inputs, create_graph=True)
    (grad_grad_x,) = torch.autograd.grad(grad_x.sum(), inputs)
    return grad_x.detach(), grad_grad_x


for found, right in zip(two_orders(in_bfloat16), two_orders(tanh_gelu)):
    print(f"{((found - right).norm() / right.norm()).item():.0e}")

# %%
# Not to the precision that ``gradcheck`` asks for. The last two numbers are the relative deviations of the first
# and of the second derivative, and come from the rounding of ``bfloat16``. You have to decide whether that
# will do.
#
# When to use it
# --------------
#
# Such hooks are for what is expensive to compute and need not be exact. They go around any code, and packing
# costs two conversions of each tensor.
#
# They reach saved tensors only; what lies on ``ctx`` escapes them, as :doc:`freed_after_backward` shows.
