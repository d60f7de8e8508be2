"""Divides the examples among several machines."""

from __future__ import annotations

import re
from typing import TypeVar

from sphinx.errors import ExtensionError

Item = TypeVar("Item")


def share(items: list[Item], shard: str) -> list[Item]:
    """The part of ``items`` that one machine works on.

    Parameters
    ----------
    items : list
        All of them, in the same order on every machine.
    shard : str
        "2/4" for the second of four machines; "" for the only one.

    Returns
    -------
    list
        Every fourth from the second on: neighbours, which are alike, go to different machines.

    Raises
    ------
    ExtensionError
        If ``shard`` is not of that form.
    """
    if not shard:
        return items
    match = re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", shard)
    if match is None or int(match[1]) > int(match[2]):
        raise ExtensionError(f"SHARD is {shard!r}: expected which part of how many, such as 2/4")
    return items[int(match[1]) - 1 :: int(match[2])]
