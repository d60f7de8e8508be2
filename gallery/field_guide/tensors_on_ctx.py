"""
Tensors on ctx: memory that does not come back
==============================================

A tensor on ``ctx`` can stay in memory when it is no longer needed. Here you measure this memory leak and find its
cause.

Read :doc:`/double_backward/saving_outputs` and :doc:`ctx_or_save_for_backward` first.

Setting an attribute of ``ctx`` is easier than calling ``save_for_backward``, but then memory use grows from step to
step.
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
# The derivative of the sigmoid is :math:`y \, (1 - y)`. These two Functions pass the output :math:`y` to ``backward``
# in different ways:

from ctx_or_save_for_backward import SigmoidOnCtx, SigmoidSaved

x = torch.randn(4, dtype=torch.float64, requires_grad=True)
for function in (SigmoidOnCtx, SigmoidSaved):
    print(function.__name__, gradcheck(function.apply, x), gradgradcheck(function.apply, x))

# %%
# A cycle of references
# ---------------------
#
# Each of five steps creates an output of 4,000 bytes and drops it without calling ``backward``. Weak references tell us
# how many bytes of these outputs are still in memory: first while Python's garbage collector is switched off (first
# column), then after it has run (second column). In the last two printed lines, the output is overwritten in place, as
# ``nn.ReLU(inplace=True)`` would do.


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
# An output refers to its node, ``out.grad_fn``. This node is the same object as ``ctx``, whose attribute refers back to
# the output. Such a reference cycle stays in memory until the garbage collector runs, which may be many steps later.
#
# Once the output has been overwritten in place (third line), the garbage collector cannot help. ``out.grad_fn`` is now
# the node of ``relu_``, a C++ object that the collector cannot look inside, so the memory is lost.
# ``save_for_backward`` avoids the cycle, because it keeps an output without its node and joins the two again in
# ``backward``.
#
# Under ``torch.no_grad()`` there is no node, and whatever a Function saves is gone when ``apply`` returns. So you don't
# need extra code that keeps the Function from saving tensors there:

with torch.no_grad():
    for function in (SigmoidOnCtx, SigmoidSaved):
        assert five_steps(function) == (0, 0)

# %%
# The reference back to the output may also come from another object, such as a module on ``ctx`` that remembers its
# last output. Such a module should remember the output without its history:


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
# A view of the output is a different tensor, even if it shows all the output's elements. ``save_for_backward`` keeps
# the view as it is, and the view keeps its base, the output, in memory:


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
# With a saved view, the reference cycle runs through C++ too. A backward pass breaks this cycle by freeing the saved
# tensors (last line), but without a backward pass, the step's memory is lost for good. A view taken in ``forward`` also
# has no history, so the second derivative is wrong. Save the output itself instead, and take the view in ``backward``.
#
# Even without a cycle, a tensor on ``ctx`` stays in memory longer than necessary, as :doc:`freed_after_backward`
# explains.
