"""
Square
======

The first paragraph.
"""

import torch
from torchviz import make_dot

# %%
# Some text with ``code``.


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        # An input.
        ctx.save_for_backward(x)
        return x**2

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * 2 * x  # behind code


x = torch.ones(2, dtype=torch.float64, requires_grad=True)
print("result", torch.autograd.gradcheck(Square.apply, x))

# %%
# The graph.

out = Square.apply(x)
make_dot(out, params={"x": x, "out": out})
