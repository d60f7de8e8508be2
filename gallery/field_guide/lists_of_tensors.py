"""
Lists, dicts and modules as arguments of ``apply``
==================================================

A Function takes any number of tensors, but it doesn't look inside a list. So what happens to tensors in a list, a dict,
an ``nn.ParameterList`` or a module, and how do you pass them so that each gets its gradient?

Read :doc:`grad_is_none` first.

The symptom: either the Function's output has ``requires_grad=False``, so a term of the loss has no effect on training,
or the gradient of every weight in a list stays ``None``, with no error at all.
"""

from textwrap import fill

import torch
from torch import nn
from torch.autograd import grad, gradcheck, gradgradcheck

# %%
# The symptom
# -----------
#
# The norm of all the weights, multiplied by a factor, is meant to be a term of the loss:


class NormOfList(torch.autograd.Function):
    @staticmethod
    def forward(ctx, factor, weights):
        if isinstance(weights, nn.Module):
            weights = weights.parameters()
        norm = torch.cat([weight.flatten() for weight in weights]).norm()
        ctx.save_for_backward(norm)
        return factor * norm

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * ctx.saved_tensors[0], None


a = nn.Parameter(torch.tensor([3.0, 0.0], dtype=torch.float64))
b = nn.Parameter(torch.tensor([[4.0]], dtype=torch.float64))
weights = nn.ParameterList([a, b])
named = {"a": a, "b": b}
for argument in ([a, b], (a, b), named.values(), weights, nn.Sequential(weights)):
    out = NormOfList.apply(2.0, argument)
    print(f"{type(argument).__name__:13}", out.item(), out.requires_grad)
    assert out.item() == 10 and not out.requires_grad

factor = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
NormOfList.apply(factor, [a, b]).backward()
print("factor.grad", factor.grad.item(), "a.grad", a.grad, "b.grad", b.grad)
assert (factor.grad.item(), a.grad, b.grad) == (5.0, None, None)

# %%
# The cause
# ---------
#
# Of all its arguments, ``apply`` connects only the tensors to the graph. It treats a list like a number or a string, as
# something that has no gradient. In the first five calls, no argument was a tensor, so the output says ``False``. In
# the last call, ``factor`` was a tensor, so it got its gradient. For the list, ``backward`` returned ``None``, and
# autograd accepts nothing else there:


class NormOfListRefused(NormOfList):
    @staticmethod
    def backward(ctx, grad_output):
        return grad_output, [grad_output] * 2  # wrong: two gradients in one place


try:
    grad(NormOfListRefused.apply(factor, [a, b]), factor)
except RuntimeError as error:
    print(fill(f"RuntimeError: {error}", 80))
else:
    raise AssertionError("a list of gradients was taken")

# %%
# A gradient check notices the mistake in ``NormOfList`` if you give it the tensors as separate arguments:


def norm_of_list(factor, *weights):
    return NormOfList.apply(factor, weights)


print("gradcheck    ", gradcheck(norm_of_list, (factor, a, b), raise_exception=False))

# %%
# The cure
# --------
#
# Unpack the tensors with an asterisk when you call ``apply``, and collect them again inside the Function. ``backward``
# then returns one gradient for each tensor.


class NormOfAll(torch.autograd.Function):
    @staticmethod
    def forward(ctx, factor, *weights):
        norm = torch.cat([weight.flatten() for weight in weights]).norm()
        ctx.save_for_backward(factor, *weights)
        return factor * norm

    @staticmethod
    def backward(ctx, grad_output):
        factor, *weights = ctx.saved_tensors
        norm = torch.cat([weight.flatten() for weight in weights]).norm()
        scale = grad_output * factor / norm
        return grad_output * norm, *(scale * weight for weight in weights)


expected = [torch.tensor(values).double() for values in (5.0, [1.2, 0.0], [[1.6]])]
for tensors in ([a, b], named.values(), weights, nn.Sequential(weights).parameters()):
    grads = grad(NormOfAll.apply(factor, *tensors), (factor, a, b))
    torch.testing.assert_close(list(grads), expected)
print([round(value, 6) for each in grads for value in each.flatten().tolist()])
print("gradcheck    ", gradcheck(NormOfAll.apply, (factor, a, b)))
print("gradgradcheck", gradgradcheck(NormOfAll.apply, (factor, a, b)))

# %%
# Outputs follow the same rule
# ----------------------------
#
# Tensors that ``forward`` returns in a tuple are connected to the graph. Tensors in a list are not:


class Halves(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, container):
        return container((x / 2, x / 2))

    @staticmethod
    def backward(ctx, grad_first, grad_second):
        return (grad_first + grad_second) / 2, None


for container in (list, tuple):
    halves = Halves.apply(a, container)
    print(container.__name__, [half.requires_grad for half in halves])
    assert [half.requires_grad for half in halves] == [container is tuple] * 2
print("gradcheck    ", gradcheck(Halves.apply, (a, tuple)))
print("gradgradcheck", gradgradcheck(Halves.apply, (a, tuple)))
