"""
opcheck fails in float32
========================

An operator's fake impl is a promise about what the result will look like. On this page you break that promise twice,
first about the dtype and then about memory. You see which of the two violations ``opcheck`` notices, and then fix the
operator.

Read :doc:`custom_op` first.

The symptom: an operator passes ``opcheck`` in ``float64`` but fails in ``float32`` with ``Dtypes torch.float64 and
torch.float32 are not equal``. Another symptom is that calling an operator raises an error that says ``must not also be
an input``.
"""

from textwrap import fill

import torch
from scipy import special
from torch import Tensor
from torch.library import custom_op, opcheck

from custom_op import polygamma, show_results

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# This operator computes the digamma function with SciPy's ``polygamma``, which returns ``float64``. Its fake impl
# promises the input's dtype. The first input below is ``float64``, the second ``float32``:


@custom_op("field_guide::digamma", mutates_args=())
def digamma(x: Tensor) -> Tensor:
    return torch.from_numpy(special.polygamma(0, x.numpy()))


digamma.register_fake(torch.empty_like)
x = torch.tensor([0.5, 1.5, 2.5], dtype=torch.float64)
for values in (x, x.float()):
    show_results(opcheck(digamma, (values,), raise_exception=False))
torch.testing.assert_close(digamma(x), torch.special.digamma(x))

# %%
# The result also has to be in newly allocated memory. If an operator returns its input or a view of it, the call raises
# an error. But if the result shares the input's memory through NumPy, neither the call nor ``opcheck`` notices, and a
# change to the result also changes the input:


@custom_op("field_guide::identity", mutates_args=())
def identity(x: Tensor) -> Tensor:
    return x


@custom_op("field_guide::shared", mutates_args=())
def shared(x: Tensor) -> Tensor:
    return torch.from_numpy(x.numpy())


shared.register_fake(torch.empty_like)
try:
    identity(x)
except RuntimeError as error:
    # The message begins with a file path, up to "): ".
    print(fill(f"{type(error).__name__}: {str(error).partition('): ')[2]}", 84))
else:
    raise AssertionError("an operator returned its input")
values = x.clone()
show_results(opcheck(shared, (values,)))
shared(values).zero_()
print(values.tolist())
assert values.tolist() == [0, 0, 0]

# %%
# The cure
# --------
#
# Give the result the input's dtype and device, and raise a clear error for any input that the operator cannot handle,
# as the operator from :doc:`custom_op` does. If a NumPy function that your operator calls returns a view of an array,
# copy the values into a new tensor with ``torch.tensor``.

square = torch.rand(3, 3) + 0.5
for values in (x, x.float(), x.bfloat16(), x[0], x[:0], square.t(), square[:, ::2]):
    out = polygamma(0, values)
    opcheck(polygamma, (0, values))
    print(out.dtype, tuple(out.shape))
    torch.testing.assert_close(out, torch.special.digamma(values))
try:
    polygamma(0, torch.arange(3))
except TypeError as error:
    print("TypeError:", error)
else:
    raise AssertionError("integers were taken")

# %%
# Changing an argument
# --------------------
#
# If an operator is meant to mutate an argument, name the argument in ``mutates_args``, and return nothing. Then
# ``opcheck`` passes, but autograd has no derivative for the mutation. So if you want to differentiate an operator, let
# it return a new tensor. If it mutates an argument instead, in torch 2.13 you get no error, and the gradient comes out
# as if the argument had not been modified:


@custom_op("field_guide::double_it", mutates_args=("x",))
def double_it(x: Tensor) -> None:
    array = x.numpy()
    array *= 2


show_results(opcheck(double_it, (x.clone(),)))
weight = torch.ones(3, dtype=torch.float64, requires_grad=True)
values = weight * x
double_it(values)
(grad_weight,) = torch.autograd.grad(values.sum(), weight)
print(values.tolist(), grad_weight.tolist())
torch.testing.assert_close(values, 2 * x)
torch.testing.assert_close(grad_weight, x)  # 2 * x would be right
