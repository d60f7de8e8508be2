"""
Unused parameters under DDP
===========================

DDP waits for a gradient of every parameter. This page shows what it says when one does not take part, and what becomes
of the ``None`` that ``backward`` may return.

Read :doc:`none_and_zeros` and :doc:`data_parallel` first.

The symptom: the second iteration raises ``Expected to have finished reduction in the prior iteration``. Or a gradient
is zero under DDP that is ``None`` without it.
"""

import torch
from torch import nn
from torch.autograd import gradcheck, gradgradcheck
from torch.nn.parallel import DistributedDataParallel

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# ``backward`` returns ``None`` for the bias if the layer says that it is frozen. The layer can also do without it:

from data_parallel import in_processes


class Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, frozen):
        ctx.save_for_backward(x, weight)
        ctx.frozen = frozen
        return x @ weight + bias

    @staticmethod
    def backward(ctx, grad_output):
        x, weight = ctx.saved_tensors
        grad_x, grad_weight = grad_output @ weight.t(), x.t() @ grad_output
        wanted = ctx.needs_input_grad[2] and not ctx.frozen
        return grad_x, grad_weight, grad_output.sum(0) if wanted else None, None


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3, 2, dtype=torch.float64))
        self.bias = nn.Parameter(torch.ones(2, dtype=torch.float64))

    def forward(self, x, frozen, used):
        return Linear.apply(x, self.weight, self.bias, frozen) if used else x @ self.weight


x = torch.randn(8, 3, dtype=torch.float64)


def attempt_two_steps(model, rows, frozen=False, used=True):
    try:
        for _ in range(2):
            model.zero_grad()
            model(rows, frozen, used).sum().backward()
    except RuntimeError as error:
        return str(error)
    return list(model.parameters())[1].grad


def bias_gradients(rank, count):
    rows = x[rank::count]
    found = [attempt_two_steps(DistributedDataParallel(Layer()), rows, used=False)]
    for frozen in (False, rank == 0, True):
        found.append(attempt_two_steps(DistributedDataParallel(Layer()), rows, frozen))
    return found


error, *gradients = in_processes(2, bias_gradients)[0]
print(f"RuntimeError: {error.partition('. ')[0]}")
print(*(each.tolist() for each in gradients), attempt_two_steps(Layer(), x, frozen=True))
assert "Expected to have finished reduction" in error
assert [each.tolist() for each in gradients] == [[4.0] * 2, [2.0] * 2, [0.0] * 2]
assert attempt_two_steps(Layer(), x, frozen=True) is None

# %%
# The cause
# ---------
#
# DDP notices when the gradient of a parameter is finished, and takes the mean when all are. If a parameter is not part
# of the loss, that never happens, and the next iteration raises. A ``None`` from ``backward`` does count as finished,
# but the mean is taken with a zero in its place: four without ``None``, two if one of two processes returns it, and
# zero if both do. Without DDP it stays ``None``. That makes a difference for ``weight_decay``, for example:

for gradient in (None, torch.zeros(1)):
    bias = nn.Parameter(torch.ones(1))
    bias.grad = gradient
    torch.optim.SGD([bias], lr=0.5, weight_decay=0.5).step()
    print(bias.item())
    assert bias.item() == (1 if gradient is None else 0.75)

# %%
# The cure
# --------
#
# For a parameter that is left out at times, ``find_unused_parameters=True`` makes DDP search the graph. One that is
# frozen for good says so itself, with ``requires_grad=False`` and before DDP gets the model:


def cures(rank, count):
    rows, layer = x[rank::count], Layer()
    searching = DistributedDataParallel(Layer(), find_unused_parameters=True)
    layer.bias.requires_grad_(False)
    frozen = DistributedDataParallel(layer)
    return [attempt_two_steps(searching, rows, used=False), attempt_two_steps(frozen, rows)]


print(*(found := in_processes(2, cures)))
assert found == [[None, None]] * 2
inputs = x.clone().requires_grad_(), *Layer().parameters(), False
print(gradcheck(Linear.apply, inputs), gradgradcheck(Linear.apply, inputs))
