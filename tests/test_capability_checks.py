"""vmap, torch.compile and opcheck are observed without being changed; what an example leaves open is tried."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.autograd import gradcheck
from torch.autograd.function import _SingleLevelFunction

from sitebuild.checks import capability_checks, function_calls, gradient_checks, log, trials
from sitebuild.checks import record as check_record

PREAMBLE = """
import torch
from torch.autograd import gradcheck
from torch.func import vmap

class Double(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return 2 * x

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, grad_output):
        return 2 * grad_output

    @staticmethod
    def jvp(ctx, tangent):
        return 2 * tangent

class Tripled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 3 * x

    @staticmethod
    def backward(ctx, grad_output):
        return 3 * grad_output

class Confused(Double):
    generate_vmap_rule = False

    @staticmethod
    def vmap(info, in_dims, x):
        return 2 * x.flip(0), 0

def steps(x):
    print("called")
    return Double.apply(x).sin()

x = torch.arange(3, dtype=torch.float64, requires_grad=True)
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Callable[[str], tuple[dict[str, Any], list[check_record.CheckRecord]]]:
    """Runs code as an example; returns its names and what was recorded."""
    for place, name in ((torch.func, "vmap"), (torch, "vmap"), (torch, "compile"), (torch.library, "opcheck")):
        monkeypatch.setattr(place, name, getattr(place, name))
    for name in gradient_checks.OBSERVED:
        monkeypatch.setattr(torch.autograd, name, getattr(torch.autograd, name))
    log.start()
    gradient_checks.start()
    capability_checks.start()
    function_calls.start()
    request.addfinalizer(lambda: delattr(_SingleLevelFunction, "apply"))

    def example(code: str) -> tuple[dict[str, Any], list[check_record.CheckRecord]]:
        names: dict[str, Any] = {"__name__": "__main__"}
        exec(compile(PREAMBLE + code, "example.py", "exec"), names)
        return names, log.take()

    return example


def test_a_mapped_function_is_held_against_its_slices(run: Callable) -> None:
    names, records = run("out = vmap(Double.apply)(x)\nwrong = vmap(Confused.apply)(x)")
    assert names["out"].tolist() == [0.0, 2.0, 4.0]
    assert names["wrong"].tolist() == [4.0, 2.0, 0.0]  # handed on as it is
    assert [(record.function, record.capabilities, record.passed) for record in records] == [
        ("Double", ("vmap",), True),
        ("Confused", ("vmap",), False),
    ]


def test_a_function_without_a_rule_raises_as_it_would_and_is_recorded(run: Callable) -> None:
    code = """
class Old(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x
try:
    vmap(Old.apply)(x)
except RuntimeError as error:
    message = str(error)
"""
    names, (record,) = run(code)
    assert "setup_context" in names["message"]
    assert (record.function, record.passed) == ("Old", False)
    assert names["message"].startswith(record.message)


def test_a_compiled_function_is_held_against_the_plain_one(run: Callable) -> None:
    torch._dynamo.reset()
    code = """
compiled = torch.compile(Tripled.apply, fullgraph=True, backend="eager")
out = compiled(x)
checked = gradcheck(compiled, x)
try:
    torch.compile(Double.apply, fullgraph=True, backend="eager")(x)
except Exception as error:
    broken = type(error).__name__
"""
    names, records = run(code)
    assert names["out"].tolist() == [0.0, 3.0, 6.0]
    assert names["checked"] is True
    assert names["broken"] == "Unsupported"  # a Function with a jvp
    assert [(record.check, record.function, record.capabilities, record.passed) for record in records] == [
        ("compile", "Tripled", ("compile",), True),
        ("gradcheck", "Tripled", ("first order", "compile"), True),
        ("compile", "Double", ("compile",), False),
    ]


def test_what_a_comparison_prints_is_not_shown(run: Callable, capsys: pytest.CaptureFixture[str]) -> None:
    run("vmap(steps)(x)")
    assert capsys.readouterr().out == "called\n"


def test_a_comparison_is_made_when_the_example_has_ended(run: Callable) -> None:
    code = """
calls = []

def counted(v):
    calls.append(0)
    return v + torch.rand(())

torch.manual_seed(0)
mapped = vmap(counted, randomness="same")(x)
plain = vmap(lambda v: calls.append(0) or Double.apply(v))(x)
compiled = torch.compile(lambda v: Double.apply(v) if calls else v, fullgraph=True, backend="eager")
after = len(calls), torch.rand(()).item()
x.detach().fill_(7)  # what was compared are the values of then
"""
    names, records = run(code)
    torch.manual_seed(0)
    torch.rand(())
    assert names["after"] == (2, torch.rand(()).item())
    assert [(record.check, record.passed, record.message) for record in records] == [("vmap", True, "")]


def test_a_function_that_differentiates_is_compared(run: Callable) -> None:
    torch._dynamo.reset()
    code = """
def thrice(v):
    return 3 * v

slopes = vmap(lambda v: torch.func.grad(Double.apply)(v))(x)
inner = torch.func.grad(lambda v: torch.compile(thrice, fullgraph=True, backend="eager")(v).sum())(x)
"""
    names, records = run(code)
    assert names["slopes"].tolist() == [2.0, 2.0, 2.0]
    assert names["inner"].tolist() == [3.0, 3.0, 3.0]
    assert [(record.check, record.message) for record in records] == [("vmap", ""), ("compile", "")]


def test_rounding_is_no_difference_and_a_difference_is_told(run: Callable) -> None:
    code = """
torch.manual_seed(0)
big = torch.randn(64, 1000, dtype=torch.float32)
weight = torch.randn(1000, 3, dtype=torch.float32)
# The slices add up in another order than the batch, to values up to 100, some of them near 0.
out = vmap(lambda row: (row @ weight) if row.dim() == 1 else None)(big)
wrong = vmap(lambda row: row.sum() * (1 if torch._C._are_functorch_transforms_active() else 1.001))(big)
"""
    names, (right, wrong) = run(code)
    assert names["out"].abs().max() > 80 and right.passed
    assert not wrong.passed
    assert re.fullmatch(r"Tensor-likes are not close! Greatest absolute difference: 0\.\d+", wrong.message)


def test_forward_mode_is_part_of_a_gradient_check(run: Callable) -> None:
    _names, (record,) = run("gradcheck(Double.apply, x, check_forward_ad=True)")
    assert record.capabilities == ("first order", "forward mode")


def test_opcheck_is_recorded_under_the_name_of_the_operator(run: Callable) -> None:
    code = """
@torch.library.custom_op("tests::twice", mutates_args=())
def twice(x: torch.Tensor) -> torch.Tensor:
    return 2 * x
results = torch.library.opcheck(twice, (torch.ones(2),), raise_exception=False)
"""
    names, (record,) = run(code)
    assert names["results"]["test_schema"] == "SUCCESS"
    assert record.capabilities == ("opcheck",)
    assert not record.passed  # no fake kernel
    assert record.function == "tests::twice"


def tried(run: Callable, folder: Path, code: str) -> dict[str, dict[str, str]]:
    """What the trials after an example say."""
    run(code)
    trials.run(folder / "trials.json")
    return {name: trials.states for name, trials in trials.load(folder / "trials.json").items()}


def test_what_no_check_was_about_is_tried(run: Callable, tmp_path: Path) -> None:
    code = """
class Rounded(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.tensor(x.tolist(), dtype=x.dtype)
    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad_output):
        return torch.special.expit(grad_output)
class Traced(Tripled):
    @staticmethod
    def forward(ctx, x):
        return helper(x)
def helper(x):
    return 3 * x
gradcheck(Double.apply, x)
gradcheck(Traced.apply, x)
gradcheck(Rounded.apply, x, raise_exception=False)
"""
    held, not_held, absent = "passed", "not-held", "absent"
    trials = tried(run, tmp_path, code)
    assert trials["Double"] == {
        "second order": held, "forward mode": held, "vmap": held, "compile": not_held, "opcheck": absent,
    }  # fmt: skip
    # Looks up a name of the example, too.
    assert trials["Traced"] == {
        "second order": held, "forward mode": absent, "vmap": absent, "compile": held, "opcheck": absent,
    }  # fmt: skip
    assert trials["Rounded"]["second order"] == not_held
    assert "first order" not in trials["Rounded"]  # a failed check is an answer


def test_a_trial_finds_the_names_of_its_own_example(run: Callable, tmp_path: Path) -> None:
    code = """
class Helped(Tripled):
    @staticmethod
    def forward(ctx, x):
        return {name}(x)
def {name}(x):
    return 3 * x
gradcheck(Helped.apply, x)
"""
    for name in ("one", "another"):
        log.start()
        gradient_checks.start()
        assert tried(run, tmp_path, code.format(name=name))["Helped"]["compile"] == "passed"


def test_a_failed_trial_of_vmap_and_of_forward_mode_is_told(run: Callable, tmp_path: Path) -> None:
    code = """
class Wrong(Confused):
    @staticmethod
    def jvp(ctx, tangent):
        return 3 * tangent
gradcheck(Wrong.apply, x)
"""
    trials = tried(run, tmp_path, code)
    assert (trials["Wrong"]["vmap"], trials["Wrong"]["forward mode"]) == ("not-held", "not-held")


def test_a_function_around_a_checked_function_is_not_tried(run: Callable, tmp_path: Path) -> None:
    code = """
gradcheck(steps, x)
gradcheck(torch.sin, x)
"""
    assert list(tried(run, tmp_path, code)) == ["steps"]  # the only one that leads to Double
    assert list(tried(run, tmp_path, "gradcheck(steps, x)\ngradcheck(Double.apply, x)")) == ["Double"]


def test_an_operator_is_tried_on_the_inputs_of_opcheck(run: Callable, tmp_path: Path) -> None:
    code = """
@torch.library.custom_op("tests::thrice", mutates_args=())
def thrice(x: torch.Tensor) -> torch.Tensor:
    return 3 * x
thrice.register_fake(torch.empty_like)
thrice.register_autograd(lambda ctx, grad: 3 * grad)
torch.library.opcheck(thrice, (torch.ones(2),))
"""
    trials = tried(run, tmp_path, code)
    assert trials["tests::thrice"]["first order"] == trials["tests::thrice"]["compile"] == "passed"
    assert trials["tests::thrice"]["forward mode"] == "not-held"


def test_a_function_without_a_check_is_tried_on_the_inputs_of_its_first_call(run: Callable, tmp_path: Path) -> None:
    code = """
class InPlace(Tripled):
    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x.mul_(3)
class Outer(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()
    @staticmethod
    def backward(ctx, grad_output):
        return Tripled.apply(grad_output)
class Raises(Tripled):
    @staticmethod
    def forward(ctx, x, y):
        raise ValueError
y = x.clone()
InPlace.apply(y)
Outer.apply(x).sum().backward()
try:
    Raises.apply(x, 2.0)
except ValueError:
    pass
"""
    trials = tried(run, tmp_path, code)
    assert list(trials) == ["InPlace", "Outer", "Tripled", "Raises"]
    assert [trials[name]["first order"] for name in trials] == ["passed", "not-held", "passed", "not-held"]
    assert trials["Tripled"]["second order"] == trials["Tripled"]["compile"] == "passed"
    (_function, inputs), *_ = [(each, kept) for each, kept in function_calls.called().items() if each.__name__ == "InPlace"]
    assert inputs[0].tolist() == [0.0, 1.0, 2.0]  # as they were before the call


def test_calls_that_a_copy_would_disturb_are_not_kept(run: Callable) -> None:
    run("Double.apply(torch.zeros(5000))\ntorch.func.jacfwd(Double.apply)(x)")
    assert function_calls.called() == {}


def test_a_function_around_others_names_them(run: Callable, tmp_path: Path) -> None:
    run("gradcheck(steps, x)")
    trials.run(tmp_path / "trials.json")
    assert trials.load(tmp_path / "trials.json")["steps"].around == ("Double",)


def test_an_example_without_functions_leaves_no_file(run: Callable, tmp_path: Path) -> None:
    assert tried(run, tmp_path, "gradcheck(torch.sin, x)") == {}
    assert list(tmp_path.iterdir()) == []


def test_calls_from_elsewhere_are_left_alone(run: Callable) -> None:
    assert torch.func.vmap(torch.sin)(torch.zeros(2)).tolist() == [0.0, 0.0]
    assert gradcheck(torch.sin, torch.zeros(1, dtype=torch.float64, requires_grad=True))
    assert [record.check for record in log.take()] in ([], ["gradcheck"])
