"""
Autograd inside ``forward``
===========================

Some layers have to differentiate in order to compute their output: they minimise something, or solve an equation.
This page does it inside ``forward``, and keeps it from reaching into the graph of the caller.

Read :doc:`/double_backward/saving_outputs` first.

The symptom: ``torch.autograd.grad`` in ``forward`` raises ``does not require grad and does not have a grad_fn``. With
``torch.enable_grad()`` it runs, and ``x.grad`` is filled before anybody has called ``backward()``.
"""

from textwrap import fill

import torch
from torch.autograd import grad, gradcheck, gradgradcheck

STEPS = 100

# %%
# The symptom
# -----------
#
# The output :math:`z` is where the energy below is smallest, and there :math:`z^3 + z = x`. Two ways to get
# there are Newton's steps and an optimizer:


def energy(z, x):
    return (z**4 / 4 + z**2 / 2 - x * z).sum()


def by_newton(x):
    z = torch.ones_like(x)
    for _ in range(STEPS):
        z = z.detach().requires_grad_()
        (slope,) = grad(energy(z, x), z, create_graph=True)
        (curvature,) = grad(slope.sum(), z)
        z = z - slope / curvature
    return z.detach()


def by_optimizer(x):
    z = torch.ones_like(x).requires_grad_()
    optimizer = torch.optim.SGD([z], lr=0.1)
    for _ in range(STEPS):
        optimizer.zero_grad()
        energy(z, x).backward()
        optimizer.step()
    return z.detach()


class RootUnrecorded(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return by_newton(x)


class RootLeaking(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        with torch.enable_grad():
            z = by_optimizer(x)
        ctx.save_for_backward(z)
        return z

    @staticmethod
    def backward(ctx, grad_output):
        (z,) = ctx.saved_tensors
        return grad_output / (3 * z**2 + 1)  # dz/dx, because z**3 + z = x


x = torch.tensor([2.0, 10.0], dtype=torch.float64, requires_grad=True)
for function in (RootUnrecorded, RootLeaking):
    try:
        function.apply(x.exp().log())
    except RuntimeError as error:
        print(fill(f"RuntimeError: {str(error).split('. ')[0]}", 80))
    else:
        raise AssertionError("it ran")

x.grad = None
z = RootLeaking.apply(x)
print(z.tolist(), "x.grad", x.grad.tolist())
torch.testing.assert_close(z.detach(), torch.tensor([1.0, 2.0], dtype=torch.float64))
assert (x.grad < 0).all()

# %%
# The cause
# ---------
#
# While ``forward`` runs, autograd does not record, so at first there is nothing to differentiate.
# ``enable_grad`` switches recording on, and then everything is recorded: ``x`` requires grad, and the energy
# depends on it. In the optimizer's way each ``backward()`` goes on from the energy into the graph of the
# caller. It adds to ``x.grad``, or it frees what the caller still needs, and the next step fails. The value
# of :math:`z` is right, and so is its derivative:

print("gradcheck    ", gradcheck(RootLeaking.apply, x))
print("gradgradcheck", gradgradcheck(RootLeaking.apply, x))

# %%
# The cure
# --------
#
# Detach every input before the inner graph begins. Then the inner graph ends there, and the output has to be
# detached as well, as both functions above do. What the Function saves is its own output, so a second
# derivative finds its way.


class Root(RootLeaking):
    @staticmethod
    def forward(ctx, x):
        with torch.enable_grad():
            z = by_newton(x.detach())
        ctx.save_for_backward(z)
        return z


class RootByOptimizer(RootLeaking):
    @staticmethod
    def forward(ctx, x):
        with torch.enable_grad():
            z = by_optimizer(x.detach())
        ctx.save_for_backward(z)
        return z


for function in (Root, RootByOptimizer):
    x.grad = None
    z = function.apply(x.exp().log())
    assert x.grad is None
    z.sum().backward()
    print(x.grad.tolist())
    torch.testing.assert_close(x.grad, 1 / (3 * z.detach() ** 2 + 1))
    print("gradcheck    ", gradcheck(function.apply, x))
    print("gradgradcheck", gradgradcheck(function.apply, x))

# %%
# ``backward`` does not go back through the steps. It uses that :math:`z^3 + z = x` holds at the end, however
# many steps it took to get there. If ``backward`` itself has to call ``grad``, see :doc:`grad_in_backward`.
