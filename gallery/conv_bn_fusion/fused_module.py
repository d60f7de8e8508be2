"""
A module around it
==================

After this page you have the fused Function as a layer for your models, and you know how far it is
from the two layers that it replaces.

Read :doc:`fused_function` first.
"""

import torch
from torch import nn
from torch.autograd import gradcheck, gradgradcheck
from torch.nn.functional import conv2d, conv_transpose2d

torch.manual_seed(0)
DIMS = (0, 2, 3)

# %%
# The Function, from :doc:`fused_function`:


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


# %%
# The layer
# ---------
#
# The weight starts as that of :class:`torch.nn.Conv2d` does: uniform, within a bound that shrinks with
# the number of inputs to each output. Batch norm cancels the scale of the weight, but not of its
# gradient, so the start still matters.


class FusedConvBN2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, eps=1e-3):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, kernel_size, kernel_size))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)

    def forward(self, inputs):
        return FusedConvBN.apply(inputs, self.weight, self.eps)


layer = FusedConvBN2d(3, 6, 3).double()
inputs = torch.rand(2, 3, 5, 5, dtype=torch.float64, requires_grad=True)
print("gradcheck    ", gradcheck(layer, inputs))
print("gradgradcheck", gradgradcheck(layer, inputs))

# %%
# Against the separate operations
# -------------------------------
#
# Convolution and batch norm one after the other, differentiated by autograd, give the same output and
# the same gradients, up to the rounding of ``float64``:

inputs = torch.rand(8, 3, 10, 10, dtype=torch.float64, requires_grad=True)
fused, separate = layer(inputs), batch_norm(conv2d(inputs, layer.weight), layer.eps)
ours = torch.autograd.grad(fused.pow(3).sum(), (inputs, layer.weight))
theirs = torch.autograd.grad(separate.pow(3).sum(), (inputs, layer.weight), retain_graph=True)

for our, their in zip((fused, *ours), (separate, *theirs)):
    torch.testing.assert_close(our, their, rtol=0, atol=1e-10)
    print(tuple(our.shape), (our - their).abs().max().item() < 1e-10)

# %%
# Against ``nn.Conv2d`` and ``nn.BatchNorm2d``
# --------------------------------------------
#
# The layers of PyTorch divide by :math:`\sqrt{\sigma_b^2 + \varepsilon}`, with the biased variance
# :math:`\sigma_b^2 = \sigma^2 (N - 1) / N`, and not by :math:`\sigma + \varepsilon`. The quotient of the
# two follows from the statistics of each channel alone:

convolution = nn.Conv2d(3, 6, 3, bias=False)
norm = nn.BatchNorm2d(6, eps=1e-3, affine=False, track_running_stats=False)
convolution.weight = layer.weight
conv = convolution(inputs)
variance, count = conv.var(DIMS), conv.numel() / conv.shape[1]
predicted = (variance * (count - 1) / count + norm.eps).sqrt() / (variance.sqrt() + layer.eps)
measured = (fused / norm(conv)).mean(DIMS)

torch.testing.assert_close(measured, predicted)
print("max|fused - nn|", f"{(fused - norm(conv)).abs().max().item():.4f}")
print("predicted", [round(value, 4) for value in predicted.tolist()])
print("measured ", [round(value, 4) for value in measured.tolist()])

# %%
# About one percent here, because these standard deviations are small. The larger they are beside
# :math:`\varepsilon`, the closer the layers come to each other. Train with the layer that you are going
# to use: weights trained with one should not run with the other without a look at this difference.
