"""
Unused parameters under DDP
===========================

Distributed data parallel (DDP) waits for every parameter's gradient. This page shows the error that DDP raises when a
parameter is unused, and what becomes of a ``None`` that ``backward`` returns.

Read :doc:`none_and_zeros` and :doc:`data_parallel` first.

The symptom: either the second iteration raises ``Expected to have finished reduction in the prior iteration``, or a
gradient that is ``None`` without DDP becomes zero with it.
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
# With ``frozen=True``, ``backward`` returns ``None`` for the bias. With ``used=False``, the layer ignores the bias:

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
# DDP waits for every parameter's gradient and averages it across the processes. The gradient of an unused parameter
# never arrives, so the next iteration raises an error. If ``backward`` returns ``None``, DDP does count the gradient as
# having arrived, but it enters the average as zero. The second printed line shows the bias's gradient in four cases.
# With DDP, it is 4 if neither of the two processes returns ``None``, 2 if one does, and 0 if both do. Without DDP, the
# last case, it stays ``None``. This difference matters if you use ``weight_decay``, for example:

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
# If a parameter is only sometimes unused, ``find_unused_parameters=True`` makes DDP search the graph for unused
# parameters. If a parameter is frozen for good, set ``requires_grad=False`` on it before you wrap the model in DDP:


def cures(rank, count):
    rows, layer = x[rank::count], Layer()
    searching = DistributedDataParallel(Layer(), find_unused_parameters=True)
    layer.bias.requires_grad_(False)
    frozen = DistributedDataParallel(layer)
    return [attempt_two_steps(searching, rows, used=False), attempt_two_steps(frozen, rows)]


print(*(found := in_processes(2, cures)))
assert found == [[None, None]] * 2
x, weight, bias = inputs = x.clone().requires_grad_(), *Layer().parameters()
print(gradcheck(Linear.apply, (*inputs, False)), gradgradcheck(Linear.apply, (*inputs, False)))
print(gradcheck(Linear.apply, (x, weight.detach(), bias, False)))
