"""
A loop that trains
==================

What you will learn
-------------------
* how a loss goes down
* how little of a loop is needed

Prerequisites
~~~~~~~~~~~~~
* a model,
* data.
"""

#########################################################################
# Data comes in batches.

import torch
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(1)
inputs = torch.randn(32, 3)
loader = DataLoader(TensorDataset(inputs, inputs.sum(1, keepdim=True)), batch_size=8, shuffle=True)

###############################################################################
# .. tip:: Set ``lr`` with care.


def train(model, rate=0.1):
    """Train, and return the last loss."""
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    for batch, target in loader:
        loss = torch.nn.functional.mse_loss(model(batch), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


if __name__ == "__main__":
    model = torch.nn.Linear(3, 1)
    first = train(model)  # of the first epoch
    for _ in range(5):
        last = train(model)
    print(last < first)
