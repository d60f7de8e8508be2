"""Judges mutants, explanations and corrections by what came of the runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from forks import Lost
from lists import Correction, Explanation
from mutations import Mutant
from script_run import Notice, Run

from sitebuild.checks.expectations import FILE_NAME, ExpectedFailure, read_expectations

# In the order of the table. Every mutant gets one of them; "repeated" is what was changed, or is noticed, in
# another script that repeats the definition.
KINDS = ("killed", "explained", "not checked", "repeated", "survived")


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant.

    Attributes
    ----------
    mutant : Mutant
        The mutant.
    kind : str
        One of KINDS.
    notice : Notice or None
        What killed it.
    """

    mutant: Mutant
    kind: str
    notice: Notice | None = None


def notice_of(answer: Run | Lost) -> Notice | None:
    """What was not as meant; a lost process is, for it would end the build."""
    return Notice("lost", answer.reason) if isinstance(answer, Lost) else answer.notice


def judge(mutant: Mutant, answer: Run | Lost, unchanged: Run, explanations: list[Explanation]) -> Verdict:
    """What became of ``mutant``.

    Parameters
    ----------
    mutant : Mutant
        The mutant.
    answer : Run or Lost
        What came of its run.
    unchanged : Run
        What came of the script's run without a change.
    explanations : list of Explanation
        All of them.
    """
    notice = notice_of(answer)
    if notice is not None:
        return Verdict(mutant, "killed", notice)
    if any(explanation.matches(mutant) for explanation in explanations):
        return Verdict(mutant, "explained")
    return Verdict(mutant, "survived" if mutant.formula.name in unchanged.reached else "not checked")


def find_obsolete(explanations: list[Explanation], mutants: list[Mutant], verdicts: list[Verdict]) -> list[str]:
    """Explanations that explain nothing, one line each.

    Parameters
    ----------
    explanations : list of Explanation
        All of them.
    mutants : list of Mutant
        All mutants, also those that did not run.
    verdicts : list of Verdict
        What became of those that did.
    """
    problems = []
    for explanation in explanations:
        kinds = [verdict.kind for verdict in verdicts if explanation.matches(verdict.mutant)]
        if not any(explanation.matches(mutant) for mutant in mutants):
            problems.append(f"{explanation}: there is no such mutant any more")
        elif kinds and "explained" not in kinds:
            problems.append(f"{explanation}: does not survive any more")
    return problems


def _listed(chapters: Iterable[Path]) -> list[tuple[str, ExpectedFailure]]:
    """Checks that are meant to fail, with the names of their scripts."""
    return [
        (f"{chapter.name}/{expected.script}", expected)
        for chapter in sorted(set(chapters))
        for expected in read_expectations(chapter)
    ]


def judge_corrections(
    chapters: Iterable[Path], corrections: list[Correction], answers: list[Run | Lost]
) -> tuple[list[str], int]:
    """Hold the corrections against the listed failures.

    Parameters
    ----------
    chapters : iterable of Path
        Folders of the chapters.
    corrections : list of Correction
        All of them.
    answers : list of Run or Lost
        What came of running each corrected script.

    Returns
    -------
    problems : list of str
        Corrections that went unnoticed and listed failures without a correction, one line each.
    noticed : int
        How many corrections were noticed.
    """
    problems, said = [], {}
    for correction, answer in zip(corrections, answers, strict=True):
        notice = notice_of(answer)
        said[correction] = notice.text if notice else "nothing"
        if f"passed but {FILE_NAME}" not in said[correction]:
            problems.append(f"{correction}: should make a listed check pass; instead: {said[correction]}")
    noticed = len(corrections) - len(problems)
    for script, expected in _listed(chapters):
        passed = "always passed" if expected.sometimes else "passed"
        wanted = f"{expected.check} of {expected.function} {passed} but {FILE_NAME}"
        if not any(correction.script == script and wanted in text for correction, text in said.items()):
            problems.append(f"{script}: no correction makes {expected.check} of {expected.function} pass")
    return problems, noticed
