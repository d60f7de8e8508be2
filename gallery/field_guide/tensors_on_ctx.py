"""
Tensors on ctx: memory that does not come back
==============================================

After this page you know how a tensor on ``ctx`` keeps memory that nobody needs any more, and how to measure it.

Read :doc:`/double_backward/saving_outputs` first.

A tensor gets from ``forward`` to ``backward`` as an attribute of ``ctx`` as well as through
``save_for_backward``, and an attribute is shorter to write. But then memory grows from step to step.
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
# The derivative of the sigmoid is :math:`y \, (1 - y)`, so ``backward`` needs the output. The two differ in the
# way it gets there, and in nothing else:


class SigmoidOnCtx(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.out = torch.sigmoid(x)
        return ctx.out

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * ctx.out * (1 - ctx.out)


class SigmoidSaved(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        out = torch.sigmoid(x)
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx, grad_output):
        (out,) = ctx.saved_tensors
        return grad_output * out * (1 - out)


x = torch.randn(4, dtype=torch.float64, requires_grad=True)
for function in (SigmoidOnCtx, SigmoidSaved):
    checks = gradcheck(function.apply, x), gradgradcheck(function.apply, x)
    print(function.__name__, *checks)

# %%
# A cycle of references
# ---------------------
#
# Five steps; each makes an output of 4,000 bytes and drops it. Weak references tell how many bytes are still
# there: with the garbage collector of Python switched off, and after it has run. In the second round the
# output is overwritten in place, as ``nn.ReLU(inplace=True)`` would do.


def bytes_alive(storages):
    return sum(storage().nbytes() for storage in storages if storage() is not None)


def five_steps(function, in_place):
    storages = []
    gc.disable()
    for _ in range(5):
        out = function.apply(torch.randn(1000, requires_grad=True))
        storages.append(weakref.ref(out.untyped_storage()))
        if in_place:
            out.relu_()
        del out
    without_collector = bytes_alive(storages)
    gc.enable()
    gc.collect()
    return without_collector, bytes_alive(storages)


print(f"{'':18} {'gc.disable()':>12} {'gc.collect()':>12}")
for in_place, name in ((False, ""), (True, "relu_")):
    for function in (SigmoidOnCtx, SigmoidSaved):
        left = "{:12,} {:12,}".format(*five_steps(function, in_place))
        print(f"{function.__name__:12} {name:5} {left}")

# %%
# An output leads to its node, ``out.grad_fn``. That node is ``ctx``, and with the attribute ``ctx`` leads back
# to the output: a cycle of references. It stays in memory until the garbage collector comes by, which may be
# many steps later.
#
# After the operation in place the collector cannot help. ``out.grad_fn`` is now the node of ``relu_``, a C++
# object through which the collector does not see, and the cycle runs through it. This memory is lost.
#
# ``save_for_backward`` keeps an output without its node and joins the two in ``backward``. There is no cycle.
#
# Where there is no cycle, a tensor on ``ctx`` still stays longer than it is needed: :doc:`freed_after_backward`.
#
# The cure is ``save_for_backward``; :doc:`ctx_or_save_for_backward` says what may stay on ``ctx``.
