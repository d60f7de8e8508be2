"""Compares what two builds recorded: outputs, graphs, checks and plots, page by page."""

from __future__ import annotations

import difflib
import json
import re
from pathlib import Path

RECORDS = ("*.rst", "*.checks.json", "*.capabilities.json", "*.graph-*.json", "*.plot-*.json")
# What a clock decides differs between any two runs.
_MEASURED = re.compile(r"(\.\. measured-output::\s+\.\. rst-class:: sphx-glr-script-out\s+\.\. code-block:: none\n\n)(?:    .*\n|\n)+")


def _text(path: Path) -> list[str]:
    """Lines of a record to compare; of a plot its axes and the ends of its lines, not its drawing."""
    text = path.read_text(encoding="utf-8")
    if ".plot-" in path.name:
        plot = json.loads(text)
        text = json.dumps({key: plot[key] for key in ("x", "y", "lines")}, indent=1)
    return _MEASURED.sub(r"\1    (measured)\n", text).splitlines()


def compare(before: Path, after: Path) -> dict[str, list[str]]:
    """What differs between the results in two folders of documents.

    Parameters
    ----------
    before, after : Path
        Folders ``docs`` of two checkouts in which the site was built.

    Returns
    -------
    dict
        For each record that differs, by its name such as "double_backward/saving_inputs.checks.json",
        the lines that went (-) and that came (+).
    """
    names = {
        path.relative_to(folder).as_posix()
        for folder in (before, after)
        for chapter in folder.glob("[!_]*/")
        if chapter.name != "locale"
        for pattern in RECORDS
        for path in chapter.glob(pattern)
    }
    changes = {}
    for name in sorted(names):
        old, new = (_text(folder / name) if (folder / name).exists() else [] for folder in (before, after))
        lines = [line for line in difflib.unified_diff(old, new, lineterm="", n=0) if not line.startswith(("---", "+++", "@@"))]
        if lines:
            changes[name] = lines
    return changes
