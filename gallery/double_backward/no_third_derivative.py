"""
SciPy for two derivatives, an error for the third
=================================================

When ``backward`` is code that autograd can't see, each derivative needs its own Function. For a gradient penalty, two
derivatives are enough, but if you stop there, a third derivative can come out with terms missing. This page shows how
to raise an error for the third derivative instead.

Read :doc:`backward_outside_autograd` first.
"""

from functools import partial

import torch
from scipy import special
from torch import func
from torch.autograd import grad, gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# From PyTorch to SciPy and back
# ------------------------------
#
# SciPy works on arrays in the CPU's memory. Given ``float32`` it may return ``float64``, and given a zero-dimensional
# array it may return a scalar instead of an array. This function converts a tensor for SciPy and turns the result back
# into a tensor with the same dtype and device:


def in_scipy(function, x):
    if x.dtype not in (torch.float32, torch.float64):
        raise TypeError(f"x: expected torch.float32 or torch.float64, got {x.dtype}")
    return torch.as_tensor(function(x.cpu().numpy()), dtype=x.dtype, device=x.device)


# %%
# Three Functions
# ---------------
#
# ``LogGamma`` computes the logarithm of the gamma function. The first derivative of this logarithm is :math:`\psi`, and
# the second is :math:`\psi_1`. The third Function, ``LogGammaDoubleBackward``, computes the gradients that the
# ``backward`` of ``LogGammaBackward`` returns, and its own ``backward`` raises an error. All three Functions have a
# ``forward`` without ``ctx`` and a ``setup_context``, so they also work under ``torch.func``.


class LogGamma(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return in_scipy(special.gammaln, x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        return LogGammaBackward.apply(grad_output, *ctx.saved_tensors)


class LogGammaBackward(LogGamma):
    @staticmethod
    def forward(grad_output, x):
        return grad_output * in_scipy(special.digamma, x)

    @staticmethod
    def backward(ctx, grad_grad_input):
        return LogGammaDoubleBackward.apply(grad_grad_input, *ctx.saved_tensors)


class LogGammaDoubleBackward(LogGamma):
    @staticmethod
    def forward(grad_grad_input, grad_output, x):
        digamma = in_scipy(special.digamma, x)
        trigamma = in_scipy(partial(special.polygamma, 1), x)
        return grad_grad_input * digamma, grad_grad_input * grad_output * trigamma

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, *grad_outputs):
        raise NotImplementedError("LogGamma has no third derivative")


log_gamma = LogGamma.apply
x = (torch.rand(4, 3, dtype=torch.float64) + 0.5).requires_grad_()  # away from the pole at zero
print("gradcheck    ", gradcheck(log_gamma, x))
print("gradgradcheck", gradgradcheck(log_gamma, x))
for inputs in (x, x.float(), x[0, 0], x[:0], x.t()):
    torch.testing.assert_close(log_gamma(inputs), torch.lgamma(inputs))

# %%
# What ends with an error
# -----------------------
#
# The Functions raise an error for any dtype other than ``float32`` and ``float64``, and for ``meta`` tensors, which
# hold no values. A third derivative raises an error too, under autograd and ``torch.func`` alike:


def third_derivative(x):
    first = grad(log_gamma(x), x, create_graph=True)[0]
    return grad(grad(first, x, create_graph=True)[0], x)


def attempt(function, x):
    try:
        function(x)
    except (TypeError, NotImplementedError) as error:
        print(f"{type(error).__name__}: {error}")
    else:
        raise AssertionError("no error was raised")


attempt(log_gamma, x.half())
attempt(log_gamma, x.to("meta"))
attempt(third_derivative, x[0, 0])
attempt(func.grad(func.grad(func.grad(log_gamma))), x[0, 0].detach())

# %%
# PyTorch has a decorator, ``once_differentiable``, that is meant to raise such an error, but it lets some calls
# through. See :doc:`/field_guide/once_differentiable`.
