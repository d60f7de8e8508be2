"""
NaN from a constant channel
===========================

The formula for batch norm's gradient divides by the standard deviation itself, without the ε that forward adds to it.
If all values in a channel are the same, that is a division by zero, and one such constant channel can fill a whole
network with NaN. This page shows how that happens, and why the Function from :doc:`batch_norm_backward` returns the
right gradient instead.

Read :doc:`batch_norm_backward` first.
"""

import torch
from torch.autograd import gradcheck
from torch.nn.functional import conv_transpose2d

from batch_norm_backward import DIMS, EPS, BatchNorm, definition

torch.manual_seed(0)

# %%
# Forward is finite, backward is not
# ----------------------------------
#
# A channel becomes constant if its filter is all zeros, or if a ReLU lets none of its values through. In this example,
# the second of three channels is constant. Because :math:`\varepsilon` is added outside the root, ``forward`` doesn't
# divide by zero. But the derivative of the root is :math:`1 / (2 \sigma)`, which is infinite at :math:`\sigma = 0`,
# whatever :math:`\varepsilon` is.


def outcome(function, inputs, grad_output):
    out = function(inputs, EPS)
    return out, *torch.autograd.grad(out, inputs, grad_output)


def constant(dtype):
    inputs = torch.rand(2, 3, 4, 4, dtype=dtype)
    inputs[:, 1] = 0.1
    return inputs.requires_grad_()


inputs = constant(torch.float64)
grad_output = torch.rand_like(inputs)
out, grad_input = outcome(definition, inputs, grad_output)
print(out.isfinite().all(DIMS).tolist())
print(grad_input.isfinite().all(DIMS).tolist())
assert out.isfinite().all() and grad_input[:, 1].isnan().all()

# %%
# The output is finite in every channel (first line), and the gradient is NaN only in the second channel (second line).
# In :doc:`fused_function`, however, the gradient goes on to the convolution. The convolution's backward adds up the
# channels, so every value becomes NaN:

grad_images = conv_transpose2d(grad_input, torch.rand(3, 2, 3, 3, dtype=torch.float64))
print(grad_images.isnan().all().item())
assert grad_images.isnan().all()

# %%
# The right gradient
# ------------------
#
# Batch norm itself does have a gradient for a constant channel. All deviations :math:`x_j - \mu` are zero, which makes
# the second term of the gradient zero and leaves only :math:`\left( g_j - \frac{1}{N} \sum_i g_i \right) /
# \varepsilon`. ``BatchNorm`` returns this gradient, because ``centre`` takes the root of the smallest normal number
# instead of the root of zero. The second term then divides zero by a tiny number, which gives zero.

out, grad_input = outcome(BatchNorm.apply, inputs, grad_output)
expected = (grad_output - grad_output.mean(DIMS, keepdim=True)) / EPS
torch.testing.assert_close(grad_input[:, 1], expected[:, 1])
print("torch.allclose", torch.allclose(grad_input[:, 1], expected[:, 1]))
print("gradcheck     ", gradcheck(BatchNorm.apply, (inputs, 0.1)))

# %%
# Here ``gradcheck`` uses a larger :math:`\varepsilon`, 0.1, because the finite-difference step has to be small compared
# with it.
#
# Batch norm has no second derivative at a constant channel, because :math:`\sigma` has a kink there, like :math:`|t|`
# at zero. Even so, a second backward pass returns finite values:

out = BatchNorm.apply(inputs, EPS)
(grad_input,) = torch.autograd.grad(out, inputs, grad_output, create_graph=True)
(second,) = torch.autograd.grad(grad_input.pow(2).sum(), inputs)
print(second.isfinite().all().item())
assert second.isfinite().all()

# %%
# The variance has to come from the deviations
# --------------------------------------------
#
# ``centre`` computes the variance from the same deviations that batch norm divides by the standard deviation. With
# ``var()``, the variance and the deviations can be rounded differently. In ``float32``, the mean of equal values can be
# off by one unit in the last place, so the deviations aren't quite zero, while ``var()`` returns exactly zero. Then
# ``backward`` divides these deviations by a tiny number, and the gradient becomes far too large:


def separate_var(grad_output, inputs):
    centred = inputs - inputs.mean(DIMS, keepdim=True)
    std = inputs.var(DIMS, keepdim=True).clamp(min=torch.finfo(inputs.dtype).tiny).sqrt()
    count, scale = inputs.numel() / inputs.shape[1], std + EPS
    through_mean = grad_output - grad_output.mean(DIMS, keepdim=True)
    through_std = (grad_output * centred).sum(DIMS, keepdim=True) / ((count - 1) * std * scale**2)
    return through_mean / scale - centred * through_std


inputs, grad_output, expected = constant(torch.float32), grad_output.float(), expected.float()
wrong, (_, right) = separate_var(grad_output, inputs), outcome(BatchNorm.apply, inputs, grad_output)
for name, grad_input in {"separate_var": wrong, "BatchNorm": right, "expected": expected}.items():
    print(f"{name:12} {grad_input[:, 1].abs().max().item():.3g}")
torch.testing.assert_close(right[:, 1], expected[:, 1], rtol=1e-4, atol=1e-2)
assert wrong[:, 1].abs().max() > 1000 * expected[:, 1].abs().max()
