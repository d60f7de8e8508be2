"""The two lists that people write: survivors that are explained, and wrong examples made right."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mutations import Mutant, Script

EXPLAINED = "explained.toml"
MADE_RIGHT = "made_right.toml"


class ListError(ValueError):
    """A list is not written as it has to be, or does not fit the scripts any more."""


@dataclass(frozen=True)
class Explanation:
    """Why no check can notice a change; lines do not count, so that prose may move."""

    script: str
    formula: str
    change: str
    reason: str

    def matches(self, mutant: Mutant) -> bool:
        """Whether ``mutant`` is meant."""
        return (mutant.script.name, mutant.formula.name, mutant.change) == (self.script, self.formula, self.change)

    def __str__(self) -> str:
        return f"{EXPLAINED}: {self.script}, {self.formula}: {self.change}"


@dataclass(frozen=True)
class Replacement:
    """A piece of a script and what stands there instead."""

    old: str
    new: str


@dataclass(frozen=True)
class Correction:
    """What makes a wrong example right."""

    script: str
    how: str
    replace: tuple[Replacement, ...]

    def apply(self, script: Script) -> Script:
        """``script``, made right.

        Raises
        ------
        ListError
            Unless each old piece stands there exactly once.
        """
        source = script.source
        for piece in self.replace:
            if source.count(piece.old) != 1:
                raise ListError(f"{self}: stands {source.count(piece.old)} times in the script: {piece.old!r}")
            source = source.replace(piece.old, piece.new)
        return Script(script.path, source)

    def __str__(self) -> str:
        return f"{MADE_RIGHT}: {self.script}, {self.how}"


def _read(path: Path, table: str) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")).get(table, [])
    except tomllib.TOMLDecodeError as error:
        raise ListError(f"{path.name}: {error}") from error


def read_explanations(folder: Path) -> list[Explanation]:
    """The explained survivors listed in ``folder``."""
    try:
        return [
            Explanation(**{**entry, "script": script})
            for entry in _read(folder / EXPLAINED, "survivor")
            for script in entry.pop("scripts")
        ]
    except (TypeError, KeyError) as error:
        raise ListError(f"{EXPLAINED}: {error}; expected the keys scripts, formula, change and reason") from error


def read_corrections(folder: Path) -> list[Correction]:
    """The corrections listed in ``folder``."""
    try:
        return [
            Correction(**{**entry, "replace": tuple(Replacement(**piece) for piece in entry.get("replace", []))})
            for entry in _read(folder / MADE_RIGHT, "correction")
        ]
    except TypeError as error:
        raise ListError(
            f"{MADE_RIGHT}: {error}; expected the keys script and how, and tables replace with old and new"
        ) from error
