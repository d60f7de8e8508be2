"""
A gradient penalty that training does not reduce
================================================

A gradient penalty, as in R1 or WGAN-GP, is a small but complete example of what double backward is for. Here you train
a critic with such a penalty, first with a custom Function that is wrong and then with one that is right.

Read :doc:`/double_backward/saving_outputs` first.

The symptom: the penalty has the right value, but training does not reduce it. You get no error, and ``gradcheck``
passes.
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
# The activation is :math:`y = \tanh\,x`, and its derivative is :math:`1 - y^2`. Out of caution, the author of this
# Function detached the output before saving it:


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
# A critic learns to tell real points from fake ones. The penalty acts on the critic's derivative with respect to the
# points: R1 pulls the norm of this derivative towards 0 at real points, and WGAN-GP pulls it towards 1 at points
# between real and fake ones.


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
# Each line shows three values: the penalty before the first step, the penalty before the last step, and the loss before
# the last step. With WGAN-GP the penalty has fallen, so all seems well. With R1 the penalty has grown, so something is
# wrong.
#
# The cause
# ---------
#
# The penalty contains a first derivative, so the gradient of the penalty needs a second derivative. Training can shrink
# the critic's derivative in two ways: by making the weights small, or by moving :math:`x` to where :math:`\tanh` is
# flat and :math:`1 - y^2` is small. Autograd treats the detached :math:`y` as a constant, so the penalty's gradient
# takes only the first way into account. ``gradgradcheck`` notices this mistake, and the inner layer's bias shows it
# too. The bias can affect the penalty only through :math:`y`, and :math:`y` is detached, so the bias gets no gradient
# from the penalty.

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
# Save the very tensor that you return. ``save_for_backward`` keeps it without a memory leak (see
# :doc:`tensors_on_ctx`), so you don't need to detach it:


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
# Both penalties start at the same values as before, because even the wrong Function computed these correctly. With R1,
# the penalty and the loss now end far lower than with the wrong Function. With WGAN-GP, however, the sum of penalty and
# loss is almost the same as with the wrong Function. So a training run that looks good cannot replace a check of the
# second derivative.
#
# What ``create_graph=True`` does
# -------------------------------
#
# With ``create_graph=True``, autograd records how the derivative is computed. Without it, the penalty is a constant,
# and calling ``backward`` on it raises an error. But if you add this constant to a loss, no error is raised, and you
# get only the gradients of the loss:

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
