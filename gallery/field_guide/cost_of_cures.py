"""
What three cures of a lost second derivative cost
=================================================

Here you measure what the three cures keep and compute, and see which of them to choose.

Read :doc:`three_cures` first.

All three bring the second derivative back. They differ in the memory that they keep and in the operations that they run.
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
# The sigmoid is returned, or computed again, or it goes to a Function for ``backward``:

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
# A hook counts the bytes that autograd keeps, each storage once, however many nodes save it. A dispatch mode
# counts the operations that compute something; views are left out.


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
# The columns: bytes kept after ``forward``, of which 4,000 are ``x``; bytes kept once the first derivative has a
# graph; operations of the first backward; operations of the second.
#
# - Computing it again keeps the least for a first derivative and costs an extra sigmoid in ``backward``. Where the
#   intermediate is cheap, this is the cure to try first.
#
# - Returning it costs the most for a second derivative: ``backward`` records an additional term, and autograd enters it
#   once again. Choose it where the intermediate is expensive to make.
#
# - The Function for ``backward`` keeps the least for a second derivative. You derive another order by hand, and have to
#   know that a higher one will not be needed.
