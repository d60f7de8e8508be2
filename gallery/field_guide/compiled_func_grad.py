"""
A compiled torch.func.grad ignores backward
===========================================

``torch.compile`` can ignore a derivative that you wrote. This page shows when that happens, and how to prevent it.

Read :doc:`function_transforms` and :doc:`torch_compile` first.

The symptom: in torch 2.13, ``torch.func.grad`` of your Function is right, but the compiled version returns wrong
values, such as zeros or ``nan``, without an error. Your own ``jvp`` and ``vmap`` methods are ignored in the same way.
"""

import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.func import grad, jvp, vmap

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# Rounding has a derivative of zero almost everywhere, but the straight-through estimator below passes the gradient on
# unchanged:


class RoundThrough(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return x.round()

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass  # nothing to save

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output

    @staticmethod
    def jvp(ctx, tangent):
        return tangent

    @staticmethod
    def vmap(info, in_dims, x):
        calls_of_vmap.append(tuple(x.shape))
        return RoundThrough.apply(x), in_dims[0]


def rounded(x):
    return RoundThrough.apply(x)


def eager_and_compiled(function, x):
    torch._dynamo.reset()
    eager, compiled = function(x), torch.compile(function, backend="aot_eager")(x)
    print(eager.tolist(), compiled.tolist())
    return eager.tolist(), compiled.tolist()


def tangent_of(function):
    return lambda x: jvp(function, (x,), (torch.ones_like(x),))[1]


x = torch.tensor([1.25, 2.75], dtype=torch.float64)
calls_of_vmap = []
for function in (grad(lambda x: rounded(x).sum()), tangent_of(rounded)):
    assert eager_and_compiled(function, x) == ([1, 1], [0, 0])
assert eager_and_compiled(lambda x: vmap(rounded)(x), x) == ([1, 3], [1, 3])
assert calls_of_vmap == [(2,)]  # called once, without torch.compile

# %%
# Even if a Function passes both gradient checks, its compiled derivative can be wrong. When autograd differentiates
# :math:`\log(1 + e^x)` at a large :math:`x`, it multiplies zero by infinity (:math:`0 \cdot \infty`). The ``backward``
# below was written to avoid that:


class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return torch.where(x > 30, x, torch.log1p(torch.exp(x)))

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * torch.sigmoid(x)


large = torch.tensor([1.0, 1000.0], dtype=torch.float64, requires_grad=True)
print("gradcheck", gradcheck(Softplus.apply, large), gradgradcheck(Softplus.apply, large))
assert str(eager_and_compiled(grad(lambda x: Softplus.apply(x).sum()), large)[1][1]) == "nan"

# %%
# The cause
# ---------
#
# In ordinary code, Dynamo (the front end of ``torch.compile``) traces a Function's ``forward`` and ``backward``. Inside
# a ``torch.func`` transform it traces only ``forward``, as if there were no Function, and autograd differentiates the
# result. You see no difference as long as ``backward`` returns the same values as autograd would.
#
# The cure
# --------
#
# ``torch.compiler.allow_in_graph`` tells Dynamo not to look inside a function. Use it on a small function that only
# calls ``apply``, and pass every tensor to that function as an argument. Using it on ``apply`` itself has no effect, as
# the last line of output shows.


@torch.compiler.allow_in_graph
def round_through(x):
    return RoundThrough.apply(x)


for function in (grad(lambda x: round_through(x).sum()), tangent_of(round_through)):
    assert eager_and_compiled(function, x) == ([1, 1], [1, 1])
softplus = torch.compiler.allow_in_graph(lambda x: Softplus.apply(x))
assert eager_and_compiled(grad(lambda x: softplus(x).sum()), large) == (torch.sigmoid(large).tolist(),) * 2
apply = torch.compiler.allow_in_graph(RoundThrough.apply)
assert eager_and_compiled(grad(lambda x: apply(x).sum()), x) == ([1, 1], [0, 0])
