"""
Half precision and autocast
===========================

In mixed precision training, a layer sees ``float16`` or ``bfloat16`` values. A formula that is right to ten digits in
``float64`` can then be wrong by ten percent. You'll find out why, and what the fused Function does to avoid this
error and to support ``autocast``.

Read :doc:`fused_function` first.
"""

import torch
from torch.nn.functional import batch_norm as nn_batch_norm
from torch.nn.functional import conv2d

from batch_norm_backward import DIMS, EPS, BatchNorm, definition
from convolution_backward import Convolution
from fused_function import FusedConvBN

torch.manual_seed(0)
images = torch.randn(8, 3, 20, 20, dtype=torch.float64) + 3  # images are rarely centred
kernel = (torch.rand(6, 3, 3, 3, dtype=torch.float64) * 2 - 1) / 27**0.5
grad_output = torch.randn(8, 6, 18, 18, dtype=torch.float64)

# %%
# Ten percent
# -----------
#
# Each layer runs once in half precision and once in ``float64``, on the same rounded values. The columns show the
# relative errors of the output, ``grad_input`` and ``grad_weight``. The layer ``plain`` follows the definition and
# leaves the derivative to autograd, with the result of every step stored in half precision.


def plain(inputs, weight):
    return definition(conv2d(inputs, weight), EPS)


def fused(inputs, weight):
    return FusedConvBN.apply(inputs, weight, EPS)


def nn(inputs, weight):
    return nn_batch_norm(conv2d(inputs, weight), None, None, training=True, eps=EPS)


def results(layer, inputs, weight, grad_output):
    inputs, weight = inputs.detach().requires_grad_(), weight.detach().requires_grad_()
    out = layer(inputs, weight)
    return out, *torch.autograd.grad(out, (inputs, weight), grad_output.to(out.dtype))


def relative_errors(found, expected):
    return [((one - other).norm() / other.norm()).item() for one, other in zip(found, expected)]


for dtype in (torch.float16, torch.bfloat16):
    narrow = [tensor.to(dtype) for tensor in (images, kernel, grad_output)]
    wide = [tensor.double() for tensor in narrow]
    errors = {}
    for layer in (plain, fused, nn):
        values = errors[layer] = relative_errors(results(layer, *narrow), results(layer, *wide))
        print(f"{str(dtype):15}{layer.__name__:6}", *(f"{value:7.2%}" for value in values))
    assert errors[plain][2] > 5 * errors[fused][2]
    assert errors[fused][2] < 1.2 * errors[nn][2]

# %%
# The cause
# ---------
#
# Batch norm subtracts the mean, so the gradient that it passes to the convolution adds up to zero in each channel. In
# half precision, however, the mean of ``grad_output`` is rounded. Every value in the channel is then wrong by the same
# small amount, so the values no longer add up to zero. In the weight's gradient, this nonzero sum is multiplied by the
# mean of the images. That is how, in ``bfloat16``, an error of less than one percent in each value becomes an error of
# ten percent in the weight's gradient. Here is the largest channel sum for each version:

conv = conv2d(images, kernel).bfloat16().requires_grad_()
sums = {}
for name, function in {"plain": definition, "BatchNorm": BatchNorm.apply}.items():
    (grad_conv,) = torch.autograd.grad(function(conv, EPS), conv, grad_output.bfloat16())
    sums[name] = grad_conv.double().sum(DIMS).abs().max().item()
    print(f"{name:10}{sums[name]:8.4f}")
assert sums["plain"] > 5 * sums["BatchNorm"]

# %%
# So that the mean isn't rounded to half precision, ``centre`` converts its input to ``float32`` before it takes the
# mean. Only the final result is converted back to half precision.
#
# Autocast
# --------
#
# Under ``torch.autocast``, the inputs are ``float32``, and the convolution casts them to ``bfloat16``. As a rule,
# ``backward`` is called outside the autocast region, so it has to turn autocast on again. Otherwise it would compute a
# different convolution from the one in ``forward``. That is why ``Convolution`` and ``FusedConvBN`` store the autocast
# state in ``setup_context``.


def in_autocast(layer):
    def layer_in_autocast(inputs, weight):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return layer(inputs, weight)

    return layer_in_autocast


inputs, weight = images.float(), kernel.float()
for layer in (Convolution.apply, fused, nn):
    found = results(in_autocast(layer), inputs, weight, grad_output)
    errors = relative_errors(found, results(layer, images, kernel, grad_output))
    print(found[0].dtype, found[1].dtype, "".join(f"{value:8.2%}" for value in errors))
    assert found[0].dtype == torch.bfloat16 and max(errors) < 0.02

# %%
# ``torch.amp`` offers the decorators ``custom_fwd`` and ``custom_bwd`` for the same purpose, but in torch 2.13 they
# don't work with ``setup_context``; see :doc:`/field_guide/mixed_precision_twice`.
