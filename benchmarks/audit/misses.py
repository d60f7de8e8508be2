"""Finds all that is below 100 or over a limit."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from axe_runs import Violation
from lighthouse_runs import Measurement

# Limits of a page's first view; scores have to be 100, and axe may find nothing.
MOST_REQUESTS = 10
MOST_KILOBYTES = 60
LATEST_PAINT = 1200  # ms, on the slow phone

# By page, then by device.
Measurements = dict[str, dict[str, Measurement]]


@dataclass(frozen=True)
class Miss:
    """Something that a page fails.

    Attributes
    ----------
    what : str
        The audit, rule or limit.
    page : str
        Name of the page.
    where : str
        Device and score, or colour scheme and width.
    detail : str
        The first element that fails, or the value that is too high.
    """

    what: str
    page: str
    where: str
    detail: str


def _below_100(page: str, device: str, measured: Measurement) -> Iterator[Miss]:
    """What Lighthouse takes points for."""
    for failure in measured.failures:
        where = f"{device} {measured.scores[failure.category]}"
        if failure.category == "performance":
            where += f", median of {measured.performance_of_runs}"
        what = f"{failure.category}, {failure.audit}: {failure.title}"
        yield Miss(what, page, where, failure.detail)


def _over_limits(page: str, device: str, measured: Measurement) -> Iterator[Miss]:
    """What the first view has too much of."""
    if measured.requests > MOST_REQUESTS:
        yield Miss(f"more than {MOST_REQUESTS} requests", page, device, str(measured.requests))
    if measured.size > 1000 * MOST_KILOBYTES:
        yield Miss(f"more than {MOST_KILOBYTES} KB", page, device, f"{measured.size / 1000:.1f} KB")
    if device == "phone" and not 0 < measured.paint <= LATEST_PAINT:
        what = f"first contentful paint not within {LATEST_PAINT} ms"
        yield Miss(what, page, device, f"{measured.paint:.0f} ms")


def find(measurements: Measurements, violations: list[Violation]) -> list[Miss]:
    """Everything that is missed, on every page."""
    found: list[Miss] = []
    for page, by_device in measurements.items():
        for device, measured in by_device.items():
            found += itertools.chain(_below_100(page, device, measured), _over_limits(page, device, measured))
    for each in violations:
        detail = f"{each.selector} {each.reason}" + (
            f" (first of {each.elements})" if each.elements > 1 else ""
        )
        what = f"axe, {each.rule}: {each.title}"
        found.append(Miss(what, each.page, f"{each.scheme} {each.width}px", detail))
    return found
