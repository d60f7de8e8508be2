"""
Backward of batch norm
======================

On this page you derive batch norm's gradient step by step, and write a short ``backward`` that passes both gradient
checks.

You should already know what batch norm computes. If custom Functions are new to you, read
:doc:`/double_backward/saving_inputs` first.

Each channel of :math:`X` holds :math:`N = B \\cdot H \\cdot W` values, and batch norm brings them to mean 0 and
standard deviation 1. Throughout this chapter, batch norm has no scale or shift, keeps no running statistics, uses the
unbiased variance, and adds :math:`\\varepsilon` *outside* the square root.
"""

import torch
from torch.autograd import gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# The derivation
# --------------
#
# For one channel with values :math:`x_i`, batch norm computes:
#
# .. math:: \mu = \frac{1}{N} \sum_i x_i \qquad \sigma^2 = \frac{1}{N - 1} \sum_i (x_i - \mu)^2
#    \qquad y_i = \frac{x_i - \mu}{\sigma + \varepsilon}
#
# Write :math:`s = \sigma + \varepsilon`, and let :math:`g_i` be the incoming gradient. A value :math:`x_j` affects the
# loss in three ways: directly, through the mean, and through :math:`s`. Let's start with :math:`s`, on which all
# :math:`y_i` depend:
#
# .. math:: \frac{\partial L}{\partial s} = - \frac{1}{s^2} \sum_i g_i \, (x_i - \mu)
#
# Since :math:`\varepsilon` is a constant, :math:`s` and :math:`\sigma` have the same derivative with respect to
# :math:`x_j`. The :math:`\mu` inside :math:`\sigma` contributes nothing to this derivative, because the deviations
# :math:`x_i - \mu` add up to zero:
#
# .. math:: \frac{\partial s}{\partial x_j} = \frac{1}{2 \sigma} \cdot \frac{2 \, (x_j - \mu)}{N - 1}
#    = \frac{x_j - \mu}{(N - 1) \, \sigma}
#
# The direct path contributes :math:`g_j / s` to the gradient of :math:`x_j`. The path through the mean contributes
# every :math:`g_i`, each multiplied by :math:`-1 / (N s)`. Adding up all three paths gives:
#
# .. math:: \frac{\partial L}{\partial x_j} = \frac{1}{s} \left( g_j - \frac{1}{N} \sum_i g_i \right)
#    - \frac{x_j - \mu}{(N - 1) \, \sigma \, s^2} \sum_i g_i \, (x_i - \mu)
#
# In code
# -------
#
# The sums run over the batch and all positions, which are dimensions 0, 2 and 3. The Function saves only its input.
# Its ``backward`` computes the statistics again, because those from ``forward`` would have no history (see
# :doc:`/double_backward/losing_intermediates`). The function ``centre`` also handles constant channels (see
# :doc:`constant_channel`), half precision (see :doc:`half_precision`) and channels with too few values.

DIMS = (0, 2, 3)
EPS = 1e-3


def centre(inputs):
    count = inputs.numel() // inputs.shape[1]  # N = B · H · W
    if inputs.dim() != 4 or count < 2:
        raise ValueError(f"batch norm needs (B, C, H, W) with B * H * W > 1, not {tuple(inputs.shape)}")
    wide = inputs.to(torch.promote_types(inputs.dtype, torch.float32))
    centred = wide - wide.mean(DIMS, keepdim=True)
    variance = centred.square().sum(DIMS, keepdim=True) / (count - 1)
    # A constant channel has variance 0, where the square root has no derivative.
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
        return batch_norm_backward(grad_output, *ctx.saved_tensors, ctx.eps), None  # eps is not a tensor


inputs = torch.rand(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)
print("gradcheck    ", gradcheck(BatchNorm.apply, (inputs, EPS)))
print("gradgradcheck", gradgradcheck(BatchNorm.apply, (inputs, EPS)))

constant = torch.ones(2, 3, 1, 1, dtype=torch.float64, requires_grad=True)
print("gradcheck    ", gradcheck(BatchNorm.apply, (constant, 0.1)))

# %%
# A gradient check compares ``backward`` only with ``forward``, so you still have to compare ``forward`` with batch
# norm's definition. The code below does that. It also shows that ``forward`` rejects channels with fewer than two
# values, and inputs without four dimensions:


def definition(inputs, eps):
    centred = inputs - inputs.mean(DIMS, keepdim=True)
    return centred / (inputs.var(DIMS, keepdim=True).sqrt() + eps)


torch.testing.assert_close(BatchNorm.apply(inputs, EPS), definition(inputs, EPS))
for shape in ((1, 3, 1, 1), (0, 3, 4, 4), (3, 4, 4)):
    try:
        batch_norm(torch.rand(shape), EPS)
        raise AssertionError("nothing was raised")
    except ValueError as error:
        print("ValueError:", error)
