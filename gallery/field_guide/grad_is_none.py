"""
A parameter's grad stays None
=============================

This page shows how to return the right number of gradients from ``backward``, each in the right place, and how to
compute only the ones that are needed.

Read :doc:`/double_backward/saving_inputs` first.

The symptom: either ``weight.grad`` is still ``None`` after ``loss.backward()`` has run, or autograd complains about an
``incorrect number of gradients``.
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
        return grad_output @ weight, None  # wrong: weight needs a gradient too


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
# ``backward`` has to return one gradient for each input of ``forward``, in the same order. Returning too few is an
# error, and so is returning too many, unless the extra ones at the end are ``None``. But ``None`` is also a legal
# gradient, which says that the output does not depend on that input. So ``LinearWithNone`` leaves ``weight.grad`` at
# ``None``, an optimizer skips this parameter, and training goes on as if nothing were wrong.
#
# :func:`~torch.autograd.grad` does complain about the missing gradient (in earlier versions of PyTorch with ``One of
# the differentiated Tensors appears to not have been used in the graph``), whereas ``torch.func.grad`` returns zeros. A
# gradient check finds the mistake:

x.requires_grad_()
print("gradcheck    ", gradcheck(LinearWithNone.apply, (x, weight), raise_exception=False))
out = LinearWithNone.apply(x, weight)
expected = x @ weight.T
torch.testing.assert_close((out, *grad(out.sum(), x)), (expected, *grad(expected.sum(), x)))

# %%
# The cure
# --------
#
# Return a gradient for each tensor that the output depends on, and ``None`` for numbers and flags.
# ``ctx.needs_input_grad`` tells you which tensors require a gradient. For the others, you can skip the computation and
# return ``None``:

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


grad(Linear.apply(x.detach(), weight, 2.0).sum(), weight)
grad(Linear.apply(x, weight, 2.0).sum(), x)
print(computed)
assert computed == ["grad_weight", "grad_x", "grad_weight"]
print("gradcheck    ", gradcheck(Linear.apply, (x, weight, 2.0)))
print("gradgradcheck", gradgradcheck(Linear.apply, (x, weight, 2.0)))

# %%
# The first call computed only ``grad_weight``, because ``x`` required no gradient, just like the data that a network's
# first layer gets. The second call asked only for ``grad_x``, but both gradients were computed: ``needs_input_grad``
# knows which inputs require a gradient, but not which gradients you ask :func:`~torch.autograd.grad` for.
#
# Each gradient is a product :math:`g J`, where :math:`g` is ``grad_output`` and :math:`J` is the Jacobian. The Jacobian
# holds the derivatives of all output elements with respect to all elements of one input. ``backward`` returns the
# product in the input's shape. It doesn't need to build :math:`J`, which is large:

grad_output = torch.randn(4, 2, dtype=torch.float64)
out = Linear.apply(x, weight, 2.0)
jacobian = torch.autograd.functional.jacobian(lambda x: Linear.apply(x, weight, 2.0), x)
torch.testing.assert_close(grad(out, x, grad_output)[0], torch.tensordot(grad_output, jacobian, 2))
print(tuple(jacobian.shape))

# %%
# Backward is never called
# ------------------------
#
# If ``backward`` doesn't run at all, either no path leads from the loss to the Function's node, or the Function has no
# node. It has none if no input required a gradient, if grad mode was off, or if you called ``forward`` without
# ``apply``. In the last case autograd differentiates the operations inside ``forward`` and never uses your formula:

with torch.no_grad():
    unrecorded = Linear.apply(x, weight, 2.0)
constant = Linear.apply(x.detach(), weight.detach(), 2.0)
direct = Linear.forward(Linear, x, weight, 2.0)  # wrong: Linear.apply is meant
nodes = [tensor.grad_fn and tensor.grad_fn.name() for tensor in (out, unrecorded, constant, direct)]
print(nodes)
assert nodes == ["LinearBackward", None, None, "MulBackward0"]
