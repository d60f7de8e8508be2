"""
Second derivatives under DDP
============================

DDP averages what ``backward`` leaves in ``grad``, and nothing else. Here two second derivatives come out wrong in several
processes, and a sum that autograd records makes them right.

Read :doc:`data_parallel` first.

The symptom: a gradient penalty differs from that of one process. ``c10d::allreduce_`` warns that an ``autograd kernel
was not registered``, or ``backward(create_graph=True)`` raises an error about ``a leaf Variable``.
"""

import os
import warnings
from textwrap import fill

import torch
import torch.distributed as dist
from torch import nn
from torch.autograd import grad
from torch.nn.parallel import DistributedDataParallel

torch.manual_seed(0)

# %%
# ``all_reduce`` in ``backward``
# ------------------------------
#
# From :doc:`data_parallel` come the Function that subtracts a mean, and the mean over all processes. The mean written
# without ``SumOverProcesses`` has the same value. The loss is a penalty on the gradient with respect to the inputs:

from data_parallel import Centred, SumOverProcesses, in_processes, of_all


def of_all_unrecorded(x):
    mean = x.mean(0)
    dist.all_reduce(mean)  # in place
    return mean / dist.get_world_size()


x = torch.randn(8, 3, dtype=torch.float64)


def input_penalty(rank, count):
    found, texts = [], set()
    for mean in (of_all_unrecorded, of_all):
        layer = DistributedDataParallel(nn.Linear(3, 2, dtype=torch.float64))
        rows = x[rank::count].clone().requires_grad_()
        out = Centred.apply(layer(rows), mean, mean)
        (grad_rows,) = grad(out.pow(3).sum(), rows, create_graph=True)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            grad_rows.pow(2).sum(1).mean().backward()
        texts.update(str(each.message).partition(". ")[0] for each in caught)
        found.append(layer.module.weight.grad)
    return torch.stack(found), list(texts)


def relative_errors(job):
    ((whole, _),), ((ours, texts), (theirs, _)) = in_processes(1, job), in_processes(2, job)
    assert torch.equal(ours, theirs)
    return ((ours - whole).abs().amax((1, 2)) / whole.abs().amax((1, 2))).tolist(), texts


errors, texts = relative_errors(input_penalty)
print(*(f"{error:.0e}" for error in errors))
for text in texts:
    print(fill(f"UserWarning: {text}", 88))
assert errors[0] > 0.01 and errors[1] < 1e-14 and len(texts) == 1

# %%
# ``all_reduce`` works in place and has no derivative. Autograd warns and goes on as if the mean did not depend on
# anything, which is wrong as soon as someone differentiates ``backward``. ``SumOverProcesses`` is a Function in
# its own right, so its sum is recorded, and the error in the second place is only rounding.
#
# Gradients of parameters
# -----------------------
#
# DDP averages when a gradient arrives in ``grad``. :func:`torch.autograd.grad` returns what one process has computed. A
# penalty on that is another number in each process, and the mean of the penalties is not the penalty of the mean. The
# second time ``SumOverProcesses`` takes the mean, with a graph:


def weight_penalty(rank, count):
    found = []
    for share in (True, False):
        layer = DistributedDataParallel(nn.Linear(3, 2, dtype=torch.float64))
        loss = layer(x[rank::count]).pow(3).mean()
        (grad_weight,) = grad(loss, layer.module.weight, create_graph=True)
        mean = grad_weight if share else SumOverProcesses.apply(grad_weight) / count
        mean.pow(2).sum().backward()
        found.append(layer.module.weight.grad)
    return torch.stack(found), []


errors, _ = relative_errors(weight_penalty)
print(*(f"{error:.0e}" for error in errors))
assert errors[0] > 0.01 and errors[1] < 1e-14

# %%
# In torch 2.13 ``backward`` with ``create_graph=True`` is no way around that. DDP warns, and raises if there is more than
# one parameter, here a weight and a bias:


def create_graph(rank, count):
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # hides the warning
    layer = DistributedDataParallel(nn.Linear(3, 2, dtype=torch.float64))
    try:
        layer(x[rank::count]).pow(3).mean().backward(create_graph=True)
    except RuntimeError as error:
        return str(error)


text, _ = in_processes(2, create_graph)
print(f"RuntimeError: {text}")
assert "in-place" in text
