"""Statements of the pages that no example runs, and definitions that stand in two scripts."""

from __future__ import annotations

import ast
import re
import runpy
from collections import defaultdict
from pathlib import Path
from typing import ClassVar

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


class SinhWithoutTerms(torch.autograd.Function):
    """Intermediates are returned, but their gradients are left out."""

    @staticmethod
    def forward(ctx, x):
        exp_pos, exp_neg = torch.exp(x), torch.exp(-x)
        ctx.save_for_backward(exp_pos, exp_neg)
        return (exp_pos - exp_neg) / 2, exp_pos, exp_neg

    @staticmethod
    def backward(ctx, grad_output, grad_exp_pos, grad_exp_neg):
        exp_pos, exp_neg = ctx.saved_tensors
        return grad_output * (exp_pos + exp_neg) / 2


def test_without_the_terms_of_the_intermediates_the_second_derivative_is_zero() -> None:
    x = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    (grad_x,) = torch.autograd.grad(SinhWithoutTerms.apply(x)[0], x, create_graph=True)
    torch.testing.assert_close(grad_x, torch.cosh(x))
    assert torch.autograd.grad(grad_x, x)[0] == 0


class GradMode(torch.autograd.Function):
    """Notes the grad mode in forward and in backward."""

    seen: ClassVar[list[bool]] = []

    @staticmethod
    def forward(x):
        GradMode.seen.append(torch.is_grad_enabled())
        return x.clone()

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, grad_output):
        GradMode.seen.append(torch.is_grad_enabled())
        return grad_output


def test_grad_mode_is_on_in_backward_if_a_graph_is_to_be_made() -> None:
    x = torch.tensor(1.0, requires_grad=True)
    GradMode.seen.clear()
    torch.autograd.grad(GradMode.apply(x), x)
    torch.autograd.grad(GradMode.apply(x), x, create_graph=True)
    torch.func.grad(GradMode.apply)(x.detach())
    assert GradMode.seen == [False, False, False, True, False, True]


def test_hooks_hide_a_change_in_place() -> None:
    x = torch.zeros(1, requires_grad=True)
    out = x.exp()
    out.mul_(5)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        torch.autograd.grad(out, x)
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: tensor, lambda tensor: tensor):
        out = x.exp()
    out.mul_(5)
    assert torch.autograd.grad(out, x)[0] == 25


def test_vmap_warns_of_an_operator_without_a_rule(capfd: pytest.CaptureFixture[str]) -> None:
    @torch.library.custom_op("test_lessons::twice", mutates_args=())
    def twice(x: torch.Tensor) -> torch.Tensor:
        return 2 * x

    page = (PROJECT / "gallery/field_guide/operator_vmap.py").read_text(encoding="utf-8")
    (warning,) = re.findall(r"``(There is a performance drop.*?)``", page)
    torch.vmap(twice)(torch.ones(2))
    assert warning in capfd.readouterr().err


@pytest.mark.parametrize("path", sorted((PROJECT / "gallery/double_backward").glob("*.py")), ids=lambda path: path.stem)
def test_the_first_chapter_checks_in_float64(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dtypes = set()

    def noting(check):
        def noted(function, inputs, *args, **options):
            tensors = inputs if isinstance(inputs, tuple) else (inputs,)
            dtypes.update(tensor.dtype for tensor in tensors)
            return check(function, inputs, *args, **options)

        return noted

    for name in ("gradcheck", "gradgradcheck"):
        monkeypatch.setattr(torch.autograd, name, noting(getattr(torch.autograd, name)))
    runpy.run_path(str(path))
    assert dtypes == {torch.float64}


def test_overwriting_a_saved_output_raises() -> None:
    out = Exp.apply(torch.ones(3, requires_grad=True))
    out.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.sum().backward()


class ScaledSquare(torch.autograd.Function):
    """A square with all methods, for what the pages say about them."""

    generate_vmap_rule = True
    materialize = True
    tangents: ClassVar[list[torch.Tensor | None]] = []

    @staticmethod
    def forward(scale, x):
        return scale * x**2

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.set_materialize_grads(ScaledSquare.materialize)
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        _scale, x = ctx.saved_tensors
        # None for the first input, though it has a gradient; further ones for inputs that do not exist.
        return None, grad_output * 2 * x, None, None

    @staticmethod
    def jvp(ctx, tangent_scale, tangent_x):
        ScaledSquare.tangents.append(tangent_scale)
        scale, x = ctx.saved_tensors
        return tangent_x * 2 * scale * x


@pytest.mark.parametrize("materialize", [True, False])
def test_an_input_that_does_not_move_has_a_tangent_of_zeros_or_none(
    monkeypatch: pytest.MonkeyPatch, materialize: bool
) -> None:
    monkeypatch.setattr(ScaledSquare, "materialize", materialize)
    ScaledSquare.tangents.clear()
    three = torch.tensor(3.0, dtype=torch.float64)
    torch.testing.assert_close(torch.func.jacfwd(ScaledSquare.apply, argnums=1)(three, three), 2 * three**2)
    assert [tangent is None for tangent in ScaledSquare.tangents] == [not materialize]


def test_torch_func_takes_a_gradient_of_none_for_zeros_and_autograd_raises() -> None:
    scale, x = torch.ones(2, requires_grad=True), torch.ones(2)
    assert torch.func.grad(lambda scale: ScaledSquare.apply(scale, x).sum())(scale).tolist() == [0, 0]
    with pytest.raises(RuntimeError, match="appears to not have been used in the graph"):
        torch.autograd.grad(ScaledSquare.apply(scale, x).sum(), scale)


def test_without_create_graph_a_right_function_gives_the_message_of_a_lost_derivative() -> None:
    x = torch.ones(2, requires_grad=True)
    (grad_x,) = torch.autograd.grad(Exp.apply(x).sum(), x)
    with pytest.raises(RuntimeError, match="does not require grad and does not have a grad_fn"):
        torch.autograd.grad(grad_x.sum(), x)


class SquareInPlace(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        ctx.mark_dirty(x)
        return x.mul_(x)

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * 2 * ctx.saved_tensors[0]


def test_what_was_saved_before_it_was_overwritten_holds_the_new_values() -> None:
    x = torch.tensor([3.0], requires_grad=True)
    (wrong,) = torch.autograd.grad(SquareInPlace.apply(x.clone()).sum(), x)
    assert wrong.item() == 2 * 3**2


class OnlyPositive(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return x[x > 0]

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass


class Doubled(OnlyPositive):
    @staticmethod
    def forward(x):
        return 2 * x if (x > 0).all() else x


@pytest.mark.parametrize("function", [OnlyPositive, Doubled])
def test_a_generated_rule_for_vmap_takes_no_decision_on_values(function: type[torch.autograd.Function]) -> None:
    with pytest.raises(RuntimeError, match="data-dependent control flow|dynamic shape"):
        torch.func.vmap(function.apply)(torch.ones(3, 2))


class Product(torch.autograd.Function):
    @staticmethod
    def forward(x, weight):
        return x * weight

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def vmap(info, in_dims, x, weight):
        assert in_dims == (0, None)
        return Product.apply(x, weight), 0


@pytest.mark.parametrize("weight", [torch.ones(2), 2.0])
def test_the_method_vmap_gets_none_for_an_input_that_is_not_mapped(weight: torch.Tensor | float) -> None:
    assert torch.func.vmap(Product.apply, in_dims=(0, None))(torch.ones(3, 2), weight).shape == (3, 2)


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


# A section imports what another one defines. These definitions still stand in several scripts.
SHARED = {
    "double_backward": set(),
    "conv_bn_fusion": set(),
    "field_guide": {"polygamma_vmap"},
}


@pytest.mark.parametrize("chapter", SHARED)
def test_no_other_definition_stands_twice(chapter: str) -> None:
    scripts: defaultdict[tuple[str, str], int] = defaultdict(int)
    for path in (PROJECT / "gallery" / chapter).glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                scripts[node.name, ast.dump(node)] += 1
    assert {name for (name, _text), count in scripts.items() if count > 1} == SHARED[chapter]
