"""What a page tells search engines and messengers: description, title, addresses in all languages."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.locale import _
from sphinx.util import docname_join


def describe(doctree: nodes.document | None, env: BuildEnvironment | None = None) -> str:
    """First paragraph of a page, which says what the reader can do after it.

    In a document whose links are not resolved yet, a link to another page has that page's name instead of its title.
    With ``env``, it gets the title, in the quotation marks of the language.
    """
    paragraph = next(doctree.findall(nodes.paragraph), None) if doctree is not None else None
    if paragraph is None:
        return ""
    for link in list(paragraph.findall(pending_xref)) if env else ():
        page = docname_join(link["refdoc"], link["reftarget"])
        if link["reftype"] == "doc" and not link["refexplicit"] and page in env.titles:
            marks = env.config.title_quotes.get(env.config.language, ("", ""))
            link.replace_self(nodes.Text(f"{marks[0]}{env.titles[page].astext()}{marks[1]}"))
    return " ".join(paragraph.astext().split())


def address(base_url: str, language: str, page: str) -> str:
    """Absolute address of ``page``; ``base_url`` is that of the whole site."""
    return f"{base_url.rstrip('/')}/{language}/{page}.html"


def tags(site_name: str, title: str, description: str, language: str, page: str, base_url: str) -> str:
    """Elements for the head of a page; those that need an absolute address only with ``base_url``."""
    properties = {
        "og:type": "article",
        "og:title": title,
        "og:description": description,
        # Without one, messengers assume en_US; a language without a territory has no such name.
        "og:locale": language if "_" in language else "",
        "og:site_name": site_name,
    }
    if base_url:
        properties["og:url"] = address(base_url, language, page)
    lines = [f'<meta name="description" content="{escape(description)}">'] if description else []
    lines += [
        f'<meta property="{name}" content="{escape(value)}">' for name, value in properties.items() if value
    ]
    return "\n    ".join(lines)


def add_metadata(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Fill the template's ``page_metadata``, and the ``pageurl`` of which the theme makes a canonical link."""
    # The theme has a viewport of its own.
    context["metatags"] = re.sub(r'<meta name="viewport"[^>]*>', "", context.get("metatags", ""))
    title = app.env.titles[pagename].astext() if pagename in app.env.titles else ""
    language, base_url = app.config.language, app.config.site_base_url
    context["page_metadata"] = tags(
        _(app.config.html_title), title, describe(doctree), language, pagename, base_url
    )
    if base_url:
        context["pageurl"] = address(base_url, language, pagename)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the setting and connect."""
    app.add_config_value("site_base_url", "", "html", str)
    app.connect("html-page-context", add_metadata)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
