"""
What a gradient penalty costs
=============================

A gradient penalty, as in R1 or WGAN-GP, makes a training step slower and more memory-hungry. Here you measure the extra
cost, see where it comes from, and lower it.

Read :doc:`gradient_penalty` and :doc:`/conv_bn_fusion/peak_and_time` first.

The symptom: with the penalty, training is at least twice as slow, or it ends with ``CUDA out of memory``.
"""

import json
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import torch
from torch import nn
from torch.autograd import grad
from torch.profiler import ProfilerActivity, profile

torch.set_num_threads(1)
torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# The critic has eight layers with the ``Tanh`` from :doc:`gradient_penalty`, followed by a linear output layer. Its
# loss is computed on 1024 real points and as many fake ones, whereas the penalty uses only the real ones. A step is a
# list of terms, and ``run`` calls ``backward`` on each of them. The columns show the peak memory, the number of
# floating-point operations and the time, all relative to the first line, a step without the penalty:

from gradient_penalty import Tanh


class Layer(nn.Linear):
    def forward(self, points):
        return Tanh.apply(super().forward(points))


critic = nn.Sequential(*[Layer(128, 128) for _ in range(8)], nn.Linear(128, 1))
real, fake = torch.randn(2, 1024, 128)


def loss():
    return critic(fake).mean() - critic(real).mean()


def penalty(points=real):
    points = points.clone().requires_grad_()
    (grad_points,) = grad(critic(points).sum(), points, create_graph=True)
    return (grad_points.norm(dim=1) - 1).square().mean()


def run(step):
    start = perf_counter()
    critic.zero_grad()
    for term in step:
        term().backward()
    return perf_counter() - start


def peak_and_operations(step):
    what = {"activities": [ProfilerActivity.CPU], "profile_memory": True, "with_flops": True}
    with profile(**what) as profiler:
        run(step)
    with TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.json"
        profiler.export_chrome_trace(str(trace))
        events = json.loads(trace.read_text(encoding="utf-8"))["traceEvents"]
    memory = [event for event in events if event["name"] == "[memory]"]
    memory.sort(key=lambda event: event["ts"])
    peak = max(accumulate(event["args"]["Bytes"] for event in memory))
    return peak, sum(each.flops for each in profiler.key_averages())


def compare(**steps):
    times = zip(*([run(step) for step in steps.values()] for _ in range(8)))
    counts = map(peak_and_operations, steps.values())
    costs = torch.tensor([(*count, min(each)) for count, each in zip(counts, times)])
    for name, row in zip(steps, ratios := (costs / costs[0]).tolist()):
        print(f"{name:14}", *(f"{ratio:6.2f}" for ratio in row))
    return ratios


TOGETHER = [lambda: loss() + penalty()]
_, (peak, operations, time) = compare(without=[loss], together=TOGETHER)
assert peak > 2 and 1.9 < operations < 2.2 and time > 1.3

# %%
# The cause
# ---------
#
# For the loss, an inner layer performs three matrix multiplications per batch: one in ``forward``, and two in
# ``backward`` for the gradients of its input and its weight. For the penalty, it performs six. The first is in
# ``forward``, and the second computes the gradient of the layer's input. The other four arise when ``backward``
# differentiates each of these two multiplications with respect to both of its factors. So a penalty on one batch costs
# as much as the loss on two batches, and it is normal for the step with the penalty to take twice as long. The peak
# memory grows because the graphs of the loss and the penalty are in memory together.
#
# The cure
# --------
#
# To save memory, call ``backward`` on the loss before you compute the penalty, and compute the penalty for one part of
# the batch at a time. To save time, compute it on only part of the batch, or only in every fourth step, with four times
# its weight. The last line of output gives the total for four steps, one of which includes the penalty:

STEPS = {
    "two_backwards": [loss, penalty],
    "four_parts": [loss, *(lambda part=part: penalty(part) / 4 for part in real.chunk(4))],
    "one_quarter": [loss, lambda: penalty(real[:256])],
    "every_fourth": [*[loss] * 4, lambda: 4 * penalty()],
}
_, two, parts, quarter, fourth = compare(without=[loss], **STEPS)
gradients = []
for step in (TOGETHER, *list(STEPS.values())[:2]):
    run(step)
    gradients.append([weight.grad for weight in critic.parameters()])
torch.testing.assert_close(gradients[1:], gradients[:1] * 2)
assert parts[0] < 1.1 < two[0] < 0.8 * peak
assert max(quarter[1], fourth[1] / 4) < 1.3 and max(quarter[2], fourth[2] / 4) < two[2]

# %%
# ``two_backwards`` and ``four_parts`` give the same gradients as ``together``, unless a layer mixes rows, as batch norm
# does. With four parts the penalty needs no more memory than the loss. ``one_quarter`` and ``every_fourth`` estimate
# these gradients with a quarter of the penalty's arithmetic.
