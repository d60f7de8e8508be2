"""
A parameter keeps grad at None
==============================

Here ``backward`` returns the right number of gradients in the right places, and computes only those that are needed.

Read :doc:`/double_backward/saving_inputs` first.

The symptom: ``loss.backward()`` has run, and ``weight.grad`` is still ``None``. Or autograd
complains about an ``incorrect number of gradients``.
"""

from textwrap import fill

import torch
from torch.autograd import grad, gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# The symptom
# -----------


class LinearWithNone(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight):
        ctx.save_for_backward(x, weight)
        return x @ weight.T  # (batch, in) and (out, in) give (batch, out)

    @staticmethod
    def backward(ctx, grad_output):
        _, weight = ctx.saved_tensors
        return grad_output @ weight, None  # wrong: weight has a gradient, too


class LinearTooFew(LinearWithNone):
    @staticmethod
    def backward(ctx, grad_output):
        _, weight = ctx.saved_tensors
        return grad_output @ weight  # wrong: one gradient for two inputs


x = torch.randn(4, 3, dtype=torch.float64)
weight = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)

LinearWithNone.apply(x, weight).sum().backward()
print("weight.grad", weight.grad)
for function in (LinearWithNone, LinearTooFew):
    try:
        grad(function.apply(x, weight).sum(), weight)
    except RuntimeError as error:
        print(fill(f"RuntimeError: {error}", 78))

# %%
# The cause
# ---------
#
# ``backward`` returns one gradient for each input of ``forward``, in the same order. Too few are an error, and so are too
# many, unless those at the end are ``None``. But ``None`` is a legal gradient. It says that the output does not depend on
# that input. So ``weight.grad`` stays ``None``, an optimizer skips this parameter, and training goes on without it.
#
# :func:`~torch.autograd.grad` does complain, which earlier versions of PyTorch put as
# ``One of the differentiated Tensors appears to not have been used in the graph``. ``torch.func.grad`` does not, and
# returns zeros. A check finds the mistake:

x.requires_grad_()
print("gradcheck    ", gradcheck(LinearWithNone.apply, (x, weight), raise_exception=False))
out = LinearWithNone.apply(x, weight)
expected = x @ weight.T
torch.testing.assert_close((out, *grad(out.sum(), x)), (expected, *grad(expected.sum(), x)))

# %%
# The cure
# --------
#
# Return a gradient for each tensor on which the output depends, and ``None`` for numbers and flags.
# ``ctx.needs_input_grad`` says which tensors require a gradient. For the others ``None`` will do, and saves the work:

computed = []


class Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, scale):
        ctx.save_for_backward(x, weight)
        ctx.scale = scale
        return x @ weight.T * scale

    @staticmethod
    def backward(ctx, grad_output):
        x, weight = ctx.saved_tensors
        grad_x = grad_weight = None
        if ctx.needs_input_grad[0]:
            computed.append("grad_x")
            grad_x = grad_output @ weight * ctx.scale
        if ctx.needs_input_grad[1]:
            computed.append("grad_weight")
            grad_weight = grad_output.T @ x * ctx.scale
        return grad_x, grad_weight, None


Linear.apply(x.detach(), weight, 2.0).sum().backward()
print(computed)
assert computed == ["grad_weight"]

computed.clear()
grad(Linear.apply(x, weight, 2.0).sum(), x)
print(computed)
assert computed == ["grad_x", "grad_weight"]

print("gradcheck    ", gradcheck(Linear.apply, (x, weight, 2.0)))
print("gradgradcheck", gradgradcheck(Linear.apply, (x, weight, 2.0)))

# %%
# Data that come into the first layer require no gradient, and none was computed. The second list shows the limit:
# ``needs_input_grad`` knows what requires a gradient, not what this call of :func:`~torch.autograd.grad` asked for.
#
# Each gradient is a product: :math:`g J`, where :math:`g` is ``grad_output`` and :math:`J` the Jacobian, the
# derivatives of all elements of the output by all elements of this input. ``backward`` returns the product in the shape
# of the input, and has no need to build :math:`J`, which is large:

grad_output = torch.randn(4, 2, dtype=torch.float64)
out = Linear.apply(x, weight, 2.0)
jacobian = torch.autograd.functional.jacobian(lambda x: Linear.apply(x, weight, 2.0), x)
print(tuple(jacobian.shape), tuple(x.shape))
(grad_x,) = grad(out, x, grad_output)
torch.testing.assert_close(grad_x, torch.tensordot(grad_output, jacobian, 2))

# %%
# Backward is never called
# ------------------------
#
# If ``backward`` does not run at all, no way leads from the loss to its node, or there is no node. No input required a
# gradient, or grad mode was off, or ``forward`` was called without ``apply``. In the last case autograd differentiates
# the operations of ``forward``, and your formula is not used:


def call_forward(x, weight, scale):
    return Linear.forward(Linear, x, weight, scale)  # wrong: Linear.apply is meant


with torch.no_grad():
    unrecorded = Linear.apply(x, weight, 2.0)
constant = Linear.apply(x.detach(), weight.detach(), 2.0)
nodes = []
for tensor in (out, unrecorded, constant, call_forward(x, weight, 2.0)):
    nodes.append(tensor.grad_fn and tensor.grad_fn.name())
print(nodes)
assert nodes == ["LinearBackward", None, None, "MulBackward0"]
