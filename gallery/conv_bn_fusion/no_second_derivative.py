"""
Forbidding a second derivative
==============================

Some backwards cannot be differentiated again: they call a kernel of your own, or nobody has tested their second
derivative. They should then raise an error instead of giving a wrong number. PyTorch's ``once_differentiable`` does
that only in part. This page shows where it stays silent, and a guard that raised in every case tried here.

Read :doc:`convolution_backward` first.
"""

import torch
from torch.autograd import gradcheck
from torch.autograd.function import once_differentiable
from torch.nn.functional import conv2d

from convolution_backward import Convolution, conv_backward

torch.manual_seed(0)
inputs = torch.rand(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)
weight = torch.rand(4, 3, 3, 3, dtype=torch.float64, requires_grad=True)

# %%
# The decorator
# -------------
#
# ``once_differentiable`` runs ``backward`` without recording it. If ``grad_output`` requires grad, it also puts a
# node behind the gradients, which raises when a second backward reaches it.


class OnceConv2d(Convolution):
    @staticmethod
    @once_differentiable
    def backward(ctx, grad_output):
        return conv_backward(grad_output, *ctx.saved_tensors, ctx.needs_input_grad)


print("gradcheck", gradcheck(OnceConv2d.apply, (inputs, weight)))

# %%
# A guard inside the graph
# ------------------------
#
# Let a second Function compute the gradients, and let *its* backward raise. Its node has edges to ``grad_output``,
# the inputs and the weight, so a second derivative has to pass through it.


class ConvBackward(torch.autograd.Function):
    @staticmethod
    def forward(grad_output, inputs, weight, needed):
        return conv_backward(grad_output, inputs, weight, needed)

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass  # there is nothing to save

    @staticmethod
    def backward(ctx, *grad_outputs):
        raise RuntimeError("GuardedConv2d has no second derivative")


class GuardedConv2d(Convolution):
    @staticmethod
    def backward(ctx, grad_output):
        return ConvBackward.apply(grad_output, *ctx.saved_tensors, ctx.needs_input_grad)


print("gradcheck", gradcheck(GuardedConv2d.apply, (inputs, weight)))

# %%
# Both, tried in five ways
# ------------------------
#
# Each way asks for the gradient of a penalty by the weight: with a plain ``backward()``, with ``backward`` and
# ``torch.autograd.grad`` for this tensor only, with a plain ``backward()`` for a loss that is linear in the output, and
# with ``torch.func``. Without the convolution, :math:`2K` would be left of it, from the second term of the penalty.


def squares(tensor):
    return tensor.pow(2).sum()


def penalty(convolution, loss=squares):
    total = loss(convolution(inputs, weight)) + inputs.pow(3).sum()
    (grad_input,) = torch.autograd.grad(total, inputs, create_graph=True)
    return squares(grad_input) + squares(weight)


def after(second_backward):
    weight.grad = None
    second_backward()
    return weight.grad


def by_func(convolution):
    def inner(weight):
        return torch.func.grad(lambda images: squares(convolution(images, weight)))(inputs.detach())

    return torch.func.grad(lambda weight: squares(inner(weight)) + squares(weight))(weight.detach())


WAYS = {
    "plain": lambda convolution: after(lambda: penalty(convolution).backward()),
    "backward": lambda convolution: after(lambda: penalty(convolution).backward(inputs=[weight])),
    "grad": lambda convolution: torch.autograd.grad(penalty(convolution), weight)[0],
    "linear": lambda convolution: after(lambda: penalty(convolution, torch.sum).backward()),
    "func": by_func,
}


def tried(name, way, convolution):
    try:
        result = f"{way(convolution).max().item():.4f}"
        print(f"{name:14} {result}")
    except RuntimeError as error:
        result = str(error)
        print(f"{name:14} RuntimeError: {error}")
    return result


without = f"{2 * weight.max().item():.4f}"
print(f"{'2 * weight':14} {without}")
for name, way in WAYS.items():
    print(f"\n{name}")
    tried("conv2d", way, conv2d)
    once = tried("OnceConv2d", way, OnceConv2d.apply)
    assert once == without or (name == "plain" and "@once_differentiable" in once)
    said = tried("GuardedConv2d", way, GuardedConv2d.apply)
    assert said == "GuardedConv2d has no second derivative"

# %%
# Of five ways, ``OnceConv2d`` raised in one. In the others the contribution of the convolution is missing, silently. Its
# node has no edge to the inputs of the convolution. A plain ``backward()`` walks through the whole graph and meets it.
# When you ask for the gradients of certain tensors, autograd visits only what lies on the way to them. And when the loss
# is linear, ``grad_output`` is a constant, and the node is not even made.
#
# The guard raised each time. Under ``torch.func`` it can do so because it is written with ``setup_context``.
