"""
Statistics do not belong on ctx
===============================

The fused Function's ``backward`` computes the mean and standard deviation again, although both are small and
``forward`` has already computed them. It's tempting to store them as attributes of ``ctx`` and spare ``backward`` a few
sums. If you do, the first derivative stays right, but the second becomes wrong, and you get no error.

Read :doc:`fused_function` first. The mistake is the same as in :doc:`/double_backward/losing_intermediates`.
"""

import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.nn.functional import conv2d

from batch_norm_backward import DIMS, EPS, definition
from convolution_backward import conv_backward

torch.manual_seed(0)

# %%
# The variant
# -----------


class StatisticsOnCtx(torch.autograd.Function):
    @staticmethod
    def forward(ctx, inputs, weight, eps):
        ctx.save_for_backward(inputs, weight)
        conv = conv2d(inputs, weight)
        ctx.eps, ctx.mean = eps, conv.mean(DIMS, keepdim=True)
        ctx.std = conv.var(DIMS, keepdim=True).sqrt()
        return (conv - ctx.mean) / (ctx.std + eps)

    @staticmethod
    def backward(ctx, grad_output):
        inputs, weight = ctx.saved_tensors
        conv = conv2d(inputs, weight)
        # Autograd treats ctx.mean and ctx.std as constants, because nothing in forward was recorded.
        count, centred, scale = conv.numel() / conv.shape[1], conv - ctx.mean, ctx.std + ctx.eps
        through_std = (grad_output * centred).sum(DIMS, keepdim=True)
        through_std = through_std / ((count - 1) * ctx.std * scale**2)
        through_mean = grad_output - grad_output.mean(DIMS, keepdim=True)
        grad_conv = through_mean / scale - centred * through_std
        return *conv_backward(grad_conv, inputs, weight, ctx.needs_input_grad), None


inputs = torch.rand(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)
weight = torch.rand(4, 3, 3, 3, dtype=torch.float64, requires_grad=True)

print("gradcheck    ", gradcheck(StatisticsOnCtx.apply, (inputs, weight, EPS)))
second = gradgradcheck(StatisticsOnCtx.apply, (inputs, weight, EPS), raise_exception=False)
print("gradgradcheck", second)

# %%
# How wrong it gets
# -----------------
#
# You get no error, because the gradient still depends on the input through other paths in the graph. A gradient penalty
# shows how much of the second derivative is lost. For comparison, the code also computes this penalty with plain
# operations, which autograd differentiates completely:


def plain_layer(inputs, weight, eps):
    return definition(conv2d(inputs, weight), eps)


def penalty_gradient(layer):
    loss = layer(inputs, weight, EPS).pow(3).sum()
    (grad_input,) = torch.autograd.grad(loss, inputs, create_graph=True)
    return torch.autograd.grad(grad_input.pow(2).sum(), weight)[0]


out, expected = (layer(inputs, weight, EPS) for layer in (StatisticsOnCtx.apply, plain_layer))
torch.testing.assert_close(out, expected)
wrong, right = penalty_gradient(StatisticsOnCtx.apply), penalty_gradient(plain_layer)
print("StatisticsOnCtx", [round(value, 2) for value in wrong[0, 0, 0].tolist()])
print("plain_layer    ", [round(value, 2) for value in right[0, 0, 0].tolist()])
print("|wrong - right| / |right|", f"{((wrong - right).norm() / right.norm()).item():.2f}")
assert not torch.allclose(wrong, right, rtol=0.1)

# %%
# The statistics have lost their history, as in :doc:`/double_backward/losing_intermediates`. The fix is to compute them
# from the saved tensors inside ``backward``, where autograd does record operations.
