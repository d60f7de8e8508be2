"""
Backward of batch norm
======================

We derive the gradient of batch norm step by step. The backward is short and passes the checks of both orders.

You should know what batch norm computes. If custom Functions are new to you, read
:doc:`/double_backward/saving_inputs` first.

Batch norm takes each channel of :math:`X`, with :math:`N = B \\cdot H \\cdot W` values, and brings it to mean 0 and
standard deviation 1. As in the rest of the chapter it has no scale and shift of its own, keeps no running statistics,
uses the unbiased variance, and adds :math:`\\varepsilon` *outside* the square root.
"""

import torch
from torch.autograd import gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# The derivation
# --------------
#
# For one channel, with values :math:`x_i`:
#
# .. math:: \mu = \frac{1}{N} \sum_i x_i
#    \qquad \sigma^2 = \frac{1}{N - 1} \sum_i (x_i - \mu)^2
#    \qquad y_i = \frac{x_i - \mu}{\sigma + \varepsilon}
#
# Write :math:`s = \sigma + \varepsilon` and let :math:`g_i` be the incoming gradient. A value :math:`x_j` acts on the
# result in three ways: directly, through the mean, and through :math:`s`. We begin with the last. The loss depends on
# :math:`s` through every :math:`y_i`:
#
# .. math:: \frac{\partial L}{\partial s} = - \frac{1}{s^2} \sum_i g_i \, (x_i - \mu)
#
# and :math:`s` depends on :math:`x_j` as :math:`\sigma` does. The mean that is hidden in :math:`\sigma` contributes
# nothing, because the deviations from it add up to zero:
#
# .. math:: \frac{\partial s}{\partial x_j} = \frac{1}{2 \sigma} \cdot \frac{2 \, (x_j - \mu)}{N - 1}
#    = \frac{x_j - \mu}{(N - 1) \, \sigma}
#
# Directly, :math:`x_j` contributes :math:`g_j / s`; through the mean, every :math:`g_i` contributes its share of
# :math:`-1 / (N s)`. Together:
#
# .. math:: \frac{\partial L}{\partial x_j} = \frac{1}{s} \left( g_j - \frac{1}{N} \sum_i g_i \right)
#    - \frac{x_j - \mu}{(N - 1) \, \sigma \, s^2} \sum_i g_i \, (x_i - \mu)
#
# In code
# -------
#
# The sums run over batch and positions, dimensions 0, 2 and 3. Only the input is saved, and ``backward`` computes the
# statistics again: made in ``forward``, they would be intermediates without a history, as in
# :doc:`/double_backward/losing_intermediates`. ``centre`` also takes care of constant channels (see
# :doc:`constant_channel`), half precision (see :doc:`half_precision`) and channels with too few values.

DIMS = (0, 2, 3)
EPS = 1e-3


def centre(inputs):
    count = inputs.numel() // inputs.shape[1]  # N = B · H · W
    if inputs.dim() != 4 or count < 2:
        shape = tuple(inputs.shape)
        raise ValueError(f"batch norm needs (B, C, H, W) with B * H * W > 1, not {shape}")
    # In half precision the sums would lose too many digits.
    wide = inputs.to(torch.promote_types(inputs.dtype, torch.float32))
    centred = wide - wide.mean(DIMS, keepdim=True)
    variance = centred.square().sum(DIMS, keepdim=True) / (count - 1)
    # A constant channel has variance 0, and the root has no derivative there.
    return centred, variance.clamp(min=torch.finfo(wide.dtype).tiny).sqrt(), count


def batch_norm(inputs, eps):
    centred, std, _ = centre(inputs)
    return (centred / (std + eps)).to(inputs.dtype)


def batch_norm_backward(grad_output, inputs, eps):
    centred, std, count = centre(inputs)
    grad_output, scale = grad_output.to(centred.dtype), std + eps
    through_mean = grad_output - grad_output.mean(DIMS, keepdim=True)
    through_std = (grad_output * centred).sum(DIMS, keepdim=True) / ((count - 1) * std * scale**2)
    return (through_mean / scale - centred * through_std).to(inputs.dtype)


class BatchNorm(torch.autograd.Function):
    @staticmethod
    def forward(inputs, eps):
        return batch_norm(inputs, eps)

    @staticmethod
    def setup_context(ctx, inputs, output):
        images, ctx.eps = inputs
        ctx.save_for_backward(images)

    @staticmethod
    def backward(ctx, grad_output):
        # One gradient for each input of forward; eps is not a tensor and gets None.
        return batch_norm_backward(grad_output, *ctx.saved_tensors, ctx.eps), None


inputs = torch.rand(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)
print("gradcheck    ", gradcheck(BatchNorm.apply, (inputs, EPS)))
print("gradgradcheck", gradgradcheck(BatchNorm.apply, (inputs, EPS)))

# %%
# Autograd finds the same gradient when it differentiates the definition of batch norm:


def definition(inputs, eps):
    centred = inputs - inputs.mean(DIMS, keepdim=True)
    return centred / (inputs.var(DIMS, keepdim=True).sqrt() + eps)


ours, theirs = BatchNorm.apply(inputs, EPS), definition(inputs, EPS)
grad_output = torch.rand_like(inputs)
(our_grad,) = torch.autograd.grad(ours, inputs, grad_output)
(their_grad,) = torch.autograd.grad(theirs, inputs, grad_output)
torch.testing.assert_close((ours, our_grad), (theirs, their_grad))
print("torch.allclose", torch.allclose(our_grad, their_grad))

# %%
# The three cases: two values in a channel are enough, fewer are refused, and a constant channel has a gradient.

for shape in ((2, 3, 1, 1), (1, 3, 1, 1), (0, 3, 4, 4), (3, 4, 4)):
    try:
        print(tuple(batch_norm(torch.rand(shape), EPS).shape))
        assert shape == (2, 3, 1, 1)
    except ValueError as error:
        print("ValueError:", error)
        assert shape != (2, 3, 1, 1)

constant = torch.ones(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)
print("gradcheck    ", gradcheck(BatchNorm.apply, (constant, 0.1)))
