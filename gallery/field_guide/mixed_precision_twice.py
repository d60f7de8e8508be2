"""
Mixed precision: two traps of the decorators
============================================

The decorators for automatic mixed precision (AMP) don't suit every Function: with ``setup_context`` they make
``backward`` fail, and with ``cast_inputs`` they can lose the second derivative. This page shows both failures, and a
few lines that avoid them without decorators.

Read :doc:`mixed_precision` first.

The symptom: either ``backward`` raises an ``AttributeError`` about ``_fwd_used_autocast``, or a gradient penalty is
wrong in mixed precision, and no error is raised.
"""

import torch
from torch.amp import custom_bwd, custom_fwd
from torch.autograd import grad, gradcheck, gradgradcheck

# %%
# An attribute is missing
# -----------------------
#
# This Function has both a ``forward`` and a ``setup_context``. The class below it is the same Function with the
# decorators added:


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
for enabled in (False, True):
    with torch.autocast("cpu", enabled=enabled):
        out = CubeDecorated.apply(x)
    try:
        grad(out.sum(), x)
        raise AssertionError("the attribute was there")
    except AttributeError as error:
        print("AttributeError:", error)
print("x._fwd_used_autocast", x._fwd_used_autocast)

# %%
# ``custom_fwd`` stores its attributes on the first argument of ``forward``. Here that is not ``ctx`` but the tensor
# ``x``, as the last printed line shows. ``custom_bwd`` looks for these attributes on ``ctx``, so ``backward`` fails
# whether autocast is on or off.
#
# A second derivative is lost
# ---------------------------
#
# ``cast_inputs=torch.float32`` is meant for code that can't handle bfloat16. It casts the inputs and runs ``forward``
# with autocast switched off. Here the input ``half`` is bfloat16, as if it came from a previous layer. The second
# derivative of :math:`(x^3)^2` is :math:`30 x^4`, so it should be 30 at 1, and 480 at 2.


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
    with torch.autocast("cpu"):  # bfloat16
        out = function(x) ** 2
    (grad_x,) = grad(out.sum(), x, create_graph=True)
    return grad(grad_x.sum(), x)[0]


half = torch.tensor([1.0, 2.0], dtype=torch.bfloat16, requires_grad=True)
wrong = second_derivative(CubeCastInside.apply, half).tolist()
print(wrong, second_derivative(CubeCastInside.apply, x).tolist())
assert wrong == [18.0, 288.0]
exact = torch.tensor([0.5, 2.0], dtype=torch.float64, requires_grad=True)
print("gradcheck    ", gradcheck(CubeCastInside.apply, exact))
print("gradgradcheck", gradgradcheck(CubeCastInside.apply, exact))

# %%
# The decorator casts ``half`` before ``forward`` begins, but autograd doesn't record this cast. So
# ``save_for_backward`` keeps a copy without history, as in :doc:`lost_second_derivative`, and the first printed list is
# wrong. With float32 inputs (second list), and with the float64 inputs of the checks, no cast is needed, so the second
# derivative is right.
#
# The cure: cast outside
# ----------------------
#
# If you cast before ``apply``, autograd records the cast, and the tensor that the Function saves is one of its inputs.
# With autocast switched off, ``forward`` and ``backward`` use the same dtype throughout. This works for a Function with
# or without ``setup_context``.


def cube_in_float32(x):
    x = x.to(torch.promote_types(x.dtype, torch.float32))  # float64 stays
    with torch.autocast("cpu", enabled=False):
        return CubeInTwoSteps.apply(x)


for tensor in (half, x):
    print(second_derivative(cube_in_float32, tensor).tolist())
    assert second_derivative(cube_in_float32, tensor).tolist() == [30.0, 480.0]
print("gradcheck    ", gradcheck(cube_in_float32, exact))
print("gradgradcheck", gradgradcheck(cube_in_float32, exact))

# %%
# With ``register_autocast``
# --------------------------
#
# For a ``torch.library`` operator, ``register_autocast`` replaces the decorators. It casts the inputs and runs the
# operator with autocast off, and the second derivative stays right:


@torch.library.custom_op("field_guide::cube", mutates_args=())
def cube_operator(x: torch.Tensor) -> torch.Tensor:
    inside.append((x.dtype, torch.is_autocast_enabled("cpu")))
    return x**3


cube_operator.register_autograd(CubeInTwoSteps.backward, setup_context=CubeInTwoSteps.setup_context)
cube_operator.register_autocast("cpu", torch.float32)
inside = []
with torch.autocast("cpu"):
    cube_operator(half)
print(inside)
assert inside == [(torch.float32, False)]
assert second_derivative(cube_operator, half).tolist() == [30.0, 480.0]
print("gradgradcheck", gradgradcheck(cube_operator, exact))
