"""
A mean over the batch under DDP
===============================

With ``DistributedDataParallel`` (DDP), several processes train copies of one model, each on its share of the batch.
This page shows what DDP averages, and what a Function has to do itself if its result depends on the whole batch.

Read :doc:`/conv_bn_fusion/batch_norm_backward` first.

The symptom: with several processes, the gradients differ from those that one process computes from the whole batch, and
no error is raised.
"""

import os
from datetime import timedelta
from socket import if_nameindex
from tempfile import TemporaryDirectory

import torch
import torch.distributed as dist
from torch.autograd import gradcheck, gradgradcheck
from torch.multiprocessing import start_processes
from torch.nn.parallel import DistributedDataParallel

torch.manual_seed(0)

# %%
# Several processes
# -----------------
#
# In practice you start the processes with ``torchrun``. But this page has to run by itself and without a network, so it
# forks them instead, which works on Linux. A time limit and ``kill`` make sure that the processes end.


def in_group(rank, job, count, folder):
    os.environ["GLOO_SOCKET_IFNAME"] = if_nameindex()[0][1]  # the loopback interface
    dist.init_process_group("gloo", f"file://{folder}/meeting", timedelta(seconds=20), count, rank)
    torch.save(job(rank, count), f"{folder}/{rank}")


def in_processes(count, job):
    with TemporaryDirectory() as folder:
        started = start_processes(in_group, (job, count, folder), count, join=False, daemon=True, start_method="fork")
        try:
            for _ in range(count):
                started.join(timeout=60)
            return [torch.load(f"{folder}/{rank}") for rank in range(count)]
        finally:
            for process in started.processes:
                process.kill()


# %%
# The symptom
# -----------
#
# ``Centred`` subtracts the mean over the batch, and its ``backward`` subtracts the mean of the gradient. You pass in
# both means as functions: ``of_share`` averages the rows of one process, and ``of_all`` averages the rows of all
# processes. Every process uses the sum that ``SumOverProcesses`` returns, so every process also contributes to the
# gradient of this sum. These contributions add up, which is why the ``backward`` of ``SumOverProcesses`` is a sum over
# the processes, too.


def of_share(x):
    return x.mean(0)


class SumOverProcesses(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        dist.all_reduce(total := x.clone())  # in place
        return total

    @staticmethod
    def backward(ctx, grad_output):
        return SumOverProcesses.apply(grad_output)


def of_all(x):
    return SumOverProcesses.apply(x.mean(0)) / dist.get_world_size()


class Centred(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, mean, mean_in_backward):
        ctx.mean = mean_in_backward
        return x - mean(x)

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output - ctx.mean(grad_output), None, None


x = torch.randn(8, 3, dtype=torch.float64)
means = [(torch.zeros_like,) * 2, (of_share,) * 2, (of_all, of_share), (of_all,) * 2]


def weight_gradients(rank, count):
    layers = [torch.nn.Linear(3, 2, dtype=torch.float64) for _ in means]
    for layer, pair in zip(map(DistributedDataParallel, layers), means):
        Centred.apply(layer(x[rank::count]), *pair).pow(3).mean().backward()
    return torch.stack([layer.weight.grad for layer in layers])


(whole,) = in_processes(1, weight_gradients)
first, second = in_processes(2, weight_gradients)
differences = (first - whole).abs().amax((1, 2)).tolist()
for pair, difference in zip(means, differences):
    print(*(f"{mean.__name__:10}" for mean in pair), f"{difference:.0e}")
assert max(differences[::3]) < 1e-15 < 0.05 < min(differences[1:3]) and first.equal(second)
inputs = x.clone().requires_grad_(), of_share, of_share
print(gradcheck(Centred.apply, inputs), gradgradcheck(Centred.apply, inputs))

# %%
# The cause and the cure
# ----------------------
#
# Each of the first four lines of output names two means, first the one in ``forward`` and then the one in ``backward``,
# and ends with the largest error. DDP averages each ``weight.grad`` over the processes. With equal shares, as here,
# this average is right as long as no row's result depends on other rows. So the first line, where nothing is
# subtracted, shows only a rounding error. But DDP does nothing inside a Function. If ``forward`` averages over all
# processes, ``backward`` has to do so too, which is why only the fourth line has an equally small error. For the second
# derivative, read :doc:`data_parallel_twice`.
