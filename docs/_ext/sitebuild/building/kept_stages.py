"""Remembers which stages of a build came to a good end, and with what, so that they need not be repeated.

What a stage has made counts as long as nothing has changed that it sees, and nobody has touched what it has made.
A stage that fails leaves no mark: nothing that it left behind is ever trusted.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sitebuild.building.catalogue_counts import count_all
from sitebuild.building.fingerprint import fingerprint_site
from sitebuild.building.folders import WORK
from sitebuild.building.inputs import read_inputs
from sitebuild.building.sphinx_build import SphinxBuild

MARKS = WORK / "kept"


class KeptStages:
    """The stages of one build.

    Parameters
    ----------
    root : Path
        Root of the project.
    options : list of str
        Whatever else than files the stages are made with.
    """

    def __init__(self, root: Path, options: list[str]) -> None:
        self._root, self._options = root, options
        self._edited = False
        self._look()

    def _look(self) -> None:
        """Read all inputs as they are now."""
        self._inputs = read_inputs(self._root, self._options)
        self._counts = count_all(self._root, self._inputs)

    def _mark(self, build: SphinxBuild) -> Path:
        return self._root / MARKS / f"{build.builder}-{build.language}"

    def _state(self, build: SphinxBuild) -> str:
        """What the mark of a stage says if it is as it should be."""
        return f"{self._inputs.key(build, self._counts)} {fingerprint_site(build.out)}"

    def is_current(self, build: SphinxBuild) -> bool:
        """Whether a stage would make what it has made already."""
        mark = self._mark(build)
        return mark.is_file() and mark.read_bytes() == self._state(build).encode()

    def begin(self, builds: list[SphinxBuild]) -> None:
        """Trust nothing that these stages have made, until they end."""
        for build in builds:
            self._mark(build).unlink(missing_ok=True)

    def end(self, builds: list[SphinxBuild]) -> None:
        """Remember that these stages came to a good end.

        Once something was edited meanwhile, nothing more of this build is: nobody knows which text a stage has seen.
        """
        before = self._inputs
        self._look()
        made_results = any(build.builder == "examples" for build in builds)
        same_results = made_results or before.results == self._inputs.results
        self._edited |= not same_results or replace(before, results={}) != replace(self._inputs, results={})
        for build in builds if not self._edited else ():
            self._mark(build).parent.mkdir(parents=True, exist_ok=True)
            self._mark(build).write_bytes(self._state(build).encode())
