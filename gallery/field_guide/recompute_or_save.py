"""
Recompute or save?
==================

After this page you can trade memory for time in two ways, with a Function of your own and without.

Read :doc:`/conv_bn_fusion/fused_function` first.

Memory runs out in training although the weights are small. What fills it are tensors that the operations of
one formula keep for ``backward``.
"""

import math
from time import perf_counter

import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.checkpoint import checkpoint

torch.set_num_threads(1)
torch.manual_seed(0)
SCALE, CUBIC = math.sqrt(2 / math.pi), 0.044715

# %%
# The symptom
# -----------
#
# GELU, approximated with :math:`\tanh` and written as its formula. A hook counts the bytes that autograd keeps
# for an input of 1,000,000 bytes, each storage once:


def tanh_gelu(x):
    return 0.5 * x * (1 + torch.tanh(SCALE * (x + CUBIC * x**3)))


kept = {}


def count_storage(tensor):
    storage = tensor.untyped_storage()
    kept[storage.data_ptr()] = storage.nbytes()
    return tensor


def bytes_of_graph(function, *inputs):
    kept.clear()
    with saved_tensors_hooks(count_storage, lambda tensor: tensor):
        out = function(*inputs)  # holds the graph
    return sum(kept.values())


inputs = torch.randn(500, 500, requires_grad=True)
print(f"{bytes_of_graph(tanh_gelu, inputs):,}")

# %%
# Four tensors: the power keeps ``x``, ``tanh`` its output, and the last product both of its factors. The caller
# holds ``x`` anyway; the other three live on for ``backward`` alone.
#
# Cure one: a Function that recomputes
# ------------------------------------
#
# It saves ``x`` and computes the rest again in ``backward``, with a derivative written by hand.


class GELURecomputed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return tanh_gelu(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        tanh = torch.tanh(SCALE * (x + CUBIC * x**3))
        inner = SCALE * (1 + 3 * CUBIC * x**2)
        return grad_output * 0.5 * (1 + tanh + x * (1 - tanh**2) * inner)


# %%
# Cure two: checkpoint
# --------------------
#
# ``torch.utils.checkpoint`` runs ``forward`` again when ``backward`` needs it. No formula is needed.


def checkpointed(x):
    return checkpoint(tanh_gelu, x, use_reentrant=False)


# %%
# Are they right?
# ---------------

x = torch.randn(4, dtype=torch.float64, requires_grad=True)
print(gradcheck(GELURecomputed.apply, x), gradgradcheck(GELURecomputed.apply, x))
print(gradcheck(checkpointed, x), gradgradcheck(checkpointed, x))
for function in (GELURecomputed.apply, checkpointed):
    torch.testing.assert_close(function(inputs), tanh_gelu(inputs))

# %%
# Bytes and time
# --------------
#
# One layer, and four in a row. Checkpoint can also go around all four at once:

LAYERS = {"tanh_gelu": tanh_gelu, "GELURecomputed": GELURecomputed.apply, "checkpointed": checkpointed}


def four_times(layer, x):
    for _ in range(4):
        x = layer(x)
    return x


def checkpointed_once(layer, x):
    return checkpoint(four_times, layer, x, use_reentrant=False)


for name, layer in LAYERS.items():
    one, four = bytes_of_graph(layer, inputs), bytes_of_graph(four_times, layer, inputs)
    print(f"{name:17} {one:10,} {four:11,}")
four = bytes_of_graph(checkpointed_once, tanh_gelu, inputs)
print(f"{'checkpointed_once':17} {'':10} {four:11,}")

# %%
# Around each layer, checkpoint keeps what the Function keeps: the input of every layer. Around all four, it
# keeps one tensor, and ``backward`` makes the others again. Forward and backward of the four layers, once to
# warm up and then the fastest of five:


def fastest_of_five(function, *arguments):
    times = []
    torch.autograd.grad(function(*arguments).sum(), inputs)
    for _ in range(5):
        start = perf_counter()
        torch.autograd.grad(function(*arguments).sum(), inputs)
        times.append(1000 * (perf_counter() - start))
    return min(times)


for name, layer in LAYERS.items():
    print(f"{name:17} {fastest_of_five(four_times, layer, inputs):8.2f} ms")
once = fastest_of_five(checkpointed_once, tanh_gelu, inputs)
print(f"{'checkpointed_once':17} {once:8.2f} ms")

# %%
# Memory saved is paid for in time: what was not kept is computed again. How much is paid depends on the machine
# and on the layer.
#
# Which one
# ---------
#
# - Checkpoint asks for no formula and can span many layers. Choose ``use_reentrant=False``; what happens
#   otherwise is on :doc:`checkpoint_and_grad`.
#
# - A Function of your own needs a formula. It is worth it for a layer that is used often.
#
# - What need not be exact can be kept in half the bytes instead: :doc:`smaller_saved_tensors`.
#
# All this is memory that is kept between forward and backward. The peak is another matter, see
# :doc:`/conv_bn_fusion/peak_and_time`.
