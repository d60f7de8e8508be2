"""What a kind of result has to say to those who run examples: the only thing that they know of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx


@dataclass(frozen=True)
class ScriptResults:
    """Where the results of one script are kept: in files beside its generated page that begin with its name.

    Attributes
    ----------
    folder : Path
        Folder of the page.
    stem : str
        Name of the script without suffix.
    """

    folder: Path
    stem: str

    def file(self, suffix: str) -> Path:
        """File for one result; ``suffix`` tells its kind, as in "checks.json"."""
        return self.folder / f"{self.stem}.{suffix}"


class Observer:
    """Watches examples for results of one kind. A kind overrides what it has a use for.

    A script runs in a process of its own, so an observer may change what it finds there. It may not change
    what the script computes, prints or raises.
    """

    # Modules of its package that decide what is written down; results are made again when one changes.
    written_by: tuple[str, ...] = ("record.py", "observer.py")

    def start(self) -> None:
        """Observe from now on: a script begins."""

    def take(self, results: ScriptResults, block: int, block_vars: dict[str, Any]) -> list[str]:
        """Keep what code block ``block`` gave.

        Parameters
        ----------
        results : ScriptResults
        block : int
            Its number in the script, from 0.
        block_vars : dict
            What Sphinx-Gallery knows about the block; among it "example_globals", the names of the script.

        Returns
        -------
        list of str
            Directives, as reST, that show it on the page.
        """
        return []

    def finish(self, results: ScriptResults) -> None:
        """Do what is left to do when the script has come to its end."""

    def runs_alone(self, source: str) -> bool:
        """Whether other examples would disturb the script with the text ``source``."""
        return False

    def shared_work(self, app: Sphinx) -> list[Callable[[], object]]:
        """What can be done once for all languages, when all scripts have run; each in a thread."""
        return []

    def surprises(self, scripts: Path, generated: Path) -> list[str]:
        """What is not as it is meant to be in a chapter, one line each; it ends the build.

        Parameters
        ----------
        scripts, generated : Path
            The chapter's folder in the gallery, and that of its generated pages.
        """
        return []

    @property
    def writers(self) -> list[Path]:
        """Files of the modules in :attr:`written_by`."""
        package = Path(inspect.getfile(type(self))).parent
        return [package / name for name in self.written_by]
