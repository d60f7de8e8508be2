"""
Backward is not reentrant
=========================

On this page you check a Function that draws random numbers, and learn to tell whether the message in the title comes
from a bug or from rounding.

Read :doc:`/double_backward/saving_inputs` first.

The symptom: :func:`~torch.autograd.gradcheck.gradcheck` says ``Backward is not reentrant``, because it called
``backward`` twice with the same gradient and got two different results.
"""

from textwrap import fill

import torch
from torch.autograd import gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# A bug: two draws
# ----------------
#
# This Function multiplies its input by noise. It draws the noise once in ``forward`` and once more in ``backward``:


class NoiseDrawnTwice(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * torch.rand_like(x)

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * torch.rand_like(grad_output)  # wrong: this is not the same noise


x = torch.randn(2, dtype=torch.float64, requires_grad=True)
for nondet_tol in (0.0, 1.0):
    try:
        gradcheck(NoiseDrawnTwice.apply, x, nondet_tol=nondet_tol)
    except RuntimeError as error:
        message = f"{type(error).__name__}: {error}".partition("\n\n")[0]
        print(*(fill(line, 78) for line in message.splitlines()), sep="\n")

# %%
# The words ``although analytical gradient matches numerical gradient`` mean nothing here, because the check writes them
# before it has compared the two gradients. If you raise ``nondet_tol``, the check goes on to compare the gradients, and
# they don't match.
#
# The huge numerical values are a symptom too. The check divides the difference between two outputs by twice its tiny
# step of ``eps=1e-6``, and here the two outputs contain different noise. No ``backward`` can match a ``forward`` that
# draws new noise each time.
#
# The cure: one draw
# ------------------
#
# Draw the noise once, in ``forward``, and save it, as dropout does with its mask. The function that you pass to the
# check has to set the seed first, so that every call draws the same noise:


class Noise(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        noise = torch.rand_like(x)
        ctx.save_for_backward(noise)
        return x * noise

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * ctx.saved_tensors[0]


def seeded(x):
    torch.manual_seed(0)
    return Noise.apply(x)


print("gradcheck    ", gradcheck(seeded, x))
print("gradgradcheck", gradgradcheck(seeded, x))
assert not torch.equal(Noise.apply(x), Noise.apply(x))

# %%
# Not a bug: two orders
# ---------------------
#
# If a kernel's threads all add to the same memory location, they do so in whatever order they arrive, and each order
# may give different rounding errors. A random permutation imitates this:


class ShuffledDot(torch.autograd.Function):
    @staticmethod
    def forward(ctx, scale, weight):
        ctx.save_for_backward(weight)
        return (scale * weight).sum()

    @staticmethod
    def backward(ctx, grad_output):
        (weight,) = ctx.saved_tensors
        return (grad_output * weight[torch.randperm(weight.numel())]).cumsum(0)[-1], None


scale = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
weight = torch.randn(1000, dtype=torch.float64)  # no gradient is asked for


def to_the_last_bit(scale):
    return ShuffledDot.apply(scale, weight)


print("gradcheck", gradcheck(to_the_last_bit, scale, raise_exception=False))
out = ShuffledDot.apply(scale, weight)
grads = [torch.autograd.grad(out, scale, retain_graph=True)[0] for _ in range(100)]
spread = max(grads) - min(grads)
print("max, max - min", f"{max(grads).item():.2f} {spread.item():.0e}")
assert 1e13 * spread < max(grads).abs()

# %%
# The last printed line shows the largest of 100 gradients and their spread, the largest minus the smallest. The
# gradient is more than :math:`10^{13}` times as large as the spread, so this is only rounding. With a bug like the one
# above, the gradient and the spread would be about equally large. To accept rounding, let the check tolerate ten times
# the spread:

for check in (gradcheck, gradgradcheck):
    print(check.__name__, check(ShuffledDot.apply, (scale, weight), nondet_tol=1e-12))
