"""
The fused Function
==================

After this page you have one Function for convolution and batch norm that keeps only its inputs for
backward, and it passes the checks of both orders.

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
# The pieces
# ----------
#
# From :doc:`convolution_backward` and :doc:`batch_norm_backward`:


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


# %%
# Fused
# -----
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

# %%
# The tempting variant
# --------------------
#
# Mean and standard deviation are small. Why not keep them on ``ctx`` and save a few sums? Because they
# depend on both inputs and have no history there. The first derivative is right, the second is not.


class StatisticsOnCtx(FusedConvBN):
    @staticmethod
    def forward(ctx, inputs, weight, eps=1e-3):
        ctx.save_for_backward(inputs, weight)
        ctx.eps, conv = eps, conv2d(inputs, weight)
        ctx.mean, ctx.std = conv.mean(DIMS, keepdim=True), conv.var(DIMS, keepdim=True).sqrt()
        return (conv - ctx.mean) / (ctx.std + eps)

    @staticmethod
    def backward(ctx, grad_output):
        inputs, weight = ctx.saved_tensors
        conv = conv2d(inputs, weight)
        # The formula of batch_norm_backward, with statistics that autograd takes for constants.
        count, centred, scale = conv.numel() / conv.shape[1], conv - ctx.mean, ctx.std + ctx.eps
        through_std = (grad_output * centred).sum(DIMS, keepdim=True) / ((count - 1) * ctx.std * scale**2)
        through_mean = grad_output - grad_output.mean(DIMS, keepdim=True)
        grad_conv = through_mean / scale - centred * through_std
        grad_weight = conv2d(inputs.transpose(0, 1), grad_conv.transpose(0, 1)).transpose(0, 1)
        return conv_transpose2d(grad_conv, weight), grad_weight, None


print("gradcheck    ", gradcheck(StatisticsOnCtx.apply, (inputs, weight)))
print("gradgradcheck", gradgradcheck(StatisticsOnCtx.apply, (inputs, weight), raise_exception=False))

# %%
# What is kept
# ------------
#
# First the graph of convolution and batch norm as autograd records them, with every saved tensor:

out = batch_norm(conv2d(inputs, weight), eps=1e-3)
make_dot(out, params={"inputs": inputs, "weight": weight, "out": out}, show_saved=True)

# %%
# Then the fused Function:

out = FusedConvBN.apply(inputs, weight)
make_dot(out, params={"inputs": inputs, "weight": weight, "out": out}, show_saved=True)

# %%
# All that remains is ``inputs`` and ``weight``, which the caller holds anyway. The price is one more
# convolution in ``backward``.
