"""Gradient checks are observed without being changed, and held against what is meant."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from conftest import Site

from sitebuild.checks import gradient_checks, log
from sitebuild.checks import record as check_record
from sitebuild.checks.expectations import ExpectationFileError, find_surprises


class Double(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * 2


class Wrong(Double):
    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * 3


@pytest.fixture
def observed(monkeypatch: pytest.MonkeyPatch) -> torch.Tensor:
    for place in (torch.autograd, sys.modules[gradient_checks.MODULE]):
        for name in gradient_checks.OBSERVED:
            monkeypatch.setattr(place, name, getattr(place, name))
    log.start()
    gradient_checks.start()
    return torch.ones(2, 3, dtype=torch.float64, requires_grad=True)


def test_a_check_is_recorded_with_its_facts(observed: torch.Tensor) -> None:
    assert torch.autograd.gradcheck(Double.apply, observed, atol=1e-7)
    (record,) = log.take()
    assert (record.check, record.order, record.function) == ("gradcheck", 1, "Double")
    assert record.inputs == ("(2, 3) float64",)
    assert (record.eps, record.atol, record.rtol, record.passed) == (1e-6, 1e-7, 1e-3, True)


def test_a_second_order_check_is_one_record(observed: torch.Tensor) -> None:
    torch.autograd.gradgradcheck(Double.apply, observed)
    assert [record.order for record in log.take()] == [2]


def test_the_module_of_the_same_name_is_observed_too(observed: torch.Tensor) -> None:
    from torch.autograd.gradcheck import gradcheck, gradgradcheck

    assert not gradcheck(Wrong.apply, observed, raise_exception=False)
    gradgradcheck(Double.apply, observed)
    assert [(record.order, record.passed) for record in log.take()] == [(1, False), (2, True)]


def test_a_failing_check_still_raises_and_is_recorded(observed: torch.Tensor) -> None:
    with pytest.raises(RuntimeError, match="Jacobian mismatch"):
        torch.autograd.gradcheck(Wrong.apply, observed)
    (record,) = log.take()
    assert not record.passed and "Jacobian mismatch" in record.message


def test_a_check_that_returns_false_is_a_failure(observed: torch.Tensor) -> None:
    assert torch.autograd.gradcheck(Wrong.apply, observed, raise_exception=False) is False
    assert [record.passed for record in log.take()] == [False]


def record(passed: bool) -> check_record.CheckRecord:
    return check_record.CheckRecord("gradcheck", 1, "F", (), 1e-6, 1e-5, 1e-3, passed, "", line=7)


LISTED = '[[failure]]\nscript = "s"\nfunction = "F"\ncheck = "gradcheck"\n'


@pytest.mark.parametrize(
    ("passed", "listing", "surprise"),
    [
        (True, "", None),
        (False, LISTED, None),
        (False, "", "s.py:7: gradcheck of F failed but should pass"),
        (True, LISTED, "passed but expected_failures.toml says that it fails"),
        (True, LISTED.replace('"F"', '"G"'), "gradcheck of G did not run but is listed"),
    ],
)
def test_surprises(tmp_path: Path, passed: bool, listing: str, surprise: str | None) -> None:
    (tmp_path / "expected_failures.toml").write_text(listing)
    check_record.save([record(passed)], tmp_path / "s.checks.json")
    found = find_surprises(tmp_path, tmp_path)
    assert len(found) == (surprise is not None)
    assert surprise is None or surprise in found[0]


@pytest.mark.parametrize(
    ("outcomes", "surprise"),
    [((False, True), None), ((True, False), None), ((False, False), "always failed"), ((True, True), "always passed")],
)
def test_a_check_that_fails_sometimes(tmp_path: Path, outcomes: tuple[bool, bool], surprise: str | None) -> None:
    (tmp_path / "expected_failures.toml").write_text(LISTED + "sometimes = true\n")
    check_record.save([record(passed) for passed in outcomes], tmp_path / "s.checks.json")
    found = find_surprises(tmp_path, tmp_path)
    assert len(found) == (surprise is not None)
    assert surprise is None or surprise in found[0]


def test_a_bad_list_is_named(tmp_path: Path) -> None:
    (tmp_path / "expected_failures.toml").write_text("[[failure]]\nscrpt = 1\n")
    with pytest.raises(ExpectationFileError, match=r"gallery/.*expected_failures.toml: \[\[failure\]\] number 1 has scrpt; expected script"):
        find_surprises(tmp_path, tmp_path)


FALSIFIED = {
    "replaced": ("import torch.autograd\n\ntorch.autograd.gradcheck = lambda *inputs, **options: True\n"
                 "print(torch.autograd.gradcheck(torch.sin, None))\n", "it replaced torch.autograd.gradcheck, so that"),
    "put_back": ("import torch\n\nkept = torch.testing.assert_close\ntorch.testing.assert_close = print\n\n"
                 "# %%\n# Text.\n\ntorch.testing.assert_close = kept\n", "it replaced torch.testing.assert_close, so that"),
    "own": ("def gradcheck(*inputs):\n    return True\n\n\nprint(gradcheck(1))\n",
            ":12: gradcheck is called, but no check was recorded"),
    "elsewhere": ("import os\nimport torch\n\nif os.fork() == 0:\n    torch.autograd.gradgradcheck(torch.sin, "
                  "torch.ones(1, dtype=torch.float64, requires_grad=True))\n    os._exit(0)\nos.wait()\n",
                  ":12: gradgradcheck is called, but no check was recorded"),
}


def test_no_script_falsifies_its_checks(small_site: Site) -> None:
    for name, (code, message) in FALSIFIED.items():
        small_site.add_example(name, code)
        result = small_site.build()
        assert result.returncode == 1
        told = [line.strip() for line in result.stderr.splitlines() if f"{name}.py" in line]
        assert len(told) == 1 and told[0].startswith(f"gallery/double_backward/{name}.py: {message}".replace(": :", ":")), told
        (small_site.root / f"gallery/double_backward/{name}.py").unlink()
        small_site.edit("gallery/double_backward/index.rst", f"   {name}\n", "")
