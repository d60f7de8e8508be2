"""
Backward is not reentrant
=========================

Here you write and check a Function that draws random numbers, and learn to tell whether the message in the title
means a bug or rounding.

Read :doc:`/double_backward/saving_inputs` first.

The symptom: :func:`~torch.autograd.gradcheck.gradcheck` says ``Backward is not reentrant``. It has called ``backward``
twice with the same gradient and got two results.
"""

from textwrap import fill

import torch
from torch.autograd import gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# A bug: two draws
# ----------------
#
# This Function multiplies by noise. It draws in ``forward`` and once more in ``backward``:


class NoiseDrawnTwice(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * torch.rand_like(x)

    @staticmethod
    def backward(ctx, grad_output):
        # Wrong: this is not the noise by which forward multiplied.
        return grad_output * torch.rand_like(grad_output)


x = torch.randn(2, dtype=torch.float64, requires_grad=True)
for nondet_tol in (0.0, 1.0):
    try:
        gradcheck(NoiseDrawnTwice.apply, x, nondet_tol=nondet_tol)
    except RuntimeError as error:
        message = f"{type(error).__name__}: {error}".partition("\n\n")[0]
        print(*(fill(line, 78) for line in message.splitlines()), sep="\n")

# %%
# ``although analytical gradient matches numerical gradient`` means nothing here: when the check writes this, it has not
# compared the two. With ``nondet_tol`` raised it goes on to compare them, and they do not match.
#
# Numbers of this size are a symptom of their own. Two calls of ``forward`` differ by the noise, and the check divides
# their difference by twice its tiny step of ``eps=1e-6``. No ``backward`` can match a ``forward`` that draws each time.
#
# The cure: one draw
# ------------------
#
# Draw outside, so that the noise becomes an input. Or draw in ``forward`` and save what you have drawn, as dropout does
# with its mask. Then the function that you check has to set the seed:


class Noise(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, noise):
        ctx.save_for_backward(noise)
        return x * noise

    @staticmethod
    def backward(ctx, grad_output):
        (noise,) = ctx.saved_tensors
        return grad_output * noise, None  # nobody trains the noise


class NoiseSaved(Noise):
    @staticmethod
    def forward(ctx, x):
        return Noise.forward(ctx, x, torch.rand_like(x))

    @staticmethod
    def backward(ctx, grad_output):
        return Noise.backward(ctx, grad_output)[0]


def seeded(x):
    torch.manual_seed(0)
    return NoiseSaved.apply(x)


noise = torch.rand(2, dtype=torch.float64)
print("Noise     ", gradcheck(Noise.apply, (x, noise)), gradgradcheck(Noise.apply, (x, noise)))
print("NoiseSaved", gradcheck(seeded, x), gradgradcheck(seeded, x))
assert not torch.equal(NoiseSaved.apply(x), NoiseSaved.apply(x))

# %%
# Not a bug: two orders
# ---------------------
#
# A kernel whose threads add to one place adds in the order in which they arrive. A permutation imitates this:


class ShuffledDot(torch.autograd.Function):
    @staticmethod
    def forward(ctx, scale, weight):
        ctx.save_for_backward(weight)
        return (scale * weight).sum()

    @staticmethod
    def backward(ctx, grad_output):
        (weight,) = ctx.saved_tensors
        order = torch.randperm(weight.numel())  # another one every time
        return (grad_output * weight[order]).cumsum(0)[-1], None


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
# Compare the spread with the value itself, which is larger by a factor of more than :math:`10^{13}`: this is rounding. A
# bug like that above makes a spread as large as the value. If it is rounding, set ``nondet_tol`` to ten times the spread:

for check in (gradcheck, gradgradcheck):
    print(check.__name__, check(ShuffledDot.apply, (scale, weight), nondet_tol=1e-12))
