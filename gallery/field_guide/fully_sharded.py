"""
FSDP has freed the weight that ``backward`` needs
=================================================

Fully sharded data parallel (FSDP) leaves each process with only a part of every weight, and gathers the whole weight
while a module needs it. If your Function saves a weight, its ``backward`` may find an empty tensor in place of that
weight. This page shows when that happens, and how to return the output so that it doesn't.

Read :doc:`data_parallel_none` first.

The symptom: either ``backward`` raises ``setStorage … out of bounds for storage of size 0``, or there is no error, but
the weight gets no gradient.
"""

from textwrap import fill
from types import SimpleNamespace

import torch
from torch import nn
from torch.autograd import grad
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

# %%
# The symptom
# -----------
#
# There are two processes, and each gets half of the input rows. ``Linear`` is the Function from
# :doc:`data_parallel_none`, which saves its weight for backward. The model returns its output inside a container, the
# ``holder``. In this first attempt, the container is a ``SimpleNamespace``:

from data_parallel import in_processes
from data_parallel_none import Linear


class Layer(nn.Module):
    def __init__(self, columns):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(columns, 3, dtype=torch.float64))
        self.bias = nn.Parameter(torch.zeros(3, dtype=torch.float64))

    def forward(self, rows):
        self.storage = self.weight.untyped_storage()  # its size is printed below
        return Linear.apply(rows, self.weight, self.bias, False)


class Model(nn.Sequential):
    def __init__(self, holder):
        torch.manual_seed(0)  # the same initial weights in each process
        super().__init__(Layer(2), nn.Tanh(), Layer(3))
        self.holder = holder

    def forward(self, rows):
        return self.holder(out=super().forward(rows))


def shard(module, **options):
    fully_shard(module, mesh=init_device_mesh("cpu", (2,)), **options)


def weight_gradient(model, rows):
    weight, held = model[0].weight, model(rows)
    size = model[0].storage.size()
    out = held["out"] if isinstance(held, dict) else held.out
    try:
        out.square().mean().backward()
    except RuntimeError as error:
        return size, str(error)
    return size, weight.grad if weight.grad is None else weight.grad.full_tensor()


def in_object(rank, count):
    found = []
    for reshard in (True, None):
        shard(model := Model(SimpleNamespace), reshard_after_forward=reshard)
        found.append(weight_gradient(model, x[rank::count]))
    return found


x = torch.randn(8, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
(freed, error), (kept, missing) = in_processes(2, in_object)[0]
print(fill(f"RuntimeError: {error}", 88))
print(freed, kept, missing)
assert (freed, kept, missing) == (0, 48, None) and "storage of size 0" in error

# %%
# The two numbers in the output give the size of the first weight's storage, in bytes, after ``forward``. The first
# number was measured with ``reshard_after_forward=True``: FSDP has freed the weight, so the size is 0 and ``backward``
# raises an error. The second was measured with the default, where FSDP still keeps the weights of the outermost module.
# So ``backward`` runs here, but ``weight.grad`` stays ``None``.
#
# The cause
# ---------
#
# FSDP has to know when ``backward`` begins, so that it can gather the weights and, later, average their gradients. To
# find out, it puts hooks on the tensors that ``forward`` returns. FSDP finds these tensors in tuples and dicts, but not
# in every kind of object, and a ``SimpleNamespace`` hides them.
#
# The cure
# --------
#
# Return the tensors themselves, or a tuple or dict of them. Then FSDP all-gathers the freed weight again, and the
# gradient agrees with the one that a single process computes from the whole batch:


def in_dict(rank, count):
    shard(model := Model(dict), reshard_after_forward=True)
    return weight_gradient(model, x[rank::count])


freed, gradient = in_processes(2, in_dict)[0]
whole = Model(dict)
(expected,) = grad(whole(x)["out"].square().mean(), whole[0].weight)
print(freed, f"{(gradient - expected).abs().max().item():.0e}")
torch.testing.assert_close(gradient, expected)
assert freed == 0

# %%
# Even if the output isn't hidden, a second derivative can end in the same error, as :doc:`fully_sharded_twice` shows.
