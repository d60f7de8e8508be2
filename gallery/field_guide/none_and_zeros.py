"""
None and zeros in backward
==========================

A caller may use only some of a Function's outputs. On this page you write a ``backward`` that can handle this case, and
mark the outputs that autograd should not differentiate at all.

Read :doc:`/double_backward/saving_intermediates` first.

The symptom: after ``set_materialize_grads(False)``, ``backward`` raises a ``TypeError`` about ``NoneType`` as soon as
an output goes unused. Another symptom is that a loss on one of the outputs has no effect on training, and no error is
raised.
"""

import torch
from torch.autograd import grad, gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# None arrives
# ------------


class SinCos(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        sin, cos = x.sin(), x.cos()
        ctx.save_for_backward(sin, cos)
        return sin, cos

    @staticmethod
    def backward(ctx, grad_sin, grad_cos):
        sin, cos = ctx.saved_tensors
        return grad_sin * cos - grad_cos * sin


x = torch.randn(3, dtype=torch.float64, requires_grad=True)
try:
    grad(SinCos.apply(x)[0].sum(), x)
except TypeError as error:
    print("TypeError:", error)
else:
    raise AssertionError("no None arrived")

# %%
# The loss doesn't depend on the cosine, so no gradient arrives for that output. By default, autograd would pass zeros
# instead, and this ``backward`` would work. ``set_materialize_grads(False)`` spares you the zeros and the work on them,
# but then any incoming gradient may be ``None``. Even all of them can be ``None`` at once, a case that
# :func:`~torch.autograd.gradcheck.gradcheck` tries:


class SinCosOrNone(SinCos):
    @staticmethod
    def backward(ctx, grad_sin, grad_cos):
        sin, cos = ctx.saved_tensors
        terms = [] if grad_sin is None else [grad_sin * cos]
        if grad_cos is not None:
            terms.append(-grad_cos * sin)
        return sum(terms) if terms else None


print("gradcheck", gradcheck(SinCosOrNone.apply, x), "gradgradcheck", gradgradcheck(SinCosOrNone.apply, x))
# gradcheck looks at one output at a time. This uses both: 2 sin x cos x is sin 2x.
for function in (SinCos, SinCosOrNone):
    sin, cos = function.apply(x)
    torch.testing.assert_close(grad((2 * sin * cos).sum(), x)[0], 2 * torch.cos(2 * x))

# %%
# An output that should have no gradient
# --------------------------------------
#
# ``whole``, the second output of ``Split``, is a step function of ``x``: its derivative is zero or does not exist.


class Split(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        whole = x.floor()
        return x - whole, whole

    @staticmethod
    def backward(ctx, grad_part, grad_whole):
        return grad_part  # whole contributes nothing


x = torch.tensor([0.25, 1.5, 2.75], dtype=torch.float64, requires_grad=True)
part, whole = Split.apply(x)
print("whole.requires_grad", whole.requires_grad, grad(whole.sum(), x)[0].tolist())
print("gradcheck", gradcheck(Split.apply, x))
torch.testing.assert_close((part, whole), (x.frac(), x.floor()))

# %%
# A loss on ``whole`` has no effect on training and raises no error. If you mark ``whole`` as non-differentiable, you do
# get an error when you differentiate such a loss, unless another term of the loss requires grad. An integer output,
# like the third output below, doesn't have to be marked, because an integer tensor cannot require grad.


class SplitMarked(Split):
    @staticmethod
    def forward(ctx, x):
        whole = x.floor()
        ctx.mark_non_differentiable(whole)
        return x - whole, whole, whole.long()

    @staticmethod
    def backward(ctx, grad_part, grad_whole, grad_integer):
        return grad_part  # still one argument for each output


outputs = SplitMarked.apply(x)
print([out.requires_grad for out in outputs])
torch.testing.assert_close(outputs, (x.frac(), x.floor(), x.long()))
try:
    grad(outputs[1].sum(), x)
except RuntimeError as error:
    print("RuntimeError:", error)
else:
    raise AssertionError("nothing was raised")
print("gradcheck", gradcheck(SplitMarked.apply, x), "gradgradcheck", gradgradcheck(SplitMarked.apply, x))
