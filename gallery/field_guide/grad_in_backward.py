"""
torch.autograd.grad in backward
===============================

You can leave a derivative inside ``backward`` to autograd. Here it is done so that the Function can be compiled and
differentiated twice, and no parameter is left out.

Read :doc:`/double_backward/losing_intermediates` and :doc:`torch_compile` first.

The symptom: ``backward`` calls ``torch.autograd.grad``. Then ``torch.compile`` says ``trace_autograd_ops=False``, the
second derivative is lost, and a parameter gets no gradient.
"""

import torch
from torch.autograd import grad, gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# ``backward`` runs ``wave`` again and lets autograd differentiate it. ``frequency`` is a parameter of the model:

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
# The inner graph begins at a detached copy, so ``grad_input`` has no history that leads to the real ``x``. The graph
# exists only while the code runs, and ``torch.compile`` reads the code before that. And since autograd does not record
# ``forward``, a tensor that is not among the inputs gets no gradient.
#
# Autograd does not record ``backward`` either, unless it was asked to. So without ``enable_grad`` there is no inner graph
# to differentiate. With ``create_graph=True`` the inner graph stays in memory as long as the gradient, and is of no use:


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
except RuntimeError as error:
    print("RuntimeError:", error)
else:
    raise AssertionError("it was recorded")
for function in (WaveByGrad, WaveKeepingGraph):
    (grad_x,) = grad(function.apply(x).sum(), x)
    print(function.__name__, grad_x.grad_fn and grad_x.grad_fn.name())
    assert (grad_x.grad_fn is not None) == (function is WaveKeepingGraph)

# %%
# The cure
# --------
#
# ``torch.func.vjp`` takes a function and its inputs, and returns the value and a function for the gradients. Nothing is
# detached, and ``enable_grad`` is not needed. And every tensor that should get a gradient is an input:


class Wave(torch.autograd.Function):
    @staticmethod
    def forward(ctx, *inputs):
        ctx.save_for_backward(*inputs)
        return wave(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        _, gradients = torch.func.vjp(wave, *ctx.saved_tensors)
        return gradients(grad_output)


def compiled_wave(x, frequency):
    return Wave.apply(x, frequency)


inputs = x, frequency
print("gradcheck    ", gradcheck(Wave.apply, inputs))
print("gradgradcheck", gradgradcheck(Wave.apply, inputs))
found, expected = (grad(each(*inputs).sum(), inputs) for each in (Wave.apply, wave))
torch.testing.assert_close(found, expected)
compiled = torch.compile(compiled_wave, fullgraph=True, backend="aot_eager")
print("gradcheck    ", gradcheck(compiled, inputs))

# %%
# The last line checks the first derivative of the compiled function; for the second, see :doc:`torch_compile_twice`.
#
# A module inside
# ---------------
#
# The weights of a module become inputs as well, and ``torch.func.functional_call`` runs the module with those that it
# is given:


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
# The message recommends ``torch._dynamo.config.trace_autograd_ops = True``. With it ``WaveByGrad`` can be compiled, but
# its second derivative stays lost. And a gradient penalty around a Function comes out wrong when it is compiled, even
# if the Function is right, and without an error; so it is in torch 2.13. ``allow_in_graph`` helps here as well:


def penalty_of(function):
    def penalty(x):
        (grad_x,) = grad((x * function(x, frequency)).sum(), x, create_graph=True)
        return grad_x**2

    return penalty


with torch._dynamo.config.patch(trace_autograd_ops=True):
    print("gradcheck    ", gradcheck(torch.compile(WaveByGrad.apply, backend="aot_eager"), x))
    opaque_wave = torch.compiler.allow_in_graph(compiled_wave)
    for function, right in ((Wave.apply, False), (opaque_wave, True)):
        penalty = penalty_of(function)
        both = (penalty, torch.compile(penalty, backend="aot_eager"))
        eager, compiled = (grad(each(x).sum(), x)[0] for each in both)
        print(eager.tolist(), compiled.tolist())
        assert torch.allclose(eager, compiled) == right
