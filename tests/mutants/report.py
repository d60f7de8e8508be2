"""Puts verdicts into numbers, a table and files."""

from __future__ import annotations

import datetime
import json
import platform
from collections import Counter
from pathlib import Path
from typing import Any

from campaign import Result
from verdicts import KINDS


def count_by_script(result: Result) -> dict[str, dict[str, Any]]:
    """Numbers of each script: its mutants, how many of each kind, and the names of what no check reaches."""
    counted = {}
    for script in result.scripts:
        found = [verdict for verdict in result.verdicts if verdict.mutant.script.name == script]
        if not found:
            continue
        kinds = Counter(verdict.kind for verdict in found)
        unchecked = dict.fromkeys(v.mutant.formula.name for v in found if v.kind == "not checked")
        counted[script] = {"mutants": len(found), **{kind.replace(" ", "_"): kinds[kind] for kind in KINDS}}
        counted[script]["unchecked"] = list(unchecked)
    return counted


def as_table(counted: dict[str, dict[str, Any]]) -> list[str]:
    """The numbers as lines of text, the last one with the sums."""
    heads = ("mutants", *KINDS)
    rows = {name: [numbers[head.replace(" ", "_")] for head in heads] for name, numbers in counted.items()}
    rows["total"] = [sum(column) for column in zip(*rows.values())] or [0] * len(heads)
    width = max(map(len, rows))
    lines = [" " * width + "".join(f"{head:>13}" for head in heads)]
    lines += [f"{name:<{width}}" + "".join(f"{number:13}" for number in row) for name, row in rows.items()]
    return lines


def describe(result: Result) -> list[str]:
    """All that is to be said, line by line."""
    counted = count_by_script(result)
    killers = Counter(verdict.notice.kind for verdict in result.verdicts if verdict.notice)
    lines = as_table(counted)
    lines.append(
        f"killed by a check {killers['check']}, by an assertion {killers['assertion']}, "
        f"by another error {killers['error']}, by a crash or the time limit {killers['lost']}"
    )
    for name, numbers in counted.items():
        if numbers["unchecked"]:
            lines.append(f"no check reaches {', '.join(numbers['unchecked'])} in {name}")
    lines += [f"survived: {verdict.mutant.name}" for verdict in result.verdicts if verdict.kind == "survived"]
    return lines + result.problems


def _facts() -> dict[str, Any]:
    import torch

    today = datetime.datetime.now(datetime.UTC).date()
    return {"date": today.isoformat(), "torch": torch.__version__, "python": platform.python_version()}


def _write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def write_all(result: Result, path: Path) -> None:
    """Write everything, with what killed each mutant."""
    mutants = [
        {
            "name": verdict.mutant.name,
            "formula": verdict.mutant.formula.name,
            "verdict": verdict.kind,
            "by": verdict.notice.text if verdict.notice else "",
        }
        for verdict in result.verdicts
    ]
    numbers = {"corrections": result.corrections, "scripts": count_by_script(result)}
    _write(path, {**_facts(), **numbers, "problems": result.problems, "mutants": mutants})


def write_numbers(result: Result, path: Path) -> None:
    """Write the numbers that the site shows."""
    _write(path, {**_facts(), "corrections": result.corrections, "scripts": count_by_script(result)})
