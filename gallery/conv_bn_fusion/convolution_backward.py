"""
Backward of a convolution
=========================

After this page you can write down both gradients of a convolution as convolutions, and you know how
to make sure that nobody differentiates such a backward a second time by accident.

Read :doc:`/double_backward/saving_inputs` first, if custom Functions are new to you.

The layer of this chapter is fixed for simplicity: no bias, stride 1, no padding, no dilation, one
group. The input :math:`X` has the shape :math:`(B, C_{in}, H, W)`, the weight :math:`K` the shape
:math:`(C_{out}, C_{in}, k, k)`.
"""

import torch
from torch.autograd import gradcheck
from torch.autograd.function import once_differentiable
from torch.nn.functional import conv2d, conv_transpose2d

torch.manual_seed(0)

# %%
# Two gradients, two convolutions
# -------------------------------
#
# Each value of the input takes part in as many outputs as the kernel is large. Its gradient collects
# what flows back from all of them, which is a transposed convolution of the incoming gradient
# :math:`G` with the same weight:
#
# .. math::
#
#    G_X = \mathrm{conv\_transpose2d}(G, K)
#
# An element of the weight meets every position of every image in the batch. Its gradient is a sum
# over batch and positions, which is a convolution again, if the batch takes the place that a
# convolution sums over: that of the input channels. Swapping the first two dimensions,
# written :math:`{}^{\top}`, puts it there, and a second swap puts the result into the shape of :math:`K`:
#
# .. math::
#
#    G_K = \mathrm{conv2d}(X^{\top}, G^{\top})^{\top}


def conv_backward(grad_output, inputs, weight):
    grad_input = conv_transpose2d(grad_output, weight)
    # (C_in, B, H, W) with (C_out, B, H', W') gives (C_in, C_out, k, k).
    grad_weight = conv2d(inputs.transpose(0, 1), grad_output.transpose(0, 1)).transpose(0, 1)
    return grad_input, grad_weight


class Conv2d(torch.autograd.Function):
    @staticmethod
    def forward(ctx, inputs, weight):
        ctx.save_for_backward(inputs, weight)
        return conv2d(inputs, weight)

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_output):
        return conv_backward(grad_output, *ctx.saved_tensors)


inputs = torch.rand(10, 3, 7, 7, dtype=torch.float64, requires_grad=True)
weight = torch.rand(5, 3, 3, 3, dtype=torch.float64, requires_grad=True)

print("gradcheck", gradcheck(Conv2d.apply, (inputs, weight)))

# %%
# The same gradients come from autograd's own convolution:

ours = torch.autograd.grad(Conv2d.apply(inputs, weight).pow(2).sum(), (inputs, weight))
theirs = torch.autograd.grad(conv2d(inputs, weight).pow(2).sum(), (inputs, weight))
torch.testing.assert_close(ours, theirs)
for our, their in zip(ours, theirs):
    print(tuple(our.shape), torch.allclose(our, their))

# %%
# What ``once_differentiable`` guards, and what not
# -------------------------------------------------
#
# The decorator says that ``backward`` may not be differentiated. It keeps its word when the second
# backward reaches the error that it left in the graph:

(grad_input,) = torch.autograd.grad(Conv2d.apply(inputs, weight).pow(2).sum(), inputs, create_graph=True)
try:
    grad_input.sum().backward()
except RuntimeError as error:
    print("RuntimeError:", error)

# %%
# It leaves that error only if the incoming gradient requires grad. In a loss that is linear in the
# output, it does not. Add a term in :math:`X`, and a second derivative exists again: it raises
# nothing, and lacks every contribution of the convolution. What remains below is the gradient of the
# second term, :math:`2K`.


def gradient_of_penalty(convolution):
    loss = convolution(inputs, weight).sum() + inputs.pow(3).sum()
    (grad_input,) = torch.autograd.grad(loss, inputs, create_graph=True)
    penalty = grad_input.pow(2).sum() + weight.pow(2).sum()
    return torch.autograd.grad(penalty, weight)[0]


print("once_differentiable", f"{gradient_of_penalty(Conv2d.apply).max().item():.4f}")
print("2 * weight         ", f"{(2 * weight).max().item():.4f}")
print("autograd           ", f"{gradient_of_penalty(conv2d).max().item():.4f}")
torch.testing.assert_close(gradient_of_penalty(Conv2d.apply), 2 * weight)

# %%
# A guard that always raises
# --------------------------
#
# Let a second Function compute the gradients and let *its* backward raise. Its node stands between
# the gradients and everything they depend on, so no second derivative gets past it.


class ConvBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, grad_output, inputs, weight):
        return conv_backward(grad_output, inputs, weight)

    @staticmethod
    def backward(ctx, *grad_outputs):
        raise RuntimeError("GuardedConv2d has no second derivative")


class GuardedConv2d(Conv2d):
    @staticmethod
    def backward(ctx, grad_output):
        return ConvBackward.apply(grad_output, *ctx.saved_tensors)


print("gradcheck", gradcheck(GuardedConv2d.apply, (inputs, weight)))
try:
    gradient_of_penalty(GuardedConv2d.apply)
except RuntimeError as error:
    print("RuntimeError:", error)
else:
    raise AssertionError("the guard did not raise")
