"""Observes the checks of an example, and tries when it has run what it did not ask of its Functions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from sitebuild.checks import capability_checks, function_calls, gradient_checks, log, originals, promises, record, trials
from sitebuild.checks.expectations import ExpectationFileError, find_surprises
from sitebuild.examples.build_error import BuildError
from sitebuild.examples.observer import Observer, ScriptResults


CHECKS = "checks.json"


class ResultObserver(Observer):
    """Records checks, and holds them against what they are meant to give."""

    written_by = (
        "record.py",
        "observer.py",
        "log.py",
        "gradient_checks.py",
        "originals.py",
        "capability_checks.py",
        "function_calls.py",
        "subjects.py",
        "trials.py",
    )

    def start(self) -> None:
        """Observe checks and calls of Functions."""
        self._blocks: list[int] = []  # of each check
        log.start()
        gradient_checks.start()
        capability_checks.start()
        function_calls.start()
        originals.hold()

    def take(self, results: ScriptResults, block: int, block_vars: dict[str, Any]) -> list[str]:
        """Note which checks a code block has made."""
        originals.look()
        new = log.count() - len(self._blocks)
        self._blocks += [block] * new
        return [f".. gradient-checks:: {results.file(CHECKS).name}\n   :block: {block}"] if new else []

    def finish(self, results: ScriptResults) -> None:
        """Write down the checks, and try what was not checked.

        Raises
        ------
        BuildError
            If the script has replaced what its checks stand on.
        """
        if names := originals.replaced():
            raise BuildError(
                f"it replaced {', '.join(names)}, so that its checks show nothing; "
                "leave that as it is, and give a function of your own another name"
            )
        if records := [replace(each, block=block) for each, block in zip(log.take(), self._blocks, strict=True)]:
            record.save(records, results.file(CHECKS))
        trials.run(results.file("capabilities.json"))

    def surprises(self, scripts: Path, generated: Path) -> list[str]:
        """Checks that failed and should not, or the other way round, or that left no record."""
        try:
            return find_surprises(scripts, generated) + promises.find_broken(scripts, record.records_of_chapter(generated))
        except ExpectationFileError as error:
            return [str(error)]
