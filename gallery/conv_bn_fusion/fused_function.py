"""
The fused Function
==================

After this page you have one Function for convolution and batch norm that keeps only its inputs for
backward, and it passes the checks of both orders.

Read :doc:`convolution_backward` and :doc:`batch_norm_backward` first.

Each of the two layers keeps its own input. The input of batch norm is the output of the convolution:
an activation that nobody needs between forward and backward, and that can be computed again.
"""

import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.nn.functional import conv2d, conv_transpose2d
from torchviz import make_dot

torch.manual_seed(0)
DIMS = (0, 2, 3)

# %%
# Two Functions
# -------------
#
# From :doc:`convolution_backward` and :doc:`batch_norm_backward`, here without a guard against a second
# derivative:


def conv_backward(grad_output, inputs, weight):
    grad_input = conv_transpose2d(grad_output, weight)
    # (C_in, B, H, W) with (C_out, B, H', W') gives (C_in, C_out, k, k).
    grad_weight = conv2d(inputs.transpose(0, 1), grad_output.transpose(0, 1)).transpose(0, 1)
    return grad_input, grad_weight


def batch_norm(inputs, eps):
    mean = inputs.mean(DIMS, keepdim=True)
    return (inputs - mean) / (inputs.var(DIMS, keepdim=True).sqrt() + eps)


def batch_norm_backward(grad_output, inputs, eps):
    count = inputs.numel() / inputs.shape[1]  # N = B · H · W
    centred = inputs - inputs.mean(DIMS, keepdim=True)
    std = inputs.var(DIMS, keepdim=True).sqrt()
    scale = std + eps
    through_mean = grad_output - grad_output.mean(DIMS, keepdim=True)
    through_std = (grad_output * centred).sum(DIMS, keepdim=True) / ((count - 1) * std * scale**2)
    return through_mean / scale - centred * through_std


class Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx, inputs, weight):
        ctx.save_for_backward(inputs, weight)
        return conv2d(inputs, weight)

    @staticmethod
    def backward(ctx, grad_output):
        return conv_backward(grad_output, *ctx.saved_tensors)


class BatchNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, inputs, eps=1e-3):
        ctx.save_for_backward(inputs)
        ctx.eps = eps
        return batch_norm(inputs, eps)

    @staticmethod
    def backward(ctx, grad_output):
        (inputs,) = ctx.saved_tensors
        # One gradient for each input of forward; eps is not a tensor and gets None.
        return batch_norm_backward(grad_output, inputs, ctx.eps), None


# %%
# One Function
# ------------
#
# ``forward`` saves the input and the weight. ``backward`` computes the convolution again, and the
# statistics with it, then goes through batch norm and convolution in turn. A gradient that nobody
# asked for is not computed: ``needs_input_grad`` says which are wanted.


class FusedConvBN(torch.autograd.Function):
    @staticmethod
    def forward(ctx, inputs, weight, eps=1e-3):
        ctx.save_for_backward(inputs, weight)
        ctx.eps = eps
        return batch_norm(conv2d(inputs, weight), eps)

    @staticmethod
    def backward(ctx, grad_output):
        inputs, weight = ctx.saved_tensors
        grad_conv = batch_norm_backward(grad_output, conv2d(inputs, weight), ctx.eps)
        grad_input = grad_weight = None
        if ctx.needs_input_grad[0]:
            grad_input = conv_transpose2d(grad_conv, weight)
        if ctx.needs_input_grad[1]:
            grad_weight = conv2d(inputs.transpose(0, 1), grad_conv.transpose(0, 1)).transpose(0, 1)
        return grad_input, grad_weight, None


inputs = torch.rand(2, 3, 5, 5, dtype=torch.float64, requires_grad=True)
weight = torch.rand(4, 3, 3, 3, dtype=torch.float64, requires_grad=True)

print("gradcheck    ", gradcheck(FusedConvBN.apply, (inputs, weight)))
print("gradgradcheck", gradgradcheck(FusedConvBN.apply, (inputs, weight)))
print("gradcheck    ", gradcheck(FusedConvBN.apply, (inputs, weight.detach())))
print("gradcheck    ", gradcheck(FusedConvBN.apply, (inputs.detach(), weight)))
print("gradgradcheck", gradgradcheck(Convolution.apply, (inputs, weight)))

# %%
# Output and gradients are those of the two Functions one after the other, up to the rounding of
# ``float64``:

fused = FusedConvBN.apply(inputs, weight)
pair = BatchNorm.apply(Convolution.apply(inputs, weight))
ours = torch.autograd.grad(fused.pow(3).sum(), (inputs, weight), retain_graph=True)
theirs = torch.autograd.grad(pair.pow(3).sum(), (inputs, weight), retain_graph=True)
for our, their in zip((fused, *ours), (pair, *theirs)):
    torch.testing.assert_close(our, their, rtol=0, atol=1e-10)
    print(tuple(our.shape), (our - their).abs().max().item() < 1e-10)

# %%
# What is kept
# ------------
#
# Both in one graph, over the same leaves, with every saved tensor. Follow the pair upwards: each of its
# two nodes holds what it saved.

names = {"inputs": inputs, "weight": weight, "fused": fused, "pair": pair}
make_dot((fused, pair), params=names, show_saved=True)

# %%
# ``BatchNorm`` keeps the output of the convolution, of shape (2, 4, 3, 3). The fused Function keeps
# ``inputs`` and ``weight`` only, which the caller holds anyway. The price is one more convolution in
# ``backward``.
