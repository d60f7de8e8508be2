"""
A physics-informed network solves the wrong equation
====================================================

The loss of a physics-informed network (PINN) contains derivatives of the network. Here you solve a differential
equation with a custom Function as the activation: first with a Function that loses its second derivative, then with a
correct one.

Read :doc:`lost_second_derivative` first.

The symptom: the loss, which is the equation's residual, goes to zero as it should, but the solution is wrong.
"""

import math

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.autograd import grad, gradcheck, gradgradcheck

torch.set_num_threads(1)  # sums that are split among threads round differently

# %%
# The symptom
# -----------
#
# The equation is Poisson's equation in one dimension, :math:`u'' = -\pi^2 \sin\,\pi x` with :math:`u(0) = u(1) = 0`,
# and its solution is :math:`\sin\,\pi x`. The network is :math:`u = x \, (1 - x) \, n(x)`, which is zero at both ends.
# The network's activation is a sine that keeps its derivative, the cosine, on ``ctx``:


class SineOnCtx(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.cosine = torch.cos(x)  # wrong: it has no history
        return torch.sin(x)

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * ctx.cosine


class Network(nn.Module):
    def __init__(self, activation):
        super().__init__()
        torch.manual_seed(0)  # the same initial weights each time
        layers = [nn.Linear(1, 16), nn.Linear(16, 16), nn.Linear(16, 1)]
        self.layers = nn.ModuleList(layers).double()
        self.activation = activation

    def forward(self, x):  # (B, 1) to (B, 1)
        first, second, last = self.layers
        return x * (1 - x) * last(self.activation(second(self.activation(first(x)))))


def solve(name, activation):
    network, losses = Network(activation), []
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(400):
        u = network(x)
        (u_x,) = grad(u.sum(), x, create_graph=True)
        (u_xx,) = grad(u_x.sum(), x, create_graph=True)
        loss = (u_xx + math.pi**2 * solution).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    error = (u - solution).abs().max().item()
    print(f"{name:10} {losses[0]:.4f} {losses[-1]:.4f} {error:.4f}")
    return u.detach(), losses[-1], error


x = torch.linspace(0, 1, 33, dtype=torch.float64).unsqueeze(1).requires_grad_()
solution = torch.sin(math.pi * x.detach())
wrong_u, wrong_loss, wrong_error = solve("SineOnCtx", SineOnCtx.apply)
assert wrong_loss < 0.2 < wrong_error

# %%
# The three printed values are the residual in the first step, the residual in the last step, and the largest difference
# between ``u`` and the true solution. The values of the true solution are between 0 and 1.
#
# The cause
# ---------
#
# On paper :math:`u'' = -2n + 2 \, (1 - 2x) \, n' + x \, (1 - x) \, n''`. Autograd treats the saved cosines as
# constants, so it gets zero for :math:`n''`, and the last term is missing. The first two terms still have a graph, so
# no error is raised, and training solves the equation without the last term. At :math:`x = 1/2` this wrong equation
# says :math:`-2n = -\pi^2`. There the network's value :math:`u = n / 4` is therefore :math:`\pi^2 / 8` instead of 1:

print(f"{wrong_u[16].item():.2f} {math.pi**2 / 8:.2f}")
assert abs(wrong_u[16].item() - math.pi**2 / 8) < 0.05
points = torch.randn(4, dtype=torch.float64, requires_grad=True)
print("gradcheck    ", gradcheck(SineOnCtx.apply, points))
print("gradgradcheck", gradgradcheck(SineOnCtx.apply, points, raise_exception=False))

# %%
# The cure
# --------
#
# Save the input instead, and compute the cosine in ``backward``, where autograd can record it:


class Sine(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.sin(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * torch.cos(x)


u, loss, error = solve("Sine", Sine.apply)
assert loss < 0.2 and error < 0.02

_, axes = plt.subplots(figsize=(4.8, 3.2))
axes.plot(x.detach(), solution, linewidth=5, alpha=0.35, label="sin(pi x)")
axes.plot(x.detach(), u, linestyle="--", label="Sine")
axes.plot(x.detach(), wrong_u, linestyle=":", label="SineOnCtx")
axes.legend()
plt.show()

# %%
# ReLU loses it, too
# ------------------
#
# A ReLU network loses the same term even without a custom Function. The derivative of a ReLU is constant on each side
# of zero, so :math:`n''` really is zero except at the kinks, and the network again fails to find the solution. Use a
# smooth activation, such as ``torch.tanh``:

for activation in (torch.relu, torch.tanh):
    first, _, last = Network(activation).layers
    (n_x,) = grad(last(activation(first(x))).sum(), x, create_graph=True)
    (n_xx,) = grad(n_x.sum(), x)
    print("n_xx.abs().max()", f"{n_xx.abs().max().item():.2f}")
    *_, error = solve(activation.__name__, activation)
    assert (error < 0.02) == n_xx.any() == (activation is torch.tanh)

# %%
# Three derivatives
# -----------------
#
# The residual contains a second derivative, and training differentiates the residual once more, with respect to the
# weights. So the activation needs three derivatives, one more than ``gradgradcheck`` checks. To check the third, run
# ``gradgradcheck`` on a function that returns the first derivative. For a Function that is right only up to the second
# derivative, see :doc:`three_cures`.


def sine_slope(x):
    return grad(Sine.apply(x).sum(), x, create_graph=True)[0]


print("gradcheck    ", gradcheck(Sine.apply, points))
print("gradgradcheck", gradgradcheck(Sine.apply, points), gradgradcheck(sine_slope, points))
