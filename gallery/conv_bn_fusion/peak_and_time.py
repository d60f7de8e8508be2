"""
Peak memory and time
====================

Keeping less is not the whole story. What runs out is memory at its peak, and what is not kept has to be computed
again. This page measures both, for the four layers of :doc:`memory_kept`, and says when the fused Function is worth
it.

Read :doc:`memory_kept` first.
"""

import json
import tempfile
from pathlib import Path
from time import perf_counter

import torch
from torch.profiler import ProfilerActivity, profile

from memory_kept import LAYERS, chain, cuda, tensors

torch.set_num_threads(1)
torch.manual_seed(0)
name, source = ("cuda", "max_memory_allocated") if cuda else ("cpu", "torch.profiler")
print(name, torch.__version__, source)

# %%
# The peak
# --------
#
# The peak lies somewhere in ``backward``, when the temporary tensors of one layer stand on top of all that is still
# kept. It is measured, not predicted: on the CPU from the memory events of the profiler, on a CUDA device by the
# allocator. If the first line above says ``cpu``, the branch for CUDA has not run.


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
print(f"{'L':<2}", "".join(f"{name:>12}" for name in LAYERS))
for depth in (1, 2, 6):
    inputs, weights = tensors(32, depth)
    peaks[depth] = {name: peak(layer, inputs, weights) for name, layer in LAYERS.items()}
    print(f"{depth:<2}", "".join(f"{value:12,}" for value in peaks[depth].values()))

assert cuda or peaks[1]["FusedConvBN"] == peaks[1]["pair"]
assert cuda or peaks[6]["FusedConvBN"] < peaks[6]["nn"] < peaks[6]["pair"]
assert cuda or all(found["checkpoint"] < found["FusedConvBN"] for found in peaks.values())

# %%
# These are bytes, for one, two and six layers (L). One layer deep the fused Function gains nothing over the pair: in
# ``backward`` it holds the output of the convolution again, just when the most is needed. Six layers deep it holds
# one such output at a time, where the pair and ``nn`` have kept all six, and its peak is lower than both. Still,
# ``checkpoint`` needs less than it at every depth: PyTorch's batch norm is a single operation with few temporary tensors,
# while each step of our formulas makes a tensor as large as the activation.
#
# The price in time
# -----------------
#
# Forward and backward together, six layers deep, the fastest of ten. The layers take turns, so that a busy moment of
# the machine hits all of them. The last column compares with ``nn``:


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
# ``nn`` is the fastest. The fused Function repeats the convolution, ``checkpoint`` repeats the whole layer, and all
# formulas in Python pay for reading and writing their temporary tensors.
#
# When to use which
# -----------------
#
# If memory does not limit you, use ``nn``. If it does, try ``checkpoint`` first: it keeps the same bytes, has the
# lower peak, and needs no new code. A Function is worth its trouble when ``checkpoint`` does not fit. In torch 2.13
# that is so under ``torch.func``, which refuses the hooks that ``checkpoint`` works with:

images, kernel = inputs.detach(), weights[0].detach()
for name in ("FusedConvBN", "checkpoint"):
    try:
        torch.func.grad(lambda kernel: LAYERS[name](images, kernel).pow(2).sum())(kernel)
        print(f"{name:12} torch.func.grad")
        assert name == "FusedConvBN"
    except RuntimeError as error:
        print(f"{name:12} RuntimeError: {error}")
        assert name == "checkpoint"

# %%
# It is also worth it if you have a kernel that computes convolution and batch norm in one go, forward or backward.
# Then the shape of this Function stays, and your kernel takes the place of the formulas.
