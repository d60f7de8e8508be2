"""What the folder of a chapter, a script and its output have to look like; other forms break a page or a tool."""

from __future__ import annotations

import os
import re
import sys
import tokenize
from pathlib import Path

from sitebuild.examples.forbidden_characters import find_forbidden
from sitebuild.examples.gallery_folders import name_of
from sitebuild.examples.random_calls import unseeded_calls
from sitebuild.examples.script_blocks import form_faults

# Names become addresses and names of files.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
# What stands for a place in memory, as in <object object at 0x7f0c3a1b2c30>.
_ADDRESS = re.compile(r"\b0x[0-9a-f]{8,16}\b")
# Where this build works, and where its packages are, except what is at one place on every machine, such as /usr.
_FOLDERS = [folder for folder in (os.getcwd(), sys.prefix) if folder.count(os.sep) > 1]
_TAKEN = ("downloads", "locale")  # folders that the site has for other things


def chapter_faults(source: Path, generated: Path) -> list[str]:
    """What is wrong with the folder for the generated pages of a chapter, which has to lie in ``source``."""
    within = Path(os.path.relpath(generated, source))
    if all(map(_NAME.fullmatch, within.parts)) and within.parts and within.parts[0] not in _TAKEN:
        return []
    place = f"conf.py: {str(within)!r}"
    wanted = f"name one in {source.name}/, with letters, digits, _ and - alone, other than {' and '.join(_TAKEN)}"
    return [f"{place} cannot be the folder of a chapter; {wanted}"]


def script_faults(script: Path) -> list[str]:
    """What is wrong with a script, one line each; with a file that is hard to read, the first thing."""
    name = name_of(script)
    if not _NAME.fullmatch(script.stem) or script.stem == "index":
        return [f"{name}: name it with letters, digits, _ and - alone, and not index"]
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
        f"{name}: it prints {each}, which is another one on each machine or at each run; print what is the same for all, "
        "and end no block with a value that shows it"
        for each in found
        if each not in source
    ][:1]
