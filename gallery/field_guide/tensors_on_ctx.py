"""
Tensors on ctx: memory that does not come back
==============================================

Here you measure the memory that a tensor on ``ctx`` keeps when nobody needs it any more, and find out why it leaks.

Read :doc:`/double_backward/saving_outputs` and :doc:`ctx_or_save_for_backward` first.

An attribute of ``ctx`` is shorter to write than ``save_for_backward``, but with it memory grows from step to step.
"""

import gc
import weakref

import torch
from torch.autograd import gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# Two Functions, and no check tells them apart
# --------------------------------------------
#
# The derivative of the sigmoid is :math:`y \, (1 - y)`, and the output :math:`y` gets to ``backward`` in two ways:

from ctx_or_save_for_backward import SigmoidOnCtx, SigmoidSaved

x = torch.randn(4, dtype=torch.float64, requires_grad=True)
for function in (SigmoidOnCtx, SigmoidSaved):
    print(function.__name__, gradcheck(function.apply, x), gradgradcheck(function.apply, x))

# %%
# A cycle of references
# ---------------------
#
# Five steps each make an output of 4,000 bytes and drop it without ``backward``. Weak references tell how many bytes
# are left with Python's garbage collector switched off, and how many after it has run. In the last two lines the
# output is overwritten in place, as ``nn.ReLU(inplace=True)`` would do.


def bytes_alive(storages):
    return sum(storage().nbytes() for storage in storages if storage())


def five_steps(function, after_forward=torch.numel):
    storages = []
    gc.disable()
    for _ in range(5):
        out = function.apply(torch.randn(1000, requires_grad=True))
        storages.append(weakref.ref(out.untyped_storage()))
        after_forward(out)
        del out
    without_collector = bytes_alive(storages)
    gc.enable()
    gc.collect()
    print(f"{function.__name__:16} {without_collector:6,} {bytes_alive(storages):6,}")
    return without_collector, bytes_alive(storages)


assert five_steps(SigmoidOnCtx) == (20_000, 0)
assert five_steps(SigmoidSaved) == (0, 0)
assert five_steps(SigmoidOnCtx, torch.relu_) == (20_000, 20_000)
assert five_steps(SigmoidSaved, torch.relu_) == (0, 0)

# %%
# An output leads to its node, ``out.grad_fn``. That node is ``ctx``, and through the attribute it leads back to the
# output. Such a cycle of references stays in memory until the garbage collector runs, which may be many steps later.
#
# After the operation in place the collector cannot help. ``out.grad_fn`` is now the node of ``relu_``, a C++
# object through which the collector does not see, and this memory is lost. ``save_for_backward`` keeps an output
# without its node and joins the two in ``backward``, so there is no cycle.
#
# Under ``torch.no_grad()`` there is no node. What a Function saves then is gone when ``apply`` returns, and you need
# not prevent it from saving:

with torch.no_grad():
    for function in (SigmoidOnCtx, SigmoidSaved):
        assert five_steps(function) == (0, 0)

# %%
# What leads back may be another object, such as a module on ``ctx`` that remembers the last output. It should remember
# the output without its history:


class SigmoidOfLayer(SigmoidSaved):
    @staticmethod
    def forward(ctx, x, layer):
        ctx.layer = layer
        return SigmoidSaved.forward(ctx, x)

    @staticmethod
    def backward(ctx, grad_output):
        return SigmoidSaved.backward(ctx, grad_output), None


class Layer:
    @classmethod
    def apply(cls, x):
        layer = cls()
        out = SigmoidOfLayer.apply(x, layer)
        layer.last = layer.remembered(out)
        return out

    def remembered(self, out):
        return out  # wrong: with its node


class LayerDetached(Layer):
    def remembered(self, out):
        return out.detach()


print("gradcheck    ", gradcheck(Layer.apply, x))
print("gradgradcheck", gradgradcheck(LayerDetached.apply, x))
assert five_steps(Layer) == (20_000, 0)
assert five_steps(Layer, torch.relu_) == (20_000, 20_000)
assert five_steps(LayerDetached) == five_steps(LayerDetached, torch.relu_) == (0, 0)

# %%
#
# A view of an output
# -------------------
#
# A view is another tensor than the output, even if it has all its elements. ``save_for_backward`` keeps it as it is, and
# a view holds the tensor that it shows:


class SigmoidViewSaved(SigmoidSaved):
    @staticmethod
    def forward(ctx, x):
        out = torch.sigmoid(x)
        ctx.save_for_backward(out.view(-1))
        return out


print("gradgradcheck", gradgradcheck(SigmoidViewSaved.apply, x, raise_exception=False))
assert five_steps(SigmoidViewSaved) == (20_000, 20_000)
assert five_steps(SigmoidViewSaved, lambda out: out.sum().backward()) == (0, 0)

# %%
# Again the cycle runs through C++. ``backward`` frees what was saved and breaks it, but a step without ``backward`` loses
# its memory for good. Besides, a view taken in ``forward`` has no history, and the second derivative is wrong. So save
# the output itself, and take the view in ``backward``.
#
# Even without a cycle, a tensor on ``ctx`` still stays longer than it is needed: :doc:`freed_after_backward`.
