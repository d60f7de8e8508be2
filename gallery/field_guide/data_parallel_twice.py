"""
Second derivatives under DDP
============================

DDP averages the gradient that ``backward`` leaves in ``grad``, and nothing else. This page shows two second derivatives
that are wrong as soon as several processes compute them, and corrects each with a sum that autograd records.

Read :doc:`data_parallel` first.

The symptom: a gradient penalty changes with the number of processes, a warning about ``c10d::allreduce_`` says that an
``autograd kernel was not registered``, or ``backward(create_graph=True)`` raises an error about ``a leaf Variable``.
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
# ``Centred`` and ``of_all`` come from :doc:`data_parallel`: ``Centred`` subtracts a mean, and ``of_all`` computes the
# mean over all processes. ``of_all_unrecorded`` below computes the same mean without ``SumOverProcesses``. The loss is
# a penalty on the gradient with respect to the inputs:

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
# ``all_reduce`` works in place and has no derivative. Autograd only warns you and carries on as if the mean were a
# constant, so the result is wrong as soon as you differentiate ``backward`` (first printed error).
# ``SumOverProcesses``, in contrast, is a Function, so autograd records its sum, and the second printed error is only
# due to rounding.
#
# Gradients of parameters
# -----------------------
#
# DDP averages a gradient when it arrives in ``grad``, but :func:`torch.autograd.grad` returns what one process has
# computed. So a penalty on this local gradient differs from process to process, and the mean of these penalties is not
# the penalty on the mean gradient. The second penalty in the code below uses the mean gradient, which
# ``SumOverProcesses`` keeps in the graph:


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
# In torch 2.13, you can't avoid this extra sum by calling ``backward`` with ``create_graph=True``. DDP warns you, and
# if there is more than one parameter, here a weight and a bias, it raises an error:


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
