"""Compares a message with its translation: what is not text in them has to be the same, in any order.

Otherwise a translation could do whatever reST can: write raw HTML, include files, lead anywhere.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from functools import cache
from typing import Any

from chinese_text import LANGUAGES_WITHOUT_SPACES
from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.parsers.rst import Parser
from docutils.utils import new_document, unescape
from sphinx.util.docutils import CustomReSTDispatcher
from sphinx.util.nodes import split_explicit_title

WARNING = 2  # level of what docutils complains about
_PLACEHOLDER = re.compile(r"\{[^{}]*\}|%(?:\(\w+\))?[sd]")
# What these roles hold is no title and target, whatever it looks like.
_VERBATIM = ("math", "code")
_OTHER_REFERENCES = (nodes.substitution_reference, nodes.footnote_reference, nodes.citation_reference)


class _Recorder(CustomReSTDispatcher):
    """Takes down roles instead of obeying them, and knows no directive."""

    def role(self, role_name: str, *_context: Any) -> tuple[Any, list[nodes.system_message]]:
        def record(_role: str, rawtext: str, text: str, *_rest: Any) -> tuple[list[nodes.Node], list[nodes.Node]]:
            content = unescape(text, restore_backslashes=True)
            target = content if role_name in _VERBATIM else split_explicit_title(content)[2]
            shown = f":{role_name}:`{target}`" if role_name else f"`{target}`"
            return [nodes.inline(rawtext, "", role=shown)], []

        return record, []

    def directive(self, *_context: Any) -> tuple[None, list[nodes.system_message]]:
        return None, []


@cache
def _settings(language: str) -> Any:
    """How the pages of ``language`` are read."""
    settings = get_default_settings(Parser)
    settings.report_level = settings.halt_level = 5  # nothing is printed or raised
    settings.character_level_inline_markup = language.startswith(LANGUAGES_WITHOUT_SPACES)
    return settings


def _parse(text: str, language: str) -> nodes.document:
    document = new_document("message", _settings(language))
    with _Recorder():
        Parser().parse(text, document)
    return document


def _markup(document: nodes.document) -> Counter[str]:
    """Everything in a message that leads or refers to something, and the kinds of its blocks."""
    blocks = [child for child in document.children if not isinstance(child, nodes.system_message)]
    found = Counter(f"a {block.tagname.replace('_', ' ')}" for block in blocks)
    for node in document.findall(nodes.Element):
        if "role" in node:
            found[node["role"]] += 1
        elif isinstance(node, nodes.reference):
            found[f"a link to {node.get('refuri') or node.get('refname')}"] += 1
        elif isinstance(node, _OTHER_REFERENCES) or (isinstance(node, nodes.target) and "refuri" not in node):
            found[node.rawsource] += 1
    return found


def _literals(document: nodes.document) -> Counter[str]:
    return Counter(node.astext() for node in document.findall(nodes.literal))


def _complaints(document: nodes.document) -> list[str]:
    """What docutils does not understand."""
    messages = [*document.findall(nodes.system_message), *document.parse_messages]
    return [node[0].astext().splitlines()[0] for node in messages if node["level"] >= WARNING]


def prose_faults(message: str, translation: str, source: str, language: str) -> list[str]:
    """What a translation of prose holds and its message does not, or the other way round.

    Roles and links have to be the same. Code may be repeated or left out, as the language wants it,
    but not invented: it has to stand somewhere in the source.

    Parameters
    ----------
    message, translation : str
    source : str
        Text of the file that the message is from.
    language : str
        That of the translation; it decides where inline markup may begin and end.
    """
    before, after = _parse(message, language), _parse(translation, language)
    if (complaints := _complaints(after)) and not _complaints(before):
        return [f"not understood ({complaints[0]})"]
    markup = _markup(before), _markup(after)
    invented = [code for code in _literals(after) if code not in source]
    added = [*(markup[1] - markup[0]), *(f"``{code}``" for code in invented)]
    return [f"adds {each}" for each in added] + [f"lacks {each}" for each in markup[0] - markup[1]]


def _placeholders(text: str) -> Counter[str]:
    list(string.Formatter().parse(text))  # raises an error for a brace without its counterpart
    return Counter(_PLACEHOLDER.findall(text))


def phrase_faults(phrase: str, translation: str) -> list[str]:
    """Placeholders that a translated phrase of the interface adds or lacks."""
    try:
        before, after = _placeholders(phrase), _placeholders(translation)
    except ValueError as error:
        return [f"not understood ({error})"]
    return [f"adds {each}" for each in after - before] + [f"lacks {each}" for each in before - after]
