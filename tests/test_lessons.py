"""Statements of the pages that no example runs, and definitions that stand in two scripts."""

from __future__ import annotations

import ast
from collections import defaultdict

import pytest
import torch
from conftest import PROJECT

from sitebuild.definitions.chapter_files import completed


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


def fused_function() -> dict[str, object]:
    """Names that the definitions of gallery/conv_bn_fusion/fused_function.py make, with what these need."""
    source = completed(PROJECT / "gallery/conv_bn_fusion/fused_function.py")
    kept = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    body = [
        node
        for node in ast.parse(source).body
        if isinstance(node, kept) or ast.unparse(node).startswith(("DIMS =", "EPS ="))
    ]
    names: dict[str, object] = {}
    exec(compile(ast.Module(body, []), "fused_function.py", "exec"), names)
    return names


@pytest.mark.parametrize(
    ("of_inputs", "of_weight", "expected"),
    [
        (True, True, ["conv2d", "conv_transpose2d", "conv2d"]),
        (False, True, ["conv2d"] * 2),
        (True, False, ["conv2d", "conv_transpose2d"]),
    ],
)
def test_the_fused_function_computes_no_gradient_that_nobody_asked_for(
    of_inputs: bool, of_weight: bool, expected: list[str]
) -> None:
    names = fused_function()
    inputs = torch.rand(2, 3, 5, 5, requires_grad=of_inputs)
    weight = torch.rand(4, 3, 3, 3, requires_grad=of_weight)
    out = names["FusedConvBN"].apply(inputs, weight, names["EPS"])
    called = []
    for name in ("conv2d", "conv_transpose2d"):
        operation = names[name]
        names[name] = lambda *args, name=name, operation=operation: called.append(name) or operation(*args)
    out.sum().backward()
    # The first one is the recomputation, which every gradient needs.
    assert called == expected


# What sections of a chapter repeat, instead of importing it.
SHARED = {
    "double_backward": set(),
    "conv_bn_fusion": set(),
    "field_guide": {
        "SigmoidOnCtx",
        "SigmoidSaved",
        "count_storage",
        "tanh_gelu",
        "silu_derivative",
        "derivatives_at_one",
        "Square",
        "product",
        "penalty",
        "polygamma",
        "polygamma_fake",
        "setup_context",
        "backward",
        "psi",
    },
}


@pytest.mark.parametrize("chapter", SHARED)
def test_a_definition_that_stands_twice_is_the_same(chapter: str) -> None:
    definitions: defaultdict[str, set[str]] = defaultdict(set)
    scripts: defaultdict[str, int] = defaultdict(int)
    for path in (PROJECT / "gallery" / chapter).glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                definitions[node.name].add(ast.dump(node))
                scripts[node.name] += 1
    assert [name for name, versions in definitions.items() if len(versions) > 1] == []
    assert {name for name, count in scripts.items() if count > 1} == SHARED[chapter]
