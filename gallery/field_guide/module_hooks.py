"""
Backward hooks and in-place layers
==================================

A full backward hook on a module is a convenient way to look at gradients, until an in-place operation comes along. This
page shows what such a hook wraps around a module, and two ways to look at gradients without the wrapper.

Read :doc:`in_place` first.

The symptom: your network trains, but after you call ``register_full_backward_hook``, ``forward`` raises
``Output 0 of BackwardHookFunction is a view and is being modified inplace``.
"""

from functools import partial
from textwrap import fill

import torch
from torch import nn
from torch.autograd import gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# The symptom
# -----------


class Squared(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**2

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * 2 * x


class SquareLayer(nn.Module):
    def forward(self, x):
        return Squared.apply(x)


def note(module, grad_input, grad_output):
    noted.append([grad_input[0].tolist(), grad_output[0].tolist()])


class PlusOne(nn.Module):
    def forward(self, x):
        return x.add_(1)


noted = []
x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
layer, plus_one = SquareLayer(), PlusOne()
network = nn.Sequential(layer, nn.ReLU(inplace=True))
attempts = (
    lambda: network(x),  # changes the layer's output
    lambda: plus_one(x.clone()),  # changes the input inside the module
)
for attempt in attempts:
    attempt()
handle = layer.register_full_backward_hook(note)
plus_one.register_full_backward_hook(note)
for attempt in attempts:
    try:
        attempt()
        raise AssertionError("it was not refused")
    except RuntimeError as error:
        message = str(error)
    assert "BackwardHookFunction is a view and is being modified inplace" in message
print(fill(f"RuntimeError: {message}", 80))

# %%
# The cause
# ---------

node = layer(x).grad_fn
print(node.name(), "->", node.next_functions[0][0].name())
assert node.name() == "BackwardHookFunctionBackward"

# %%
# To show the gradients to the hook, PyTorch passes the module's inputs and outputs through a Function of its own, which
# returns them unchanged. So the module receives views of its inputs, and the caller receives views of the outputs, all
# created by that Function. As you saw in :doc:`in_place`, such views cannot be changed in place. ``Squared`` itself has
# nothing to do with the error.
#
# The cure
# --------
#
# Use operations that don't change the module's inputs and outputs in place, or change a copy:

weights = torch.tensor([1.0, 10.0], dtype=torch.float64)
for after in (nn.ReLU(), lambda out: out.clone().relu_()):
    (after(layer(x)) * weights).sum().backward()
print(noted)
assert noted == [[[2.0, 40.0], [1.0, 10.0]]] * 2

# %%
# If the in-place layer has to stay, put the hook on the output's node or on the output itself. A forward hook can do
# this before the in-place layer changes the output:

handle.remove()


def watch(module, inputs, out):
    out.grad_fn.register_hook(partial(note, module))
    out.register_hook(lambda grad_output: of_output.append(grad_output.tolist()))


noted.clear()
of_output = []
layer.register_forward_hook(watch)
(network(x) * weights).sum().backward()
print(noted, of_output)
assert noted == [[[2.0, 40.0], [1.0, 10.0]]] and of_output == [[1.0, 10.0]]
print("gradcheck    ", gradcheck(Squared.apply, x))
print("gradgradcheck", gradgradcheck(Squared.apply, x))

# %%
# A hook on a node receives this node's gradients. If the module consists of a single Function, as it does here, they
# are also the module's gradients.
#
# The hook is not called
# ----------------------
#
# PyTorch sets up a module's backward hooks only if you call the module itself, not if you call its ``forward``. The
# backward pass also has to go through the module. It doesn't if nothing in the module or before it requires grad, or if
# ``grad`` asks only for the module's weights. The code below counts how often a backward hook is called. It prints 1
# for an ordinary call, and 0 for each of these three cases:

linear, tanh = nn.Linear(2, 2).double(), nn.Tanh()
for module in (linear, tanh):
    module.register_full_backward_hook(lambda *arguments: called.append(1))
asked = (
    lambda: linear(x).sum().backward(),
    lambda: linear.forward(x).sum().backward(),
    lambda: (tanh(x.detach()) * x).sum().backward(),
    lambda: torch.autograd.grad(linear(x).sum(), linear.weight),
)
counts = []
for ask in asked:
    called = []
    ask()
    counts.append(len(called))
print(counts)
assert counts == [1, 0, 0, 0]
