"""Changes to the formulas are noticed; what is not noticed is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from time import sleep

import pytest
from conftest import PROJECT
from forks import Lost, run_forked
from lists import Correction, Explanation, ListError, Replacement, read_explanations
from mutations import Script, make_mutants
from script_run import Notice, Run, run_script
from verdicts import Verdict, find_obsolete, judge, judge_corrections

SQUARE = '''\
import torch
from torch.autograd import gradcheck, gradgradcheck


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**2

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * 2 * x


class Unchecked(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output


x = torch.tensor([0.5, 2.0], dtype=torch.float64, requires_grad=True)
gradcheck(Square.apply, x)
gradgradcheck(Square.apply, x)
'''
CHECKS = "gradcheck(Square.apply, x)\ngradgradcheck(Square.apply, x)\n"
WRONG = (
    SQUARE.replace(CHECKS, "gradcheck(Wrong.apply, x, raise_exception=False)\n")
    .replace("class Square", "class Wrong")
    .replace("grad_output * 2 * x", "grad_output * 3 * x")
)
LISTED = '[[failure]]\nscript = "wrong"\nfunction = "Wrong"\ncheck = "gradcheck"\n'
CORRECTION = """\
[[correction]]
script = "chapter/wrong"
how = "the factor is 2"
replace = [{ old = "grad_output * 3 * x", new = "grad_output * 2 * x" }]
"""


def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PROJECT / "tests/mutants/run_mutants.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def project(root: Path, files: dict[str, str]) -> Path:
    """A project that has only what is changed."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def test_a_fixed_sample_is_noticed() -> None:
    result = run_command("--every", "200")
    assert result.returncode == 0, result.stdout + result.stderr


def test_all_changes_and_corrections_are_noticed(tmp_path: Path) -> None:
    files = {"gallery/chapter/square.py": SQUARE, "gallery/chapter/wrong.py": WRONG}
    files["gallery/chapter/repetition.py"] = SQUARE.replace(CHECKS, "")
    files |= {"gallery/chapter/expected_failures.toml": LISTED, "tests/mutants/made_right.toml": CORRECTION}
    root = project(tmp_path, files)
    result = run_command("--root", str(root))
    assert result.returncode == 0, result.stdout + result.stderr
    assert "no check reaches Unchecked.forward, Unchecked.backward in chapter/square" in result.stdout
    # A check that fails on purpose tells nothing: almost any change of Wrong leaves it failing.
    assert "no check reaches Wrong.forward, Wrong.backward, Unchecked.forward, Unchecked.backward in chapter/wrong" in result.stdout
    found = json.loads((root / "docs/mutants.json").read_text())
    numbers = found["scripts"]["chapter/square"]
    assert numbers["unchecked"] == ["Unchecked.forward", "Unchecked.backward"] and numbers["killed"] > 10
    assert numbers["killed"] + numbers["not_checked"] == numbers["mutants"]
    repetition = found["scripts"]["chapter/repetition"]
    assert repetition["repeated"] == repetition["mutants"] == numbers["mutants"]
    assert found["corrections"] == 1
    mutants = json.loads((root / "build/mutants.json").read_text())["mutants"]
    killers = {mutant["name"].removeprefix("gallery/chapter/square.py:"): mutant["by"] for mutant in mutants}
    assert killers["14:16: grad_output * 2 * x -> grad_output * 2 / x"].startswith(
        "gallery/chapter/square.py:28: gradcheck of Square failed but should pass: Jacobian mismatch"
    )
    lost = killers["8:31: ctx.save_for_backward(x) -> ctx.save_for_backward(x.detach())"]
    assert lost.startswith("gallery/chapter/square.py:29: gradgradcheck of Square failed but should pass")


def test_a_survivor_makes_the_command_fail(tmp_path: Path) -> None:
    # Where x is 1, a product with it is a quotient.
    weak = SQUARE.replace("[0.5, 2.0]", "[1.0, 1.0]")
    root = project(tmp_path, {"gallery/chapter/square.py": weak})
    result = run_command("--root", str(root))
    assert result.returncode == 1
    assert "survived: gallery/chapter/square.py:14:16: grad_output * 2 * x -> grad_output * 2 / x" in result.stdout
    assert (root / "build/mutants.json").exists()
    assert not (root / "docs/mutants.json").exists()


def test_a_script_that_surprises_without_a_change_is_named(tmp_path: Path) -> None:
    root = project(tmp_path, {"gallery/chapter/square.py": SQUARE.replace("* 2 * x", "* 3 * x")})
    result = run_command("--root", str(root))
    assert result.returncode == 1
    assert result.stderr.startswith("chapter/square surprises without any change: gallery/chapter/square.py:28: ")


MUTANTS = make_mutants(Script(Path("gallery/chapter/square.py"), SQUARE))
FIRST = MUTANTS[0]
EXPLANATION = Explanation("chapter/square", FIRST.formula.name, FIRST.change, "because")
CHECKED = Run(None, 2, 0.0, frozenset({"Square.forward", "Square.backward"}))
KILLED = Run(Notice("check", "a check fails"), 1, 0.0)
SURVIVED = Run(None, 2, 0.0)


def test_a_survivor_can_be_explained() -> None:
    assert judge(FIRST, SURVIVED, CHECKED, []).kind == "survived"
    assert judge(FIRST, SURVIVED, CHECKED, [EXPLANATION]).kind == "explained"
    assert judge(FIRST, KILLED, CHECKED, [EXPLANATION]).kind == "killed"
    unchecked = next(mutant for mutant in MUTANTS if mutant.formula.owner == "Unchecked")
    assert judge(unchecked, SURVIVED, CHECKED, []).kind == "not checked"


def test_an_explanation_that_explains_nothing_is_told() -> None:
    assert find_obsolete([EXPLANATION], MUTANTS, [Verdict(FIRST, "explained")]) == []
    assert find_obsolete([EXPLANATION], MUTANTS, []) == []  # not in the sample
    (line,) = find_obsolete([EXPLANATION], MUTANTS, [Verdict(FIRST, "killed")])
    assert line.endswith("does not survive any more")
    (line,) = find_obsolete([EXPLANATION], MUTANTS[1:], [])
    assert line.endswith("there is no such mutant any more")


def test_a_malformed_list_is_named(tmp_path: Path) -> None:
    (tmp_path / "explained.toml").write_text('[[survivor]]\nscript = "chapter/square"\n')
    with pytest.raises(ListError, match="explained.toml.*scripts"):
        read_explanations(tmp_path)


def test_wrong_examples_made_right_have_to_be_noticed(tmp_path: Path) -> None:
    (tmp_path / "expected_failures.toml").write_text(LISTED)
    correction = Correction(f"{tmp_path.name}/wrong", "somehow", ())
    noticed = Run(Notice("check", "gradcheck of Wrong passed but expected_failures.toml says"), 1, 0.0)
    assert judge_corrections([tmp_path], [correction], [noticed]) == ([], 1)
    problems, count = judge_corrections([tmp_path], [correction], [SURVIVED])
    assert count == 0 and "should make a listed check pass; instead: nothing" in problems[0]
    problems, count = judge_corrections([tmp_path], [], [])
    assert count == 0 and problems[0].endswith("no correction makes gradcheck of Wrong pass")
    # A check that is meant to fail before a cure has to pass always once its example is right.
    (tmp_path / "expected_failures.toml").write_text(LISTED + "sometimes = true\n")
    assert judge_corrections([tmp_path], [correction], [noticed])[0] != []
    always = Run(Notice("check", "gradcheck of Wrong always passed but expected_failures.toml says"), 1, 0.0)
    assert judge_corrections([tmp_path], [correction], [always]) == ([], 1)


def test_a_check_of_vmap_reaches_what_it_maps(tmp_path: Path) -> None:
    helper = "def helper(x):\n    return x**2\n\n\nclass Square"
    source = SQUARE.replace("return x**2", "return helper(x)").replace("class Square", helper)
    source = source.replace(CHECKS, "torch.func.vmap(helper)(x.detach())\n")
    path = project(tmp_path, {"gallery/chapter/mapped.py": source}) / "gallery/chapter/mapped.py"
    ((_, answer),) = run_forked([lambda: run_script(Script.read(path), trace=True)], [60.0], jobs=1)
    assert answer.notice is None
    assert answer.reached == {"helper"}


USER = """\
import torch
from torch.autograd import gradcheck
from square import Square

x = torch.tensor([0.5, 2.0], dtype=torch.float64, requires_grad=True)


def twice(x):
    return 2 * Square.apply(x)


gradcheck(twice, x)
gradcheck(Square.apply, x)
"""


def test_a_script_that_imports_a_definition_runs_with_it_and_does_not_change_it(tmp_path: Path) -> None:
    files = {"gallery/chapter/square.py": SQUARE, "gallery/chapter/user.py": USER}
    path = project(tmp_path, files) / "gallery/chapter/user.py"
    ((_, answer),) = run_forked([lambda: run_script(Script.read(path), trace=True)], [60.0], jobs=1)
    assert (answer.notice, answer.records) == (None, 2)
    assert {mutant.formula.name for mutant in make_mutants(Script.read(path))} == set()
    # A correction changes the whole script, in which the definition stands.
    correction = Correction("chapter/user", "", (Replacement("grad_output * 2 * x", "grad_output * 3 * x"),))
    corrected = correction.apply(Script.read(path).complete())
    ((_, answer),) = run_forked([lambda: run_script(corrected)], [60.0], jobs=1)
    assert answer.notice.kind == "check"


def test_a_child_that_crashes_or_hangs_is_told() -> None:
    calls = [lambda: "answer", lambda: os._exit(3), lambda: sleep(60)]
    answers = dict(run_forked(calls, [60.0, 60.0, 0.5], jobs=2))
    assert answers == {
        0: "answer",
        1: Lost("the process ended with status 3"),
        2: Lost("it ran for more than 0.5 s"),
    }


def test_an_old_piece_has_to_stand_once() -> None:
    script = Script(Path("gallery/chapter/square.py"), SQUARE)
    assert "x**3" in Correction("", "", (Replacement("x**2", "x**3"),)).apply(script).source
    for old in ("gone", "grad_output"):
        with pytest.raises(ListError, match="times in the script"):
            Correction("", "", (Replacement(old, ""),)).apply(script)


def test_the_published_numbers_belong_to_these_scripts() -> None:
    path = PROJECT / "docs/mutants.json"
    published = json.loads(path.read_text(encoding="utf-8"))["scripts"]
    scripts = [Script.read(path) for path in sorted((PROJECT / "gallery").glob("*/*.py"))]
    made = {script.name: len(make_mutants(script)) for script in scripts}
    assert {name: numbers["mutants"] for name, numbers in published.items()} == {
        name: count for name, count in made.items() if count
    }, "a formula has changed: run make mutants again"
