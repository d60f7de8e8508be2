"""Statements of the pages that no example runs."""

from __future__ import annotations

import pytest
import torch


class SinhSavedNotReturned(torch.autograd.Function):
    """Intermediates go through save_for_backward, but are not returned."""

    @staticmethod
    def forward(ctx, x):
        exp_pos, exp_neg = torch.exp(x), torch.exp(-x)
        ctx.save_for_backward(exp_pos, exp_neg)
        return (exp_pos - exp_neg) / 2

    @staticmethod
    def backward(ctx, grad_output):
        exp_pos, exp_neg = ctx.saved_tensors
        return grad_output * (exp_pos + exp_neg) / 2


class Exp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        out = torch.exp(x)
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * ctx.saved_tensors[0]


def test_saving_an_intermediate_without_returning_it_loses_it() -> None:
    x = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(SinhSavedNotReturned.apply, x)
    (grad_x,) = torch.autograd.grad(SinhSavedNotReturned.apply(x) ** 2, x, create_graph=True)
    (wrong,) = torch.autograd.grad(grad_x, x)
    torch.testing.assert_close(wrong, 2 * torch.cosh(x) ** 2)


def test_overwriting_a_saved_output_raises() -> None:
    out = Exp.apply(torch.ones(3, requires_grad=True))
    out.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.sum().backward()
