"""
Second derivatives under FSDP
=============================

A gradient penalty needs the weights again after the first backward, but by then FSDP has freed them. This page shows
the call that gathers them again, and two settings that look right but don't help.

Read :doc:`fully_sharded` first.

The symptom: :func:`torch.autograd.grad` with ``create_graph=True`` runs, but the next ``backward`` raises ``setStorage
… out of bounds for storage of size 0``.
"""

from functools import partial
from textwrap import fill

import torch
from torch.autograd import grad
from torch.distributed.fsdp import FSDPModule

# %%
# The symptom
# -----------
#
# The model and the call that shards it come from :doc:`fully_sharded`. The loss is a penalty on the gradient with
# respect to the input rows. The first line of output shows this penalty for three training steps in one process without
# FSDP. The lines after it show the errors that you get with FSDP in two processes:

from data_parallel import in_processes
from fully_sharded import Model, shard


def train(rank, count, wrap=lambda model: None, between=lambda model: None):
    wrap(model := Model(dict))
    rows, penalties = x[rank::count].clone().requires_grad_(), []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(3):
        (grad_rows,) = grad(model(rows)["out"].sum(), rows, create_graph=True)
        between(model)
        penalty = grad_rows.square().sum(1).mean()
        optimizer.zero_grad()
        try:
            penalty.backward()
        except RuntimeError as error:
            return str(error)
        optimizer.step()
        penalties.append(penalty.detach())
    return torch.stack(penalties)


def show(name, count=2, **how):
    penalties = torch.stack(in_processes(count, partial(train, **how))).mean(0)
    print(f"{name:10}", *(f"{penalty:8.4f}" for penalty in penalties))
    return penalties


x = torch.randn(8, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
whole = show("", count=1)
for reshard in (True, False):
    wrap = partial(shard, reshard_after_forward=reshard)
    error, _ = in_processes(2, partial(train, wrap=wrap))
    print(fill(f"RuntimeError: {error}", 88))
    assert "storage of size 0" in error

# %%
# The cause
# ---------
#
# FSDP frees the weights when ``backward`` is done, but the graph that ``create_graph=True`` has created still needs
# them. With ``reshard_after_forward=False``, FSDP keeps the weights longer, but only until that first ``backward``, so
# the second error is the same as the first.
#
# The cure
# --------
#
# Call ``unshard`` before the second ``backward``. This method is not recursive, so call it on each module that was
# sharded:


def gather(model):
    for module in model.modules():
        if isinstance(module, FSDPModule):
            module.unshard()


def shard_both(model):
    shard(model[0])
    shard(model)


for wrap in (shard, shard_both):
    torch.testing.assert_close(show("unshard", wrap=wrap, between=gather), whole)

# %%
# Whether one module is sharded or two, the penalties now match those of a single process. The price is memory, because
# all weights are held in full at the same time.
#
# What only looks right
# ---------------------
#
# After ``set_reshard_after_backward(False)``, FSDP doesn't free the weights, so no error is raised. But FSDP doesn't
# gather them again for the next step either, so the optimizer changes weights that ``forward`` never uses:


def keep(model):
    shard(model)
    model.set_reshard_after_backward(False)


stale = show("keep", wrap=keep)
assert stale[2] == stale[0] > 10 * whole[2]
