"""What the folder of a chapter, a script and its output have to look like; other forms break a page or a tool."""

from __future__ import annotations

import os
import re
import sys
import tokenize
from pathlib import Path

from sitebuild.examples.forbidden_characters import find_forbidden
from sitebuild.examples.gallery import name_of
from sitebuild.examples.script_blocks import form_faults
from sitebuild.examples.random_calls import unseeded_calls

# Names become addresses and names of files.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*")
# What stands for a place in memory, as in <object object at 0x7f0c3a1b2c30>.
_ADDRESS = re.compile(r"\b0x[0-9a-f]{8,16}\b")
# Where this build works, and where its packages are, except what is at one place on every machine, such as /usr.
_FOLDERS = [folder for folder in (os.getcwd(), sys.prefix) if folder.count(os.sep) > 1]
_TAKEN = ("downloads", "locale")  # folders that the site has for other things


def chapter_faults(source: Path, scripts: Path, generated: Path) -> list[str]:
    """What is wrong with the folders of a chapter, for its scripts and in ``source`` for its pages."""
    if not (scripts / "index.rst").is_file():
        return [f"gallery/{scripts.name}/index.rst is missing; conf.py names that chapter"]
    if nested := [path for path in sorted(scripts.iterdir()) if path.is_dir() and path.name != "__pycache__"]:
        return [
            f"gallery/{scripts.name}/{nested[0].name}: a chapter has no folders in it; move its scripts to "
            f"gallery/{scripts.name}, or to a chapter of its own, named in conf.py, and remove the folder"
        ]
    name = generated.name
    if generated.parent == source and _NAME.fullmatch(name) and name not in _TAKEN:
        return []
    place = f"conf.py: {os.path.relpath(generated, source)!r}"
    wanted = f"name one in docs/, with letters, digits and _ alone, other than {' and '.join(_TAKEN)}"
    return [f"{place} cannot be the folder of a chapter; {wanted}"]


def script_faults(script: Path) -> list[str]:
    """What is wrong with a script, one line each; with a file that is hard to read, the first thing."""
    name = name_of(script)
    if not _NAME.fullmatch(script.stem) or script.stem == "index":
        return [f"{name}: name it with letters, digits and _ alone, and not index"]
    try:
        text = script.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        return [f"{name}: it is not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8"]
    if text.startswith("\ufeff"):
        return [f"{name}: it begins with a byte order mark; save it as UTF-8 without one"]
    for number, line in enumerate(text.split("\n"), 1):
        if character := find_forbidden(line):
            return [
                f"{name}:{number}: the line holds the character {character}; leave it out, or write an escape"
            ]
    try:
        faults = [(fault.line, fault.problem) for fault in form_faults(text)] + unseeded_calls(text)
        return [f"{name}:{line}: {problem}" for line, problem in sorted(faults)]
    except (SyntaxError, tokenize.TokenError):
        return []  # its run says more about it


def output_faults(script: Path, page: Path, longest: int) -> list[str]:
    """The first thing that is wrong with what ``script``, itself without fault, printed into its page.

    Parameters
    ----------
    script, page : Path
        The script and its page, which holds the text of the script too.
    longest : int
        How many characters the page may have beside those of the script.
    """
    name, text = name_of(script), page.read_text(encoding="utf-8")
    if (beside := len(text) - script.stat().st_size) > longest:
        return [
            f"{name}: what it prints makes its page {beside:,} characters longer, and {longest:,} are allowed; "
            "print less, or raise example_output_limit in conf.py"
        ]
    if character := find_forbidden(text.replace("\t", " ")):
        return [f"{name}: it prints the character {character}; print its repr() instead"]
    return _machine_faults(name, script.read_text(encoding="utf-8"), text)


def _machine_faults(name: str, source: str, page: str) -> list[str]:
    """The first thing on ``page``, and not in ``source``, that depends on the machine or on the run, as one line."""
    found = [*_ADDRESS.findall(page), *(folder for folder in _FOLDERS if folder in page)]
    return [
        f"{name}: it prints {each}, which is another one on each machine or at each run; print what is the same for all"
        for each in found
        if each not in source
    ][:1]
