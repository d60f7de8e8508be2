"""Compares a message with its translation: what is not text in them has to be the same, in any order.

Otherwise a translation could do whatever reST can: write raw HTML, include files, lead anywhere.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from functools import cache
from types import SimpleNamespace
from typing import Any

from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.parsers.rst import Parser
from docutils.parsers.rst.states import Body, Inliner
from docutils.utils import new_document, unescape
from sphinx.util.docutils import CustomReSTDispatcher
from sphinx.util.nodes import split_explicit_title

from sitebuild.translation.chinese_text import LANGUAGES_WITHOUT_SPACES

LONGEST = 10_000  # characters of a translation; docutils takes minutes for ten times as many Han characters
WARNING = 2  # level of what docutils complains about
_MARK = re.compile(r"^\s*# ?", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\{[^{}]*\}|%(?:\(\w+\))?[sd]")
# What these roles hold is no title and target, whatever it looks like.
_VERBATIM = ("math", "code")
_OTHER_REFERENCES = (nodes.substitution_reference, nodes.footnote_reference, nodes.citation_reference)


class _Recorder(CustomReSTDispatcher):
    """Takes down roles instead of obeying them."""

    def role(self, role_name: str, *_context: Any) -> tuple[Any, list[nodes.system_message]]:
        def record(
            _role: str, rawtext: str, text: str, *_rest: Any
        ) -> tuple[list[nodes.Node], list[nodes.Node]]:
            if role_name in _VERBATIM:
                return [nodes.literal(rawtext, rawtext)], []
            target = split_explicit_title(unescape(text, restore_backslashes=True))[2]
            shown = f":{role_name}:`{target}`" if role_name else f"`{target}`"
            return [nodes.inline(rawtext, "", role=shown)], []

        return record, []


@cache
def _inliner(language: str) -> tuple[Inliner, Any]:
    """docutils' reader of inline markup, which reads as on the pages of ``language``, and its settings.

    It alone, because the reader of whole documents takes longer to set up than a message to read.
    """
    settings = get_default_settings(Parser)
    settings.report_level = settings.halt_level = 5  # nothing is printed or raised
    settings.character_level_inline_markup = language.startswith(LANGUAGES_WITHOUT_SPACES)
    inliner = Inliner()
    inliner.init_customizations(settings)
    return inliner, settings


def _parse(text: str, language: str) -> nodes.document:
    inliner, settings = _inliner(language)
    document = new_document("message", settings)
    with _Recorder():
        found, complaints = inliner.parse(
            text, 1, SimpleNamespace(document=document, language=None), document
        )
    document.extend([*found, *complaints])
    return document


def _block(text: str) -> str:
    """What reST takes ``text`` for by its beginning: "text", "bullet", "explicit markup" and so on."""
    return next(name.replace("_", " ") for name, pattern in Body.patterns.items() if re.match(pattern, text))


def _references(document: nodes.document) -> Counter[str]:
    """Everything in a message that leads or refers to something."""
    found: Counter[str] = Counter()
    for node in document.findall(nodes.Element):
        if "role" in node:
            found[node["role"]] += 1
        elif isinstance(node, nodes.reference):
            found[f"a link to {node.get('refuri') or node.get('refname')}"] += 1
        elif isinstance(node, _OTHER_REFERENCES) or (isinstance(node, nodes.target) and "refuri" not in node):
            found[node.rawsource] += 1
    return found


def _code(document: nodes.document) -> set[str]:
    """Code and formulas of a message."""
    return {" ".join(node.astext().split()) for node in document.findall(nodes.literal)}


def _flat(source: str) -> str:
    """Text of a file without line breaks and marks of comments, which divide what belongs together."""
    return " ".join(_MARK.sub("", source).split())


def _complaints(document: nodes.document) -> list[str]:
    """What docutils does not understand."""
    messages = document.findall(nodes.system_message)
    return [node[0].astext().splitlines()[0] for node in messages if node["level"] >= WARNING]


def prose_faults(message: str, translation: str, source: str, language: str) -> list[str]:
    """What a translation of prose holds and its message does not, or the other way round.

    Roles and links have to be the same. Code and formulas may be repeated or left out, as the language
    wants it, but not invented: they have to stand somewhere in the source.

    Parameters
    ----------
    message, translation : str
    source : str
        Text of the file that the message is from.
    language : str
        That of the translation; it decides where inline markup may begin and end.
    """
    if len(translation) > LONGEST:
        return [f"is longer than {LONGEST} characters"]
    if "\n" in translation.strip():
        return ["has a line break; prose is one paragraph, in one line"]
    if (block := _block(translation)) not in ("text", _block(message)):
        return [f"begins like {block} in reST; begin with text, or with a backslash"]
    before, after = _parse(message, "en"), _parse(translation, language)
    if (complaints := _complaints(after)) and not _complaints(before):
        return [f"not understood ({complaints[0]})"]
    references = _references(before), _references(after)
    invented = [each for each in sorted(_code(after) - _code(before)) if each not in _flat(source)]
    return (
        [f"adds {each}, which is not in the message" for each in references[1] - references[0]]
        + [f"lacks {each}, which is in the message" for each in references[0] - references[1]]
        + [f"holds code that its source does not: {each}" for each in invented]
    )


def _placeholders(text: str) -> Counter[str]:
    list(string.Formatter().parse(text))  # raises an error for a brace without its counterpart
    return Counter(_PLACEHOLDER.findall(text))


def phrase_faults(phrase: str, translation: str) -> list[str]:
    """Placeholders that a translated phrase of the interface adds or lacks."""
    try:
        before, after = _placeholders(phrase), _placeholders(translation)
    except ValueError as error:
        return [f"not understood ({error})"]
    return [f"adds {each}, which is not in the phrase" for each in after - before] + [
        f"lacks {each}, which is in the phrase" for each in before - after
    ]
