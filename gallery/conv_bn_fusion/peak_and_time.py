"""
Peak memory and time
====================

After this page you know two things that the fused Function does not do: it does not always lower the
peak, and it is not free.

Read :doc:`memory_kept` first.

With a CUDA device the script asks the allocator of the device. Without one it reads the memory events of
the profiler on the CPU. The first line that it prints says which.
"""

import json
import tempfile
from pathlib import Path
from time import perf_counter

import torch
from torch.nn.functional import batch_norm as nn_batch_norm
from torch.nn.functional import conv2d, conv_transpose2d
from torch.profiler import ProfilerActivity, profile

torch.set_num_threads(1)
torch.manual_seed(0)
DIMS = (0, 2, 3)
cuda = torch.cuda.is_available()
device = torch.device("cuda" if cuda else "cpu")
print(device, torch.__version__, "torch.cuda.max_memory_allocated" if cuda else "torch.profiler")

# %%
# The Functions, from :doc:`fused_function`:


def conv_backward(grad_output, inputs, weight):
    grad_input = conv_transpose2d(grad_output, weight)
    # (C_in, B, H, W) with (C_out, B, H', W') gives (C_in, C_out, k, k).
    grad_weight = conv2d(inputs.transpose(0, 1), grad_output.transpose(0, 1)).transpose(0, 1)
    return grad_input, grad_weight


def batch_norm(inputs, eps):
    mean = inputs.mean(DIMS, keepdim=True)
    return (inputs - mean) / (inputs.var(DIMS, keepdim=True).sqrt() + eps)


def batch_norm_backward(grad_output, inputs, eps):
    count = inputs.numel() / inputs.shape[1]  # N = B · H · W
    centred = inputs - inputs.mean(DIMS, keepdim=True)
    std = inputs.var(DIMS, keepdim=True).sqrt()
    scale = std + eps
    through_mean = grad_output - grad_output.mean(DIMS, keepdim=True)
    through_std = (grad_output * centred).sum(DIMS, keepdim=True) / ((count - 1) * std * scale**2)
    return through_mean / scale - centred * through_std


class Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx, inputs, weight):
        ctx.save_for_backward(inputs, weight)
        return conv2d(inputs, weight)

    @staticmethod
    def backward(ctx, grad_output):
        return conv_backward(grad_output, *ctx.saved_tensors)


class BatchNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, inputs, eps=1e-3):
        ctx.save_for_backward(inputs)
        ctx.eps = eps
        return batch_norm(inputs, eps)

    @staticmethod
    def backward(ctx, grad_output):
        (inputs,) = ctx.saved_tensors
        # One gradient for each input of forward; eps is not a tensor and gets None.
        return batch_norm_backward(grad_output, inputs, ctx.eps), None


class FusedConvBN(torch.autograd.Function):
    @staticmethod
    def forward(ctx, inputs, weight, eps=1e-3):
        ctx.save_for_backward(inputs, weight)
        ctx.eps = eps
        return batch_norm(conv2d(inputs, weight), eps)

    @staticmethod
    def backward(ctx, grad_output):
        inputs, weight = ctx.saved_tensors
        grad_conv = batch_norm_backward(grad_output, conv2d(inputs, weight), ctx.eps)
        grad_input = grad_weight = None
        if ctx.needs_input_grad[0]:
            grad_input = conv_transpose2d(grad_conv, weight)
        if ctx.needs_input_grad[1]:
            grad_weight = conv2d(inputs.transpose(0, 1), grad_conv.transpose(0, 1)).transpose(0, 1)
        return grad_input, grad_weight, None


# %%
# As in :doc:`memory_kept`, three ways to compute the same layer, or nearly the same in the case of
# PyTorch's own operations, which are those of ``nn.Conv2d`` and ``nn.BatchNorm2d``. Several layers make
# a chain.


def conv_bn(inputs, weight):
    return BatchNorm.apply(Convolution.apply(inputs, weight))


def nn_conv_bn(inputs, weight):
    return nn_batch_norm(conv2d(inputs, weight), None, None, training=True, eps=1e-3)


LAYERS = {"FusedConvBN": FusedConvBN.apply, "BatchNorm(Convolution)": conv_bn, "nn": nn_conv_bn}


def chain(layer, inputs, weights):
    for weight in weights:
        inputs = layer(inputs, weight)
    return inputs


def tensors(batch, channels, size, depth):
    inputs = torch.rand(batch, channels[0], size, size, device=device, requires_grad=True)
    shape = (channels[1], channels[0], 3, 3)
    return inputs, [torch.rand(shape, device=device, requires_grad=True) for _ in range(depth)]


# %%
# The peak
# --------
#
# What is kept is not what runs out. That is the peak, and it lies somewhere in ``backward``, when the
# temporary tensors of one layer stand on top of all that is still kept. It is measured, not predicted: on
# the CPU from the memory events of the profiler, on a CUDA device by the allocator.


def step(layer, inputs, weights):
    torch.autograd.grad(chain(layer, inputs, weights).sum(), (inputs, *weights))


def peak(layer, inputs, weights):
    step(layer, inputs, weights)  # what a first call sets up does not count
    if cuda:
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        step(layer, inputs, weights)
        return torch.cuda.max_memory_allocated() - before
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        step(layer, inputs, weights)
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.json"
        profiler.export_chrome_trace(str(trace))
        events = json.loads(trace.read_text(encoding="utf-8"))["traceEvents"]
    memory = [event for event in events if event["name"] == "[memory]"]
    now = highest = 0
    for event in sorted(memory, key=lambda event: event["ts"]):
        now += event["args"]["Bytes"]  # negative when memory is given back
        highest = max(highest, now)
    return highest


peaks = {}
print(f"{'L':<2} {'FusedConvBN':>12} {'BatchNorm(Convolution)':>23} {'nn':>12}")
for depth in (1, 2, 6):
    inputs, weights = tensors(32, (8, 8), 32, depth)
    for name, layer in LAYERS.items():
        peaks[name, depth] = peak(layer, inputs, weights)
    fused, pair, nn = (peaks[name, depth] for name in LAYERS)
    print(f"{depth:<2} {fused:12,} {pair:23,} {nn:12,}")
assert cuda or peaks["FusedConvBN", 1] == peaks["BatchNorm(Convolution)", 1]
assert peaks["FusedConvBN", 6] < peaks["BatchNorm(Convolution)", 6]

# %%
# Bytes, for one, two and six layers (L). One layer deep nothing is gained: in ``backward`` the fused
# Function holds the output of the convolution again, just when the most is needed. Six layers deep it
# holds one such output at a time, and the pair has kept all six. PyTorch's batch norm is one fused
# operation with few temporary tensors, so ``nn`` stays low where Functions in Python do not.
#
# The price in time
# -----------------
#
# Forward and backward together, six layers deep, the fastest of ten:


def seconds(layer):
    times = []
    for _ in range(10):
        start = perf_counter()
        step(layer, inputs, weights)
        if cuda:
            torch.cuda.synchronize()
        times.append(perf_counter() - start)
    return min(times)


times = {name: seconds(layer) for name, layer in LAYERS.items()}
for name, value in times.items():
    ratio = value / times["BatchNorm(Convolution)"]
    print(f"{name:22} {1000 * value:8.2f} ms {ratio:6.2f}")

# %%
# The last column compares with the pair. The fused Function computes one more convolution for each layer.
# Where memory is what limits the batch size, that can be a good exchange; where it is not, it is a loss.
