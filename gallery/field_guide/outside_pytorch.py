"""
NumPy inside a Function
=======================

If you call NumPy in the middle of a network, you lose a gradient, or part of one, unless a Function supplies it. This
page shows what ``detach()`` loses, how to write a Function that loses nothing, and which tensors this Function accepts.

Read :doc:`/double_backward/backward_outside_autograd` first.

The symptom: either you get the error ``Can't call numpy() on Tensor that requires grad``, or you have followed the
advice in that message, and part of a gradient is missing.
"""

from textwrap import fill

import numpy as np
import torch
from torch.autograd import grad, gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# The symptom
# -----------

x = torch.tensor([0.0, 1.0], dtype=torch.float64, requires_grad=True)
try:
    np.exp(x.numpy())
except RuntimeError as error:
    print(fill(f"RuntimeError: {error}", 78))


def detached_exp(x):
    # For a zero-dimensional tensor, NumPy returns a NumPy scalar, which from_numpy would reject.
    return torch.as_tensor(np.exp(x.detach().numpy()))


for function in (detached_exp, torch.exp):
    (grad_x,) = grad((x * function(x)).sum(), x)
    print(f"{function.__name__:12}", [round(value, 4) for value in grad_x.tolist()])

# %%
# The cause
# ---------
#
# Autograd cannot record what NumPy does, so ``numpy()`` raises an error. ``detach()`` silences the error, but NumPy's
# result is then a constant to autograd. The product of the input and this result still has a gradient, but only the
# part that comes from its first factor: :math:`e^x` instead of :math:`(1 + x)\,e^x`.
#
# The same again, one level up
# ----------------------------
#
# Autograd records nothing in ``forward``, and nothing in ``backward`` unless you pass ``create_graph=True``. So you can
# call ``numpy()`` in both methods of a Function, and it still passes ``gradcheck``:


class NumpyExp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        # NumPy works on the CPU, but the result belongs on x's device.
        out = torch.as_tensor(np.exp(x.cpu().numpy()), device=x.device)
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx, grad_output):
        (out,) = ctx.saved_tensors
        return torch.as_tensor(grad_output.numpy() * out.numpy())


class NumpyExpDetached(NumpyExp):
    @staticmethod
    def backward(ctx, grad_output):
        (out,) = ctx.saved_tensors
        return torch.as_tensor(grad_output.detach().numpy() * out.detach().numpy())


print("gradcheck    ", gradcheck(NumpyExp.apply, x), gradcheck(NumpyExpDetached.apply, x))
try:
    gradgradcheck(NumpyExp.apply, x)
except RuntimeError as error:
    print(fill(f"RuntimeError: {error}", 78))
print("gradgradcheck", gradgradcheck(NumpyExpDetached.apply, x, raise_exception=False))

# %%
# For a second derivative, autograd does record ``backward``, so the error comes back. ``detach()`` silences the error
# once more, but then the second derivative is lost, as the last printed line shows.
#
# The cure
# --------
#
# Use NumPy in ``forward``, but PyTorch in ``backward`` if possible. If it isn't possible, let ``backward`` call a
# second Function, as in :doc:`/double_backward/backward_outside_autograd`.


class NumpyExpTorchBackward(NumpyExp):
    @staticmethod
    def backward(ctx, grad_output):
        (out,) = ctx.saved_tensors
        return grad_output * out


exp = NumpyExpTorchBackward.apply
print("gradcheck    ", gradcheck(exp, x))
print("gradgradcheck", gradgradcheck(exp, x))
torch.testing.assert_close(grad((x * exp(x)).sum(), x)[0], (1 + x) * torch.exp(x))
for inputs in (torch.tensor(1.0), torch.ones(0, 2), torch.arange(4.0).half()[::2]):
    torch.testing.assert_close(exp(inputs), torch.exp(inputs))

# %%
# This Function also accepts ``float32`` and ``float16`` tensors, zero-dimensional tensors and empty tensors. It rejects
# ``bfloat16``, a dtype that NumPy doesn't have, and a tensor on ``meta``, which has no data:

for inputs in (x.bfloat16(), x.to("meta")):
    try:
        exp(inputs)
    except (TypeError, NotImplementedError) as error:
        print(f"{type(error).__name__}: {error}")
    else:
        raise AssertionError(f"{inputs} was taken")
