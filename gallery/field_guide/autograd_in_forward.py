"""
Autograd inside ``forward``
===========================

Some layers have to differentiate just to compute their output, because they minimise something or solve an equation.
You can do that inside ``forward``, as long as you keep the inner derivatives out of the caller's graph.

Read :doc:`/double_backward/saving_outputs` first.

The symptom: ``torch.autograd.grad`` in ``forward`` raises ``does not require grad and does not have a grad_fn``. Under
``torch.enable_grad()`` there is no error, but ``x.grad`` already has a value before you call ``backward()``.
"""

from textwrap import fill

import torch
from torch.autograd import grad, gradcheck, gradgradcheck

STEPS = 100

# %%
# The symptom
# -----------
#
# The output :math:`z` minimises the energy below, which means that :math:`z^3 + z = x`. You can find this minimum with
# Newton's method or with an optimizer:


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
# Autograd records nothing while ``forward`` runs, so ``RootUnrecorded`` has nothing to differentiate. ``RootLeaking``
# switches recording on with ``enable_grad``, but then the energy's graph includes ``x``, which requires grad. So each
# ``backward()`` in the optimizer's loop goes through the energy's graph and on into the caller's graph. There it adds
# to ``x.grad``, or it frees saved tensors that the caller still needs, and then the next step fails. Yet the value of
# :math:`z` and its derivative are both right:

print("gradcheck    ", gradcheck(RootLeaking.apply, x))
print("gradgradcheck", gradgradcheck(RootLeaking.apply, x))

# %%
# The cure
# --------
#
# Detach every input before you build the inner graph, so that this graph ends at the inputs. You also have to detach
# the output, as ``by_newton`` and ``by_optimizer`` already do. Because the Function saves only its own output, the
# second derivative comes out right too.


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
# ``backward`` doesn't retrace the steps of the search. It relies only on the equation :math:`z^3 + z = x`, which holds
# at the end, however many steps it took to get there. If your ``backward`` itself has to call ``grad``, see
# :doc:`grad_in_backward`.
