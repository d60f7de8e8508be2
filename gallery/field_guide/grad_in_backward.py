"""
torch.autograd.grad in backward
===============================

After this page you can leave a derivative inside ``backward`` to autograd, and still compile the Function
and differentiate it twice.

Read :doc:`/double_backward/losing_intermediates` and :doc:`torch_compile` first.

The symptom: ``backward`` computes the forward pass again and calls ``torch.autograd.grad``. Then
``torch.compile`` says ``trace_autograd_ops=False``, and the second derivative is lost.
"""

from textwrap import fill

import torch
from torch.autograd import gradcheck, gradgradcheck

torch.manual_seed(0)
torch._dynamo.reset()

# %%
# The symptom
# -----------
#
# The Function keeps its input only. What ``wave`` needs for its derivative is computed again in
# ``backward``, and nobody has to write the derivative out:


def wave(x):
    return x * torch.sin(x)


class WaveByGrad(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return wave(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        with torch.enable_grad():
            # A leaf for the inner graph.
            x = x.detach().requires_grad_()
            (grad_input,) = torch.autograd.grad(wave(x), x, grad_output)
        return grad_input


x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
print("gradcheck    ", gradcheck(WaveByGrad.apply, x))
print("gradgradcheck", gradgradcheck(WaveByGrad.apply, x, raise_exception=False))
try:
    torch.compile(WaveByGrad.apply, fullgraph=True, backend="aot_eager")(x)
except torch._dynamo.exc.Unsupported as error:
    first_line = str(error).partition("\n")[0]
    print(fill(f"{type(error).__name__}: {first_line}", 88))

# %%
# The cause
# ---------
#
# Both come from the inner graph. It begins at a detached copy, so ``grad_input`` has no history that
# leads to the real ``x``. And it is a graph of autograd, which exists only while the code runs;
# ``torch.compile`` reads the code before it runs.
#
# The message goes on to recommend ``torch._dynamo.config.trace_autograd_ops = True``. That is half a cure: the
# Function can be compiled, but where it is not compiled, its second derivative is lost as before.
#
# The cure
# --------
#
# ``torch.func.vjp`` does the same without a graph that you have to begin somewhere: it takes a function
# and its inputs, and returns the value and a function for the gradient. Nothing is detached.


class Wave(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return wave(x)

    @staticmethod
    def backward(ctx, grad_output):
        _, gradient = torch.func.vjp(wave, *ctx.saved_tensors)
        # A tuple, with a gradient for each input.
        return gradient(grad_output)


def compiled_wave(x):
    return Wave.apply(x)


print("gradcheck    ", gradcheck(Wave.apply, x))
print("gradgradcheck", gradgradcheck(Wave.apply, x))
(grad_x,) = torch.autograd.grad(Wave.apply(x).sum(), x)
torch.testing.assert_close(grad_x, torch.sin(x) + x * torch.cos(x))
compiled = torch.compile(compiled_wave, fullgraph=True, backend="aot_eager")
print("gradcheck    ", gradcheck(compiled, x))

# %%
# The last line checks the first derivative of the compiled function. The second is another matter:
# :doc:`torch_compile_twice`.
