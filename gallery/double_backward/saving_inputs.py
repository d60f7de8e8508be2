"""
Saving inputs
=============

When a custom Function saves an input for ``backward``, its second derivative comes out right without any further work.
Here you write such a Function, check it, and let its backward graph show you why.

Read :doc:`/first_steps/backward_graph` first.

The example is the simplest function whose second derivative isn't zero: :math:`y = x^2`, with :math:`y' = 2x` and
:math:`y'' = 2`. Its backward needs :math:`x`, so the Function has to keep :math:`x`.
"""

import torch
from torch.autograd import gradcheck, gradgradcheck
from torchviz import make_dot

torch.manual_seed(0)

# %%
# The Function
# ------------
#
# ``forward`` passes the input to :meth:`~torch.autograd.function.FunctionCtx.save_for_backward`, and ``backward``
# multiplies the incoming gradient by the derivative.


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        # This works for input tensors of any shape; a Python number would go on ctx instead.
        ctx.save_for_backward(x)
        return x**2

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        # The chain rule: dL/dx = dL/dy · dy/dx, element by element.
        return grad_output * 2 * x


# %%
# Is it right?
# ------------
#
# :func:`~torch.autograd.gradcheck.gradcheck` compares ``backward`` with finite differences of ``forward``.
# :func:`~torch.autograd.gradcheck.gradgradcheck` does the same one level up, comparing the derivative of ``backward``
# with finite differences of ``backward``. Both checks divide tiny differences by a tiny step, which magnifies rounding
# errors, so they need ``float64``.

x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)

print("gradcheck    ", gradcheck(Square.apply, x))
print("gradgradcheck", gradgradcheck(Square.apply, x))

# %%
# The values printed below agree with the derivatives you know by heart, :math:`2x` and :math:`2`. To differentiate a
# second time, you have to compute the first derivative with ``create_graph=True``, because only then does autograd
# record what ``backward`` does.

x = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64, requires_grad=True)
out = Square.apply(x)
(grad_x,) = torch.autograd.grad(out.sum(), x, create_graph=True)
(grad_grad_x,) = torch.autograd.grad(grad_x.sum(), x)

print("x          ", x.tolist())
print("grad_x     ", grad_x.tolist())
print("grad_grad_x", grad_grad_x.tolist())
torch.testing.assert_close(grad_x, 2 * x)
torch.testing.assert_close(grad_grad_x, torch.full_like(x, 2))

(not_recorded,) = torch.autograd.grad(Square.apply(x).sum(), x)
assert grad_x.requires_grad and not not_recorded.requires_grad
for shape in ((), (0,), (2, 1, 3)):
    inputs = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    assert gradgradcheck(Square.apply, inputs)

# %%
# Read the graph
# --------------
#
# The drawing shows everything that autograd recorded on the way to ``out`` and to ``grad_x``. Here ``x`` is a ``clone``
# rather than the leaf where gradients accumulate, so the drawing also shows the node that created ``x``.

x = torch.ones(3, dtype=torch.float64, requires_grad=True).clone()
out = Square.apply(x)
grad_output = torch.ones(3, dtype=torch.float64, requires_grad=True)
(grad_x,) = torch.autograd.grad(out, x, grad_output, create_graph=True)

names = {"x": x, "out": out, "grad_output": grad_output, "grad_x": grad_x}
make_dot((grad_x, x, out), params=names)

# %%
# Start at ``grad_x`` and follow the arrows backwards. You meet the multiplications that ``backward`` performed, and
# from one of them a path leads up to ``CloneBackward0``, the operation that created ``x``. That path is what matters.
# It means that in the graph, just as on paper, ``grad_x`` is a function *of* ``x``, so autograd can differentiate
# ``grad_x`` again.
#
# You get the path from ``grad_x`` to ``x`` without any extra work. An input arrives in ``forward`` with its history
# attached, and once it is saved with ``save_for_backward``, it comes out of ``ctx.saved_tensors`` with the same
# history. ``SquareBackward`` itself appears once, above ``out``. The second derivative doesn't pass through this node,
# because ``grad_x`` depends on ``x`` and not on ``out``.
