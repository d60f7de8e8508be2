"""
Saving intermediates
====================

Sometimes ``backward`` needs a value that is neither an input nor an output of your Function. If the Function also
returns this value, you can save it, and the second derivative comes out right. This page shows how to do that, and
which terms ``backward`` then has to add.

Read :doc:`saving_inputs` and :doc:`saving_outputs` first.

The example is :math:`\\sinh\\,x = (e^x - e^{-x}) / 2`. Its derivative :math:`\\cosh\\,x = (e^x + e^{-x}) / 2` is made
of the same two exponentials, so it would be a waste to compute them twice. They are intermediates, which means that
``forward`` computes them on the way but returns neither.
"""

import torch
from torch.autograd import gradcheck, gradgradcheck
from torchviz import make_dot

torch.manual_seed(0)

# %%
# Intermediates become outputs
# ----------------------------
#
# Autograd records nothing inside ``forward``. An input already has a history, and an output gets one when ``forward``
# returns. An intermediate, however, never gets a history, so autograd treats it as a constant. The solution is to
# return the intermediate as an output. It is then saved like any other output, attached to this Function's node.
#
# Each extra output brings one more gradient into ``backward``. Here ``backward`` receives a gradient for
# :math:`\sinh\,x`, one for :math:`e^x` and one for :math:`e^{-x}`, and it must return the sum of all three
# contributions:
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
        # The exponentials are returned only to get a history; the caller has no use for them.
        return (exp_pos - exp_neg) / 2, exp_pos, exp_neg

    @staticmethod
    def backward(ctx, grad_output, grad_exp_pos, grad_exp_neg):
        exp_pos, exp_neg = ctx.saved_tensors
        grad_input = grad_output * (exp_pos + exp_neg) / 2
        # In the first backward, the other two gradients are zero if only sinh x was used. In the second
        # they aren't, because cosh x, computed above, depends on x through the exponentials.
        grad_input = grad_input + grad_exp_pos * exp_pos
        grad_input = grad_input - grad_exp_neg * exp_neg
        return grad_input


# %%
# A thin wrapper hides the extra outputs from the caller.


def sinh(x):
    return Sinh.apply(x)[0]


# %%
# Checks
# ------

x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)

print("gradcheck    ", gradcheck(sinh, x))
print("gradgradcheck", gradgradcheck(sinh, x))

# %%
# Callers use the wrapper, but you should also check the Function inside it. This check covers all three outputs, so a
# mistake in one of the two extra terms already shows up in the first derivative.

print("gradcheck    ", gradcheck(Sinh.apply, x))
print("gradgradcheck", gradgradcheck(Sinh.apply, x))

# %%
# The second derivative of :math:`\sinh` is :math:`\sinh` again:

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
# All paths from ``grad_x`` to ``x`` pass through ``SinhBackward``, because the saved :math:`e^x` and :math:`e^{-x}` are
# outputs of that node. In the second backward, autograd enters the node through these two outputs. The two terms with
# ``grad_exp_pos`` and ``grad_exp_neg``, which were zero in the first backward, now deliver the second derivative.
#
# If you return the intermediates but leave out these two terms, the first derivative of ``sinh`` remains correct, but
# the second comes out as zero. If you don't return the intermediates at all, they have no history, so the second
# derivative raises an error or is wrong, as you'll see in :doc:`losing_intermediates`.
