"""
Memory kept for backward
========================

How much memory does the fused Function save? This page predicts the answer and measures it to the byte. Beside it
stand PyTorch's own operations, which keep just as little when they run within ``checkpoint``.

Read :doc:`fused_function` first.
"""

import matplotlib.pyplot as plt
import torch
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.functional import batch_norm as nn_batch_norm
from torch.nn.functional import conv2d
from torch.utils.checkpoint import checkpoint

from batch_norm_backward import EPS
from fused_function import FusedConvBN, conv_bn

torch.manual_seed(0)
cuda = torch.cuda.is_available()
device = torch.device("cuda" if cuda else "cpu")
print(device, torch.__version__, "torch.cuda.memory_stats" if cuda else "saved_tensors_hooks")

# %%
# Four layers
# -----------
#
# Two are ours, the fused Function and the pair of Functions that it replaces. Two are PyTorch's: the operations of
# ``nn.Conv2d`` and ``nn.BatchNorm2d`` as they are, and the same within ``torch.utils.checkpoint.checkpoint``, which
# keeps only what goes in and computes the rest again in ``backward``.


def fused_conv_bn(inputs, weight):
    return FusedConvBN.apply(inputs, weight, EPS)


def nn_conv_bn(inputs, weight):
    return nn_batch_norm(conv2d(inputs, weight), None, None, training=True, eps=EPS)


def checkpointed(inputs, weight):
    return checkpoint(nn_conv_bn, inputs, weight, use_reentrant=False)


LAYERS = {
    "FusedConvBN": fused_conv_bn,
    "checkpoint": checkpointed,
    "pair": conv_bn,
    "nn": nn_conv_bn,
}


def chain(layer, inputs, weights):
    for weight in weights:
        inputs = layer(inputs, weight)
    return inputs


def tensors(batch, depth):
    inputs = torch.rand(batch, 8, 32, 32, device=device, requires_grad=True)
    return inputs, [torch.rand(8, 8, 3, 3, device=device, requires_grad=True) for _ in range(depth)]


# %%
# Predicted
# ---------
#
# Every layer keeps its weight and its input; the pair keeps the output of the convolution too. A value in ``float32``
# takes 4 bytes, and a kernel of 3 by 3 makes height and width smaller by 2. All layers of a chain have 8 channels.


def predict(activations, batch, depth):
    values = 0
    for level in range(depth):
        before, after = 32 - 2 * level, 30 - 2 * level
        values += 8 * 8 * 3 * 3 + batch * 8 * before**2
        if activations == 2:
            values += batch * 8 * after**2
    return 4 * values


# %%
# Measured
# --------
#
# On the CPU a hook sees each tensor that autograd saves. Its memory is counted once, however many nodes save it. On a
# CUDA device the allocator says how much it holds; if the first line above says ``cpu``, that branch has not run.


def measure(layer, batch, depth):
    before = torch.cuda.memory_stats()["requested_bytes.all.current"] if cuda else 0
    storages = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    inputs, weights = tensors(batch, depth)
    with saved_tensors_hooks(pack, lambda tensor: tensor):
        loss = chain(layer, inputs, weights).sum()  # holds the graph, but not the output
    if cuda:
        return torch.cuda.memory_stats()["requested_bytes.all.current"] - before - loss.nbytes
    return sum(storages.values())


table = {}
print(f"{'B':>3}{'L':>3}", "".join(f"{name:>12}" for name in ("predict(1)", "predict(2)", *LAYERS)))
for depth in (1, 3, 6):
    for batch in (8, 32, 128):
        kept = {name: measure(layer, batch, depth) for name, layer in LAYERS.items()}
        table[batch, depth] = kept
        one, two = predict(1, batch, depth), predict(2, batch, depth)
        row = (one, two, *kept.values())
        print(f"{batch:3}{depth:3}", "".join(f"{value:12,}" for value in row))
        assert cuda or tuple(kept.values()) == (one, one, two, two + 2 * 8 * 4 * depth)

# %%
# B is the size of the batch, L the number of layers. In the first row, one activation and two differ by the output of
# the convolution, 8 · 8 · 30 · 30 · 4 bytes. PyTorch's own batch norm also keeps mean and inverse standard deviation,
# 2 · 8 values for each layer.
#
# In MiB, six layers deep, the lines fall together two by two:

figure, axes = plt.subplots(figsize=(4.8, 3.2))
for name, style in zip(LAYERS, ("C0-o", "C2:", "C1-s", "k:")):
    kept = [table[batch, 6][name] / 2**20 for batch in (8, 32, 128)]
    axes.plot((8, 32, 128), kept, style, linewidth=2, label=name)
axes.set_xlabel("inputs.shape[0]")
axes.set_ylabel("MiB")
axes.legend()
plt.show()

# %%
# Of two activations in each layer one remains, about half of the memory, at every batch size and depth. That is no
# reason yet to write a Function: ``checkpoint`` around two lines of PyTorch keeps the same bytes. What differs is the
# peak and the time, as :doc:`peak_and_time` shows.
