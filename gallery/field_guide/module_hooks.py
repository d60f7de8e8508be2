"""
Backward hooks and in-place layers
==================================

A full backward hook on a module is a convenient way to look at gradients, until an operation in place comes
along. This page shows what such a hook puts around a module, and two ways to look that leave the output as it is.

Read :doc:`in_place` first.

The symptom: a network trains, you call ``register_full_backward_hook``, and ``forward`` raises ``Output 0 of
BackwardHookFunction is a view and is being modified inplace``.
"""

import warnings
from functools import partial
from textwrap import fill

import torch
from torch import nn
from torch.autograd import gradcheck, gradgradcheck

warnings.filterwarnings("ignore", "Full backward hook is firing")

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
    lambda: network(x),  # changes the output of the layer
    lambda: layer(x).add_(1),  # so does this
    lambda: plus_one(x.clone()),  # changes the input, inside the module
)
for attempt in attempts:
    attempt()
handle = layer.register_full_backward_hook(note)
plus_one.register_full_backward_hook(note)
for attempt in attempts:
    try:
        attempt()
    except RuntimeError as error:
        message = str(error)
    else:
        raise AssertionError("it was not refused")
    assert "BackwardHookFunction is a view and is being modified inplace" in message
print(fill(f"RuntimeError: {message}", 80))

# %%
# The cause
# ---------

out = layer(x)
print(out.grad_fn.name(), "->", out.grad_fn.next_functions[0][0].name())
assert out.grad_fn.name() == "BackwardHookFunctionBackward"
assert out.grad_fn.next_functions[0][0].name() == "SquaredBackward"

# %%
# To see the gradients, PyTorch sends the inputs and the outputs of the module through a Function of its own,
# which returns them as they are. So inside the module the inputs are views made by a Function, and outside
# the outputs are. On :doc:`in_place` you saw that such views cannot be changed in place. ``Squared`` itself
# has no part in it.
#
# The cure
# --------
#
# Use no operation in place next to the module, or change a copy:

weights = torch.tensor([1.0, 10.0], dtype=torch.float64)
for after in (nn.ReLU(), lambda out: out.clone().relu_()):
    (after(layer(x)) * weights).sum().backward()
print(noted)
assert noted == [[[2.0, 40.0], [1.0, 10.0]]] * 2

# %%
# If the layer in place has to stay, put the hook on the node of the output, or on the output. A forward hook
# gets there before the output is changed:

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
# The hook of a node gets the gradients of this node. They are those of the whole module if the module is one
# Function.
#
# The hook is not called
# ----------------------
#
# Only a call of the module sets up its hooks, not one of its ``forward``. And backward has to go through the module: no
# hook is called if nothing in it or before it requires grad, or if ``grad`` asks for its weights only.


class Weighted(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2, dtype=torch.float64))

    def forward(self, x):
        return x * self.weight


layer, tanh = Weighted(), nn.Tanh()
for module in (layer, tanh):
    module.register_full_backward_hook(lambda *arguments: called.append(1))
asked = (
    lambda: layer(x).sum().backward(),
    lambda: layer(x.detach()).sum().backward(),  # the weight requires grad
    lambda: layer.forward(x).sum().backward(),
    lambda: (tanh(x.detach()) * x).sum().backward(),
    lambda: torch.autograd.grad(layer(x).sum(), layer.weight),
)
counts = []
for ask in asked:
    called = []
    ask()
    counts.append(len(called))
print(counts)
assert counts == [1, 1, 0, 0, 0]
