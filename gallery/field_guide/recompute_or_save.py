"""
Recompute or save?
==================

A formula can keep several tensors for ``backward``, although most of them could be computed again from just one. Here
you save memory at the cost of time in two ways, with a custom Function and with ``checkpoint``, and measure how many
bytes and milliseconds each of them takes.

Read :doc:`/conv_bn_fusion/fused_function` first.

Training runs out of memory although the weights are small. The memory fills up with tensors that the operations of a
single formula keep for ``backward``.
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
# This formula approximates GELU with :math:`\tanh`. For an input of 1,000,000 bytes, a hook adds up the bytes that
# autograd keeps, counting each storage once:


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
# Autograd keeps four tensors: the power keeps ``x``, ``tanh`` keeps its output, and the last product keeps both of its
# factors. Your code holds ``x`` anyway, but the other three tensors stay in memory only for ``backward``.
#
# Cure one: a Function that recomputes
# ------------------------------------
#
# This Function saves only ``x`` and computes the rest again in ``backward``, with a derivative written by hand.


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
# ``torch.utils.checkpoint`` keeps only the function's input and reruns the function when the backward pass needs the
# other tensors. You don't have to write a derivative.


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
# Each line of the output is for a chain of four layers. It shows how many bytes the chain keeps, and how long its
# forward and backward take together (the shortest of six runs). In ``at_once``, a single checkpoint wraps all four
# layers:


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


kept = {}
for name, network in NETWORKS.items():
    kept[name] = bytes_of_graph(network)
    fastest = min(seconds(network) for _ in range(6))
    print(f"{name:14} {kept[name]:11,} {1000 * fastest:8.2f} ms")
assert kept["at_once"] < kept["checkpointed"] == kept["GELURecomputed"] < kept["tanh_gelu"]

# %%
# A checkpoint around each layer keeps the same tensors as the Function, namely the input of every layer. A single
# checkpoint around all four layers keeps only one tensor, and recomputes the others during the backward pass. How long
# this recomputation takes depends on the machine and on the layer.
#
# What ``forward`` changes
# ------------------------
#
# If ``forward`` runs twice, whatever it changes is changed twice. Batch norm, for example, updates its running mean and
# variance a second time during the backward pass. Both updates see the same batch, so with a suitably smaller
# ``momentum``, the two together have the effect of one ordinary update:


def updated(momentum, *, twice):
    norm = torch.nn.BatchNorm1d(500, momentum=momentum)
    out = checkpoint(norm, inputs, use_reentrant=False) if twice else norm(inputs)
    out.sum().backward()
    return norm


plain, twice = updated(0.1, twice=False), updated(0.1, twice=True)
print(plain.num_batches_tracked.item(), twice.num_batches_tracked.item())
assert not torch.allclose(plain.running_mean, twice.running_mean)
adjusted = updated(1 - (1 - 0.1) ** 0.5, twice=True)
torch.testing.assert_close(adjusted.running_mean, plain.running_mean)
torch.testing.assert_close(adjusted.running_var, plain.running_var)

# %%
# Which one
# ---------
#
# ``checkpoint`` needs no formula for the derivative and can span many layers; :doc:`checkpoint_and_grad` shows why to
# choose ``use_reentrant=False``. A custom Function needs a formula and keeps the same number of bytes. Which of the two
# is faster depends on the layer and the machine, so compare the printed times: the second line is the Function's, and
# the third is that of a checkpoint around each layer. Write a Function if you have a kernel for the formula, or if
# ``checkpoint`` can't be used. Tensors that don't have to be exact can also be kept in half the bytes, as in
# :doc:`smaller_saved_tensors`. This page looks only at the memory kept between forward and backward, not at the peak in
# :doc:`/conv_bn_fusion/peak_and_time`.
