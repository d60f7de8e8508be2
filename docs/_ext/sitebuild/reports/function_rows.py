"""What the checks and the trials of the site say about each Function: the rows of the table of Functions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sitebuild.checks import trials
from sitebuild.checks.of_site import all_records
from sitebuild.checks.record import CheckRecord
from sitebuild.checks.trials import Trials
from sitebuild.reports.tables import pages_in_order


@dataclass(frozen=True)
class Mark:
    """Whether a Function has a capability, and how that is known.

    Attributes
    ----------
    state : str
        "passed" or "failed", "not-held" if a trial did not hold, "absent" if there is no rule for it.
    position : int
        Place on its page of the check that says so, from 1; 0 if a trial does.
    check : str
        Name of that check, such as "gradgradcheck"; "" if it was a trial.
    """

    state: str
    position: int = 0
    check: str = ""


@dataclass(frozen=True)
class FunctionRow:
    """A Function, an operator, or a function around such, as one page uses it.

    Attributes
    ----------
    page : str
    name : str
    checks : list of tuple of int and CheckRecord
        Checks that are about it, with their places on the page, from 1.
    trials : Trials
        What was tried after the example.
    """

    page: str
    name: str
    checks: list[tuple[int, CheckRecord]]
    trials: Trials

    def mark(self, capability: str) -> Mark:
        """What is known about a capability: the last check of it decides, as after a cure, else the trial."""
        deciding = [(position, record) for position, record in self.checks if capability in record.decides]
        if not deciding:
            return Mark(self.trials.states[capability])
        position, record = deciding[-1]
        return Mark("passed" if record.passed else "failed", position, record.check)


def rows_in_order(builder: Any) -> Iterator[FunctionRow]:
    """One row for each Function of a page, in the order of the pages.

    A Function that a page uses without a check is left out if another page defines it, too, and checks it. What a
    page imports from another section is not among its Functions.
    """
    by_page = all_records(builder.app)
    functions = {page: trials.load(Path(builder.srcdir) / f"{page}.capabilities.json") for page in pages_in_order(builder.env)}
    checked = {each.function for page, own in functions.items() for each in by_page.get(page, []) if each.function in own}
    for page, found in functions.items():
        records = list(enumerate(by_page.get(page, []), 1))
        for name, tried in found.items():
            own = [(position, record) for position, record in records if record.function == name]
            if own or name not in checked:
                yield FunctionRow(page, name, own, tried)
