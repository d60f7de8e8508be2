"""
Forbidding a second derivative
==============================

Some ``backward`` methods can't safely be differentiated again, either because they call a kernel of your own or because
nobody has tested their second derivative. Such a method should raise an error rather than return a wrong value.
PyTorch's ``once_differentiable`` does that only in some cases, but the guard that you build here raised an error in
every case that was tried.

Read :doc:`convolution_backward` first.
"""

from textwrap import fill

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
# ``once_differentiable`` runs ``backward`` without recording its operations. If ``grad_output`` requires grad, the
# decorator also gives the returned gradients a node that raises an error when a second backward reaches it.


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
# Instead of using the decorator, you can let a second Function compute the gradients, and let *its* backward raise an
# error. The second Function's node has edges to ``grad_output``, the inputs and the weight, so a second derivative has
# to pass through this node.


class ConvBackward(torch.autograd.Function):
    @staticmethod
    def forward(grad_output, inputs, weight, needed):
        return conv_backward(grad_output, inputs, weight, needed)

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass  # nothing to save

    @staticmethod
    def backward(ctx, *grad_outputs):
        raise RuntimeError("GuardedConv2d has no second derivative")


class GuardedConv2d(Convolution):
    @staticmethod
    def backward(ctx, grad_output):
        return ConvBackward.apply(grad_output, *ctx.saved_tensors, ctx.needs_input_grad)


print("gradcheck", gradcheck(GuardedConv2d.apply, (inputs, weight)))

# %%
# Trying both in three ways
# -------------------------
#
# The code below computes a penalty's gradient with respect to the weight in three ways: with a plain ``backward()``,
# with ``torch.autograd.grad`` for the weight only, and with a plain ``backward()`` again, but for a loss that is linear
# in the output. For each way, it prints the gradient's largest element. The penalty's second term is the sum of the
# squared weights. If the convolution's contribution is missing, only this term's gradient is left, which is :math:`2K`,
# twice the weight. The first line of output shows the largest element of this remainder.


def squares(tensor):
    return tensor.pow(2).sum()


def penalty(convolution, loss=squares):
    total = loss(convolution(inputs, weight)) + inputs.pow(3).sum()
    (grad_input,) = torch.autograd.grad(total, inputs, create_graph=True)
    return squares(grad_input) + squares(weight)


def plain(convolution, loss=squares):
    weight.grad = None
    penalty(convolution, loss).backward()
    return weight.grad


WAYS = {
    "plain": plain,
    "grad": lambda convolution: torch.autograd.grad(penalty(convolution), weight)[0],
    "linear": lambda convolution: plain(convolution, torch.sum),
}
without = 2 * weight.max().item()
print(f"{'2 * weight':14} {without:.4f}")
for name, way in WAYS.items():
    print(f"\n{name}")
    print("conv2d        ", f"{way(conv2d).max().item():.4f}")
    for function in (OnceConv2d, GuardedConv2d):
        try:
            found = way(function.apply).max().item()
            print(f"{function.__name__:14} {found:.4f}")
            assert function is OnceConv2d and name != "plain" and found == without
        except RuntimeError as error:
            print(fill(f"{function.__name__:14} RuntimeError: {error}", 88))
            assert str(error).startswith(function.__name__) or name == "plain"

# %%
# ``OnceConv2d`` raised an error only for ``plain``. With the other two ways, the convolution's contribution was lost
# without any warning. The reason is that the decorator's node has no edge to the convolution's inputs. A plain
# ``backward()`` still reaches this node, because it visits the whole graph. But ``grad`` visits only the nodes on a
# path to the weight, and the decorator's node is not on such a path. In ``linear``, the node isn't even created,
# because ``grad_output`` is a constant. ``GuardedConv2d``, on the other hand, raised an error every time. For the same
# comparison under ``torch.func``, see :doc:`/field_guide/once_differentiable`.
