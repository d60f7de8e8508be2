"""
The second derivative is silently wrong
=======================================

This page shows how to find out that a Function loses a part of its second derivative, and why it does.

Read :doc:`/double_backward/losing_intermediates` first: it explains why an intermediate has no history.

A gradient penalty or a Hessian-vector product goes through your Function. Nothing is raised, and
``gradcheck`` passes. But the numbers are wrong.
"""

import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.nn.functional import silu
from torchviz import make_dot

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# The Function is :math:`y = x \, \sigma(x)`, known as SiLU or Swish, with the derivative
# :math:`y' = \sigma + x \, \sigma \, (1 - \sigma)`. The input is saved as it should be. The sigmoid, an
# intermediate, became an attribute of ``ctx``.


def silu_derivative(x, sigmoid):
    return sigmoid + x * sigmoid * (1 - sigmoid)


class SiLUOnCtx(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        ctx.sigmoid = torch.sigmoid(x)  # wrong: it has no history
        return x * ctx.sigmoid

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * silu_derivative(x, ctx.sigmoid)


def derivatives_at_one(function, orders):
    x = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    result, values = function(x), []
    for _ in range(orders):
        (result,) = torch.autograd.grad(result, x, create_graph=True)
        values.append(round(result.item(), 4))
    return values


print("SiLUOnCtx", derivatives_at_one(SiLUOnCtx.apply, 2))
print("silu     ", derivatives_at_one(silu, 2))

# %%
# The first derivative agrees with that of PyTorch's own ``silu``, the second does not. The Function of
# :doc:`/double_backward/losing_intermediates` raised an error when it stood alone. This one does not, because a part of
# its gradient still depends on ``x``. The second-order check notices:

x = torch.randn(4, dtype=torch.float64, requires_grad=True)

print("gradcheck    ", gradcheck(SiLUOnCtx.apply, x))
print("gradgradcheck", gradgradcheck(SiLUOnCtx.apply, x, raise_exception=False))
try:
    gradgradcheck(SiLUOnCtx.apply, x)
except RuntimeError as error:
    print(type(error).__name__, str(error).splitlines()[0], sep=": ")

# %%
# The cause
# ---------

x = torch.ones(3, dtype=torch.float64, requires_grad=True).clone()
out = SiLUOnCtx.apply(x)
grad_output = torch.ones(3, dtype=torch.float64, requires_grad=True)
(grad_x,) = torch.autograd.grad(out, x, grad_output, create_graph=True)

names = {"x": x, "grad_output": grad_output, "grad_x": grad_x}
make_dot((grad_x, x), params=names)

# %%
# A path leads from ``grad_x`` to ``x``, because the factor ``x`` of the formula was saved and is attached.
# But no node in the graph belongs to a sigmoid. To autograd :math:`\sigma` is a constant, and then the
# derivative of :math:`\sigma + x \, \sigma \, (1 - \sigma)` is :math:`\sigma \, (1 - \sigma)`: the wrong
# number above.
#
# The cure
# --------
#
# There are three, :doc:`three_cures`, and they differ in what they cost: :doc:`cost_of_cures`.
# How training goes wrong without them: :doc:`gradient_penalty`.
