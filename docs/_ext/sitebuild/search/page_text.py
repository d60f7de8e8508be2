"""Takes from a finished page what can be searched: its title, and the text and the code of its sections."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

# Before it stands nothing that is searched. A page that writes it in another way is read from its beginning.
_BODY = "<div data-search-body>"
# A token of code has the role of what is around it, unless it is a comment; there are hundreds of them on a page.
_TOKEN = re.compile(r'<span class="(?!c1")[a-z0-9]{1,3}">([^<]*)</span>')
# Elements without an end.
_VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "path", "source", "use", "wbr"}
# Not read: pictures, formulas, and what stands on many pages or differs from build to build.
_IGNORED_ELEMENTS = {"svg", "math", "script", "style", "button"}
_IGNORED_CLASSES = {"headerlink", "downloads", "gradient-checks", "measured", "graph-words"}
_CODE_CLASSES = {"highlight-Python", "highlight-python", "highlight-toml", "highlight-bash"}
# Between words of different elements there need not be a space.
_BLOCKS = {"p", "li", "td", "th", "dt", "dd", "div", "pre", "h1", "h2", "h3", "section", "figcaption"}
# A name in code that nobody would write in prose: with an underscore, or a capital letter inside. Comments are prose.
_NAME = re.compile(r"\w_\w|[a-z][A-Z]")
_WORD = re.compile(r"\w+")
_COMMENT_CLASSES = {"c1"}
_LETTER = re.compile(r"\w")


@dataclass
class Section:
    """What stands under one heading."""

    id: str
    title: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, str]:
        """With single spaces, and every name of the code once, if the prose beside it does not have it."""
        title, text = (" ".join("".join(pieces).split()) for pieces in (self.title, self.text))
        # In two steps, so that a word of a million letters is read once and not once for each of its letters.
        words = dict.fromkeys(_WORD.findall("".join(self.code)))
        prose = set(_WORD.findall(f"{title} {text}"))
        names = [word for word in words if _NAME.search(word) and word not in prose]
        return {"id": self.id, "title": title, "text": text, "code": " ".join(names)}


@dataclass
class Page:
    """What can be searched of a page, and how its lists describe other pages."""

    sections: list[Section] = field(default_factory=list)
    descriptions: list[tuple[str, str]] = field(default_factory=list)  # address, text

    @property
    def title(self) -> str:
        """Its title, "" if it has none."""
        return self.sections[0].as_dict()["title"] if self.sections else ""


@dataclass
class _Item:
    """An item of a list: where it begins among the texts of the section, and the pages to which it leads."""

    begin: int
    links: list[str] = field(default_factory=list)
    ends_in_link: bool = False


class _Reader(HTMLParser):
    """Walks through a page; ``roles`` says for each open element what is done with its text."""

    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self.roles: list[tuple[str, str]] = []  # element, and "", "text", "title", "code", "link" or "ignored"
        self.items: list[_Item] = []

    def _role_of(self, tag: str, attributes: dict[str, str | None]) -> str:
        role, classes = (self.roles[-1][1] if self.roles else ""), set((attributes.get("class") or "").split())
        if "data-search-body" in attributes:
            return "text"
        if role in ("", "ignored"):
            return role
        if "data-search-ignore" in attributes or tag in _IGNORED_ELEMENTS or classes & _IGNORED_CLASSES:
            return "ignored"
        if tag in ("h1", "h2", "h3"):
            return "title"
        if tag == "a" and self.items and "internal" in classes:
            return "link"
        if role == "code" and classes & _COMMENT_CLASSES:
            return "text"
        return "code" if classes & _CODE_CLASSES else role

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        role = self._role_of(tag, attributes)
        if role == "text" and tag == "section":
            self.page.sections.append(Section(attributes.get("id") or ""))
        if role == "text" and tag == "li" and self.page.sections:
            self.items.append(_Item(len(self.page.sections[-1].text)))
        if role == "link" and tag == "a":
            self.items[-1].links.append((attributes.get("href") or "").partition("#")[0])
        if tag not in _VOID:
            self.roles.append((tag, role))

    def handle_endtag(self, tag: str) -> None:
        if not any(element == tag for element, _role in self.roles):
            return  # of an element without content, such as <path/> in a picture
        role = ""
        while self.roles:  # an element that HTML lets stay open ends with its parent
            element, role = self.roles.pop()
            if element == tag:
                break
        if tag == "li" and role == "text" and self.items:
            self._end_item(self.items.pop())
        if tag in _BLOCKS and role in ("text", "code", "title") and self.page.sections:
            getattr(self.page.sections[-1], role).append("\n")

    def _end_item(self, item: _Item) -> None:
        """An item that ends in links is a description of their pages rather than a part of this one."""
        texts = self.page.sections[-1].text
        if item.links and item.ends_in_link:
            description = "".join(texts[item.begin :])
            del texts[item.begin :]
            self.page.descriptions += [(link, description) for link in item.links]

    def handle_data(self, data: str) -> None:
        role = self.roles[-1][1] if self.roles else ""
        if not self.page.sections or role in ("", "ignored"):
            return
        if role == "link":
            self.items[-1].ends_in_link = True
            return
        if self.items and _LETTER.search(data):  # brackets and commas may stand around links
            self.items[-1].ends_in_link = False
        getattr(self.page.sections[-1], role).append(data)


def read_page(html: str) -> Page:
    """What can be searched of a page; the long list of pages beside it is passed over."""
    reader = _Reader()
    reader.feed(_TOKEN.sub(r"\1", html[max(0, html.find(_BODY)) :]))
    return reader.page


def describe_pages(pages: dict[str, Page]) -> dict[str, list[str]]:
    """What the lists of all ``pages``, by name, say about each of them."""
    said: dict[str, list[str]] = {name: [] for name in pages}
    for name, page in pages.items():
        for link, text in page.descriptions:
            target = posixpath.normpath(posixpath.join(posixpath.dirname(name), link)).removesuffix(".html")
            if target in said and target != name:
                said[target].append(re.sub(r"\W+$", "", " ".join(text.split())))
    return said
