"""
Recompute or save?
==================

Memory for time: a formula keeps several tensors for ``backward``, and most of them can be computed again from
one. This page does so in two ways, with a Function of your own and with ``checkpoint``, and counts bytes and
milliseconds.

Read :doc:`/conv_bn_fusion/fused_function` first.

Memory runs out in training although the weights are small. What fills it are tensors that the operations of
one formula keep for ``backward``.
"""

from time import perf_counter

import torch
from torch.autograd import grad, gradcheck, gradgradcheck
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.checkpoint import checkpoint

torch.set_num_threads(1)
torch.manual_seed(0)
SCALE = (2 / torch.pi) ** 0.5
CUBIC = 0.044715

# %%
# The symptom
# -----------
#
# GELU, approximated with :math:`\tanh` and written as its formula. A hook counts the bytes that autograd keeps
# for an input of 1,000,000 bytes, each storage once:


def tanh_gelu(x):
    return 0.5 * x * (1 + torch.tanh(SCALE * (x + CUBIC * x**3)))


def bytes_of_graph(function):
    kept = {}

    def count_storage(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with saved_tensors_hooks(count_storage, lambda tensor: tensor):
        out = function(inputs)  # holds the graph
    return sum(kept.values())


inputs = torch.randn(500, 500, requires_grad=True)
print(f"{bytes_of_graph(tanh_gelu):,}")

# %%
# Four tensors: the power keeps ``x``, ``tanh`` its output, and the last product both of its factors. We hold ``x``
# ourselves, the other three are in memory only for ``backward``.
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


x = torch.randn(4, dtype=torch.float64, requires_grad=True)
for function in (GELURecomputed.apply, checkpointed):
    print(gradcheck(function, x), gradgradcheck(function, x))
    torch.testing.assert_close(function(inputs), tanh_gelu(inputs))

# %%
# Bytes and time
# --------------
#
# Four layers in a row: the bytes that they keep, and the fastest of six runs forward and backward. Checkpoint
# can also go around all four at once:


def four(layer):
    return lambda x: layer(layer(layer(layer(x))))


NETWORKS = {
    "tanh_gelu": four(tanh_gelu),
    "GELURecomputed": four(GELURecomputed.apply),
    "checkpointed": four(checkpointed),
    "at_once": lambda x: checkpoint(four(tanh_gelu), x, use_reentrant=False),
}


def seconds(network):
    start = perf_counter()
    grad(network(inputs).sum(), inputs)
    return perf_counter() - start


for name, network in NETWORKS.items():
    fastest = min(seconds(network) for _ in range(6))
    print(f"{name:14} {bytes_of_graph(network):11,} {1000 * fastest:8.2f} ms")

# %%
# Around each layer, checkpoint keeps what the Function keeps: the input of every layer. Around all four, it
# keeps one tensor, and ``backward`` makes the others again.
#
# What was not kept is computed again, and that takes time. How much depends on the machine and on the layer.
#
# What ``forward`` changes
# ------------------------
#
# It changes twice if ``forward`` runs twice. The running mean and variance of batch norm are updated once more in
# ``backward``. Both updates see the same batch, so with a smaller ``momentum`` the two do what one does otherwise:


def updated(momentum, call):
    norm = torch.nn.BatchNorm1d(500, momentum=momentum)
    call(norm, inputs).sum().backward()
    return norm


def in_checkpoint(norm, x):
    return checkpoint(norm, x, use_reentrant=False)


plain, twice = updated(0.1, lambda norm, x: norm(x)), updated(0.1, in_checkpoint)
print(plain.num_batches_tracked.item(), twice.num_batches_tracked.item())
assert not torch.allclose(plain.running_mean, twice.running_mean)
adjusted = updated(1 - (1 - 0.1) ** 0.5, in_checkpoint)
torch.testing.assert_close(adjusted.running_mean, plain.running_mean)
torch.testing.assert_close(adjusted.running_var, plain.running_var)

# %%
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
