"""
``torch.export`` drops ``backward``
===================================

An exported program holds the operations of a Function's ``forward``, but not its ``backward``. An operator, in
contrast, keeps its gradient when the program is exported, saved and loaded.

Read :doc:`custom_op` first.

The symptom: the outputs of an exported model are right, but its gradients are zero, or you get the error
``element 0 of tensors does not require grad``.
"""

import io

import torch
from torch import Tensor, nn
from torch.autograd import grad, gradcheck, gradgradcheck
from torch.library import custom_op, opcheck

from zero_or_lost import RoundThrough

torch._dynamo.reset()

# %%
# The symptom
# -----------
#
# The derivative of rounding is zero nearly everywhere. So that a model can still learn, ``RoundThrough`` passes the
# gradient on as if nothing had been rounded. For comparison, ``Squared`` returns its true derivative:


class Squared(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return 2 * grad_output * x


class Model(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def attempt_gradient(model):
    try:
        return grad(model(x).sum(), x)[0].tolist()
    except RuntimeError as error:
        print(f"{type(error).__name__}: {error}")


x = torch.tensor([0.25, 1.75, -2.5], dtype=torch.float64, requires_grad=True)
print(attempt_gradient(RoundThrough.apply), gradcheck(Squared.apply, x), gradgradcheck(Squared.apply, x))
assert attempt_gradient(RoundThrough.apply) == [1.0] * 3

# %%
# ``torch.export.export`` calls the model with an example input. Here it traces each model twice, first with
# ``strict=False`` and then with ``strict=True``:


def outcomes(function, example):
    model, found = Model(function), []
    for strict in (False, True):
        program = torch.export.export(model, (example,), strict=strict)
        nodes = program.graph.nodes
        print(strict, *(node.target for node in nodes if node.op == "call_function"))
        assert torch.equal(program.module()(x), model(x))
        found.append(attempt_gradient(program.module()))
        print(found[-1])
    return found


assert outcomes(RoundThrough.apply, x) == [[0.0] * 3, None]
assert outcomes(Squared.apply, x) == [(2 * x).tolist(), None]
assert outcomes(RoundThrough.apply, x.detach()) == [[0.0] * 3] * 2

# %%
# The cause
# ---------
#
# The exported programs return the right outputs, so only training is affected. A program consists of the operations of
# ``forward``, and autograd differentiates those operations. For ``Squared``, this gives the same gradient as
# ``backward``, but for ``RoundThrough`` it gives zeros. In torch 2.13, ``strict=True`` wraps the operations in
# ``wrap_with_set_grad_enabled`` if the example input requires grad. The operations then run with grad mode off, just as
# they do inside ``forward``. But the program has no ``backward`` that could supply the gradient, so differentiating its
# output raises an error.
#
# The cure
# --------
#
# An operator appears in the program under its own name, and PyTorch knows the gradient that belongs to this name:


@custom_op("field_guide::rounded", mutates_args=())
def rounded(x: Tensor) -> Tensor:
    return x.round()


rounded.register_fake(torch.empty_like)
rounded.register_autograd(lambda ctx, grad_output: grad_output)
opcheck(rounded, (x,))
assert rounded(x).tolist() == [0.0, 2.0, -2.0]
assert outcomes(rounded, x) == [[1.0] * 3] * 2
torch.export.save(torch.export.export(Model(rounded), (x,)), file := io.BytesIO())
file.seek(0)
assert attempt_gradient(torch.export.load(file).module()) == [1.0] * 3
