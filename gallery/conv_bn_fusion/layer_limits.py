"""
Limits of the fused layer
=========================

The fused layer is an example to learn from and copy, not a replacement for ``nn.Conv2d`` and ``nn.BatchNorm2d``. Before
you use it, you should know which inputs it rejects and which features it lacks. The code on this page shows what
happens at each of these limits.

Read :doc:`fused_module` first.
"""

from textwrap import fill

import torch
from torch.nn.functional import batch_norm as nn_batch_norm
from torch.nn.functional import conv2d

from batch_norm_backward import EPS, batch_norm
from fused_function import FusedConvBN
from fused_module import FusedConvBN2d

torch.manual_seed(0)
layer = FusedConvBN2d(3, 6, 3)
images = torch.rand(4, 3, 8, 8)

# %%
# Too few values
# --------------
#
# The unbiased variance divides by :math:`N - 1`, so a channel needs at least two values. The layer therefore rejects a
# batch of one image whose output is a single pixel, and it also rejects an empty batch:


def refused(function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except Exception as error:
        print(fill(f"{type(error).__name__}: {str(error).splitlines()[0]}", 88))
        return type(error)
    raise AssertionError("nothing was raised")


assert refused(layer, images[:1, :, :3, :3]) is ValueError
assert refused(layer, images[:0]) is ValueError

# %%
# PyTorch's batch norm also rejects a single value per channel, but it accepts an empty batch:

assert refused(nn_batch_norm, torch.rand(1, 6, 1, 1), None, None, training=True) is ValueError
print(tuple(nn_batch_norm(torch.rand(0, 6, 6, 6), None, None, training=True).shape))

# %%
# Options of the convolution
# --------------------------
#
# The layer takes no stride, padding, dilation or bias. A weight for two groups and an image without a batch dimension
# also raise an error:

assert refused(FusedConvBN2d, 3, 6, 3, stride=2) is TypeError
grouped = torch.rand(4, 4, 8, 8), torch.rand(6, 2, 3, 3)
assert refused(FusedConvBN.apply, *grouped, EPS) is RuntimeError
assert refused(layer, images[0]) is ValueError

# %%
# Evaluation
# ----------
#
# The layer keeps no running statistics, so ``eval()`` changes nothing, and the output for an image depends on the other
# images in its batch. Here the layer gets the same image in a batch of four and in a batch of two:

layer.eval()
difference = (layer(images)[0] - layer(images[:2])[0]).abs().max().item()
print(f"{difference:.4f}")
assert difference > 0.01

# %%
# Transformations
# ---------------
#
# ``torch.func.grad`` and ``vmap`` work: the code below uses both to get the gradients for three weights at once.
# Forward mode doesn't work, because the Function has no ``jvp``.

weights = torch.rand(3, 6, 3, 3, 3)


def loss(weight):
    return FusedConvBN.apply(images, weight, EPS).pow(3).sum()


def expected_loss(weight):
    return batch_norm(conv2d(images, weight), EPS).pow(3).sum()


found = torch.func.vmap(torch.func.grad(loss))(weights)
expected = torch.stack([torch.func.grad(expected_loss)(weight) for weight in weights])
torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)
print(tuple(found.shape))
assert refused(torch.func.jvp, loss, (weights[0],), (weights[0],)) is NotImplementedError

# %%
# Devices
# -------
#
# The Function looks up the autocast state of the device that it runs on. In torch 2.13, the ``meta`` device has no
# autocast state, so the Function doesn't run there:

meta = torch.rand(4, 3, 8, 8, device="meta"), torch.rand(6, 3, 3, 3, device="meta")
assert refused(FusedConvBN.apply, *meta, EPS) is RuntimeError

# %%
# What works
# ----------
#
# If your images are in the channels-last memory format, the output is in that format too. After ``backward``, the
# strides of the weight's gradient are the same as those of the weight itself:

out = layer(images.to(memory_format=torch.channels_last))
out.sum().backward()
print(out.is_contiguous(memory_format=torch.channels_last), layer.weight.grad.is_contiguous())
assert out.is_contiguous(memory_format=torch.channels_last) and layer.weight.grad.is_contiguous()
