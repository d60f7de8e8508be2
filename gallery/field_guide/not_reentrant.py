"""
Backward is not reentrant
=========================

After this page you can check a Function that draws random numbers, and you know when the message in
the title means a bug and when rounding.

Read :doc:`/double_backward/saving_inputs` first.

The symptom: :func:`~torch.autograd.gradcheck.gradcheck` says ``Backward is not reentrant``. It has
called ``backward`` twice with the same gradient and got two results.
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
        print("\n".join(fill(line, 78) for line in message.splitlines()))

# %%
# Take no comfort from ``although analytical gradient matches numerical gradient``: when the check
# writes this, it has not compared the two. With ``nondet_tol`` raised it goes on to compare them,
# and they do not match.
#
# Numbers of this size are a symptom of their own. Two calls of ``forward`` differ by the noise, not
# by the tiny step ``eps=1e-6``, and the check divides the difference by twice that step. No
# ``backward`` can match a ``forward`` that draws.
#
# The cure is to draw outside. The noise becomes an input, and what is left is a function:


class Noise(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, noise):
        ctx.save_for_backward(noise)
        return x * noise

    @staticmethod
    def backward(ctx, grad_output):
        (noise,) = ctx.saved_tensors
        # A gradient for each input; nobody trains the noise.
        return grad_output * noise, None


noise = torch.rand(2, dtype=torch.float64)
print("gradcheck    ", gradcheck(Noise.apply, (x, noise)))
print("gradgradcheck", gradgradcheck(Noise.apply, (x, noise)))

# %%
# Not a bug: two orders
# ---------------------
#
# A kernel whose threads add to one place adds in the order in which they arrive. The Function below
# imitates this with a permutation:


class ShuffledDot(torch.autograd.Function):
    @staticmethod
    def forward(ctx, scale, weight):
        ctx.save_for_backward(weight)
        return (scale * weight).sum()

    @staticmethod
    def backward(ctx, grad_output):
        (weight,) = ctx.saved_tensors
        # The same terms every time, in another order every time.
        order = torch.randperm(weight.numel())
        return (grad_output * weight[order]).cumsum(0)[-1], None


scale = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
weight = torch.randn(1000, dtype=torch.float64)  # no gradient is asked for


def to_the_last_bit(scale):
    return ShuffledDot.apply(scale, weight)


print("gradcheck    ", gradcheck(to_the_last_bit, scale, raise_exception=False))
out = ShuffledDot.apply(scale, weight)
grads = [torch.autograd.grad(out, scale, retain_graph=True)[0] for _ in range(100)]
print("max - min    ", f"{(max(grads) - min(grads)).item():.0e}")

# %%
# Compare the spread with the size of the value. This gradient is near 8, and one hundred of the same
# thing differ in the last three of sixteen digits: rounding, and nothing else. A bug like that above
# makes a spread as large as the value. If it is rounding, set ``nondet_tol`` to about ten times the spread:

print("gradcheck    ", gradcheck(ShuffledDot.apply, (scale, weight), nondet_tol=1e-12))
print("gradgradcheck", gradgradcheck(ShuffledDot.apply, (scale, weight), nondet_tol=1e-12))
