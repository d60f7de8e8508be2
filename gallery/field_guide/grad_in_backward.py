"""
torch.autograd.grad in backward
===============================

``backward`` can leave a derivative to autograd. If you do this as shown here, you can still compile the Function and
differentiate it twice, and no parameter loses its gradient.

Read :doc:`/double_backward/losing_intermediates` and :doc:`torch_compile` first.

The symptom: ``backward`` calls ``torch.autograd.grad``, and now ``torch.compile`` complains about
``trace_autograd_ops=False``, the second derivative is lost, and a parameter gets no gradient.
"""

import torch
from torch.autograd import grad, gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# This ``backward`` runs ``wave`` a second time and lets autograd differentiate it. ``frequency`` is one of the model's
# parameters:

frequency = torch.tensor(1.5, dtype=torch.float64, requires_grad=True)


def wave(x, frequency):
    return x * torch.sin(frequency * x)


class WaveByGrad(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return wave(x, frequency)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        with torch.enable_grad():
            x = x.detach().requires_grad_()  # a leaf for the inner graph
            (grad_input,) = torch.autograd.grad(wave(x, frequency), x, grad_output)
        return grad_input


x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
torch.testing.assert_close(WaveByGrad.apply(x), x * (1.5 * x).sin())
print("gradcheck    ", gradcheck(WaveByGrad.apply, x))
print("gradgradcheck", gradgradcheck(WaveByGrad.apply, x, raise_exception=False))
print("frequency", grad(WaveByGrad.apply(x).sum(), frequency, allow_unused=True)[0])
try:
    torch.compile(WaveByGrad.apply, fullgraph=True, backend="aot_eager")(x)
except torch._dynamo.exc.Unsupported as error:
    print(type(error).__name__, str(error).partition("\n")[0], sep=": ")

# %%
# The cause
# ---------
#
# The second derivative is lost because the inner graph starts at a detached ``x``, so ``grad_input`` has no history
# that leads back to the original ``x``. Compiling fails because this graph exists only while the code runs, but
# ``torch.compile`` reads the code before it runs. And ``frequency`` gets no gradient because it isn't one of the
# Function's inputs, and autograd doesn't record ``forward``.
#
# Unless you ask it to, autograd doesn't record what happens in ``backward`` either. So without ``enable_grad`` there is
# no inner graph, and ``WaveUnrecorded`` raises an error. In ``WaveKeepingGraph``, the only effect of
# ``create_graph=True`` is to keep the inner graph in memory as long as the gradient exists:


class WaveUnrecorded(WaveByGrad):
    @staticmethod
    def backward(ctx, grad_output):
        x = ctx.saved_tensors[0].detach().requires_grad_()
        return torch.autograd.grad(wave(x, frequency), x, grad_output)[0]


class WaveKeepingGraph(WaveByGrad):
    @staticmethod
    def backward(ctx, grad_output):
        with torch.enable_grad():
            x = ctx.saved_tensors[0].detach().requires_grad_()
            out = wave(x, frequency)
            return torch.autograd.grad(out, x, grad_output, create_graph=True)[0]


try:
    grad(WaveUnrecorded.apply(x).sum(), x)
    raise AssertionError("it was recorded")
except RuntimeError as error:
    print("RuntimeError:", error)
for function in (WaveByGrad, WaveKeepingGraph):
    (grad_x,) = grad(function.apply(x).sum(), x)
    print(function.__name__, grad_x.grad_fn and grad_x.grad_fn.name())
    assert (grad_x.grad_fn is not None) == (function is WaveKeepingGraph)

# %%
# The cure
# --------
#
# ``torch.func.vjp`` takes a function and its inputs, and returns the function's value together with a second function
# that computes the gradients. Nothing is detached, and you don't need ``enable_grad``. Every tensor that should get a
# gradient is now an input of the Function:


class Wave(torch.autograd.Function):
    @staticmethod
    def forward(ctx, *inputs):
        ctx.save_for_backward(*inputs)
        return wave(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        _, gradients = torch.func.vjp(wave, *ctx.saved_tensors)
        return gradients(grad_output)


inputs = x, frequency
print("gradcheck    ", gradcheck(Wave.apply, inputs))
print("gradgradcheck", gradgradcheck(Wave.apply, inputs))
found, expected = (grad(each(*inputs).sum(), inputs) for each in (Wave.apply, wave))
torch.testing.assert_close(found, expected)
compiled = torch.compile(Wave.apply, fullgraph=True, backend="aot_eager")
print("gradcheck    ", gradcheck(compiled, inputs))

# %%
# The last printed line checks the compiled function's first derivative; for its second derivative, see
# :doc:`torch_compile_twice`.
#
# A module inside
# ---------------
#
# A module's weights become inputs in the same way, and ``torch.func.functional_call`` runs the module with the weights
# that you pass it:


class CallModule(torch.autograd.Function):
    @staticmethod
    def forward(ctx, module, *tensors):
        ctx.module = module
        ctx.save_for_backward(*tensors)
        return module(tensors[0])

    @staticmethod
    def backward(ctx, grad_output):
        names = [name for name, _ in ctx.module.named_parameters()]

        def call(x, *weights):
            return torch.func.functional_call(ctx.module, dict(zip(names, weights)), x)

        _, gradients = torch.func.vjp(call, *ctx.saved_tensors)
        return None, *gradients(grad_output)


module = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh()).double()


def call_module(x, *weights):
    return CallModule.apply(module, x, *weights)


tensors = x, *module.parameters()
print("gradcheck    ", gradcheck(call_module, tensors))
print("gradgradcheck", gradgradcheck(call_module, tensors))
grads = grad(call_module(*tensors).sum(), tensors)
torch.testing.assert_close(grads, grad(module(x).sum(), tensors))

# %%
# A setting that is not a cure
# ----------------------------
#
# The error message recommends ``torch._dynamo.config.trace_autograd_ops = True``. This setting lets you compile
# ``WaveByGrad``, but the second derivative is still lost. Worse, in torch 2.13 the setting makes a compiled gradient
# penalty around a Function wrong, without an error and even if the Function is right. The last two lines of output are
# the eager and the compiled gradient of such a penalty. For penalties that compile, see :doc:`torch_compile_twice`.


def penalty(x):
    (grad_x,) = grad((x * Wave.apply(x, frequency)).sum(), x, create_graph=True)
    return grad_x**2


with torch._dynamo.config.patch(trace_autograd_ops=True):
    print("gradcheck    ", gradcheck(torch.compile(WaveByGrad.apply, backend="aot_eager"), x))
    eager, compiled = (grad(each(x).sum(), x)[0] for each in (penalty, torch.compile(penalty, backend="aot_eager")))
    print(eager.tolist(), compiled.tolist(), sep="\n")
    assert not torch.allclose(eager, compiled)
