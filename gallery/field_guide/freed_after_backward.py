"""
Nothing is freed after backward
===============================

This page shows what ``backward`` frees, and why it cannot free a tensor on ``ctx``.

Read :doc:`tensors_on_ctx` first.

A list of losses grows during training, and memory grows much faster than the list. Or a second ``backward`` raises,
although no loss was used twice. Or ``backward(create_graph=True)`` warns of a reference cycle.
"""

import gc
import warnings
import weakref

import torch
from torch.autograd import grad, gradcheck
from torch.autograd.graph import saved_tensors_hooks

torch.manual_seed(0)

# %%
# These are the two Functions from the page on tensors kept on ``ctx``. One keeps its output as an attribute, the other
# hands it to ``save_for_backward``:

from ctx_or_save_for_backward import SigmoidOnCtx, SigmoidSaved

x = torch.randn(4, dtype=torch.float64, requires_grad=True)
print(gradcheck(SigmoidOnCtx.apply, x), gradcheck(SigmoidSaved.apply, x))

# %%
# What is left while the loss is held
# -----------------------------------
#
# The first number is the bytes that a hook on saved tensors sees, the second the bytes of the output that are left after
# ``backward`` while the loss is held.


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
    print(type(error).__name__, error, sep=": ")

# %%
# Tools that compress saved tensors or move them elsewhere use such hooks, and an attribute of ``ctx`` escapes them. What
# was saved is freed as soon as ``backward`` has run, unless it was called with ``retain_graph=True``. That is what the
# message of a second ``backward`` is about. What lies on ``ctx`` stays as long as the loss, or anything else, leads to
# the node.
#
# The cure is ``save_for_backward``; :doc:`ctx_or_save_for_backward` says what may stay on ``ctx``. And a list of losses
# should hold ``loss.detach()`` or ``loss.item()``, which lead to no node:

assert loss.grad_fn is not None and loss.detach().grad_fn is None

# %%
# Two losses with a common part
# -----------------------------
#
# A loss need not be used twice for this message. It is enough that two losses share a part of the graph, or that a
# tensor of the step before is used again. Add the losses and call ``backward`` once, or let the second go on with
# ``hidden.detach()`` if its gradient should not go back there:

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
# With ``create_graph=True`` a gradient has a history, which leads to ``x`` and to what was saved. ``backward`` stores
# it in ``x.grad``, so ``x`` leads to itself, through C++, and this memory is lost:


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
# Use :func:`~torch.autograd.grad` where you need ``create_graph=True``. It stores nothing in ``x.grad``. Otherwise set
# the ``grad`` of every parameter to ``None`` after each step.
