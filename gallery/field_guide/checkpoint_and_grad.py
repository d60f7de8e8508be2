"""
Checkpoint raises, or loses the second derivative
=================================================

``torch.utils.checkpoint`` has two variants, and one of them cannot be used in code that differentiates twice. This page
explains why, and what to use instead.

Read :doc:`recompute_or_save` first.

A model with checkpoints trains well until you add a gradient penalty, and then ``torch.autograd.grad`` raises an error.
The error message names two ways out, but one of them gives a wrong second derivative without raising an error.
"""

import warnings
from textwrap import fill

import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.utils.checkpoint import checkpoint
from torchviz import make_dot

# PyTorch warns of a cycle between x and x.grad. Below, the cycle is broken right after backward().
warnings.filterwarnings("ignore", "Using backward")
x = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)

# %%
# The symptom
# -----------


def tanh_layer(x):
    return x * torch.tanh(x)


def reentrant(x):
    return checkpoint(tanh_layer, x, use_reentrant=True)


try:
    torch.autograd.grad(reentrant(x), x)
except RuntimeError as error:
    print(fill(f"{type(error).__name__}: {error}", 88))

# %%
# The error message offers two ways out. The code below tries the second one, which is to call ``.backward()`` without
# ``inputs``. It prints the first and second derivatives of the sum of the layer's output and :math:`x^2`. For
# comparison, the last line of output shows these derivatives for the layer without a checkpoint:


def print_derivatives(function):
    loss = function(x) + x**2
    loss.backward(create_graph=True)
    grad_x, x.grad = x.grad, None
    (grad_grad_x,) = torch.autograd.grad(grad_x, x)
    print(f"{function.__name__:13} {grad_x.item():.4f} {grad_grad_x.item():.4f}")


print_derivatives(reentrant)
print_derivatives(tanh_layer)

# %%
# No error is raised, and the first derivative is right. But the second derivative is 2, which comes entirely from
# :math:`x^2`, so the layer's contribution is missing.
#
# The cause
# ---------
#
# The variant with ``use_reentrant=True`` is a custom Function. Its ``backward`` runs the layer again on detached copies
# of the inputs and calls ``.backward()`` on the result. That is a backward within a backward, hence the name
# "reentrant". The inner call accumulates gradients in the ``.grad`` of every leaf it reaches, such as the layer's
# weights. A call to :func:`~torch.autograd.grad`, however, must not touch any ``.grad``, so there the custom Function
# raises an error. With ``.backward()`` the Function does run, but a gradient computed on detached copies has no history
# that leads to ``x``:

out = reentrant(x) + x**2
out.backward(create_graph=True)
grad_x, x.grad = x.grad, None

make_dot((grad_x, out), params={"x": x, "out": out, "grad_x": grad_x})

# %%
# In the graph, start at ``grad_x`` and follow the arrows backwards. The only path that leads to ``x`` comes from
# :math:`x^2`. The layer appears above ``out`` as the node ``CheckpointFunctionBackward``, but nothing that it computed
# in ``backward`` appears above ``grad_x``.
#
# The cure
# --------
#
# Take the first way out that the error message offers, ``use_reentrant=False``. With this setting, no Function hides
# the layer: the layer's own nodes are in the graph, and hooks on their saved tensors run the layer again when
# ``backward`` needs these tensors.


def not_reentrant(x):
    return checkpoint(tanh_layer, x, use_reentrant=False)


print("gradcheck    ", gradcheck(not_reentrant, x))
print("gradgradcheck", gradgradcheck(not_reentrant, x))
print_derivatives(not_reentrant)

# %%
# Now the first and the second derivative are complete. ``torch.autograd.grad``, which both gradient checks call, works
# too. You can even call it inside the checkpointed function, as long as you pass ``create_graph=True``. With
# ``use_reentrant=True`` that fails, because the function runs without recording, so ``grad`` has nothing to
# differentiate:


def tanh_slope(x):
    return torch.autograd.grad(tanh_layer(x), x, create_graph=True)[0]


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
