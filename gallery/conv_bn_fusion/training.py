"""
Training with the fused layer
=============================

Does a network with the fused layer learn exactly like one with the separate Functions? To find out, you train the same
small network in both versions on real handwritten digits, and compare the losses step by step.

Read :doc:`fused_module` first.

The 1797 images of digits, each 8 by 8 pixels, come with scikit-learn, so nothing has to be downloaded.
"""

import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.functional import cross_entropy

from fused_function import conv_bn
from fused_module import FusedConvBN2d

torch.set_num_threads(1)  # sums that are split among threads round differently

# %%
# Two networks
# ------------
#
# One network uses the fused layer from :doc:`fused_module`. The other network's layers start with the same weights, but
# call the separate Functions for convolution and batch norm.


class PairConvBN2d(FusedConvBN2d):
    def forward(self, inputs):
        return conv_bn(inputs, self.weight)


def network(layer):
    torch.manual_seed(0)  # the same initial weights each time
    return nn.Sequential(
        layer(1, 16, 3),  # (B, 1, 8, 8) to (B, 16, 6, 6)
        nn.ReLU(),
        layer(16, 32, 3),  # to (B, 32, 4, 4)
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 4 * 4, 10),
    )


# %%
# Training
# --------
#
# Four fifths of the images are used for training and the rest for testing. Both runs see the same batches in the same
# order.

digits = load_digits()
images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
labels = torch.tensor(digits.target)
order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
train, test = order[:1437], order[1437:]


def run(layer):
    model, losses = network(layer), []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    for _ in range(4):  # epochs
        for batch in train[torch.randperm(len(train))].split(64):
            loss = cross_entropy(model(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    with torch.no_grad():  # without running statistics, the test images form one batch
        accuracy = (model(images[test]).argmax(1) == labels[test]).double().mean().item()
    return losses, accuracy


losses, accuracy = run(FusedConvBN2d)
pair_losses, pair_accuracy = run(PairConvBN2d)
difference = max(abs(loss - pair) for loss, pair in zip(losses, pair_losses))
assert difference < 1e-4, difference

print(f"{'':14} {'cross_entropy':>13} {'accuracy':>8}")
print(f"{'FusedConvBN2d':14} {losses[-1]:13.4f} {accuracy:8.4f}")
print(f"{'PairConvBN2d':14} {pair_losses[-1]:13.4f} {pair_accuracy:8.4f}")
print(f"{'max|difference|':14} {difference:13.1e}")

# %%
# The two curves coincide, so ``PairConvBN2d`` is drawn as a wide line, with ``FusedConvBN2d`` dashed on top:

figure, axes = plt.subplots(figsize=(4.8, 3.2))
axes.plot(pair_losses, color="C1", linewidth=5, alpha=0.35, label="PairConvBN2d")
axes.plot(losses, color="C0", linestyle="--", label="FusedConvBN2d")
axes.set_xlabel("optimizer.step()")
axes.set_ylabel("cross_entropy")
axes.legend()
plt.show()

# %%
# When the fused layer's ``backward`` repeats the convolution, it runs the same operation as the forward pass, on the
# same values. On one machine with a fixed number of threads, the result is the same to the last bit, so the two runs
# don't drift apart. If a library chooses a different algorithm for the repeated convolution, expect rounding
# differences that grow from step to step, as between any two ``float32`` runs that round differently.
