"""Writes measurements as a table, and what they miss as a list."""

from __future__ import annotations

import textwrap
from collections import defaultdict

from axe_runs import SCHEMES, Violation
from lighthouse_runs import CATEGORIES, DEVICES
from misses import Measurements, Miss

HEADINGS = ("perf", "a11y", "bp", "seo")
LEGEND = (
    "Scores of Lighthouse on a slow phone and on a desktop. FCP: first contentful paint on the phone, ms.\n"
    "req, KB: requests of the first view and what they transfer, compressed. light, dark: violations of axe."
)


def table(measurements: Measurements, violations: list[Violation]) -> str:
    """One row for each page."""
    width = max(map(len, measurements))
    names = "".join(f"{heading:>5}" for heading in HEADINGS)
    group = 5 * len(HEADINGS)
    lines = [
        f"{'':{width}}  {'phone':>{group}}   {'desktop':>{group}}   {'first view':>17}   {'axe':>11}",
        f"{'page':{width}}  {names}   {names}   {'FCP':>6}{'req':>5}{'KB':>6}   {'light':>6}{'dark':>5}",
    ]
    for page, by_device in measurements.items():
        scores = ["".join(f"{by_device[device].scores[name]:5}" for name in CATEGORIES) for device in DEVICES]
        phone = by_device["phone"]
        view = f"{phone.paint:6.0f}{phone.requests:5}{phone.size / 1000:6.1f}"
        # A rule that is broken at both widths is one violation.
        axe = [
            len({v.rule for v in violations if (v.page, v.scheme) == (page, scheme)}) for scheme in SCHEMES
        ]
        lines.append(f"{page:{width}}  {scores[0]}   {scores[1]}   {view}   {axe[0]:6}{axe[1]:5}")
    return "\n".join([LEGEND, "", *lines])


def listing(missed: list[Miss], number_of_pages: int) -> str:
    """What is missed, then the element or value, then where: devices or schemes, and pages."""
    if not missed:
        return "Every score is 100, axe finds nothing, and every page keeps within the limits."
    places: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for miss in missed:
        places[miss.what, miss.detail, miss.page].append(miss.where)
    pages: dict[str, dict[tuple[str, str], list[str]]] = defaultdict(lambda: defaultdict(list))
    for (what, detail, page), where in places.items():
        pages[what][detail, "; ".join(where)].append(page)
    lines = ["Below 100 or over a limit:"]
    for what, details in pages.items():
        lines.append(f"\n  {what}")
        for (detail, where), names in details.items():
            all_of_them = len(names) == number_of_pages > 1
            named = f"all {number_of_pages} pages" if all_of_them else " ".join(names)
            lines += [f"    {detail}", _wrap(f"{where}: {named}")]
    return "\n".join(lines)


def _wrap(text: str) -> str:
    """Break a line between names of pages, never within one."""
    indent = 6 * " "
    return textwrap.fill(
        text, 110, initial_indent=indent, subsequent_indent=indent + "  ", break_on_hyphens=False
    )
