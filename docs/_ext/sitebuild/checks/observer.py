"""Observes the checks of an example, and tries when it has run what it did not ask of its Functions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from sitebuild.checks import capability_checks, function_calls, gradient_checks, log, record, trials
from sitebuild.checks.expectations import ExpectationFileError, find_surprises
from sitebuild.examples.observer import Observer, ScriptResults


class ResultObserver(Observer):
    """Records checks, and holds them against what they are meant to give."""

    written_by = (
        "record.py",
        "observer.py",
        "log.py",
        "gradient_checks.py",
        "capability_checks.py",
        "function_calls.py",
        "subjects.py",
        "trials.py",
    )

    def start(self) -> None:
        """Observe checks and calls of Functions."""
        log.start()
        gradient_checks.start()
        capability_checks.start()
        function_calls.start()

    def take(self, results: ScriptResults, block: int, block_vars: dict[str, Any]) -> list[str]:
        """Write down the checks of a code block."""
        taken = [replace(each, block=block) for each in log.take()]
        if not taken:
            return []
        path = results.file("checks.json")
        record.save((record.load(path) if path.exists() else []) + taken, path)
        return [f".. gradient-checks:: {path.name}\n   :block: {block}"]

    def finish(self, results: ScriptResults) -> None:
        """Try what was not checked."""
        trials.run(results.file("capabilities.json"))

    def surprises(self, scripts: Path, generated: Path) -> list[str]:
        """Checks that failed and should not, or the other way round."""
        try:
            return find_surprises(scripts, generated)
        except ExpectationFileError as error:
            return [str(error)]
