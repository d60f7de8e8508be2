"""
Memory kept for backward
========================

How much memory do you save with the fused Function? Here you predict the answer and then measure it to the byte. You'll
also see that PyTorch's own operations keep just as little when they run inside ``checkpoint``.

Read :doc:`fused_function` first.
"""

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
if cuda:
    torch.cuda.init()  # until then, memory_stats is empty
print(device, torch.__version__, "torch.cuda.memory_stats" if cuda else "saved_tensors_hooks")

# %%
# Four layers
# -----------
#
# Two of the four layers are our own: the fused Function and the pair of Functions that it replaces. The remaining two
# use the PyTorch operations behind ``nn.Conv2d`` and ``nn.BatchNorm2d``. One of them runs these operations directly.
# The other runs them inside ``torch.utils.checkpoint.checkpoint``, which keeps only its inputs and recomputes the rest
# in ``backward``.


def fused_conv_bn(inputs, weight):
    return FusedConvBN.apply(inputs, weight, EPS)


def nn_conv_bn(inputs, weight):
    return nn_batch_norm(conv2d(inputs, weight), None, None, training=True, eps=EPS)


def checkpointed(inputs, weight):
    return checkpoint(nn_conv_bn, inputs, weight, use_reentrant=False)


LAYERS = {"FusedConvBN": fused_conv_bn, "checkpoint": checkpointed, "pair": conv_bn, "nn": nn_conv_bn}


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
# Every layer keeps its weight and its input, and ``pair`` and ``nn`` also keep a second activation, the convolution's
# output. The number of bytes follows from the shapes, with 4 bytes for each ``float32`` value. A 3 by 3 kernel reduces
# the height and width by 2, and all layers of a chain have 8 channels.


def predict(activations, batch, depth):
    values = 0
    for level in range(depth):
        values += 8 * 8 * 3 * 3 + batch * 8 * (32 - 2 * level) ** 2
        if activations == 2:
            values += batch * 8 * (30 - 2 * level) ** 2
    return 4 * values


# %%
# Measured
# --------
#
# On the CPU, autograd calls a hook for each tensor that it saves. The hook counts a tensor's memory only once, even if
# several nodes save the tensor. On a CUDA device, the allocator reports how much memory is in use. If the first line of
# output above says ``cpu``, the CUDA branch did not run.


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


print(f"{'B':>3}{'L':>3}", "".join(f"{name:>12}" for name in ("predict(1)", "predict(2)", *LAYERS)))
for depth in (1, 3, 6):
    for batch in (8, 32, 128):
        kept = [measure(layer, batch, depth) for layer in LAYERS.values()]
        one, two = predict(1, batch, depth), predict(2, batch, depth)
        print(f"{batch:3}{depth:3}", "".join(f"{value:12,}" for value in (one, two, *kept)))
        assert cuda or kept == [one, one, two, two + 2 * 8 * 4 * depth]

# %%
# In the table, B is the batch size and L is the number of layers. In the first row, ``predict(1)`` and ``predict(2)``
# differ by the size of the convolution's output, 8 · 8 · 30 · 30 · 4 bytes. The last column is a little larger than
# ``predict(2)``, because PyTorch's own batch norm also keeps the mean and the inverse standard deviation of each
# channel, 2 · 8 values per layer.
#
# For each layer, the fused Function keeps one activation and the pair keeps two. So at every batch size and depth, the
# fused Function keeps about half as much memory as the pair. This saving isn't yet a reason to write a Function,
# because ``checkpoint`` around two lines of PyTorch keeps the same number of bytes. But the fused Function and
# ``checkpoint`` do differ in peak memory and time, as :doc:`peak_and_time` shows.
