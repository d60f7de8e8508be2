"""A plot as it is stored beside a page."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Line:
    """A labelled line: its label, and its values of y at the left and right end."""

    label: str
    first: float
    last: float


@dataclass(frozen=True)
class Plot:
    """A drawn figure and what its description needs: axis labels, labelled lines, the SVG."""

    x: str
    y: str
    lines: tuple[Line, ...]
    svg: str


def save(plot: Plot, path: Path) -> None:
    """Write ``plot`` as JSON."""
    path.write_text(json.dumps(asdict(plot), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load(path: Path) -> Plot:
    """Read a plot that :func:`save` wrote."""
    entry = json.loads(path.read_text(encoding="utf-8"))
    return Plot(**{**entry, "lines": tuple(Line(**line) for line in entry["lines"])})
