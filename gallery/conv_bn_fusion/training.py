"""
Training with it
================

After this page you have seen the fused layer train a small network on real handwritten digits, step by
step beside the pair of separate Functions.

Read :doc:`fused_module` first.

The digits come with scikit-learn: 1797 images of 8 by 8 pixels, so that nothing is downloaded.
"""

import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.functional import conv2d, conv_transpose2d, cross_entropy

torch.set_num_threads(1)  # sums that are split among threads round differently
DIMS = (0, 2, 3)

# %%
# The Functions
# -------------
#
# From :doc:`fused_function`:


def conv_backward(grad_output, inputs, weight):
    grad_input = conv_transpose2d(grad_output, weight)
    # (C_in, B, H, W) with (C_out, B, H', W') gives (C_in, C_out, k, k).
    grad_weight = conv2d(inputs.transpose(0, 1), grad_output.transpose(0, 1)).transpose(0, 1)
    return grad_input, grad_weight


def batch_norm(inputs, eps):
    mean = inputs.mean(DIMS, keepdim=True)
    return (inputs - mean) / (inputs.var(DIMS, keepdim=True).sqrt() + eps)


def batch_norm_backward(grad_output, inputs, eps):
    count = inputs.numel() / inputs.shape[1]  # N = B · H · W
    centred = inputs - inputs.mean(DIMS, keepdim=True)
    std = inputs.var(DIMS, keepdim=True).sqrt()
    scale = std + eps
    through_mean = grad_output - grad_output.mean(DIMS, keepdim=True)
    through_std = (grad_output * centred).sum(DIMS, keepdim=True) / ((count - 1) * std * scale**2)
    return through_mean / scale - centred * through_std


class Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx, inputs, weight):
        ctx.save_for_backward(inputs, weight)
        return conv2d(inputs, weight)

    @staticmethod
    def backward(ctx, grad_output):
        return conv_backward(grad_output, *ctx.saved_tensors)


class BatchNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, inputs, eps=1e-3):
        ctx.save_for_backward(inputs)
        ctx.eps = eps
        return batch_norm(inputs, eps)

    @staticmethod
    def backward(ctx, grad_output):
        (inputs,) = ctx.saved_tensors
        # One gradient for each input of forward; eps is not a tensor and gets None.
        return batch_norm_backward(grad_output, inputs, ctx.eps), None


class FusedConvBN(torch.autograd.Function):
    @staticmethod
    def forward(ctx, inputs, weight, eps=1e-3):
        ctx.save_for_backward(inputs, weight)
        ctx.eps = eps
        return batch_norm(conv2d(inputs, weight), eps)

    @staticmethod
    def backward(ctx, grad_output):
        inputs, weight = ctx.saved_tensors
        grad_conv = batch_norm_backward(grad_output, conv2d(inputs, weight), ctx.eps)
        grad_input = grad_weight = None
        if ctx.needs_input_grad[0]:
            grad_input = conv_transpose2d(grad_conv, weight)
        if ctx.needs_input_grad[1]:
            grad_weight = conv2d(inputs.transpose(0, 1), grad_conv.transpose(0, 1)).transpose(0, 1)
        return grad_input, grad_weight, None


# %%
# Two networks
# ------------
#
# They differ in one argument: what a layer does with its input and its weight.


def conv_bn(inputs, weight):
    return BatchNorm.apply(Convolution.apply(inputs, weight))


class Layer(nn.Module):
    def __init__(self, function, in_channels, out_channels):
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, 3, 3))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)

    def forward(self, inputs):
        return self.function(inputs, self.weight)


def network(function):
    torch.manual_seed(0)  # the same initial weights each time
    return nn.Sequential(
        Layer(function, 1, 16),  # (B, 1, 8, 8) to (B, 16, 6, 6)
        nn.ReLU(),
        Layer(function, 16, 32),  # to (B, 32, 4, 4)
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 4 * 4, 10),
    )


# %%
# Training
# --------
#
# Four fifths of the images are for training, the rest for the test. Both runs see the same batches in
# the same order.

digits = load_digits()
images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
labels = torch.tensor(digits.target)
order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
train, test = order[:1437], order[1437:]


def run(function):
    model, losses = network(function), []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    for _ in range(4):  # epochs
        for batch in train[torch.randperm(len(train))].split(64):
            loss = cross_entropy(model(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    with torch.no_grad():  # without running statistics, the test images are one batch
        accuracy = (model(images[test]).argmax(1) == labels[test]).double().mean().item()
    return losses, accuracy


losses, accuracy = run(FusedConvBN.apply)
pair_losses, pair_accuracy = run(conv_bn)
difference = max(abs(loss - pair) for loss, pair in zip(losses, pair_losses))
assert difference < 1e-4, difference

print(f"{'':22} {'cross_entropy':>13} {'accuracy':>8}")
print(f"{'FusedConvBN':22} {losses[-1]:13.4f} {accuracy:8.4f}")
print(f"{'BatchNorm(Convolution)':22} {pair_losses[-1]:13.4f} {pair_accuracy:8.4f}")
print(f"{'max|difference|':22} {difference:13.1e}")

# %%
# The two curves lie on each other, so the pair is drawn wide and the fused layer dashed on top:

figure, axes = plt.subplots(figsize=(4.8, 3.2))
axes.plot(pair_losses, color="C1", linewidth=4, label="BatchNorm(Convolution)")
axes.plot(losses, color="C0", linestyle="--", label="FusedConvBN")
axes.set_xlabel("optimizer.step()")
axes.set_ylabel("cross_entropy")
axes.legend()
plt.show()

# %%
# The convolution that ``backward`` repeats is the same operation on the same numbers: on one machine
# with a fixed number of threads it gives the same bits, and the runs do not drift apart. Where a
# library chooses another algorithm the second time, expect differences of rounding that grow
# over the steps, as between any two runs in ``float32``.
