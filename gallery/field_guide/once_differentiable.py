"""
``once_differentiable`` raises nothing
======================================

The decorator ``once_differentiable`` says that a ``backward`` must not be differentiated again. This page shows
three second derivatives that come out wrong all the same, and a guard that raises for each of them.

Read :doc:`/double_backward/no_third_derivative` first.

The symptom: a second derivative is wrong, although ``backward`` is marked ``@once_differentiable`` and should
raise. If it does raise ``trying to differentiate twice``, and you need the second derivative, write ``backward`` as a
Function too: :doc:`/double_backward/backward_outside_autograd`.
"""

from textwrap import fill

import torch
from torch import func
from torch.autograd import grad, gradcheck, gradgradcheck
from torch.autograd.function import once_differentiable

# %%
# The symptom
# -----------


class ProductOnce(torch.autograd.Function):
    @staticmethod
    def forward(x, weight):
        return x * weight

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_output):
        x, weight = ctx.saved_tensors
        return grad_output * weight, grad_output * x


# %%
# The loss is :math:`(xw)^2`, its gradient :math:`g = 2xw^2`, and the penalty :math:`g^2 + w^2`. We ask for the
# derivative of the penalty by :math:`w` in four ways, at :math:`x = 2` and :math:`w = 3`:


def penalty_of(product):
    (grad_x,) = grad(product(x, weight).square(), x, create_graph=True)
    return grad_x.square() + weight.square()


def by_grad(product):
    return grad(penalty_of(product), weight)[0]


def by_inputs(product):
    weight.grad = None
    penalty_of(product).backward(inputs=[weight])
    return weight.grad


def by_func(product):
    def penalty(weight):
        grad_x = func.grad(lambda x: product(x, weight).square())(x.detach())
        return grad_x.square() + weight.square()

    return func.grad(penalty)(weight.detach())


def by_backward(product):
    weight.grad = None
    penalty_of(product).backward()
    return weight.grad


def show_derivatives(name, product):
    print(name)
    for ask in (by_grad, by_inputs, by_func, by_backward):
        try:
            print(f"{ask.__name__:11} {ask(product).item()}")
        except RuntimeError as error:
            print(fill(f"{ask.__name__:11} {type(error).__name__}: {error}", 88))


x, weight = torch.tensor(2.0, requires_grad=True), torch.tensor(3.0, requires_grad=True)
show_derivatives("torch.mul", torch.mul)
show_derivatives("ProductOnce", ProductOnce.apply)
print("gradcheck  ", gradcheck(ProductOnce.apply, (x.double(), weight.double())))
for ask in (by_grad, by_inputs, by_func):
    assert ask(ProductOnce.apply) == 2 * weight

# %%
# The cause
# ---------
#
# In PyTorch 2.13 the decorator hangs the gradients on a node that raises as soon as autograd runs it. The edges
# of this node end at leaves of its own, which hold the gradients, and not at the inputs:

(grad_x,) = grad(ProductOnce.apply(x, weight).square(), x, create_graph=True)
leaves = [node.variable for node, _ in grad_x.grad_fn.next_functions]
print(grad_x.grad_fn.name(), [leaf.item() for leaf in leaves])
assert not any(leaf is tensor for leaf in leaves for tensor in (x, weight))

# %%
# ``grad`` and ``backward(inputs=...)`` run only the nodes on a way to the tensor that is asked for. This one is
# not among them, and :math:`2w` from the second term of the penalty is all that remains.
#
# The cure
# --------
#
# Let ``backward`` be a second Function, whose own ``backward`` raises. Its node has edges to all that the gradients
# depend on. Both Functions have a ``setup_context``, because ``torch.func`` wants one:


class ProductGuarded(ProductOnce):
    @staticmethod
    def backward(ctx, grad_output):
        return ProductBackward.apply(grad_output, *ctx.saved_tensors)


class ProductBackward(torch.autograd.Function):
    @staticmethod
    def forward(grad_output, x, weight):
        return grad_output * weight, grad_output * x

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, *grad_outputs):
        raise NotImplementedError("ProductGuarded has no second derivative")


show_derivatives("ProductGuarded", ProductGuarded.apply)
for ask in (by_grad, by_inputs, by_func, by_backward):
    try:
        ask(ProductGuarded.apply)
    except NotImplementedError:
        continue
    raise AssertionError(f"{ask.__name__} did not raise")
print("gradcheck  ", gradcheck(ProductGuarded.apply, (x.double(), weight.double())))

# %%
# If you want the second derivative instead
# -----------------------------------------
#
# The message that ``by_backward`` got says only that somebody has marked this ``backward``. If it is made of PyTorch
# operations and of saved inputs and outputs, as here, the decorator can go, and ``gradgradcheck`` tells whether that
# was right:


class Product(ProductOnce):
    @staticmethod
    def backward(ctx, grad_output):
        x, weight = ctx.saved_tensors
        return grad_output * weight, grad_output * x


print("gradcheck    ", gradcheck(Product.apply, (x.double(), weight.double())))
print("gradgradcheck", gradgradcheck(Product.apply, (x.double(), weight.double())))
for ask in (by_grad, by_inputs, by_func, by_backward):
    torch.testing.assert_close(ask(Product.apply), ask(torch.mul))

# %%
# If it calls code outside PyTorch, that code needs a derivative of its own:
# :doc:`/double_backward/backward_outside_autograd`.
