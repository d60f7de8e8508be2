"""
The second derivative is silently wrong
=======================================

A Function can lose part of its second derivative without raising an error. How do you notice the loss, and why does it
happen?

Read :doc:`/double_backward/losing_intermediates` first: it explains why an intermediate has no history.

You compute a gradient penalty or a Hessian-vector product through your Function. No error is raised, and ``gradcheck``
passes, but the values are wrong.
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
# :math:`y' = \sigma + x \, \sigma \, (1 - \sigma)`. It saves its input as it should, but it keeps the sigmoid, an
# intermediate, as an attribute of ``ctx``.


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
# The first derivative is the same as with PyTorch's own ``silu``, but the second is not. The Function in
# :doc:`/double_backward/losing_intermediates` raised an error if nothing else in the computation depended on ``x``. You
# get no such error here, because part of this Function's gradient still depends on ``x``. But ``gradgradcheck`` finds
# the mistake:

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
# A path leads from ``grad_x`` to ``x``, because the factor ``x`` in the formula was saved and keeps its history. But no
# node in the graph belongs to a sigmoid, so autograd treats :math:`\sigma` as a constant. The derivative of
# :math:`\sigma + x \, \sigma \, (1 - \sigma)` is then :math:`\sigma \, (1 - \sigma)`. At 1 this is 0.1966, the wrong
# value above.
#
# The cure
# --------
#
# There are three fixes to choose from (see :doc:`three_cures`), and each has a different cost (see
# :doc:`cost_of_cures`). To see how training goes wrong without a fix, read :doc:`gradient_penalty`.
