"""
Tensors on ctx: leaks and wrong gradients
=========================================

After this page you know what to put on ``ctx``, what to give to ``save_for_backward``, and how the wrong
choice shows: memory that does not come back, or a wrong gradient.

Read :doc:`/double_backward/saving_outputs` first.

A tensor gets from ``forward`` to ``backward`` either way, and an attribute is shorter to write. But then
memory grows from step to step, or the loss goes astray, and no check says why.
"""

import gc
import weakref

import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.autograd.graph import saved_tensors_hooks

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
# Symptom one: memory that does not come back
# -------------------------------------------
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
# Symptom two: a wrong gradient
# -----------------------------
#
# The output is doubled, once in place and once not:

for function in (SigmoidOnCtx, SigmoidSaved):
    x = torch.ones(1, requires_grad=True)
    (right,) = torch.autograd.grad(function.apply(x) * 2, x)
    print(function.__name__, f"{right.item():.4f}")
    try:
        (wrong,) = torch.autograd.grad(function.apply(x).mul_(2), x)
        print(function.__name__, f"{wrong.item():.4f}")
    except RuntimeError as error:
        print(function.__name__, f"{type(error).__name__}: {error}")

# %%
# ``SigmoidOnCtx`` finds the doubled values on ``ctx`` and computes with them; not even the sign is right.
# ``save_for_backward`` notes the version of a tensor, a number that every operation in place raises, and
# ``ctx.saved_tensors`` compares. The error is the help: leave out the operation in place, or do it on a
# ``clone``.
#
# Symptom three: nothing is freed
# -------------------------------
#
# Two numbers for each Function: the bytes that a hook on saved tensors sees, and the bytes of the output that
# are left after ``backward`` as long as the loss is held, for example in a list of losses.


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
    print(f"{function.__name__} {sum(seen):6,} {bytes_alive([storage]):6,}")
    return loss


for function in (SigmoidOnCtx, SigmoidSaved):
    loss = seen_and_left(function)

try:
    loss.backward()
except RuntimeError as error:
    print(type(error).__name__, error, sep=": ")

# %%
# Tools that compress saved tensors or move them elsewhere use such hooks, and an attribute of ``ctx`` escapes
# them. What was saved is freed as soon as ``backward`` has run. That is what the message of a second
# ``backward`` is about; ``retain_graph=True`` in the first one prevents it. What lies on ``ctx`` stays.
#
# The cure: what goes where
# -------------------------
#
# - Inputs and outputs: ``save_for_backward``.
#
# - Tensors that are neither, such as a mask: ``save_for_backward`` too. They have no history this way or that;
#   if ``backward`` is to be differentiated through them, see :doc:`lost_second_derivative`.
#
# - What is no tensor, such as a number, a flag or a shape: ``ctx``.
#
# A leaky ReLU needs a mask and a number. The mask takes one byte for each value, the input would take four.


class LeakyReLUByMask(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, slope):
        positive = x > 0
        ctx.save_for_backward(positive)
        ctx.slope = slope
        return torch.where(positive, x, slope * x)

    @staticmethod
    def backward(ctx, grad_output):
        (positive,) = ctx.saved_tensors
        # One gradient for each input of forward; slope is a number and gets None.
        return torch.where(positive, grad_output, ctx.slope * grad_output), None


x = torch.tensor([-2.0, -0.5, 0.5, 2.0], dtype=torch.float64, requires_grad=True)
print("gradcheck    ", gradcheck(LeakyReLUByMask.apply, (x, 0.1)))
print("gradgradcheck", gradgradcheck(LeakyReLUByMask.apply, (x, 0.1)))
torch.testing.assert_close(LeakyReLUByMask.apply(x, 0.1), torch.nn.functional.leaky_relu(x, 0.1))

# %%
# The other way round, with the number in ``save_for_backward``, autograd refuses:


class SlopeSaved(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x, slope)
        return slope * x


try:
    SlopeSaved.apply(x, 0.1)
except TypeError as error:
    print(type(error).__name__, error, sep=": ")
else:
    raise AssertionError("a number was saved")
