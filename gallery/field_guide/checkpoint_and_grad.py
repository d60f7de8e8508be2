"""
Checkpoint raises, or loses the second derivative
=================================================

Here you use ``torch.utils.checkpoint`` in code that differentiates twice, and see which variant of it cannot be used
there.

Read :doc:`recompute_or_save` first.

A model with checkpoints trains well. Then a gradient penalty is added, and ``torch.autograd.grad`` ends in an
error. Of the two ways out that the error names, one runs through with a wrong second derivative.
"""

import warnings

import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.utils.checkpoint import checkpoint
from torchviz import make_dot

torch.manual_seed(0)

# %%
# The symptom
# -----------


def tanh_layer(x):
    return x * torch.tanh(x)


def reentrant(x):
    return checkpoint(tanh_layer, x, use_reentrant=True)


x = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
try:
    torch.autograd.grad(reentrant(x), x)
except RuntimeError as error:
    print(type(error).__name__, error, sep=": ")

# %%
# The message offers two ways out. Take the second one, ``.backward()`` without ``inputs``, for both derivatives
# of the layer plus :math:`x^2`. The last line is the layer without a checkpoint:


def print_derivatives(function):
    x = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    loss = function(x) + x**2
    with warnings.catch_warnings():
        # It warns of a cycle between x and x.grad, which is broken right after this block.
        warnings.simplefilter("ignore")
        loss.backward(create_graph=True)
    grad_x, x.grad = x.grad, None
    (grad_grad_x,) = torch.autograd.grad(grad_x, x)
    print(f"{function.__name__:13} {grad_x.item():.4f} {grad_grad_x.item():.4f}")


print_derivatives(reentrant)
print_derivatives(tanh_layer)

# %%
# Nothing is raised. The first derivative is right. The second one is 2, which is that of :math:`x^2`: what the
# layer contributes is missing.
#
# The cause
# ---------
#
# This variant of checkpoint is a custom Function. Its ``backward`` runs the layer again, on detached copies of the
# inputs, and calls ``.backward()`` on the result: backward within backward, hence "reentrant". The inner call
# fills the ``.grad`` of every leaf it meets, the weights of the layer for example, and
# :func:`~torch.autograd.grad` must not touch these; so the Function refuses. And a gradient computed on detached
# copies has no history that leads to ``x``:

x = torch.ones(3, dtype=torch.float64, requires_grad=True)
out = reentrant(x) + x**2
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    out.sum().backward(create_graph=True)
grad_x, x.grad = x.grad, None

make_dot((grad_x, out), params={"x": x, "out": out, "grad_x": grad_x})

# %%
# Walk from ``grad_x`` against the arrows. One path leads to ``x``, that of :math:`x^2`. The layer is the node
# ``CheckpointFunctionBackward`` above ``out``, and nothing that it computed in ``backward`` stands above
# ``grad_x``.
#
# The cure
# --------
#
# Take the first way out that the message offers. With ``use_reentrant=False`` checkpoint is not a Function: the
# layer's own nodes stand in the graph, and hooks on what they save run the layer again when ``backward`` asks.


def not_reentrant(x):
    return checkpoint(tanh_layer, x, use_reentrant=False)


x = torch.randn(4, dtype=torch.float64, requires_grad=True)
print("gradcheck    ", gradcheck(not_reentrant, x))
print("gradgradcheck", gradgradcheck(not_reentrant, x))
print_derivatives(not_reentrant)
print_derivatives(tanh_layer)

# %%
# Both derivatives are complete. ``torch.autograd.grad`` works as well: the two checks call it. It may also stand inside
# the function, as long as it is called with ``create_graph=True``. The other variant runs the function without
# recording, and then there is nothing to differentiate:


def tanh_slope(x):
    return torch.autograd.grad(tanh_layer(x).sum(), x, create_graph=True)[0]


def slope_in_checkpoint(x):
    return checkpoint(tanh_slope, x, use_reentrant=False)


print("gradcheck    ", gradcheck(slope_in_checkpoint, x))
torch.testing.assert_close(slope_in_checkpoint(x), tanh_slope(x))
try:
    checkpoint(tanh_slope, x, use_reentrant=True)
except RuntimeError as error:
    print(f"RuntimeError: {error}")
else:
    raise AssertionError("it was recorded")
