"""
The fused Function
==================

Convolution and batch norm each keep their own input for ``backward``. The input of batch norm is the output of the
convolution, an activation that nobody needs between forward and backward and that can be computed again. Here both
become one Function that does not keep it.

Read :doc:`convolution_backward` and :doc:`batch_norm_backward` first.
"""

import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.nn.functional import conv2d
from torchviz import make_dot

from batch_norm_backward import EPS, BatchNorm, batch_norm, batch_norm_backward
from convolution_backward import Convolution, autocast_state, conv_backward

torch.manual_seed(0)

# %%
# One Function
# ------------
#
# ``forward`` saves the input and the weight. ``backward`` computes the convolution again, and the statistics with it,
# then goes through batch norm and convolution in turn.


class FusedConvBN(torch.autograd.Function):
    generate_vmap_rule = True  # every operation here is one that vmap knows

    @staticmethod
    def forward(inputs, weight, eps):
        return batch_norm(conv2d(inputs, weight), eps)

    @staticmethod
    def setup_context(ctx, inputs, output):
        images, weight, ctx.eps = inputs
        ctx.save_for_backward(images, weight)
        ctx.autocast = autocast_state(output)

    @staticmethod
    def backward(ctx, grad_output):
        inputs, weight = ctx.saved_tensors
        # The convolution has to come out as in forward, in the same dtype.
        with torch.autocast(**ctx.autocast):
            grad_conv = batch_norm_backward(grad_output, conv2d(inputs, weight), ctx.eps)
            return *conv_backward(grad_conv, inputs, weight, ctx.needs_input_grad), None


inputs = torch.rand(2, 3, 5, 5, dtype=torch.float64, requires_grad=True)
weight = torch.rand(4, 3, 3, 3, dtype=torch.float64, requires_grad=True)

print("gradcheck    ", gradcheck(FusedConvBN.apply, (inputs, weight, EPS)))
print("gradgradcheck", gradgradcheck(FusedConvBN.apply, (inputs, weight, EPS)))
print("gradcheck    ", gradcheck(FusedConvBN.apply, (inputs, weight.detach(), EPS)))
print("gradcheck    ", gradcheck(FusedConvBN.apply, (inputs.detach(), weight, EPS)))

# %%
# The last two leave out one gradient each. :doc:`half_precision` explains the line about autocast.
#
# The pair
# --------
#
# Output and gradients are those of the two Functions one after the other, up to the rounding of ``float64``:


def conv_bn(inputs, weight):
    return BatchNorm.apply(Convolution.apply(inputs, weight), EPS)


fused, pair = FusedConvBN.apply(inputs, weight, EPS), conv_bn(inputs, weight)
ours = torch.autograd.grad(fused.pow(3).sum(), (inputs, weight), retain_graph=True)
theirs = torch.autograd.grad(pair.pow(3).sum(), (inputs, weight), retain_graph=True)
for our, their in zip((fused, *ours), (pair, *theirs)):
    torch.testing.assert_close(our, their, rtol=0, atol=1e-10)
    print(tuple(our.shape), (our - their).abs().max().item() < 1e-10)

# %%
# What is kept
# ------------
#
# Here are both in one graph, over the same leaves, with every saved tensor. Follow the pair upwards: each of its two
# nodes holds what it saved.

names = {"inputs": inputs, "weight": weight, "fused": fused, "pair": pair}
make_dot((fused, pair), params=names, show_saved=True)

# %%
# ``BatchNorm`` keeps the output of the convolution, of shape (2, 4, 3, 3). The fused Function keeps ``inputs`` and
# ``weight``. The weight exists anyway. Inside a network the input is the output of the layer before, and is alive
# only because this layer keeps it. So one activation a layer remains where the pair has two. The price is one more
# convolution in ``backward``.
