"""
A Function in an ONNX model
===========================

An ONNX model only computes outputs, so an exporter ignores your ``backward``. But it does have to follow your
``forward``. This page shows what kind of code an exporter can follow, what it rejects, and what it replaces with a
constant.

Read :doc:`export` first.

The symptom: the export fails with ``Couldn't export Python operator``, ``.numpy() is not supported for tensor
subclasses`` or ``No ONNX function found``. Another symptom is that the export succeeds, but the model returns the same
values for every input.
"""

import io
import logging
import warnings
from functools import partial
from textwrap import fill

import onnx
import torch
from onnx.reference import ReferenceEvaluator
from onnxscript import opset18
from scipy import special
from torch import Tensor, nn
from torch.autograd import gradcheck, gradgradcheck
from torch.library import custom_op, opcheck

logging.getLogger("torch.onnx").setLevel(logging.ERROR)

# %%
# The symptom
# -----------
#
# The code exports two Functions: ``RoundThrough`` from :doc:`zero_or_lost`, which uses a PyTorch operation, and the one
# below, which calls SciPy. It uses both the default exporter and the old one, ``dynamo=False``, which PyTorch calls
# deprecated but still offers. ONNX's own evaluator then runs each exported model on an input that the exporter has not
# seen:

from zero_or_lost import RoundThrough


class ErfFromSciPy(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.from_numpy(special.erf(x.detach().numpy()))

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * 2 / torch.pi**0.5 * torch.exp(-(x**2))


class Model(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return 2 * self.function(x)


def attempt(name, exporter, function):
    example, model, file = torch.tensor([0.25, 1.75, -2.5]), Model(function).eval(), io.BytesIO()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exporter(model, (example,), file)
        except RuntimeError as error:
            while error.__cause__ is not None:  # the first error says most
                error = error.__cause__
            first = str(error).splitlines()[0].partition(". Failure")[0]
            print(fill(f"{name} {type(error).__name__}: {first}", 88))
            return None
    for message in sorted({str(each.message) for each in caught if each.category is torch.jit.TracerWarning}):
        print(fill(f"TracerWarning: {message}", 88))
    exported = onnx.load_from_string(file.getvalue())
    inputs = {each.name: other.numpy() for each in exported.graph.input}
    (values,) = ReferenceEvaluator(exported).run(None, inputs)
    right = torch.allclose(torch.tensor(values), model(other))
    print(name, [node.op_type for node in exported.graph.node], len(inputs), right)
    return right


other = torch.tensor([1.25, -0.5, 0.75])
x = other.double().requires_grad_()
print(gradcheck(ErfFromSciPy.apply, x), gradgradcheck(ErfFromSciPy.apply, x))
new = partial(torch.onnx.export, verbose=False)
old = partial(torch.onnx.export, dynamo=False)
for function, expected in ((RoundThrough, [True, True]), (ErfFromSciPy, [None, False])):
    assert [attempt("new", new, function.apply), attempt("old", old, function.apply)] == expected
assert attempt("old", partial(old, autograd_inlining=False), RoundThrough.apply) is None

# %%
# For each exported model, one line of output shows its operations, its number of inputs, and whether its values are
# right.
#
# The cause
# ---------
#
# In torch 2.13, the default exporter traces ``forward`` with ``torch.export``, which passes in tensors without values,
# and SciPy cannot compute with those. The old exporter instead runs the model once and records its PyTorch operations.
# SciPy's part contains no such operations, so the exporter stores the result of this one call as a constant, and the
# exported model no longer has an input. With ``autograd_inlining=False``, the old exporter doesn't look into a Function
# at all.
#
# The cure
# --------
#
# Wrap SciPy's code in an operator, and tell the exporter which ONNX operation this operator stands for. The exporter
# doesn't need the operator's derivative, but in your own code you should define it too, as in :doc:`custom_op`:


@custom_op("field_guide::erf", mutates_args=())
def erf(x: Tensor) -> Tensor:
    return torch.from_numpy(special.erf(x.numpy()))


erf.register_fake(torch.empty_like)
opcheck(erf, (other,))
assert attempt("new", new, erf) is None
translation = {torch.ops.field_guide.erf.default: opset18.Erf}
assert attempt("new", partial(new, custom_translation_table=translation), erf)
