"""
Mixed precision: a bfloat16 crash in backward
=============================================

Your Function is right in float32 and in float64, and still fails in automatic mixed precision (AMP).
This page shows what ``torch.autocast`` does to a Function, and the two decorators that are meant for it.

Read :doc:`/double_backward/saving_inputs` first.

The symptom: under ``autocast`` ``forward`` runs, and ``backward`` raises a ``RuntimeError``: ``expected m1
and m2 to have the same dtype``.
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
# Autocast is switched on for a block of code. In ``forward`` it was on: ``@`` made bfloat16 copies of its two
# factors, so the output is bfloat16, and so is the gradient that comes back for it. What was saved are the
# inputs themselves, in float32. ``backward`` runs later, outside the block, and nothing makes the two dtypes
# equal there.
#
# A gradient check does not help. It wants float64, which autocast leaves as it is:

pair = [tensor.detach().double().requires_grad_() for tensor in (x, weight)]
print("gradcheck    ", gradcheck(matmul_undecorated, pair))
print("gradgradcheck", gradgradcheck(matmul_undecorated, pair))
assert matmul_undecorated(*pair).dtype == torch.float64

# %%
# The cure
# --------
#
# ``custom_fwd`` notes on ``ctx`` whether autocast is on, and for which dtype. ``custom_bwd`` brings this state
# back around ``backward``. Both stand below ``@staticmethod``, and both want to know the type of the device.


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


def plain_matmul(x, weight):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return x @ weight.T


print("gradcheck    ", gradcheck(matmul, pair))
print("gradgradcheck", gradgradcheck(matmul, pair))

# %%
# ``MatmulUndecorated`` passed them as well. The check that counts compares with PyTorch's own operation under
# autocast, for both dtypes that arrive in practice: float32 from the data, and bfloat16 from the layer before.

for inputs in ((x, weight), (x.bfloat16(), weight)):
    out, expected = matmul(*inputs), plain_matmul(*inputs)
    grads, expected_grads = grad(out.sum(), inputs), grad(expected.sum(), inputs)
    print(out.dtype, [grad_input.dtype for grad_input in grads])
    torch.testing.assert_close((out, *grads), (expected, *expected_grads))

# %%
# Autograd converts each gradient to the dtype of its input, so ``weight`` gets float32 although ``backward``
# computed in bfloat16. A scaled loss needs nothing special, because ``backward`` is linear in ``grad_output``:

loss = matmul(x, weight).sum()
scaled_loss = torch.amp.GradScaler("cpu", init_scale=8.0).scale(loss)
ratio = grad(scaled_loss, weight, retain_graph=True)[0] / grad(loss, weight)[0]
print(ratio.unique().tolist())
assert ratio.unique().tolist() == [8.0]

# %%
# On a GPU, write ``device_type="cuda"``. The decorators have two traps, ``setup_context`` and ``cast_inputs``:
# :doc:`mixed_precision_twice`.
