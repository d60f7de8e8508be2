"""Estimates how long a page takes to read."""

from __future__ import annotations

import math
import re

from docutils import nodes

# Per minute. Technical prose is read more slowly than a novel (about 240 words, 400 characters), and
# code more slowly than prose.
WORDS = 180
HAN_CHARACTERS = 300
CODE_LINES = 20

_HAN = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[^\W\u3400-\u9fff]+")


def minutes(document: nodes.Element) -> int:
    """Minutes for the prose and the code below ``document``, at least 1.

    The three rates at the top of this module are rough; a reader wants to know whether to
    take five minutes or twenty.
    """
    total = 0.0
    for block in document.findall(nodes.TextElement):
        text = block.astext()
        if isinstance(block, nodes.literal_block):
            total += len([line for line in text.splitlines() if line.strip()]) / CODE_LINES
        elif not isinstance(block.parent, nodes.TextElement):  # not once more for its inline parts
            total += len(_WORD.findall(text)) / WORDS + len(_HAN.findall(text)) / HAN_CHARACTERS
    return max(1, math.ceil(total))
