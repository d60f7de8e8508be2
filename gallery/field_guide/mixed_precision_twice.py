"""
Mixed precision: two traps of the decorators
============================================

The decorators of AMP do not fit every Function: one form of it they break, and in another they lose the
second derivative. Here both happen, and a few lines without decorators make up for both.

Read :doc:`mixed_precision` first.

The symptom: ``backward`` raises an ``AttributeError`` about ``_fwd_used_autocast``. Or a gradient penalty is
wrong in mixed precision, and nothing is raised.
"""

import torch
from torch.amp import custom_bwd, custom_fwd
from torch.autograd import grad, gradcheck, gradgradcheck

torch.manual_seed(0)


def under_autocast(function, x):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return function(x)


# %%
# An attribute is missing
# -----------------------
#
# A Function in two steps, ``forward`` and ``setup_context``, and the same with the decorators:


class CubeInTwoSteps(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return x**3

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * 3 * x**2


class CubeDecorated(CubeInTwoSteps):
    forward = staticmethod(custom_fwd(CubeInTwoSteps.forward, device_type="cpu"))
    backward = staticmethod(custom_bwd(CubeInTwoSteps.backward, device_type="cpu"))


x = torch.tensor([1.0, 2.0], requires_grad=True)
for out in (CubeDecorated.apply(x), under_autocast(CubeDecorated.apply, x)):
    try:
        grad(out.sum(), x)
    except AttributeError as error:
        print("AttributeError:", error)
    else:
        raise AssertionError("the attribute was there")
print("x._fwd_used_autocast", x._fwd_used_autocast)

# %%
# ``custom_fwd`` leaves its notes on the first argument of ``forward``. Here that is not ``ctx`` but the tensor
# ``x``, where ``backward`` does not look for them, whether autocast is on or off.
#
# A second derivative is lost
# ---------------------------
#
# ``cast_inputs=torch.float32`` is meant for code that does not know bfloat16: it casts the inputs and runs
# ``forward`` with autocast switched off. Below, the layer before has made bfloat16 of ``x``. The second
# derivative of :math:`(x^3)^2` is :math:`30 x^4`, which is 30 and 480 here.


class CubeCastInside(torch.autograd.Function):
    @staticmethod
    @custom_fwd(device_type="cpu", cast_inputs=torch.float32)
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    @custom_bwd(device_type="cpu")
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * 3 * x**2


def second_derivative(function, x):
    (grad_x,) = grad((under_autocast(function, x) ** 2).sum(), x, create_graph=True)
    return grad(grad_x.sum(), x)[0]


half = torch.tensor([1.0, 2.0], dtype=torch.bfloat16, requires_grad=True)
print(second_derivative(CubeCastInside.apply, half).tolist())
print(second_derivative(CubeCastInside.apply, x).tolist())
assert second_derivative(CubeCastInside.apply, half).tolist() == [18.0, 288.0]
exact = torch.tensor([0.5, 2.0], dtype=torch.float64, requires_grad=True)
print("gradcheck    ", gradcheck(CubeCastInside.apply, exact))
print("gradgradcheck", gradgradcheck(CubeCastInside.apply, exact))

# %%
# The decorator casts before ``forward`` begins, where autograd does not record. So ``save_for_backward`` keeps
# a copy without history, as in :doc:`lost_second_derivative`. Where no cast is needed, in float32 and for the
# check in float64, all is well.
#
# The cure: cast outside
# ----------------------
#
# Before ``apply``, autograd records the cast, and what the Function saves is an input. With autocast switched
# off, all of ``forward`` and ``backward`` has one dtype. This is right for either form of a Function.


def cube_in_float32(x):
    x = x.to(torch.promote_types(x.dtype, torch.float32))  # float64 stays
    with torch.autocast("cpu", enabled=False):
        return CubeInTwoSteps.apply(x)


for tensor in (half, x):
    found = second_derivative(cube_in_float32, tensor)
    print(found.dtype, found.tolist())
    assert found.tolist() == [30.0, 480.0]
print("gradcheck    ", gradcheck(cube_in_float32, exact))
print("gradgradcheck", gradgradcheck(cube_in_float32, exact))

# %%
# To compute in bfloat16 instead, cast to ``torch.get_autocast_dtype("cpu")`` in the same place, if
# ``torch.is_autocast_enabled("cpu")``.
#
# With ``register_autocast``
# --------------------------
#
# An operator of ``torch.library`` has ``register_autocast`` instead, which casts its inputs and switches autocast off
# inside. The second derivative stays right:


@torch.library.custom_op("field_guide::cube", mutates_args=())
def cube_operator(x: torch.Tensor) -> torch.Tensor:
    inside.append((x.dtype, torch.is_autocast_enabled("cpu")))
    return x**3


setup_context = CubeInTwoSteps.setup_context
cube_operator.register_autograd(CubeInTwoSteps.backward, setup_context=setup_context)
inside = []
under_autocast(cube_operator, half)
cube_operator.register_autocast("cpu", torch.float32)
under_autocast(cube_operator, half)
print(inside)
assert inside == [(torch.bfloat16, True), (torch.float32, False)]
assert second_derivative(cube_operator, half).tolist() == [30.0, 480.0]
print("gradgradcheck", gradgradcheck(cube_operator, exact))
