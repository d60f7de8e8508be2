"""What the stages of a build are made from: the content of all files, and what surrounds them.

A stage sees everything, except for what is named here: so whatever is added to the project is a reason to
repeat all stages, until somebody knows better. The names of files are seen by each stage.
"""

from __future__ import annotations

import hashlib
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from sitebuild.building.fingerprint import fingerprint_programs, input_files, is_generated
from sitebuild.building.sphinx_build import SphinxBuild
from sitebuild.site import build_date
from sitebuild.site.static_files import is_copied

LOCALE = "docs/locale/"


def _hash(file: Path) -> str:
    """Hash of a file; of one that cannot be read, what is wrong with it, which the stage that needs it tells."""
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        return f"{error.strerror} {file.lstat().st_mtime_ns}"


def _packages() -> list[str]:
    """What is installed: names with versions, and when."""
    installed = Path(sysconfig.get_path("purelib")).glob("*.dist-info")
    return sorted(f"{folder.name} {folder.stat().st_mtime_ns}" for folder in installed)


@dataclass(frozen=True)
class Inputs:
    """All that a build is made from, at one moment.

    Attributes
    ----------
    sources, results : dict of str to str
        Hash of each file that people edit, and of each that the examples left, by its path in the project.
    surroundings : str
        Programs, packages, date and options.
    """

    sources: dict[str, str]
    results: dict[str, str]
    surroundings: str

    def key(self, build: SphinxBuild, counts: dict[str, str]) -> str:
        """Hash of what the stage ``build`` sees.

        Parameters
        ----------
        build : SphinxBuild
        counts : dict of str to str
            What pages say of the catalogues of all languages, by their paths: how much of them is translated.
        """
        files = self.sources | self.results
        seen = [f"{name} {_seen(build, name, files[name], counts)}" for name in sorted(files)]
        text = "\n".join([build.builder, build.language, self.surroundings, *seen])
        return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def _seen(build: SphinxBuild, name: str, content: str, counts: dict[str, str]) -> str:
    """What ``build`` sees of a file beside its name: its content, or less."""
    if is_copied(name):
        return ""
    if name.startswith(LOCALE) and not name.startswith(f"{LOCALE}{build.language}/"):
        return counts.get(name, content) if build.builder == "html" else ""
    return content


def read_inputs(root: Path, options: list[str]) -> Inputs:
    """Read the content of all files below ``root`` from which the site is made."""
    sources: dict[str, str] = {}
    results: dict[str, str] = {}
    for file in input_files(root):
        (results if is_generated(file, root) else sources)[file.relative_to(root).as_posix()] = _hash(file)
    surroundings = [fingerprint_programs(), *_packages(), build_date.build_date(), repr(options)]
    return Inputs(sources, results, "\n".join(surroundings))
