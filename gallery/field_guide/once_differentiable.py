"""
``once_differentiable`` raises nothing
======================================

``once_differentiable`` marks a ``backward`` that must not be differentiated again, but if you differentiate it anyway,
you don't always get an error. Here are three second derivatives that come out wrong despite the decorator, and a guard
that raises an error for each.

Read :doc:`/double_backward/no_third_derivative` first.

The symptom: a second derivative is wrong, although ``backward`` is marked ``@once_differentiable`` and should have
raised an error. If you do get ``trying to differentiate twice`` and need the second derivative, write ``backward`` as a
second Function, as in :doc:`/double_backward/backward_outside_autograd`.
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
# The loss is :math:`(xw)^2`, its gradient with respect to :math:`x` is :math:`g = 2xw^2`, and the penalty is :math:`g^2
# + w^2`. Here are four ways to get the penalty's derivative with respect to :math:`w`, at :math:`x = 2` and :math:`w =
# 3`:


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
    answers = []
    for ask in (by_grad, by_inputs, by_func, by_backward):
        try:
            answers.append(ask(product).item())
            print(f"{ask.__name__:11} {answers[-1]}")
        except RuntimeError as error:
            answers.append(f"{type(error).__name__}: {error}")
            print(fill(f"{ask.__name__:11} {type(error).__name__}: {error}", 88))
    return answers


x, weight = torch.tensor(2.0, requires_grad=True), torch.tensor(3.0, requires_grad=True)
right = show_derivatives("torch.mul", torch.mul)
*wrong, _ = show_derivatives("ProductOnce", ProductOnce.apply)
assert wrong == [2 * weight] * 3
print("gradcheck  ", gradcheck(ProductOnce.apply, (x.double(), weight.double())))

# %%
# The cause
# ---------
#
# The derivative should be 1734, but three of the four ways gave 6. In PyTorch 2.13 the decorator attaches the gradients
# to a node that raises an error when autograd runs it. But this node's edges lead to new leaves that hold the
# gradients, and not to the inputs:

(grad_x,) = grad(ProductOnce.apply(x, weight).square(), x, create_graph=True)
leaves = [node.variable for node, _ in grad_x.grad_fn.next_functions]
print(grad_x.grad_fn.name(), [leaf.item() for leaf in leaves])
assert not any(leaf is tensor for leaf in leaves for tensor in (x, weight))

# %%
# The calls ``grad`` and ``backward(inputs=...)`` run only the nodes on a path to the tensor that you ask for. The
# decorator's node is not among them, so all that remains is the derivative of the penalty's second term, which is
# :math:`2w = 6`.
#
# The cure
# --------
#
# Make ``backward`` call a second Function whose own ``backward`` raises an error. This second Function's node has edges
# to everything that the gradients depend on, so autograd reaches it. Both Functions define ``setup_context`` because
# ``torch.func`` requires it:


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


answers = show_derivatives("ProductGuarded", ProductGuarded.apply)
assert answers == ["NotImplementedError: ProductGuarded has no second derivative"] * 4
print("gradcheck  ", gradcheck(ProductGuarded.apply, (x.double(), weight.double())))

# %%
# If you want the second derivative instead
# -----------------------------------------
#
# The error from ``by_backward`` says only that ``ProductOnce.backward`` was marked with the decorator, not that this
# method can't be differentiated. If ``backward`` consists of PyTorch operations on saved inputs and outputs, as it does
# here, you can remove the decorator. ``gradgradcheck`` then tells you whether removing it was right:


class Product(ProductOnce):
    @staticmethod
    def backward(ctx, grad_output):
        x, weight = ctx.saved_tensors
        return grad_output * weight, grad_output * x


print("gradcheck    ", gradcheck(Product.apply, (x.double(), weight.double())))
print("gradgradcheck", gradgradcheck(Product.apply, (x.double(), weight.double())))
assert show_derivatives("Product", Product.apply) == right
