"""
A gradient penalty that training does not reduce
================================================

A gradient penalty, as in R1 or WGAN-GP, is a small and complete example of what double backward is for. Here a critic
is trained with one, first through a custom Function that is wrong and then through one that is right.

Read :doc:`/double_backward/saving_outputs` first.

The symptom: the penalty has the right value, but training does not reduce it. Nothing is raised, and
``gradcheck`` passes.
"""

import torch
from torch import nn
from torch.autograd import grad, gradcheck, gradgradcheck
from torch.nn.functional import softplus

torch.set_num_threads(1)  # sums that are split among threads round differently
torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# The activation is :math:`y = \tanh\,x`, and its derivative is :math:`1 - y^2`. Out of caution, the output was
# detached before it was saved:


class TanhDetached(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        out = torch.tanh(x)
        ctx.save_for_backward(out.detach())  # wrong: it loses its history
        return out

    @staticmethod
    def backward(ctx, grad_output):
        (out,) = ctx.saved_tensors
        return grad_output * (1 - out**2)


# %%
# A critic learns to tell real points from fake ones. The penalty keeps watch over its derivative by the points: R1
# pulls the norm to 0 at real points, and WGAN-GP pulls it to 1 at points between real and fake ones.


class Critic(nn.Module):
    def __init__(self, activation):
        super().__init__()
        torch.manual_seed(0)  # the same initial weights each time
        self.inner, self.outer = nn.Linear(2, 16).double(), nn.Linear(16, 1).double()
        self.activation = activation

    def forward(self, points):  # (B, 2) to (B, 1)
        return self.outer(self.activation(self.inner(points)))

    def loss(self):
        return softplus(self(fake)).mean() + softplus(-self(real)).mean()

    def penalty(self, points, norm, create_graph=True):
        points = points.clone().requires_grad_()
        (grad_points,) = grad(self(points).sum(), points, create_graph=create_graph)
        return (grad_points.norm(dim=1) - norm).square().mean()


def train(name, activation, points, norm):
    critic = Critic(activation)
    start = critic.penalty(points, norm).item()
    optimizer = torch.optim.Adam(critic.parameters(), lr=0.01)
    for _ in range(300):
        loss, penalty = critic.loss(), critic.penalty(points, norm)
        optimizer.zero_grad()
        (loss + penalty).backward()
        optimizer.step()
    print(f"{name:20}  {start:.4f}  {penalty.item():.4f}  {loss.item():.4f}")
    return start, penalty.item(), loss.item()


real, fake = torch.randn(2, 64, 2, dtype=torch.float64) / 2
real, fake = real + 1, fake - 1
between = torch.lerp(fake, real, torch.rand(64, 1, dtype=torch.float64))
wrong = train("TanhDetached R1", TanhDetached.apply, real, 0)
wrong_gp = train("TanhDetached WGAN-GP", TanhDetached.apply, between, 1)
assert wrong[1] > wrong[0] and wrong_gp[1] < wrong_gp[0]

# %%
# The numbers are the penalty before the first step, the penalty before the last one, and the loss at that time. With
# WGAN-GP all seems well. With R1 the penalty has grown.
#
# The cause
# ---------
#
# The penalty is made of a first derivative, so its gradient takes a second one. There are two ways to a small
# derivative: small weights, or points where :math:`\tanh` is flat and :math:`1 - y^2` is small. To autograd the
# detached :math:`y` is a constant, and the second way is lost. The second-order check notices. Another sign is the
# bias of the inner layer, on which only :math:`y` depends: it gets no gradient from the penalty.

x = torch.randn(4, dtype=torch.float64, requires_grad=True)
print("gradcheck    ", gradcheck(TanhDetached.apply, x))
print("gradgradcheck", gradgradcheck(TanhDetached.apply, x, raise_exception=False))
critic = Critic(TanhDetached.apply)
critic.penalty(real, 0).backward()
print("bias.grad    ", critic.inner.bias.grad)
assert critic.inner.bias.grad is None

# %%
# The cure
# --------
#
# Save the very tensor that is returned. ``save_for_backward`` keeps it without a leak, see :doc:`tensors_on_ctx`, so
# it need not be detached:


class Tanh(TanhDetached):
    @staticmethod
    def forward(ctx, x):
        out = torch.tanh(x)
        ctx.save_for_backward(out)
        return out


print("gradcheck    ", gradcheck(Tanh.apply, x))
print("gradgradcheck", gradgradcheck(Tanh.apply, x))
right = train("Tanh         R1", Tanh.apply, real, 0)
right_gp = train("Tanh         WGAN-GP", Tanh.apply, between, 1)
assert right[0] == wrong[0] and sum(right[1:]) < 0.3 < 0.6 < sum(wrong[1:])
assert right_gp[0] == wrong_gp[0] and abs(sum(right_gp[1:]) - sum(wrong_gp[1:])) < 0.05

# %%
# Both penalties begin where they began before, because their values were right. With R1 the penalty and the loss now
# end far below those of the wrong Function. With WGAN-GP their sum is almost the same, so a training that looks good
# does not replace the check.
#
# What ``create_graph=True`` does
# -------------------------------
#
# It makes autograd record how the derivative is computed. Without it the penalty is a constant. By itself a constant
# raises in ``backward``. Added to a loss it raises nothing, and the gradients are those of the loss:

critic = Critic(Tanh.apply)
penalty = critic.penalty(real, 0, create_graph=False)
try:
    penalty.backward()
except RuntimeError as error:
    print("RuntimeError:", error)
(with_penalty,) = grad(critic.loss() + penalty, critic.inner.weight)
(without,) = grad(critic.loss(), critic.inner.weight)
print("torch.equal", torch.equal(with_penalty, without))
assert torch.equal(with_penalty, without) and not penalty.requires_grad
