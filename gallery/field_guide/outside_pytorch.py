"""
NumPy inside a Function
=======================

NumPy in the middle of a network costs a gradient, or half of one, unless a Function supplies it. This page
shows what ``detach()`` loses, a Function that loses nothing, and the tensors that it takes.

Read :doc:`/double_backward/backward_outside_autograd` first.

The symptom: ``Can't call numpy() on Tensor that requires grad``. Or, after following the advice in
this message, a gradient of which a part is missing.
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
    # For a tensor without dimensions NumPy returns a number, which from_numpy would refuse.
    return torch.as_tensor(np.exp(x.detach().numpy()))


for function in (detached_exp, torch.exp):
    (grad_x,) = grad((x * function(x)).sum(), x)
    print(f"{function.__name__:12}", [round(value, 4) for value in grad_x.tolist()])

# %%
# The cause
# ---------
#
# NumPy leaves no record for autograd, so ``numpy()`` refuses. ``detach()`` silences the message, and what comes
# back from NumPy is a constant. The product still has a gradient, but only that of its first factor:
# :math:`e^x` instead of :math:`(1 + x)\,e^x`.
#
# The same again, one level up
# ----------------------------
#
# Autograd records nothing in ``forward``, and nothing in ``backward`` unless it is asked to with
# ``create_graph=True``. So ``numpy()`` is allowed in both, and ``backward`` supplies the gradient. Written in
# NumPy as well, it passes the first check:


class NumpyExp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        # NumPy works on the CPU; the result belongs where x is.
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


print("gradcheck    ", gradcheck(NumpyExp.apply, x))
try:
    gradgradcheck(NumpyExp.apply, x)
except RuntimeError as error:
    print(fill(f"RuntimeError: {error}", 78))
print("gradcheck    ", gradcheck(NumpyExpDetached.apply, x))
print("gradgradcheck", gradgradcheck(NumpyExpDetached.apply, x, raise_exception=False))

# %%
# For a second derivative autograd does record in ``backward``, and the message is back. With
# ``detach()`` it goes away once more, and the second derivative with it.
#
# The cure
# --------
#
# NumPy in ``forward``, and PyTorch in ``backward`` where you can. Where you cannot, ``backward`` becomes a
# Function of its own: :doc:`/double_backward/backward_outside_autograd`.


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
# It takes ``float32`` and ``float16``, numbers and empty tensors as well. What NumPy has no dtype for and what
# has no values is refused:

for inputs in (x.bfloat16(), x.to("meta")):
    try:
        exp(inputs)
    except (TypeError, NotImplementedError) as error:
        print(f"{type(error).__name__}: {error}")
    else:
        raise AssertionError(f"{inputs} was taken")
