"""The list of pages in the side bar: made once for each folder of pages, and marked for each page.

Sphinx and the theme make it anew for every page, which takes a time that grows with the square of their number.
What they make for the pages of a folder differs in the marks of the page alone: where it stands, and what is
unfolded for it. So they are asked for the list of a page that does not exist, and the marks are set here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Any

import furo
from docutils import nodes
from sphinx.application import Sphinx

_TAG = re.compile(r'<(?P<end>/?)(?P<name>ul|li|a|input)\b(?P<rest>[^>]*)>')
_LINK = re.compile(r' class="reference internal" href="(?P<target>[^"]*)"')
_NO_PAGE = "\0"  # in no folder can a page have this name


@dataclass(frozen=True)
class _Place:
    """Where a link stands: its own tag, and those that are marked with it, from the inside to the outside."""

    link: re.Match[str]
    around: tuple[re.Match[str], ...]


class PageList:
    """The list of pages without any mark, as HTML.

    Parameters
    ----------
    html : str
        As the theme has made it.
    """

    def __init__(self, html: str) -> None:
        self.html = html
        self._places: defaultdict[str, list[_Place]] = defaultdict(list)
        self._switches: dict[int, re.Match[str]] = {}  # by the beginning of the item that they unfold
        self._find_places()

    def _find_places(self) -> None:
        around: list[re.Match[str]] = []
        for tag in _TAG.finditer(self.html):
            if tag["name"] == "a":
                if found := _LINK.fullmatch(tag["rest"]):
                    self._places[found["target"]].append(_Place(tag, tuple(reversed(around))))
            elif tag["name"] == "input":
                self._switches[around[-1].start()] = tag
            elif tag["end"]:
                around.pop()
            else:
                around.append(tag)

    def marked(self, target: str) -> str | None:
        """The list for the page to which ``target`` leads; None if the list has several links to it."""
        places = self._places.get(escape(target), [])
        if len(places) != 1:
            return None if places else self.html
        edits: dict[int, tuple[int, str]] = {}

        def edit(tag: re.Match[str], text: str) -> None:
            edits[tag.start()] = (tag.end(), text)

        edit(places[0].link, '<a class="current reference internal" href="#">')
        innermost = True
        for tag in places[0].around:
            if tag["name"] == "ul":
                edit(tag, '<ul class="current">')
                continue
            item = re.sub(r'(class="toctree-l\d+)', r"\1 current", tag[0])
            edit(tag, item.replace('">', ' current-page">') if innermost else item)
            innermost = False
            if switch := self._switches.get(tag.start()):
                edit(switch, switch[0].replace(' class="', ' checked="" class="'))
        pieces, done = [], 0
        for start, (end, text) in sorted(edits.items()):
            pieces += [self.html[done:start], text]
            done = end
        return "".join([*pieces, self.html[done:]])


def forget_lists(app: Sphinx) -> None:
    """Begin a build without a list."""
    app.page_lists = {}


def offer_unmarked_list(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Before the theme asks for the list: give it that of a page that does not exist, the same one for each folder."""
    if "toctree" in context:
        context["toctree_of_page"] = context["toctree"]
        folder = pagename.rpartition("/")[0]
        if folder not in app.page_lists:
            nobody = f"{folder}/{_NO_PAGE}" if folder else _NO_PAGE
            unmarked = partial(app.builder._get_local_toctree, nobody)
            app.page_lists[folder] = PageList(furo._compute_navigation_tree({"toctree": unmarked}))
        context["toctree"] = lambda **_options: ""


def mark_list(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """After the theme: put in the list, with the marks of this page."""
    if "toctree_of_page" in context:
        context["toctree"] = context.pop("toctree_of_page")
        folder, _slash, name = pagename.rpartition("/")
        marked = app.page_lists[folder].marked(app.builder.get_target_uri(name))
        context["furo_navigation_tree"] = furo._compute_navigation_tree(context) if marked is None else marked


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to both sides of the theme's listener, whose priority is 500."""
    app.connect("builder-inited", forget_lists)
    app.connect("html-page-context", offer_unmarked_list, priority=490)
    app.connect("html-page-context", mark_list, priority=510)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
