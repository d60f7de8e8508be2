"""Collects the error texts of all examples from what their runs left behind.

A run is not observed for it. The texts are taken from the outputs on the generated pages, where the
scripts print the errors that they catch, and from the records of the checks that failed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sitebuild.checks.record import load
from sitebuild.errors.outputs import find_errors
from sitebuild.errors.wording import common, first_sentence, names_of, shape_of, without_names

# opcheck tells several errors in one message, each behind the name of its test.
_TESTS = re.compile(r"(?:^|\s)test_\w+: ")


@dataclass
class ErrorText:
    """An error and where it was provoked.

    Attributes
    ----------
    text : str
        Its first sentence, with an ellipsis for what differs from run to run.
    full : list of str
        Everything that it said, once for each example, without the names of the examples.
    pages : list of str
        Pages on which it occurred, such as "field_guide/in_place".
    """

    text: str
    full: list[str]
    pages: list[str]


def _messages(checks: Path) -> Iterator[str]:
    """What failed checks said, one text for each error."""
    for record in load(checks) if checks.exists() else ():
        yield from filter(None, _TESTS.split(record.message))


@cache  # a page lists the errors, and the search asks for them once more
def _printed(page: str, source: str) -> tuple[str, ...]:
    """What is printed of errors on the page of a script."""
    return tuple(text for _printer, text in find_errors(page, source))


_names_of = cache(names_of)


def texts_of(script: Path, generated: Path) -> list[str]:
    """What one script provoked, without its own names.

    Parameters
    ----------
    script : Path
        The script in the gallery.
    generated : Path
        Folder of its generated page and of its results.
    """
    source = script.read_text(encoding="utf-8")
    page = (generated / f"{script.stem}.rst").read_text(encoding="utf-8")
    names = _names_of(source, script.parent.name)
    texts = [*_printed(page, source), *_messages(generated / f"{script.stem}.checks.json")]
    return list(dict.fromkeys(without_names(text, names) for text in texts))


def collect(chapters: Iterable[tuple[Path, Path]]) -> list[ErrorText]:
    """Every error of the site, sorted by its text.

    Parameters
    ----------
    chapters : iterable of (Path, Path)
        Folders of each chapter: its scripts in the gallery, its generated pages.
    """
    found: dict[str, ErrorText] = {}
    for chapter, generated in chapters:
        for script in sorted(chapter.glob("*.py")):
            page = f"{generated.name}/{script.stem}"
            for full in texts_of(script, generated):
                text = first_sentence(full)
                error = found.setdefault(shape_of(text), ErrorText(text, [], []))
                error.text = common(error.text, text)
                error.full += [] if full in error.full else [full]
                error.pages += [] if page in error.pages else [page]
    return sorted(found.values(), key=lambda error: (error.text.casefold(), error.text))
