"""Refuses a checkout in a folder whose name something that the build needs cannot cope with.

Runs before there is an environment: standard library only, and no error but our own.
"""

from __future__ import annotations

from pathlib import Path

from sitebuild.examples.build_error import BuildError
from sitebuild.examples.forbidden_characters import find_forbidden

# Python makes no environment below a colon, which separates the folders of PATH; lines of logs end at the
# others; and names that are not UTF-8 cannot be written into any file of text.
_NAMED = {":": "a colon", "\n": "a line break", "\t": "a tab"}


def _unusable(path: str) -> str:
    """What ``path`` must not hold but does, in words; "" if there is nothing."""
    for character in path:
        if character in _NAMED:
            return _NAMED[character]
        if "\ud800" <= character <= "\udfff":  # Python's stand-in for a byte that it could not decode
            return "a byte that is not UTF-8"
        if found := find_forbidden(character):
            return f"the character {found}"
    return ""


def refuse_unusable_folder(root: Path) -> None:
    """End the command if nothing can be built in ``root``.

    Raises
    ------
    BuildError
        With the folder and what is wrong with its name.
    """
    if found := _unusable(str(root)):
        raise BuildError(
            f"The folder of this checkout, {str(root)!r}, has {found} in its path, where the site cannot be built: "
            "move the checkout to a folder without it."
        )
