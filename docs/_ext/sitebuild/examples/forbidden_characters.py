"""Characters that no script, translation or label may hold, because they act or look like something else.

Controls and separators end a line for some programs and not for others, so that a comment could become
code. Marks of writing direction make code look other than it runs. Tabs become spaces on a page, where a
comment then differs from that of the script. The rest no XML can hold.
"""

from __future__ import annotations

import re
import unicodedata

_FORBIDDEN = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)


def find_forbidden(text: str) -> str:
    """Name the first of them in ``text``, as in "U+202E RIGHT-TO-LEFT OVERRIDE"; "" if there is none."""
    if (match := _FORBIDDEN.search(text)) is None:
        return ""
    name = "TAB" if match[0] == "\t" else unicodedata.name(match[0], "")
    return f"U+{ord(match[0]):04X} {name}".rstrip()


def replace_forbidden(text: str) -> str:
    """Put the replacement character in the place of each."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)


def printable(text: str) -> str:
    """Write each of them as an escape, except tabs: a terminal obeys some of them."""
    return _FORBIDDEN.sub(lambda match: match[0] if match[0] == "\t" else ascii(match[0])[1:-1], text)
