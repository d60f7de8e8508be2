"""Mutants are made as they are named, one change each."""

from __future__ import annotations

import ast
from pathlib import Path

import operators
import pytest
from conftest import PROJECT
from mutations import Script, describe, make_mutants
from operators import Operator
from scopes import Scope
from slots import walk

SAVE = "ctx.save_for_backward"


def changes(operator: Operator, body: str) -> list[str]:
    """What ``operator`` changes in a backward with the statements ``body``."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    (function,) = ast.parse(f"def backward(ctx, g, h):\n{lines}").body
    assert isinstance(function, ast.FunctionDef)
    scope = Scope(function)
    return [describe(slot, new) for slot in walk(function) for new in operator(slot, scope)]


@pytest.mark.parametrize(
    ("operator", "body", "expected"),
    [
        (operators.change_operator, "return g + h", ["g + h -> g - h"]),
        (operators.change_operator, "return g * h", ["g * h -> g / h"]),
        (operators.change_operator, "return g ** 2", ["g ** 2 -> g * 2"]),
        (operators.change_operator, "g += h", ["g += h -> g -= h"]),
        (operators.swap_operands, "return g - h", ["g - h -> h - g"]),
        (operators.swap_operands, "return g * h + h", []),
        (operators.swap_operands, "return g - g", []),
        (operators.drop_operand, "return g + h", ["g + h -> g", "g + h -> h"]),
        (operators.drop_operand, "return g - h", ["g - h -> g", "g - h -> -h"]),
        (operators.drop_operand, "return g / h", ["g / h -> g", "g / h -> 1 / h"]),
        (operators.drop_operand, "return 2 * g", ["2 * g -> 2"]),
        (operators.wrong_operand, "return g * h", ["g * h -> h * h", "g * h -> g * g"]),
        (operators.wrong_operand, "ctx.save_for_backward(g)", [f"{SAVE}(g) -> {SAVE}(h)"]),
        (operators.wrong_operand, "return ctx.a * ctx.b", ["ctx.a -> ctx.b", "ctx.b -> ctx.a"]),
        (operators.wrong_operand, "return g * DIMS", ["g * DIMS -> h * DIMS"]),
        (operators.lose_history, "ctx.save_for_backward(g)", [f"{SAVE}(g) -> {SAVE}(g.detach())"]),
        (operators.lose_history, "return keep(g)", []),
        (operators.drop_sign, "return -g", ["-g -> g"]),
        (operators.change_constant, "return 2 * g", ["2 * g -> 1 * g", "2 * g -> 3 * g"]),
        (operators.change_constant, "return g.sum(1)", ["g.sum(1) -> g.sum(0)", "g.sum(1) -> g.sum(2)"]),
        (operators.change_constant, "return g * 0.5", ["g * 0.5 -> g * 1.0"]),
        (operators.change_constant, "return g.mean(keepdim=True)", ["g.mean(keepdim=True) -> g.mean(keepdim=False)"]),
        (operators.change_constant, "raise ValueError('2')", []),
        (
            operators.change_result,
            "return g, None",
            ["(g, None) -> (-g, None)", "(g, None) -> (2 * g, None)", "(g, None) -> (None, None)"],
        ),
        (operators.change_result, "h = g.exp()", ["g.exp() -> -g.exp()"]),
        (operators.change_result, "g, h = ctx.saved_tensors", []),
        (operators.swap_order, "return g, h, None", ["(g, h, None) -> (h, g, None)", "(g, h, None) -> (g, None, h)"]),
        (operators.swap_order, "g, h = ctx.saved_tensors", ["(g, h) -> (h, g)"]),
        (operators.swap_order, "return conv(g, h)", ["conv(g, h) -> conv(h, g)"]),
        (operators.swap_order, "return g.transpose(0, 1)", []),
        (operators.drop_call, "return g.sum(0)", ["g.sum(0) -> g"]),
        (operators.drop_call, "return torch.exp(g)", ["torch.exp(g) -> g"]),
        (operators.drop_call, "return g[:, None]", ["g[:, None] -> g"]),
        (operators.drop_call, "return g @ h.mT", ["h.mT -> h"]),
        (operators.drop_call, "return special.digamma(g)", []),
        (operators.change_condition, "return g < h", ["g < h -> g >= h", "g < h -> g <= h"]),
        (operators.change_condition, "return g is None", ["g is None -> g is not None"]),
        (operators.change_condition, "if g:\n    return h", ["g -> not g"]),
        (operators.drop_statement, "ctx.mark_dirty(g)", ["ctx.mark_dirty(g) -> pass"]),
        (operators.drop_statement, "raise ValueError", ["raise ValueError -> pass"]),
    ],
)
def test_an_operator_makes_what_it_says(operator: Operator, body: str, expected: list[str]) -> None:
    assert changes(operator, body) == expected


SOURCE = """\
import torch
from torch.autograd import Function


def inner(g):
    return 2 * g


def helper(g):
    return inner(g)  # é


def wrapper(x):
    return 3 * Double.apply(x)


class Double(Function):
    @staticmethod
    @once_differentiable
    def backward(ctx, grad_é):
        return helper(grad_é) + 2


class Other(Double):
    @staticmethod
    def forward(ctx, x):
        return x + 5


class Plain:
    def forward(self, x):
        return 7 * x
"""


def script(source: str) -> Script:
    return Script(Path("gallery/chapter/example.py"), source)


def test_formulas_are_the_methods_of_functions_and_what_they_call() -> None:
    names = [formula.name for formula in script(SOURCE).formulas]
    assert names == ["inner", "helper", "Double.backward", "Other.forward"]


def test_a_kernel_that_triton_reads_from_the_file_is_no_formula() -> None:
    source = SOURCE.replace("def helper(", "@triton.jit\ndef helper(")
    assert [formula.name for formula in script(source).formulas] == ["Double.backward", "Other.forward"]


def test_the_functions_of_an_operator_are_formulas() -> None:
    source = """\
@torch.library.custom_op("field::triple", mutates_args=())
def triple(x):
    return 3 * x


def setup_context(ctx, inputs, output):
    pass


def backward(ctx, grad_output):
    return helper(grad_output)


def helper(grad_output):
    return 3 * grad_output


triple.register_autograd(backward, setup_context=setup_context)
"""
    names = [formula.name for formula in script(source).formulas]
    assert names == ["triple", "setup_context", "backward", "helper"]


def test_a_name_gives_line_column_and_change() -> None:
    names = [mutant.name for mutant in make_mutants(script(SOURCE))]
    assert "gallery/chapter/example.py:6:12: 2 * g -> 3 * g" in names
    # Columns count characters, though Python counts bytes.
    assert "gallery/chapter/example.py:21:33: helper(grad_é) + 2 -> helper(grad_é) + 3" in names
    assert "gallery/chapter/example.py:19:6: @once_differentiable -> nothing" in names
    assert len(names) == len(set(names))


@pytest.mark.parametrize("path", sorted((PROJECT / "gallery").glob("*/*.py")), ids=lambda path: path.stem)
def test_a_mutant_differs_from_its_script_and_leaves_it_as_it_was(path: Path) -> None:
    example = Script.read(path)
    mutants = make_mutants(example)
    assert ast.dump(example.tree) == ast.dump(ast.parse(example.source))
    for mutant in mutants:
        definition = mutant.formula.definition
        before = ast.dump(definition)
        with mutant.slot.holding(mutant.new):
            assert ast.dump(definition) != before, mutant.name
            compile(ast.Module([definition], []), str(path), "exec")
        assert ast.dump(definition) == before, mutant.name
