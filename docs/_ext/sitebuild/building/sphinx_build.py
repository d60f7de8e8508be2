"""Runs sphinx-build, and says in few lines what it complained about."""

from __future__ import annotations

import re
import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from sitebuild.building import error_report
from sitebuild.building.folders import WORK
from sitebuild.examples.build_error import BuildError
from sitebuild.examples.forbidden_characters import printable
from sitebuild.running import process_group, temporary_folder

TEMPORARY = WORK / "tmp"  # emptied before Sphinx runs: what it says of an error stays until then
SHOWN = 30  # lines of a log that nobody expected; the last say most
# sitebuild is ours; what else is not found should have been installed.
_LACKING = re.compile(r"No module named '?((?!sitebuild)[\w.]+)")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class SphinxBuild:
    """One call of sphinx-build.

    Attributes
    ----------
    builder : str
        What it makes: html, gettext or examples.
    language : str
        In which language.
    out : Path
        Folder for it.
    """

    builder: str
    language: str
    out: Path

    @property
    def log(self) -> Path:
        """File for what it writes to standard error, relative to the project."""
        return WORK / f"{self.builder}-{self.language}.log"

    def command(self, root: Path, languages: list[str], options: list[str]) -> list[str]:
        """The command line; warnings are errors."""
        doctrees = root / WORK / "doctrees" / (self.language if self.builder == "html" else self.builder)
        # Options come first, so that none of them turns to another folder: ours are emptied.
        command = [sys.executable, "-m", "sphinx", *options, "-b", self.builder, "-c", str(root), "-d", str(doctrees)]
        command += ["-E", "-a", "-q", "-W", "--keep-going", "-D", f"language={self.language}"]
        command += ["-D", f"site_languages={','.join(languages)}", str(root / "docs"), str(self.out)]
        return command

    def complaint(self, status: int, errors: str, root: Path) -> str:
        """What to tell of a call that ended with ``status`` and wrote ``errors``."""
        complaints = error_report.condense(errors, root, self.language) or errors.strip().splitlines()[-SHOWN:]
        if lacking := _LACKING.search(errors):
            complaints.append(f"the environment .venv lacks {lacking[1]}: remove .venv, and run the command again")
        if status < 0:
            complaints = [f"sphinx-build was ended by {signal.Signals(-status).name}"]
        listed = "\n  ".join(complaints)
        return f"The site was not built ({self.builder}, {self.language}):\n  {listed}\nAll details: {root / self.log}"


def _as_text(errors: bytes) -> str:
    """What a program has written to standard error; bytes that are no text, and controls, as escapes."""
    return printable(_COLOUR.sub("", errors.decode("utf-8", errors="backslashreplace")))


def try_sphinx(root: Path, builds: list[SphinxBuild], languages: list[str], options: list[str]) -> list[str]:
    """Run sphinx-build for each of ``builds``, side by side.

    Returns
    -------
    list of str
        For each of them what to tell of its failure; "" if it did not fail.
    """
    for build in builds:
        # Everything is read and written anew, which takes a second: what Sphinx remembers of an earlier
        # build knows nothing of catalogues of the interface, of our modules or of a failure in between.
        shutil.rmtree(build.out, ignore_errors=True)
    temporary = root / TEMPORARY
    if temporary.exists():
        shutil.rmtree(temporary)  # says at once what cannot be written to
    temporary.mkdir(parents=True)
    environment = temporary_folder.environment_with(temporary)
    commands = [each.command(root, languages, options) for each in builds]
    results = process_group.run_side_by_side(commands, root, environment)
    complaints = []
    for build, (status, errors) in zip(builds, results, strict=True):
        log = _as_text(errors)
        (root / build.log).write_text(log, encoding="utf-8")
        complaints.append(build.complaint(status, log, root) if status else "")
    return complaints


def sphinx(root: Path, build: SphinxBuild, languages: list[str], options: list[str]) -> None:
    """Run sphinx-build.

    Raises
    ------
    BuildError
        If it ends with another status than 0.
    """
    (complaint,) = try_sphinx(root, [build], languages, options)
    if complaint:
        raise BuildError(complaint)
