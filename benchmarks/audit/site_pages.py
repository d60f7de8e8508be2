"""What the audit measures: the pages of a site that search engines may list."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

_NOINDEX = re.compile(r'<meta name="robots" content="[^"]*noindex')


def find(site: Path) -> list[str]:
    """Names such as "en/index.html" of all pages below ``site``, the landing page first."""
    pages = [path for path in site.rglob("*.html") if not _NOINDEX.search(path.read_text(encoding="utf-8"))]
    names = [path.relative_to(site).as_posix() for path in pages]
    return sorted(names, key=lambda name: (name.count("/") > 0, name))


class _LazyFiles(HTMLParser):
    """Collects what a page loads only when it comes near the visible part."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if attributes.get("loading") == "lazy" and attributes.get("src"):
            self.addresses.add(str(attributes["src"]))


def lazy_files(site: Path, page: str) -> set[str]:
    """Names, as in `find`, of the files that ``page`` loads lazily."""
    parser = _LazyFiles()
    parser.feed((site / page).read_text(encoding="utf-8"))
    return {urljoin(page, address) for address in parser.addresses}
