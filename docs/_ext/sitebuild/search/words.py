"""Reads the words of a language for the search: those that say nothing, and those that mean the same."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any


class SearchWordsError(ValueError):
    """The file of words is not written as it has to be."""


def read_words(folder: Path, language: str) -> dict[str, Any]:
    """``ignored`` and ``same`` from the file of ``language`` in ``folder``; empty lists if there is none.

    Raises
    ------
    SearchWordsError
        If the file is not TOML, or has other entries than these.
    """
    path = folder / f"{language}.toml"
    words: dict[str, Any] = {"ignored": [], "same": []}
    if not path.exists():
        return words
    place = f"docs/_search/{path.name}"
    try:
        words |= tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SearchWordsError(f"{place}: {error}") from error
    if words.keys() != {"ignored", "same"} or not all(len(group) > 1 for group in words["same"]):
        raise SearchWordsError(
            f"{place}: it has {', '.join(sorted(words))}; expected ignored, a list of words, and same, a list of "
            "lists with two or more words each"
        )
    return words
