"""
Saving intermediates
====================

A value that is neither an input nor an output of your Function can be kept for ``backward`` as well, and the second
derivative stays right, if the Function returns it. This page shows how, and what its ``backward`` has to add.

Read :doc:`saving_inputs` and :doc:`saving_outputs` first.

The example is :math:`\\sinh\\,x = (e^x - e^{-x}) / 2`. Its derivative
:math:`\\cosh\\,x = (e^x + e^{-x}) / 2` is made of the same two exponentials, so it is a pity to
compute them twice. They are intermediates: ``forward`` makes them on the way and returns neither.
"""

import torch
from torch.autograd import gradcheck, gradgradcheck
from torchviz import make_dot

torch.manual_seed(0)

# %%
# Intermediates become outputs
# ----------------------------
#
# Autograd records nothing inside ``forward``. An input brings its history along and an output is
# given one on return, but an intermediate has none and never gets any: to the graph it is a
# constant. The remedy is to make it an output. From then on it is saved like any other output,
# attached to the node of this Function.
#
# Each extra output brings one more gradient into ``backward``. It receives one for :math:`\sinh\,x`, one for
# :math:`e^x` and one for :math:`e^{-x}`, and must return the sum of all three contributions:
#
# .. math::
#
#    g_x = g \, \frac{e^x + e^{-x}}{2} + g_{+} \, e^x - g_{-} \, e^{-x}


class Sinh(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        exp_pos = torch.exp(x)
        exp_neg = torch.exp(-x)
        ctx.save_for_backward(exp_pos, exp_neg)
        # Returned for the sake of their history; the caller has no use for them.
        return (exp_pos - exp_neg) / 2, exp_pos, exp_neg

    @staticmethod
    def backward(ctx, grad_output, grad_exp_pos, grad_exp_neg):
        exp_pos, exp_neg = ctx.saved_tensors
        grad_input = grad_output * (exp_pos + exp_neg) / 2
        # Zero in a first backward, if only sinh x was used. Not so in a second one:
        # cosh x, computed in the line above, depends on x through them.
        grad_input = grad_input + grad_exp_pos * exp_pos
        grad_input = grad_input - grad_exp_neg * exp_neg
        return grad_input


# %%
# A thin wrapper keeps the extra outputs away from the caller.


def sinh(x):
    return Sinh.apply(x)[0]


# %%
# Checks
# ------

x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)

print("gradcheck    ", gradcheck(sinh, x))
print("gradgradcheck", gradgradcheck(sinh, x))

# %%
# Callers use the wrapper. Check the Function inside it too: it has three outputs, and a mistake in one of the two
# extra terms shows there in the first derivative already.

print("gradcheck    ", gradcheck(Sinh.apply, x))
print("gradgradcheck", gradgradcheck(Sinh.apply, x))

# %%
# The second derivative of :math:`\sinh` is :math:`\sinh`:

x = torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64, requires_grad=True)
(grad_x,) = torch.autograd.grad(sinh(x).sum(), x, create_graph=True)
(grad_grad_x,) = torch.autograd.grad(grad_x.sum(), x)
torch.testing.assert_close(grad_grad_x, torch.sinh(x))

print("sinh(x)    ", [round(value, 6) for value in torch.sinh(x).tolist()])
print("grad_grad_x", [round(value, 6) for value in grad_grad_x.tolist()])

# %%
# Read the graph
# --------------

x = torch.ones(3, dtype=torch.float64, requires_grad=True).clone()
out = sinh(x)
grad_output = torch.ones(3, dtype=torch.float64, requires_grad=True)
(grad_x,) = torch.autograd.grad(out, x, grad_output, create_graph=True)

names = {"x": x, "out": out, "grad_output": grad_output, "grad_x": grad_x}
make_dot((grad_x, x, out), params=names)

# %%
# All ways from ``grad_x`` to ``x`` pass through ``SinhBackward``: the saved :math:`e^x` and
# :math:`e^{-x}` are outputs of that node. On the second backward autograd enters it through them,
# and the two terms with ``grad_exp_pos`` and ``grad_exp_neg``, zero the first time, deliver the
# second derivative.
#
# Leave these two terms out, and the first derivative of ``sinh`` stays right while the second becomes zero. If
# you do not return the intermediates at all, it is lost: :doc:`losing_intermediates`.
