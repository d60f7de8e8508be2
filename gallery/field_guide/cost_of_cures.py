"""
The cost of three cures for a lost second derivative
====================================================

There are three ways to bring back a lost second derivative. Here you measure how much memory and computation each of
them costs, so that you can choose one.

Read :doc:`three_cures` first.

All three cures give the right second derivative, but they differ in how much memory they keep and how many operations
they run.
"""

import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.autograd.graph import saved_tensors_hooks
from torch.utils._python_dispatch import TorchDispatchMode

from three_cures import SiLUByHand, SiLURecomputed, silu_returned

torch.manual_seed(0)

# %%
# The cures
# ---------
#
# ``SiLUReturned`` returns the sigmoid as a second output, ``SiLURecomputed`` computes it again, and ``SiLUByHand``
# passes it to a second Function, which runs in ``backward``:

x = torch.randn(4, dtype=torch.float64, requires_grad=True)
CURES = {
    "SiLUReturned  ": silu_returned,
    "SiLURecomputed": SiLURecomputed.apply,
    "SiLUByHand    ": SiLUByHand.apply,
}
for name, function in CURES.items():
    print(name, gradcheck(function, x), gradgradcheck(function, x))

# %%
# What they cost
# --------------
#
# A hook adds up the bytes that autograd keeps, counting each storage only once, however many nodes save it. A dispatch
# mode counts the operations, but leaves out views, because these compute nothing.


class CountOperations(TorchDispatchMode):
    count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.count += not func.is_view
        return func(*args, **(kwargs or {}))


def cost_of_cure(function):
    storages = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    x, ones = torch.randn(1000, requires_grad=True), torch.ones(1000)
    with saved_tensors_hooks(pack, lambda tensor: tensor):
        out = function(x)
        kept = [sum(storages.values())]
        with CountOperations() as first:
            torch.autograd.grad(out, x, ones, retain_graph=True)
        (grad_x,) = torch.autograd.grad(out, x, ones, create_graph=True)
        kept.append(sum(storages.values()))
        with CountOperations() as second:
            torch.autograd.grad(grad_x, x, ones)
    return *kept, first.count, second.count


for name, function in CURES.items():
    print(name, "{:6,} {:6,} {:4} {:4}".format(*cost_of_cure(function)))

# %%
# The first column shows how many bytes are kept after ``forward`` (4,000 of these bytes are ``x``), and the second how
# many are kept once the first backward has recorded a graph. The last two columns show the number of operations in the
# first and in the second backward.
#
# - Computing the sigmoid again keeps the least memory for a first derivative, but ``backward`` has to run an extra
#   sigmoid. If the intermediate is cheap to compute, try this cure first.
#
# - Returning the sigmoid costs the most for a second derivative, because ``backward`` records an additional term and
#   then runs a second time. Choose this cure if the intermediate is expensive to compute.
#
# - Passing the sigmoid to a second Function keeps the least memory for a second derivative. But you have to work out
#   that derivative by hand, and you have to be sure that you won't need a higher derivative.
