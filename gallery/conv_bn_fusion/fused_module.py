"""
The fused layer as a module
===========================

Once you wrap the fused Function in a module, you can use it in your models like any other layer. Here you write this
module and measure how far its output is from that of the two PyTorch layers it replaces.

Read :doc:`fused_function` first.
"""

import torch
from torch import nn
from torch.autograd import gradcheck, gradgradcheck
from torch.nn.functional import conv2d

from batch_norm_backward import DIMS, EPS, definition
from fused_function import FusedConvBN

torch.manual_seed(0)

# %%
# The layer
# ---------
#
# The weight is initialised as in :class:`torch.nn.Conv2d`: its values are drawn uniformly from a range around zero. The
# more inputs each output has, the narrower this range is. Batch norm cancels the weight's scale in the output, but not
# in the weight's gradient, so the initialisation still matters.


class FusedConvBN2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, eps=EPS):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, kernel_size, kernel_size))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)

    def forward(self, inputs):
        return FusedConvBN.apply(inputs, self.weight, self.eps)


layer = FusedConvBN2d(3, 6, 3).double()
inputs = torch.rand(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)
print("gradcheck    ", gradcheck(layer, inputs))
print("gradgradcheck", gradgradcheck(layer, inputs))

# %%
# Against the separate operations
# -------------------------------
#
# Run convolution and batch norm as separate operations, and let autograd differentiate them. The output and the
# gradients are the same as those of the fused layer, up to ``float64`` rounding:

inputs = torch.rand(8, 3, 10, 10, dtype=torch.float64, requires_grad=True)
fused, separate = layer(inputs), definition(conv2d(inputs, layer.weight), layer.eps)
ours = torch.autograd.grad(fused.pow(3).sum(), (inputs, layer.weight))
theirs = torch.autograd.grad(separate.pow(3).sum(), (inputs, layer.weight), retain_graph=True)

for our, their in zip((fused, *ours), (separate, *theirs)):
    torch.testing.assert_close(our, their, rtol=0, atol=1e-10)
    print(tuple(our.shape), (our - their).abs().max().item() < 1e-10)

# %%
# Against ``nn.Conv2d`` and ``nn.BatchNorm2d``
# --------------------------------------------
#
# This layer divides by :math:`\sigma + \varepsilon`, whereas ``nn.BatchNorm2d`` divides by :math:`\sqrt{\sigma_b^2 +
# \varepsilon}`, with the biased variance :math:`\sigma_b^2 = \sigma^2 (N - 1) / N`. You can therefore predict the ratio
# of the two outputs from each channel's variance and from :math:`N`, the number of values in a channel:

convolution = nn.Conv2d(3, 6, 3, bias=False)
norm = nn.BatchNorm2d(6, eps=layer.eps, affine=False, track_running_stats=False)
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
# The ratios show that the two outputs differ by about one percent here, because the standard deviations are small. The
# larger the standard deviations are relative to :math:`\varepsilon`, the closer the outputs get. Train with the layer
# that you are going to use, and check this difference before you run either layer with weights that were trained in the
# other.
