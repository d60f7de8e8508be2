"""
A mean over the batch under DDP
===============================

With ``DistributedDataParallel`` (DDP), several processes train copies of one model, each with its share of the batch.
This page shows what DDP averages, and what a Function has to do whose result depends on the whole batch.

Read :doc:`/conv_bn_fusion/batch_norm_backward` first.

The symptom: with several processes the gradients are not those of one process with the whole batch, without an error.
"""

import os
from datetime import timedelta
from multiprocessing import get_context
from socket import if_nameindex
from tempfile import TemporaryDirectory

import torch
import torch.distributed as dist
from torch import nn
from torch.autograd import gradcheck, gradgradcheck
from torch.nn.parallel import DistributedDataParallel

torch.manual_seed(0)

# %%
# Several processes
# -----------------
#
# In practice ``torchrun`` starts them. This page forks them, on Linux or macOS, so that it runs by itself. They need no
# network, only the loopback interface. After a time limit they give up, and the pool ends them in any case.


def in_group(job, rank, count, folder):
    torch.set_num_threads(1)
    loopback = next(name for _, name in if_nameindex() if name.startswith("lo"))
    os.environ["GLOO_SOCKET_IFNAME"] = loopback
    meeting = f"file://{folder}/meeting"
    dist.init_process_group("gloo", meeting, timedelta(seconds=20), count, rank)
    return job(rank, count)


def in_processes(count, job):
    with TemporaryDirectory() as folder, get_context("fork").Pool(count) as pool:
        calls = [(job, rank, count, folder) for rank in range(count)]
        return pool.starmap_async(in_group, calls, chunksize=1).get(timeout=60)


# %%
# The symptom
# -----------
#
# ``Centred`` subtracts the mean over the batch, and its ``backward`` the mean of the gradient. Both means are
# arguments here: ``of_share`` knows the rows of one process, ``of_all`` those of all processes.


def of_share(x):
    return x.mean(0)


class SumOverProcesses(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        total = x.clone()
        dist.all_reduce(total)  # in place
        return total

    @staticmethod
    def backward(ctx, grad_output):
        # x is a part of the sum in every process: their gradients add up.
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
means = [(torch.zeros_like,) * 2, (of_share, of_share), (of_all, of_share), (of_all, of_all)]


def weight_gradients(rank, count):
    found = []
    for pair in means:
        layer = DistributedDataParallel(nn.Linear(3, 2, dtype=torch.float64))
        Centred.apply(layer(x[rank::count]), *pair).pow(3).mean().backward()
        found.append(layer.module.weight.grad)
    return torch.stack(found).numpy()


(whole,), (first, second) = in_processes(1, weight_gradients), in_processes(2, weight_gradients)
differences = abs(first - whole).max(axis=(1, 2))
for pair, difference in zip(means, differences):
    print(*(f"{mean.__name__:10}" for mean in pair), f"{difference:.0e}")
assert (first == second).all()
assert max(differences[[0, 3]]) < 1e-15 and min(differences[[1, 2]]) > 0.05
inputs = (x.clone().requires_grad_(), of_share, of_share)
print(gradcheck(Centred.apply, inputs), gradgradcheck(Centred.apply, inputs))

# %%
# The cause and the cure
# ----------------------
#
# DDP replaces each ``weight.grad`` by its mean over the processes. With four rows in both, that is the gradient of the
# mean over all rows as long as every row stands for itself, as in the first line, where nothing is subtracted. Inside
# a Function, DDP does nothing. What ``forward`` asks of all processes, ``backward`` has to ask of all as well: the third
# line shows what happens otherwise. In the last one both do. For second derivatives, go on to :doc:`data_parallel_twice`.
