"""Scripts from elsewhere: each form that is known builds, in two languages, or is refused by the first build."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from babel.messages.pofile import read_po
from conftest import PROJECT, Site, make_small_site
from test_translations import FOLDER, catalogue

from sitebuild.translation.translated_script import code_tree, normalise

FORMS = tomllib.loads((PROJECT / "docs/script_forms.toml").read_text(encoding="utf-8"))["form"]
CHAPTER = "double_backward"
START = '"""\n{name}\n{line}\n\nText.\n"""\n\n'


def name_of(number: int) -> str:
    return f"form_{number}"


def script_of(number: int, form: dict[str, Any]) -> str:
    """A script in which ``form`` stands, and code below it."""
    if "start" in form:
        return form["start"].removeprefix("\n") + "\nx = 1\nprint(x)\n"
    head = START.format(name=f"Form {number}", line="=" * 8)
    if "code" in form:
        return head + form["code"].removeprefix("\n")
    return f"{head}x = 1\n\n{form['text'].removeprefix(chr(10))}\nprint(x)\n"


def add(site: Site, forms: list[tuple[int, dict[str, Any]]]) -> None:
    """Put a script for each of ``forms`` into the chapter."""
    names = [name_of(number) for number, _form in forms]
    for number, form in forms:
        site.write(f"gallery/{CHAPTER}/{name_of(number)}.py", script_of(number, form))
    site.edit(f"gallery/{CHAPTER}/index.rst", "\n   square\n", "\n   square\n   " + "\n   ".join(names) + "\n")


SUPPORTED = [(number, form) for number, form in enumerate(FORMS) if "instead" not in form["en"]]
REFUSED = [(number, form) for number, form in enumerate(FORMS) if "instead" in form["en"]]
