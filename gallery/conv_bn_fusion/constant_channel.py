"""
NaN from a constant channel
===========================

The gradient of batch norm divides by the standard deviation. If all values of a channel are the same, that is zero,
and one such channel can fill a whole network with NaN. This page shows what happens and why the Function of
:doc:`batch_norm_backward` returns the right gradient instead.

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
# A filter of zeros, or a ReLU that lets nothing through, makes a channel that is constant. Here it is the second of
# three. The :math:`\varepsilon` outside the root keeps ``forward`` from dividing by zero, but the derivative of the
# root is :math:`1 / (2 \sigma)`, and :math:`\varepsilon` does not help there.


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
# Only the second channel of this gradient is NaN. In :doc:`fused_function` the convolution comes next. Its backward
# adds the channels up, and then no number is left:

grad_images = conv_transpose2d(grad_input, torch.rand(3, 2, 3, 3, dtype=torch.float64))
print(grad_images.isnan().all().item())
assert grad_images.isnan().all()

# %%
# The right gradient
# ------------------
#
# Nothing is wrong with the function itself. When the deviations :math:`x_j - \mu` of a channel are zero, the second
# term of the gradient vanishes with them, and :math:`\left( g_j - \frac{1}{N} \sum_i g_i \right) / \varepsilon`
# remains. ``BatchNorm`` computes it, because it takes the root of the smallest normal number in place of the root of
# zero. A zero divided by a tiny number is zero.

out, grad_input = outcome(BatchNorm.apply, inputs, grad_output)
expected = (grad_output - grad_output.mean(DIMS, keepdim=True)) / EPS
torch.testing.assert_close(grad_input[:, 1], expected[:, 1])
print("torch.allclose", torch.allclose(grad_input[:, 1], expected[:, 1]))
print("gradcheck     ", gradcheck(BatchNorm.apply, (inputs, 0.1)))

# %%
# The check uses a larger :math:`\varepsilon`, because finite differences need room: their step must be small beside
# it.
#
# A second derivative does not exist at this point, since :math:`\sigma` has a kink there, as :math:`|t|` has at zero.
# What a second backward returns is finite:

out = BatchNorm.apply(inputs, EPS)
(grad_input,) = torch.autograd.grad(out, inputs, grad_output, create_graph=True)
(second,) = torch.autograd.grad(grad_input.pow(2).sum(), inputs)
print(second.isfinite().all().item())
assert second.isfinite().all()

# %%
# Deviations and root from one source
# -----------------------------------
#
# ``centre`` computes the variance from the very deviations that are divided by it. With ``var()`` the two may round
# differently. In ``float32`` the mean of equal numbers can miss them by one unit in the last place, while ``var()``
# finds exactly zero. Then a tiny number no longer meets a zero:


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
