"""Holds what the checks gave against what they are meant to give.

A check is meant to pass, unless ``expected_failures.toml`` in its chapter's folder
lists it. What is not as meant ends the build: an unlisted failure, a listed check
that passes, a listed check that did not run.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from sitebuild.checks.record import CheckRecord, records_of_chapter

FILE_NAME = "expected_failures.toml"


@dataclass(frozen=True)
class ExpectedFailure:
    """A check that has to fail: all calls of ``check`` on ``function`` in ``script``.

    With ``sometimes`` at least one of them has to fail and at least one to pass, as before and after
    a cure.
    """

    script: str
    function: str
    check: str
    sometimes: bool = False

    def matches(self, script: str, record: CheckRecord) -> bool:
        """Whether ``record``, which ran in ``script``, is meant."""
        return (script, record.function, record.check) == (self.script, self.function, self.check)


class ExpectationFileError(ValueError):
    """``expected_failures.toml`` is not written as it has to be."""


def read_expectations(chapter: Path) -> list[ExpectedFailure]:
    """The failures that are meant in ``chapter``, a folder of the gallery."""
    path = chapter / FILE_NAME
    if not path.exists():
        return []
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("failure", [])
    except tomllib.TOMLDecodeError as error:
        raise ExpectationFileError(f"{_place(chapter)}: {error}") from error
    for number, entry in enumerate(entries, 1):
        if not {"script", "function", "check"} <= entry.keys() <= {"script", "function", "check", "sometimes"}:
            raise ExpectationFileError(
                f"{_place(chapter)}: [[failure]] number {number} has {', '.join(entry) or 'nothing'}; "
                "expected script, function and check, and sometimes = true at will"
            )
    return [ExpectedFailure(**entry) for entry in entries]


def _place(chapter: Path) -> str:
    return f"gallery/{chapter.name}/{FILE_NAME}"


def find_unmeant(
    chapter: Path, script: str, records: list[CheckRecord], expectations: list[ExpectedFailure]
) -> list[str]:
    """Outcomes that are not as meant among ``records``, which ran in ``script``, one line each."""
    surprises = []
    for record in records:
        expected = next((entry for entry in expectations if entry.matches(script, record)), None)
        place = f"gallery/{chapter.name}/{script}.py:{record.line}: {record.check} of {record.function}"
        if not record.passed and expected is None:
            surprises.append(
                f"{place} failed but should pass: {record.message or 'it returned False'}; "
                f"if it has to fail, list it in {_place(chapter)}"
            )
        if record.passed and expected is not None and not expected.sometimes:
            surprises.append(f"{place} passed but {FILE_NAME} says that it fails")
    return surprises


def _what_ran(expected: ExpectedFailure, by_script: dict[str, list[CheckRecord]]) -> str:
    """What the entry ``expected`` may have meant."""
    if expected.script not in by_script:
        return f"scripts with checks: {', '.join(by_script)}"
    ran = dict.fromkeys(f"{record.check} of {record.function}" for record in by_script[expected.script])
    return f"it runs {', '.join(ran)}"


def find_missing(
    chapter: Path, by_script: dict[str, list[CheckRecord]], expectations: list[ExpectedFailure]
) -> list[str]:
    """Listed checks that did not run, or not with both outcomes where both are meant, one line each."""
    surprises = []
    for expected in expectations:
        records = by_script.get(expected.script, [])
        outcomes = {record.passed for record in records if expected.matches(expected.script, record)}
        place = f"gallery/{chapter.name}/{expected.script}.py: {expected.check} of {expected.function}"
        if not outcomes:
            surprises.append(f"{place} did not run but is listed in {FILE_NAME}; {_what_ran(expected, by_script)}")
        elif expected.sometimes and len(outcomes) == 1:
            always = "passed" if True in outcomes else "failed"
            surprises.append(f"{place} always {always} but {FILE_NAME} says that it fails sometimes")
    return surprises


def find_surprises(chapter: Path, generated: Path) -> list[str]:
    """What is not as meant in a chapter, one line each.

    Parameters
    ----------
    chapter : Path
        The chapter's folder in the gallery.
    generated : Path
        Its folder of generated pages, where the records lie.

    Returns
    -------
    list of str
        Empty when every check gave what it is meant to give.
    """
    expectations = read_expectations(chapter)
    by_script = records_of_chapter(generated)
    surprises = []
    for script, records in by_script.items():
        surprises += find_unmeant(chapter, script, records, expectations)
    return surprises + find_missing(chapter, by_script, expectations)
