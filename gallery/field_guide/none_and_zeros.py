"""
None and zeros in backward
==========================

Here you write a ``backward`` for several outputs of which the caller uses some, and mark those that autograd should
not differentiate at all.

Read :doc:`/double_backward/saving_intermediates` first.

The symptom: after ``set_materialize_grads(False)``, ``backward`` raises a ``TypeError`` about ``NoneType`` as soon as an
output is not used. Or a loss on one of the outputs trains nothing, and nothing is raised.
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
# The loss does not depend on the cosine, so there is no gradient for it. By default autograd makes one out of zeros, and
# this ``backward`` would work. ``set_materialize_grads(False)`` leaves out the zeros and the work with them. In return
# ``backward`` has to be ready for ``None`` in each place, and in all of them at once, which
# :func:`~torch.autograd.gradcheck.gradcheck` tries:


class SinCosOrNone(SinCos):
    @staticmethod
    def backward(ctx, grad_sin, grad_cos):
        sin, cos = ctx.saved_tensors
        terms = [] if grad_sin is None else [grad_sin * cos]
        if grad_cos is not None:
            terms.append(-grad_cos * sin)
        return sum(terms) if terms else None


print("gradcheck    ", gradcheck(SinCosOrNone.apply, x))
print("gradgradcheck", gradgradcheck(SinCosOrNone.apply, x))
# gradcheck looks at one output at a time. This uses both: 2 sin x cos x is sin 2x.
for function in (SinCos, SinCosOrNone):
    sin, cos = function.apply(x)
    (grad_x,) = grad((2 * sin * cos).sum(), x)
    torch.testing.assert_close(grad_x, 2 * torch.cos(2 * x))

# %%
# An output that should have no gradient
# --------------------------------------
#
# The whole part of a number is a step function. Its derivative is zero or does not exist:


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
print("gradcheck    ", gradcheck(Split.apply, x))
torch.testing.assert_close((part, whole), (x.frac(), x.floor()))

# %%
# A loss on ``whole`` trains nothing and says nothing. Mark the output, and the loss raises an error instead, provided
# that no other term of it requires grad. A tensor of integers needs no mark, as it cannot require grad.


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
print("gradcheck    ", gradcheck(SplitMarked.apply, x))
print("gradgradcheck", gradgradcheck(SplitMarked.apply, x))
