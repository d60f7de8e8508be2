"""Takes from a finished page what can be searched: its title, and the text and the code of its sections."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

# Elements without an end.
_VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "path", "source", "use", "wbr"}
# Not read: pictures, formulas, and what stands on many pages or has no words.
_IGNORED_ELEMENTS = {"svg", "math", "script", "style", "button"}
_IGNORED_CLASSES = {"headerlink", "downloads", "gradient-checks", "measured", "graph-words"}
_CODE_CLASSES = {"highlight-Python", "highlight-python", "highlight-toml", "highlight-bash"}
# Between words of different elements there is no space of their own.
_BLOCKS = {"p", "li", "td", "th", "dt", "dd", "div", "pre", "h1", "h2", "h3", "section", "figcaption"}
_WORD = re.compile(r"[A-Za-z_][\w.]*")


@dataclass
class _Section:
    id: str
    title: str = ""
    text: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, str]:
        """Without spaces at line ends; of code every name once, comments included."""
        code = dict.fromkeys(_WORD.findall("".join(self.code)))
        return {
            "id": self.id,
            "title": " ".join(self.title.split()),
            "text": " ".join("".join(self.text).split()),
            "code": " ".join(code),
        }


class _Reader(HTMLParser):
    """Walks through a page; ``roles`` says for each open element what its text is."""

    def __init__(self) -> None:
        super().__init__()
        self.roles: list[tuple[str, str]] = []  # element, role: "", "text", "title", "code" or "ignored"
        self.sections: list[_Section] = []

    def _role(self, tag: str, attributes: dict[str, str | None]) -> str:
        role, classes = (self.roles[-1][1] if self.roles else ""), set((attributes.get("class") or "").split())
        if "data-search-body" in attributes:
            return "text"
        if role in ("", "ignored"):
            return role
        if "data-search-ignore" in attributes or tag in _IGNORED_ELEMENTS or classes & _IGNORED_CLASSES:
            return "ignored"
        if tag in ("h1", "h2", "h3"):
            return "title"
        return "code" if classes & _CODE_CLASSES else role

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        role = self._role(tag, attributes)
        if role and tag == "section":
            self.sections.append(_Section(attributes.get("id") or ""))
        if tag in _BLOCKS:
            self.handle_data("\n")
        if tag not in _VOID:
            self.roles.append((tag, role))

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.handle_data("\n")
        while self.roles and self.roles.pop()[0] != tag:
            pass  # an element that HTML lets stay open

    def handle_data(self, data: str) -> None:
        role = self.roles[-1][1] if self.roles else ""
        if not self.sections or role in ("", "ignored"):
            return
        if role == "title":
            self.sections[-1].title += data
        else:
            getattr(self.sections[-1], role).append(data)


def read_page(page: str) -> dict[str, Any]:
    """What can be searched of the HTML ``page``: title, and sections with id, title, text and code."""
    reader = _Reader()
    reader.feed(page)
    sections = [section.as_dict() for section in reader.sections]
    return {"title": sections[0]["title"] if sections else "", "sections": sections}
