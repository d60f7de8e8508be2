"""
The fused Function
==================

Convolution and batch norm each keep their own input for ``backward``. Batch norm's input is the convolution's output,
an activation that nothing needs again until ``backward``, and that ``backward`` can recompute. Here you fuse the two
operations into one Function that doesn't keep this activation.

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
# The Function saves the input and the weight. Its ``backward`` recomputes the convolution and batch norm's statistics,
# and then runs the backward of batch norm, followed by that of the convolution.


class FusedConvBN(torch.autograd.Function):
    generate_vmap_rule = True  # vmap can batch every operation in this Function

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
        # The convolution has to give the same result as in forward, in the same dtype.
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
# In the last two checks, only one tensor needs a gradient: the input in one check, and the weight in the other.
# :doc:`half_precision` explains the lines about autocast.
#
# The pair
# --------
#
# The fused Function has the same output and gradients as the pair of separate Functions, up to ``float64`` rounding:


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
# The graph below shows both versions, built on the same leaves, along with every tensor that they save. If you go up
# from ``pair``, you pass its two nodes and see what each of them has saved.

names = {"inputs": inputs, "weight": weight, "fused": fused, "pair": pair}
make_dot((fused, pair), params=names, show_saved=True)

# %%
# Both versions keep ``inputs`` and ``weight``, but only the pair's ``BatchNorm`` also keeps the convolution's output,
# of shape (2, 4, 3, 3). The weight exists anyway, but inside a network, the input is the previous layer's output, which
# stays in memory because this layer keeps it. So the fused Function keeps one activation per layer, while the pair
# keeps two. The price is an extra convolution in ``backward``.
