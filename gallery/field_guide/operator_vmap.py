"""
vmap over an operator
=====================

``vmap`` takes an operator of ``torch.library`` as it is, but calls it once for each sample. This page shows how
``register_vmap`` makes one call of them.

Read :doc:`custom_op` and :doc:`vmap_rule` first.

The symptom: ``There is a performance drop because we have not yet implemented the batching rule``.
"""

from unittest.mock import patch

import torch
from scipy import special
from torch.func import vmap

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# The operator from :doc:`custom_op`, and a batch of five samples with three elements each. The warning is written
# to the standard error stream, which a page does not show. What it warns of can be counted: how many elements SciPy
# gets at once.

from custom_op import polygamma, psi


def elements_at_once(x, dim):
    with patch.object(special, "polygamma", wraps=special.polygamma) as watched:
        out = vmap(psi, in_dims=dim, out_dims=dim)(x)
    torch.testing.assert_close(out, torch.special.digamma(x))
    return max(call.args[1].size for call in watched.call_args_list)


x = (torch.rand(5, 3, dtype=torch.float64) + 0.5).requires_grad_()
print([elements_at_once(x, 0), elements_at_once(x.T, 1)])

# %%
# The cure
# --------
#
# The function that ``register_vmap`` takes gets the whole batch as a plain tensor, and in ``in_dims`` the
# dimension in which it lies, ``None`` for an argument without one. It returns the result and the dimension of
# the batch there. Ours is left where it is, because ``polygamma`` goes through the elements one by one:


@polygamma.register_vmap
def polygamma_vmap(info, in_dims, n, x):
    return polygamma(n, x), in_dims[1]


print([elements_at_once(x, 0), elements_at_once(x.T, 1)])
assert elements_at_once(x, 0) == elements_at_once(x.T, 1) == 5 * 3

(grad_x,) = torch.autograd.grad(vmap(psi)(x).sum(), x)
torch.testing.assert_close(grad_x, torch.special.polygamma(1, x))

# %%
# Autograd differentiates what ``vmap`` returns. The other order, ``vmap`` over ``torch.func.grad``, needs a
# Function around the operator, see :doc:`custom_op_transforms`.
