"""
opcheck fails in float32
========================

The fake impl of an operator is a promise: this is what the result will look like. This page breaks the promise in
the dtype and in memory, shows what ``opcheck`` notices of it, and mends the operator.

Read :doc:`custom_op` first.

The symptom: an operator passes ``opcheck`` in ``float64``. In ``float32`` it fails with ``Dtypes torch.float64 and
torch.float32 are not equal``. Or a call ends with ``must not also be an input``.
"""

from textwrap import fill

import torch
from scipy import special
from torch import Tensor
from torch.library import custom_op, opcheck

from custom_op import show_results

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# The digamma function of SciPy. Its ``polygamma`` returns ``float64``, and gets ``float32`` here only the
# second time:


@custom_op("field_guide::digamma", mutates_args=())
def digamma(x: Tensor) -> Tensor:
    return torch.from_numpy(special.polygamma(0, x.numpy()))


digamma.register_fake(torch.empty_like)


x = torch.tensor([0.5, 1.5, 2.5], dtype=torch.float64)
for values in (x, x.float()):
    show_results(opcheck(digamma, (values,), raise_exception=False))
torch.testing.assert_close(digamma(x), torch.special.digamma(x))

# %%
# The result has to be in new memory, too. To return the input or a view of it is an error. But memory that NumPy
# shares with the input is seen neither by the call nor by ``opcheck``, and the input can change behind your back:


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
    # The message begins with the path of a file, up to "): ".
    print(fill(f"{type(error).__name__}: {str(error).partition('): ')[2]}", 88))
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
# Give the result the dtype and the device of the input, and refuse in words what the operator cannot do, as the
# one from :doc:`custom_op` does. SciPy makes a new array; where a function returns a view, ``torch.tensor`` copies it.

from custom_op import polygamma

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
# To change an argument
# ---------------------
#
# Name the argument in ``mutates_args``, and return nothing. Then ``opcheck`` is content, and autograd notes the change,
# but has no derivative for it. In torch 2.13 the gradient is that from before, and no error says so:


@custom_op("field_guide::double_it", mutates_args=("x",))
def double_it(x: Tensor) -> None:
    array = x.numpy()
    array *= 2


values = x.clone()
version = values._version
double_it(values)
print(values.tolist(), values._version - version)
torch.testing.assert_close(values, 2 * x)
show_results(opcheck(double_it, (values,)))

weight = torch.ones(3, dtype=torch.float64, requires_grad=True)
values = weight * x
double_it(values)
(grad_weight,) = torch.autograd.grad(values.sum(), weight)
print(grad_weight.tolist(), (2 * x).tolist())
torch.testing.assert_close(grad_weight, x)  # 2 * x would be right

# %%
# So let an operator that has to be differentiated return a new tensor.
#
# On the device ``meta``, which has no memory, the fake impl answers in place of the operator:

print(polygamma(0, x.to("meta")))
