"""Gives every page a Content-Security-Policy: nothing may be loaded from another host, and no form sends anything.

The policy stands in the page itself, because not every host lets a site set headers.
Inline scripts and styles are named in it by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

from sitebuild.examples.build_error import BuildError

# What default-src says nothing about. Scripts answer the forms of the site, so none of them has to be sent.
_PAGE = "base-uri 'none'; form-action 'none'"
# Who may show a page in a frame. Only a header can say it: browsers ignore it in a page, and complain of it.
_HEADER = "frame-ancestors 'none'"

_INLINE = re.compile(r"<(script|style)(?P<attributes>[^>]*)>(?P<text>.*?)</\1>", re.DOTALL)
# What may be such an attribute; only then is a page read as a browser reads it, which takes ten times as long.
_SUSPICIOUS = re.compile(r"[\s/\"'](?:style|on[a-z]+)\s*=", re.IGNORECASE)
_START = re.compile(r"<head>\s*(<meta charset=\"?utf-8\"?\s*/?>)")


class _Attributes(HTMLParser):
    """Looks for an attribute that no hash can allow."""

    def __init__(self) -> None:
        super().__init__()
        self.found: tuple[str, str] | None = None  # the element and the attribute

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, _value in attrs:
            if name == "style" or name.startswith("on"):
                self.found = self.found or (self.get_starttag_text() or tag, name)


def _hashes(page: str, kind: str) -> str:
    """Sources for all inline elements ``kind`` of ``page``, each with a space before it."""
    found = {
        base64.b64encode(hashlib.sha256(match["text"].encode()).digest()).decode()
        for match in _INLINE.finditer(page)
        if match[1] == kind and "src=" not in match["attributes"] and "json" not in match["attributes"]
    }
    return "".join(f" 'sha256-{value}'" for value in sorted(found))


def policy_of(page: str) -> str:
    """The policy for a page with this text, or for several pages whose texts are joined."""
    return (
        f"default-src 'self'; script-src 'self'{_hashes(page, 'script')}; "
        f"style-src 'self'{_hashes(page, 'style')}; img-src 'self' data:; {_PAGE}"
    )


def add_policy(page: str, name: str) -> str:
    """Put its policy into a page.

    Parameters
    ----------
    page : str
        HTML of the whole page.
    name : str
        What the page is called in an error.

    Raises
    ------
    BuildError
        If an element carries a style or an event handler, which no hash can allow.
    """
    attributes = _Attributes()
    if _SUSPICIOUS.search(page):
        attributes.feed(page)
    if attributes.found is not None:
        element, attribute = attributes.found
        raise BuildError(
            f"{name}: the element {element[:120]} has an attribute {attribute!r}, which the page's "
            "Content-Security-Policy forbids; use a class and a style sheet, or a script"
        )
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy_of(page)}">'
    page, count = _START.subn(rf"<head>\1\n    {meta}", page, count=1)
    if count != 1:
        raise BuildError(f"{name}: no <head> that begins with the character set was found")
    return page


def add_to_site(site: Path) -> None:
    """Put a policy into every page below ``site``, and one for all of them into ``_headers``.

    Several hosts (Netlify, Cloudflare Pages) send what that file says; others ignore it.
    """
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(site.rglob("*.html"))}
    for path, text in texts.items():
        path.write_text(add_policy(text, str(path.relative_to(site))), encoding="utf-8")
    policy = policy_of("\n".join(texts.values()))
    headers = f"/*\n  Content-Security-Policy: {policy}; {_HEADER}\n  X-Content-Type-Options: nosniff\n"
    (site / "_headers").write_text(headers, encoding="utf-8")
