"""
vmap over an operator
=====================

``vmap`` accepts a ``torch.library`` operator as it is, but calls it once for each sample. With ``register_vmap`` you
can turn all these calls into one.

Read :doc:`custom_op` and :doc:`vmap_rule` first.

The symptom: you get the warning ``There is a performance drop because we have not yet implemented the batching rule``.
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
# Take the operator from :doc:`custom_op` and a batch of five samples with three elements each. The warning goes to the
# standard error stream, which this page doesn't show. So the code prints how many elements SciPy receives at once
# instead. The first number is for a batch in the first dimension, and the second is for a batch in the last dimension.

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
# The function that you register with ``register_vmap`` receives the whole batch as a plain tensor. For each argument,
# ``in_dims`` holds the batch dimension, or ``None`` if there is none. The function returns the result and the result's
# batch dimension. Here the batch stays where it is, because ``polygamma`` works element by element:


@polygamma.register_vmap
def polygamma_vmap(info, in_dims, n, x):
    return polygamma(n, x), in_dims[1]


print([elements_at_once(x, 0), elements_at_once(x.T, 1)])
assert elements_at_once(x, 0) == elements_at_once(x.T, 1) == 5 * 3

(grad_x,) = torch.autograd.grad(vmap(psi)(x).sum(), x)
torch.testing.assert_close(grad_x, torch.special.polygamma(1, x))

# %%
# In the last two lines of code above, autograd differentiates the result of ``vmap``. If you want to apply ``vmap`` to
# ``torch.func.grad`` instead, you need a Function around the operator; see :doc:`custom_op_transforms`.
