"""
Mixed precision: a bfloat16 crash in backward
=============================================

Your Function works in float32 and in float64, yet it fails under automatic mixed precision (AMP). This page shows what
``torch.autocast`` does to a Function, and introduces the two decorators made for this case.

Read :doc:`/double_backward/saving_inputs` first.

The symptom: under ``autocast``, ``forward`` runs, but ``backward`` raises a ``RuntimeError`` that says
``expected m1 and m2 to have the same dtype``.
"""

import torch
from torch.amp import custom_bwd, custom_fwd
from torch.autograd import grad, gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# The symptom
# -----------


class MatmulUndecorated(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight):
        ctx.save_for_backward(x, weight)
        return x @ weight.T  # (batch, in) and (out, in) give (batch, out)

    @staticmethod
    def backward(ctx, grad_output):
        x, weight = ctx.saved_tensors
        seen.append((torch.is_autocast_enabled("cpu"), grad_output.dtype, x.dtype))
        return grad_output @ weight, grad_output.T @ x


def matmul_undecorated(x, weight):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return MatmulUndecorated.apply(x, weight)


seen = []
x = torch.randn(4, 3, requires_grad=True)
weight = torch.randn(2, 3, requires_grad=True)
try:
    grad(matmul_undecorated(x, weight).sum(), (x, weight))
except RuntimeError as error:
    print("RuntimeError:", error)
else:
    raise AssertionError("the dtypes fitted")
print(seen)
assert seen == [(False, torch.bfloat16, torch.float32)]

# %%
# The cause
# ---------
#
# Autocast applies to a block of code. It was on during ``forward``, so ``@`` made bfloat16 copies of its two factors.
# The output is therefore bfloat16, and so is the gradient that comes back for it. The saved tensors, however, are the
# original inputs in float32. ``backward`` runs later, outside the block and with autocast off (the printed ``False``),
# so nothing converts one dtype to the other.
#
# A gradient check doesn't find this mistake, because it needs float64 inputs, which autocast leaves as they are:

pair = [tensor.detach().double().requires_grad_() for tensor in (x, weight)]
print("gradcheck    ", gradcheck(matmul_undecorated, pair))
print("gradgradcheck", gradgradcheck(matmul_undecorated, pair))
assert matmul_undecorated(*pair).dtype == torch.float64

# %%
# The cure
# --------
#
# ``custom_fwd`` records on ``ctx`` whether autocast is on, and for which dtype. ``custom_bwd`` restores this state
# while ``backward`` runs. Write both decorators below ``@staticmethod``, and pass the device type to each.


class Matmul(torch.autograd.Function):
    @staticmethod
    @custom_fwd(device_type="cpu")
    def forward(ctx, x, weight):
        ctx.save_for_backward(x, weight)
        return x @ weight.T

    @staticmethod
    @custom_bwd(device_type="cpu")
    def backward(ctx, grad_output):
        x, weight = ctx.saved_tensors
        return grad_output @ weight, grad_output.T @ x


def matmul(x, weight):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return Matmul.apply(x, weight)


print("gradcheck    ", gradcheck(matmul, pair))
print("gradgradcheck", gradgradcheck(matmul, pair))

# %%
# ``MatmulUndecorated`` passed these gradient checks too, so they are not enough. The check that counts compares
# ``Matmul`` with PyTorch's own operation under autocast. It covers both dtypes that ``x`` can have in practice: float32
# if it comes from the data, bfloat16 if it comes from the previous layer.

for inputs in ((x, weight), (x.bfloat16(), weight)):
    out = matmul(*inputs)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        expected = inputs[0] @ weight.T
    grads, expected_grads = grad(out.sum(), inputs), grad(expected.sum(), inputs)
    print(out.dtype, [grad_input.dtype for grad_input in grads])
    torch.testing.assert_close((out, *grads), (expected, *expected_grads))

# %%
# Autograd converts each gradient to its input's dtype, so ``weight`` gets a float32 gradient although ``backward``
# computed in bfloat16. A ``GradScaler`` needs no special treatment as long as ``backward`` uses ``grad_output``; see
# :doc:`ignores_grad_output`.
#
# On a GPU, write ``device_type="cuda"``. The decorators fail with ``setup_context``, and with ``cast_inputs`` they can
# lose the second derivative; see :doc:`mixed_precision_twice`.
