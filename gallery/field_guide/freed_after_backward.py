"""
Nothing is freed after backward
===============================

``backward`` frees saved tensors, but it cannot free a tensor on ``ctx``. This page explains why, and shows what else
keeps memory from being freed.

Read :doc:`tensors_on_ctx` first.

You keep a list of losses during training, and memory grows much faster than the list. Other symptoms are a second
``backward`` that raises an error although you haven't used any loss twice, and a warning about a reference cycle from
``backward(create_graph=True)``.
"""

import gc
import warnings
import weakref
from textwrap import fill

import torch
from torch.autograd import grad, gradcheck
from torch.autograd.graph import saved_tensors_hooks

torch.manual_seed(0)

# %%
# Here are two Functions that keep their output for ``backward``. ``SigmoidOnCtx`` stores it as an attribute of ``ctx``,
# and ``SigmoidSaved`` passes it to ``save_for_backward``:

from ctx_or_save_for_backward import SigmoidOnCtx, SigmoidSaved

x = torch.randn(4, dtype=torch.float64, requires_grad=True)
print(gradcheck(SigmoidOnCtx.apply, x), gradcheck(SigmoidSaved.apply, x))

# %%
# What is left while the loss is held
# -----------------------------------
#
# In each line below, the first number says how many bytes a hook on saved tensors sees. The second says how many of the
# output's bytes are still in memory after ``backward``, while you hold on to the loss.


def seen_and_left(function):
    seen = []

    def pack(tensor):
        seen.append(tensor.nbytes)
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        out = function.apply(torch.randn(1000, requires_grad=True))
    storage = weakref.ref(out.untyped_storage())
    loss = out.sum()
    del out
    loss.backward()
    left = storage().nbytes() if storage() is not None else 0
    print(f"{function.__name__} {sum(seen):6,} {left:6,}")
    return loss


for function in (SigmoidOnCtx, SigmoidSaved):
    loss = seen_and_left(function)

try:
    loss.backward()
except RuntimeError as error:
    print(fill(f"{type(error).__name__}: {error}", 88))

# %%
# Tools that compress saved tensors or move them elsewhere use hooks like the one above, and such hooks don't see an
# attribute of ``ctx``. Autograd frees saved tensors as soon as ``backward`` has run, unless you called it with
# ``retain_graph=True``. That is why the second ``backward`` raises an error. A tensor on ``ctx``, by contrast, stays in
# memory as long as the loss, or anything else, leads to the Function's node.
#
# So use ``save_for_backward``, and see :doc:`ctx_or_save_for_backward` for what may stay on ``ctx``. In a list of
# losses, store ``loss.detach()`` or ``loss.item()``, which hold no graph:

assert loss.grad_fn is not None and loss.detach().grad_fn is None

# %%
# Two losses with a common part
# -----------------------------
#
# The error about a second backward can appear even if you use no loss twice. It also appears if two losses share part
# of the graph, or if you reuse a tensor from the previous step. Either add the losses and call ``backward`` once, or
# compute the second loss from ``hidden.detach()`` if its gradient should not flow back into the shared part:

hidden = SigmoidSaved.apply(x)
first, second = hidden.sum(), hidden.square().sum()
first.backward()
try:
    second.backward()
except RuntimeError:
    expected = x.grad + grad(SigmoidSaved.apply(x).square().sum(), x)[0]
else:
    raise AssertionError("the shared part was still there")

hidden, x.grad = SigmoidSaved.apply(x), None
(hidden.sum() + hidden.square().sum()).backward()
torch.testing.assert_close(x.grad, expected)
x.grad = None
(hidden.detach() * x).sum().backward()
torch.testing.assert_close(x.grad, hidden.detach())

# %%
# A gradient that leads back to its tensor
# ----------------------------------------
#
# With ``create_graph=True``, a gradient has a history that leads to ``x`` and to the saved tensors. Since ``backward``
# stores the gradient in ``x.grad``, ``x`` then leads back to itself. This cycle passes through C++, so the memory it
# holds is lost. In the output, ``True`` means that this memory is still in use:


def by_backward(x):
    with warnings.catch_warnings(record=True):
        SigmoidSaved.apply(x).sum().backward(create_graph=True)


def by_backward_cleared(x):
    by_backward(x)
    x.grad = None


def by_grad(x):
    grad(SigmoidSaved.apply(x).sum(), x, create_graph=True)


def is_left(step):
    x = torch.randn(1000, requires_grad=True)
    storage = weakref.ref(x.untyped_storage())
    step(x)
    del x
    gc.collect()
    return storage() is not None


for step, left in ((by_backward, True), (by_backward_cleared, False), (by_grad, False)):
    print(f"{step.__name__:19}", is_left(step))
    assert is_left(step) == left

# %%
# Where you need ``create_graph=True``, use :func:`~torch.autograd.grad`, which stores nothing in ``x.grad``. If you
# have to call ``backward``, set the ``grad`` of every parameter to ``None`` after each step.
