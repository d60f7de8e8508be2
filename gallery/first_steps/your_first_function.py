"""
Your first Function
===================

Here you turn a formula into a Function, check it, and build a layer around it. You can use the result as a template for
your own Functions.

Read :doc:`backward_graph` and :doc:`do_you_need_a_function` first.

The formula is :math:`\\log(e^x - e^y)` for :math:`x > y`. It is the logarithm of the difference between two numbers of
which you know only the logarithms. The probability of an interval, for example, is such a difference. The two numbers
are often so close to 0 or to each other that their difference comes out as 0.
"""

import torch
from torch import nn
from torch.autograd import gradcheck, gradgradcheck
from torch.nn.functional import logsigmoid

torch.manual_seed(0)

# %%
# The reason to write one
# -----------------------
#
# The probability that a standard logistic variable lies between -110.5 and -109.5 is about :math:`2 \cdot 10^{-48}`.
# The logarithm of this probability is a harmless number near -110. But in ``float32``, the cumulative distribution
# function (CDF) is 0 at both bounds, so the plain formula gives ``-inf``:

bounds = torch.tensor([-109.5, -110.5], requires_grad=True)
x, y = logsigmoid(bounds)
naive = torch.log(torch.exp(x) - torch.exp(y))
print(naive.item(), torch.autograd.grad(naive, bounds)[0].tolist())

# %%
# From the formula to the methods
# -------------------------------
#
# Call the formula :math:`f`. If you factor out :math:`e^x`, the rest depends only on the gap :math:`d = x - y`:
#
# .. math::
#
#    f = x + \log(1 - e^{-d})
#    \qquad
#    \frac{\partial f}{\partial x} = 1 + \frac{1}{e^d - 1}
#    \qquad
#    \frac{\partial f}{\partial y} = -\frac{1}{e^d - 1}
#
# For a gap of zero, both derivatives are infinite, so the Function takes a third argument, a lower limit for the gap.
# You could impose the same limit by clamping the gap before you apply the formula. But below the limit, ``clamp`` has a
# derivative of zero, so the gap would contribute nothing to the gradient.


def log_one_minus_exp(gap):
    return torch.log(-torch.expm1(-gap))


class LogSubExp(torch.autograd.Function):
    # All methods use only PyTorch operations, so vmap can handle them.
    generate_vmap_rule = True

    @staticmethod
    def forward(x, y, smallest_gap):
        # Only computes. Autograd records none of it.
        return x + log_one_minus_exp((x - y).clamp(min=smallest_gap))

    @staticmethod
    def setup_context(ctx, inputs, output):
        # Only saves: tensors with save_for_backward, everything else as an attribute.
        x, y, ctx.smallest_gap = inputs
        ctx.save_for_backward(x, y)

    @staticmethod
    def backward(ctx, grad_output):
        x, y = ctx.saved_tensors
        slope = 1 / torch.expm1((x - y).clamp(min=ctx.smallest_gap))
        grad_x = grad_y = None
        # There is one flag per input of forward. A gradient that isn't needed is not computed.
        if ctx.needs_input_grad[0]:
            grad_x = grad_output * (1 + slope)
        if ctx.needs_input_grad[1]:
            grad_y = -grad_output * slope
        # There is one gradient per input of forward, in the same order. A plain number has none.
        return grad_x, grad_y, None


# %%
# ``forward`` computes, ``setup_context`` saves, and ``backward`` returns as many gradients as ``forward`` has inputs.
# You will also meet the older style, in which ``forward`` takes ``ctx`` as its first argument and both computes and
# saves. That style is shorter, and many pages on this site use it. But ``torch.func`` accepts only the separate
# methods, so start with those. For the difference, see :doc:`/field_guide/function_transforms`.
#
# You don't write ``apply``, and you never call ``forward`` yourself. The class :class:`torch.autograd.Function`
# provides ``apply``. It runs ``forward`` without recording it, runs ``setup_context``, and attaches a node with your
# ``backward`` to the result. If you called ``forward`` directly, autograd would record it operation by operation and
# never call your ``backward``:

x, y = logsigmoid(bounds)
for function in (LogSubExp.apply, LogSubExp.forward):
    print(function.__name__, function(x, y, 0.1).grad_fn.name())
assert LogSubExp.apply(x, y, 0.1).grad_fn.name() == "LogSubExpBackward"

# %%
# A function around it
# --------------------
#
# If ``forward`` broadcasts its inputs, ``backward`` has to sum the gradients back to the inputs' shapes. A small
# wrapper function spares you that work: it broadcasts before ``apply``, so autograd does the sum. The wrapper also
# gives the last argument a name and a default value:


def log_sub_exp(x, y, smallest_gap=1e-6):
    x, y = torch.broadcast_tensors(x, y)
    return LogSubExp.apply(x, y, smallest_gap)


x, y = logsigmoid(bounds)
out = log_sub_exp(x, y)
(grad_bounds,) = torch.autograd.grad(out, bounds)
print(out.item(), grad_bounds.tolist())

# %%
# Checks
# ------
#
# The checks compare the gradient, and then the gradient's own derivative, with finite differences in ``float64``. Above
# the smallest gap, each derivative has to agree with its finite differences. Below that gap, the gradient is meant to
# differ from them, so the code compares it with the formula. The last line of output shows this gradient first, and
# then the one that ``clamp`` would give:

x = torch.rand(4, 3, dtype=torch.float64, requires_grad=True)
y = (torch.rand(3, dtype=torch.float64) - 1.5).requires_grad_()

print("gradcheck    ", gradcheck(log_sub_exp, (x, y)))
print("gradgradcheck", gradgradcheck(log_sub_exp, (x, y)))
print("gradcheck    ", gradcheck(log_sub_exp, (x.detach(), y)))
print("gradcheck    ", gradcheck(log_sub_exp, (x, y.detach())))
torch.testing.assert_close(log_sub_exp(x, y), torch.log(torch.exp(x) - torch.exp(y)))

met = torch.zeros(2, dtype=torch.float64, requires_grad=True)
(grad_met,) = torch.autograd.grad(log_sub_exp(*met, smallest_gap=0.5), met)
slope = 1 / torch.expm1(torch.tensor(0.5, dtype=torch.float64))
torch.testing.assert_close(grad_met, torch.stack([1 + slope, -slope]))
clamped = met[0] + log_one_minus_exp((met[0] - met[1]).clamp(min=0.5))
torch.testing.assert_close(log_sub_exp(*met, smallest_gap=0.5), clamped)
(grad_clamped,) = torch.autograd.grad(clamped, met)
print([round(value, 6) for value in grad_met.tolist()], grad_clamped.tolist())
assert grad_clamped.tolist() == [1, 0]

# float64 has enough range for the plain formula.
upper, lower = torch.sigmoid(bounds.double())
expected = torch.log(upper - lower)
torch.testing.assert_close(out.double(), expected, rtol=1e-6, atol=0)

# %%
# Because computing and saving happen in separate methods, ``torch.func`` can differentiate and vectorise
# ``log_sub_exp``. Here ``grad`` gives the derivative with respect to the first argument, and ``vmap`` computes it for
# four pairs at once.

x, y = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64), torch.zeros(4, dtype=torch.float64)
slopes = torch.func.vmap(torch.func.grad(log_sub_exp))(x, y)
print([round(slope, 6) for slope in slopes.tolist()])
torch.testing.assert_close(slopes, 1 + 1 / torch.expm1(x))

# %%
# A layer around it
# -----------------
#
# A Function is one operation of the graph and keeps nothing between calls. Parameters that are learned, and settings
# that stay fixed, belong in an ``nn.Module``. The module passes them to the Function at each call and needs no
# ``backward`` of its own.
#
# The layer computes the negative log-likelihood of integers under a logistic distribution whose centre and width are
# learned. Each integer stands for the interval of length 1 around it.


class RoundedLogistic(nn.Module):
    def __init__(self, center=0.0, width=1.0):
        super().__init__()
        self.center = nn.Parameter(torch.tensor(center))
        self.log_width = nn.Parameter(torch.tensor(width).log())

    def forward(self, counts):
        # The distribution is symmetric, and floating point resolves it more finely left of the centre.
        distance = (counts - self.center).abs()
        upper = (0.5 - distance) / self.log_width.exp()
        lower = (-0.5 - distance) / self.log_width.exp()
        return -log_sub_exp(logsigmoid(upper), logsigmoid(lower)).mean()


counts = torch.tensor([2.0, 3.0, 3.0, 4.0, 200.0])  # the last one is far away
layer = RoundedLogistic()
assert [name for name, _ in layer.named_parameters()] == ["center", "log_width"]
optimizer = torch.optim.Adam(layer.parameters(), lr=0.1)
for step in range(201):
    optimizer.zero_grad()
    loss = layer(counts)
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        print(step, round(loss.item(), 3))
assert loss.isfinite() and 2 < layer.center < 4
