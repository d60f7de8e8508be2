"""
Peak memory and time
====================

How much memory a layer keeps doesn't tell you everything. You run out of memory when memory use peaks, and anything
that isn't kept has to be computed again, which takes time. Here you measure the peak and the time for the four layers
of :doc:`memory_kept`, and see when the fused Function is worth it.

Read :doc:`memory_kept` first.
"""

import json
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import fill
from time import perf_counter

import torch
from torch.profiler import ProfilerActivity, profile

from memory_kept import LAYERS, chain, cuda, tensors

torch.set_num_threads(1)
torch.manual_seed(0)
print("cuda" if cuda else "cpu", torch.__version__)

# %%
# The peak
# --------
#
# Memory use peaks somewhere in ``backward``, when one layer's temporary tensors are added to everything that is still
# kept. On the CPU you measure the peak with the profiler's memory events, and on a CUDA device with the allocator. If
# the first line of output above says ``cpu``, the CUDA branch of the code has not run.


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
    with TemporaryDirectory() as folder:
        profiler.export_chrome_trace(f"{folder}/trace.json")
        events = json.loads(Path(folder, "trace.json").read_text(encoding="utf-8"))["traceEvents"]
    memory = [event for event in events if event["name"] == "[memory]"]
    memory.sort(key=lambda event: event["ts"])
    return max(accumulate(event["args"]["Bytes"] for event in memory))  # negative when memory is freed


peaks = {}
print(f"{'L':<2}", "".join(f"{name:>12}" for name in LAYERS))
for depth in (1, 2, 6):
    inputs, weights = tensors(32, depth)
    peaks[depth] = {name: peak(layer, inputs, weights) for name, layer in LAYERS.items()}
    print(f"{depth:<2}", "".join(f"{value:12,}" for value in peaks[depth].values()))

assert cuda or peaks[1]["FusedConvBN"] == peaks[1]["pair"]
assert cuda or all(peaks[depth]["FusedConvBN"] > peaks[depth]["nn"] for depth in (1, 2))
assert cuda or peaks[6]["FusedConvBN"] < peaks[6]["nn"] < peaks[6]["pair"]
assert cuda or all(found["checkpoint"] < found["FusedConvBN"] for found in peaks.values())

# %%
# The table shows the peak in bytes for one, two and six layers (L). With one layer on the CPU, the fused Function's
# peak is as high as the pair's, because its ``backward`` computes the convolution's output again and holds it just when
# the most memory is needed. With one or two layers, ``nn`` has a lower peak than the fused Function. With six layers,
# the fused Function still holds only one convolution output at a time, whereas the pair and ``nn`` have kept all six,
# so their peaks are higher. But at every depth, ``checkpoint`` needs less memory than the fused Function. It repeats
# PyTorch's batch norm, a single operation with few temporary tensors, while each step of our formulas creates a tensor
# as large as the activation.
#
# The price in time
# -----------------
#
# Here forward and backward are timed together, with six layers. Each time is the shortest of ten, and the four kinds of
# layer take turns, so that a busy moment affects all of them. The last column shows the time relative to ``nn``:


def seconds(layer):
    start = perf_counter()
    step(layer, inputs, weights)
    if cuda:
        torch.cuda.synchronize()
    return perf_counter() - start


rounds = [{name: seconds(layer) for name, layer in LAYERS.items()} for _ in range(10)]
fastest = {name: min(each[name] for each in rounds) for name in LAYERS}
for name, value in fastest.items():
    print(f"{name:12} {1000 * value:8.2f} ms {value / fastest['nn']:6.2f}")
assert cuda or fastest["nn"] < min(fastest["FusedConvBN"], fastest["checkpoint"])

# %%
# On the CPU, ``nn`` is the fastest. The fused Function repeats the convolution, and ``checkpoint`` repeats the whole
# layer. ``FusedConvBN`` and ``pair``, whose formulas are written in Python, also spend time on reading and writing
# temporary tensors. For the same measurements on a GPU, see :doc:`/on_a_gpu`.
#
# When to use which
# -----------------
#
# If memory doesn't limit you, use ``nn``. If it does, try ``checkpoint`` first, because it keeps the same number of
# bytes as the fused Function, has a lower peak, and needs no new code. A Function is worth the trouble when you can't
# use ``checkpoint``. In torch 2.13, that is the case under ``torch.func``, which rejects the saved-tensor hooks that
# ``checkpoint`` needs:

images, kernel = inputs.detach(), weights[0].detach()
for name in ("FusedConvBN", "checkpoint"):
    try:
        torch.func.grad(lambda kernel: LAYERS[name](images, kernel).pow(2).sum())(kernel)
        print(f"{name:12} torch.func.grad")
        assert name == "FusedConvBN"
    except RuntimeError as error:
        print(fill(f"{name:12} RuntimeError: {error}", 88))
        assert name == "checkpoint"

# %%
# A Function is also worth the trouble if you have a kernel that computes convolution and batch norm in one go, in the
# forward or the backward pass. You can then keep the structure of ``FusedConvBN`` and replace the formulas with your
# kernel.
