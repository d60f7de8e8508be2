"""
TorchScript cannot save a Function
==================================

``torch.jit`` turns a model's Function into a call into Python. The gradients stay correct, but such a call can't be
saved, so to save the model you must replace the Function with an operator.

Read :doc:`export` first.

The symptom: ``torch.jit.save`` raises ``Could not export Python function call``, or ``torch.jit.script`` raises
``Compiled functions can't take variable number of arguments``.
"""

import io
import subprocess
import sys
import warnings
from textwrap import fill

import torch
from torch import Tensor, nn
from torch.autograd import grad, gradcheck, gradgradcheck
from torch.jit.frontend import NotSupportedError
from torch.library import custom_op, opcheck

# %%
# The symptom
# -----------
#
# ``torch.jit.trace`` records what one call of a model does, while ``torch.jit.script`` compiles code. In torch 2.13,
# both of them warn that they are deprecated. The Function in this example is ``Cube`` from :doc:`torch_compile`.

from torch_compile import Cube


class WithFunction(nn.Module):
    def forward(self, x):
        return Cube.apply(x)


def attempt(call, *arguments):
    try:
        call(*arguments)
    except (RuntimeError, NotSupportedError) as error:
        print(fill(f"{type(error).__name__}: {str(error).strip().splitlines()[0]}", 88))
    else:
        raise AssertionError(call)


x = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64, requires_grad=True)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    module = torch.jit.trace(WithFunction(), (x,))
print(fill(f"{torch.__version__} {caught[0].category.__name__}: {caught[0].message}", 88))
warnings.filterwarnings("ignore", "`torch.jit", DeprecationWarning)
print(module.code.splitlines()[-1].strip())
print(gradcheck(module, x), gradgradcheck(module, x))
assert "CubeBackward" in module(x).grad_fn.name()
attempt(torch.jit.save, module, io.BytesIO())
attempt(torch.jit.script, Cube.apply)

# %%
# The cause
# ---------
#
# The traced module contains ``^Cube()(x)``, a call back into Python. In the process that created the module, this call
# uses the ``backward`` of ``Cube``, and both gradient checks pass. But a saved file contains no Python code, so the
# call cannot be saved. ``script`` rejects ``Cube.apply`` because ``apply`` takes any number of arguments.
#
# The cure
# --------
#
# An operator can be found by its name in ``torch.ops``, so a call to it can be written into the file:


@custom_op("field_guide::cube", mutates_args=())
def cube(x: Tensor) -> Tensor:
    return x**3


def setup_context(ctx, inputs, output):
    ctx.save_for_backward(*inputs)


cube.register_fake(torch.empty_like)
cube.register_autograd(Cube.backward, setup_context=setup_context)
opcheck(cube, (x,))


class WithOperator(nn.Module):
    def forward(self, x):
        return torch.ops.field_guide.cube(x)


for module in (torch.jit.script(WithOperator()), torch.jit.trace(WithOperator(), (x,))):
    file = io.BytesIO()
    torch.jit.save(module, file)
    file.seek(0)
    loaded = torch.jit.load(file)
    print(loaded.code.splitlines()[-1].strip())
    print(gradcheck(loaded, x), gradgradcheck(loaded, x))
    assert torch.equal(loaded(x), x**3)

# %%
# The file contains the operator's name, but not its code. Before another process loads the file, it has to import the
# operator's code, or it gets this error:

code = "import io, sys, torch; torch.jit.load(io.BytesIO(sys.stdin.buffer.read()))"
python = [sys.executable, "-W", "ignore", "-c", code]
done = subprocess.run(python, input=file.getvalue(), capture_output=True, timeout=60)
lines = done.stderr.decode().splitlines()
(message,) = (line for line in lines if line.startswith("Unknown builtin op"))
print(f"RuntimeError: {message}")
