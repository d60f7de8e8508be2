"""What stands around every page: language switch, footer, the theme's own labels."""

from __future__ import annotations

import re
from functools import cache
from importlib import metadata
from typing import Any

from docutils import nodes
from markupsafe import escape
from sphinx.application import Sphinx
from sphinx.locale import _

from sitebuild.graphs.svg import graphviz_version
from sitebuild.site.build_date import build_date
from sitebuild.site.page_metadata import address


def language_links(app: Sphinx, page: str, content_root: str) -> list[dict[str, Any]]:
    """Where ``page`` stands in each language, relative to itself.

    Parameters
    ----------
    app : Sphinx
    page : str
        Name of the page, such as "double_backward/saving_inputs".
    content_root : str
        Way from the page to the root of its language, such as "../".
    """
    base = app.config.site_base_url
    return [
        {
            "code": code,
            "tag": code.replace("_", "-"),
            "name": app.config.language_names.get(code, code),
            "url": f"{content_root}../{code}/{page}.html",
            # For search engines, which take an absolute one only.
            "address": address(base, code, page) if base else "",
            "current": code == app.config.language,
        }
        for code in app.config.site_languages
    ]


version = cache(metadata.version)  # looks for a file, and every page asks


def built_with() -> str:
    """One line on versions and date, in the language of the page."""
    return _("Built on {date} with torch {torch}, Sphinx {sphinx} and Graphviz {graphviz}.").format(
        date=build_date(),
        torch=version("torch").partition("+")[0],
        sphinx=version("sphinx"),
        graphviz=graphviz_version(),
    )


def adapt_theme(html: str) -> str:
    """Mend what is out of reach in Furo's templates and in Pygments' HTML.

    Labels are translated, the two side bars are named, captions in them have the level of a heading, inline
    styles go, and code that is wider than the page can be scrolled by keyboard.
    """
    labels = {
        "Toggle site navigation sidebar": _("Toggle site navigation sidebar"),
        "Toggle table of contents sidebar": _("Toggle table of contents sidebar"),
        "Toggle Light / Dark / Auto color theme": _("Toggle Light / Dark / Auto color theme"),
    }
    icons = {
        "Contents": _("Contents"),
        "Menu": _("Menu"),
        "Expand": _("Expand"),
        "Light mode": _("Light mode"),
        "Dark mode": _("Dark mode"),
        "Auto light/dark, in light mode": _("Auto light/dark, in light mode"),
        "Auto light/dark, in dark mode": _("Auto light/dark, in dark mode"),
    }
    side_bars = {"sidebar-drawer": _("Pages of this site"), "toc-drawer": _("On this page")}
    for name, label in side_bars.items():
        html = html.replace(f'<aside class="{name}', f'<aside aria-label="{escape(label)}" class="{name}')
    html = html.replace('<p class="caption" role="heading">', '<p class="caption" role="heading" aria-level="2">')
    html = html.replace('<div class="highlight"><pre>', '<div class="highlight"><pre tabindex="0">')
    branches = str(escape(_("Toggle navigation of {title}")))
    html = re.sub(
        r'aria-label="Toggle navigation of ([^"]*)"',
        lambda match: f'aria-label="{branches.replace("{title}", match[1])}"',
        html,
    )
    # Styles of the icons, in a form that a strict Content-Security-Policy lets pass.
    html = html.replace('style="display: none;"', 'class="icon-sheet"').replace(
        'style="opacity: 50%"', 'opacity="0.5"'
    )
    for label, translation in labels.items():
        html = html.replace(f'aria-label="{label}"', f'aria-label="{escape(translation)}"')
    for title, translation in icons.items():
        html = html.replace(f"<title>{title}</title>", f"<title>{escape(translation)}</title>")
    return html


def add_frame(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Give the templates what they show around the page."""
    context["docstitle"] = context["shorttitle"] = context["project"] = escape(_(app.config.html_title))
    context["languages"] = language_links(app, pagename, context["content_root"])
    context["built_with"] = escape(built_with())


def prepare_builder(app: Sphinx) -> None:
    """Set up the templates, and leave out Sphinx's search, which finds no Chinese word.

    Templates write phrases of the interface as they are; here they are escaped, so that none of
    them, translated or not, can hold markup.
    """
    if app.builder.format != "html":
        return
    environment = app.builder.templates.environment
    environment.filters["adapt_theme"] = adapt_theme
    gettext, ngettext = (environment.globals[name] for name in ("gettext", "ngettext"))
    environment.install_gettext_callables(lambda text: escape(gettext(text)), lambda *args: escape(ngettext(*args)))
    app.builder.search = False


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the settings and connect."""
    app.add_config_value("site_languages", [], "html")
    app.add_config_value("language_names", {}, "html")
    app.connect("builder-inited", prepare_builder)
    app.connect("html-page-context", add_frame)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
