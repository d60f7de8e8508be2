"""
vmap over code outside PyTorch
==============================

If ``torch.func.vmap`` cannot look into the code that your Function calls, give the Function its own ``vmap`` method.
This page shows how to write one.

Read :doc:`function_transforms` first.

The symptom: a Function has ``setup_context`` and ``generate_vmap_rule = True``, but ``vmap`` still raises
``Cannot access data pointer of Tensor that doesn't have storage``.
"""

from textwrap import fill

import torch
from scipy import special
from torch.autograd import gradcheck, gradgradcheck
from torch.func import jacrev, vmap

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# In this Function, SciPy computes the softmax of a row of three values. The code then applies the Function to a batch
# of five rows:


class SoftmaxGenerated(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return torch.from_numpy(special.softmax(x.numpy(), axis=-1))

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, grad_output):
        (out,) = ctx.saved_tensors
        return out * (grad_output - (grad_output * out).sum(-1, keepdim=True))


rows = torch.randn(5, 3, dtype=torch.float64)
try:
    vmap(SoftmaxGenerated.apply)(rows)
except RuntimeError as error:
    print(fill(f"{type(error).__name__}: {error}", 88))

# %%
# The cause
# ---------
#
# Under ``vmap``, each method runs once for the whole batch, on a tensor that looks like a single row. PyTorch's
# operations know what to do with such a tensor, but SciPy finds no values in it.
#
# The cure
# --------
#
# The ``vmap`` method receives the batch as a plain tensor. For each input, ``in_dims`` holds the batch dimension, or
# ``None`` if the input is the same for the whole batch. Inside the method, you call the Function again, this time on
# the plain tensor. The method then returns the result together with the result's batch dimension:


class Softmax(SoftmaxGenerated):
    generate_vmap_rule = False

    @staticmethod
    def vmap(info, in_dims, x):
        # The last dimension has to stay free for the softmax.
        return Softmax.apply(x.movedim(in_dims[0], 0)), 0


class SoftmaxUnmoved(Softmax):
    @staticmethod
    def vmap(info, in_dims, x):
        # Wrong: if the batch comes last, the softmax runs over the batch.
        return SoftmaxUnmoved.apply(x), in_dims[0]


# %%
# Each row should sum to 1, whether the batch is in the first dimension (first list) or in the last (second list):

columns = rows.T
for function in (Softmax, SoftmaxUnmoved):
    first = vmap(function.apply)(rows).sum(-1)
    last = vmap(function.apply, in_dims=1)(columns).sum(-1)
    print(function.__name__)
    print([round(value, 4) for value in first.tolist()])
    print([round(value, 4) for value in last.tolist()])

# With two dimensions movedim is just a transpose, so test with three.
blocks = torch.randn(4, 3, 5, dtype=torch.float64)
print("vmap(in_dims=2)", tuple(vmap(Softmax.apply, in_dims=2)(blocks).shape))

# %%
# ``SoftmaxUnmoved`` is right with ``in_dims=0`` but wrong with ``in_dims=1``, and it never raises an error. So test a
# ``vmap`` method with the batch in every position. Then compare the derivatives with those of ``torch.softmax``:

compared = vmap(jacrev(jacrev(Softmax.apply)))(rows)
expected = vmap(jacrev(jacrev(lambda x: torch.softmax(x, -1))))(rows)
print("vmap(jacrev(jacrev))", tuple(compared.shape))
torch.testing.assert_close(compared, expected)

x = rows.clone().requires_grad_()
print("gradcheck           ", gradcheck(Softmax.apply, x))
print("gradgradcheck       ", gradgradcheck(Softmax.apply, x))
