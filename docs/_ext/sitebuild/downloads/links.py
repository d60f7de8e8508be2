"""Links from a page to its downloads, and from a chapter to its zips."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.transforms import SphinxTransform

from sitebuild.downloads.files import FOLDER
from sitebuild.examples.gallery import is_chapter, is_example
from sitebuild.examples.gallery_page import SIGNATURE, added_parts, put_last
from sitebuild.site.reading_time import minutes
from sitebuild.site.repository_links import notebook_address

STYLE = "download_links.css"
LATEST = 3  # parts of a page that stand above the links, with its title
OTHER_WRITERS = ("gettext", "latex", "man", "texinfo", "text")  # they show no links


class downloads_node(nodes.General, nodes.Element):
    """Links to the downloads of a page; ``place`` is "top" or "end"."""


def _place_at_top(section: nodes.section) -> int:
    """Below what the page is for and what it presupposes: title and text, as far as there is no more of it."""
    text = (nodes.title, nodes.paragraph)
    above = next((number for number, part in enumerate(section) if not isinstance(part, text)), len(section))
    return min(above, LATEST)


class PlaceDownloads(SphinxTransform):
    """Put the links at the top and at the end of each example, and at the end of a chapter."""

    default_priority = 7

    def apply(self, **kwargs: Any) -> None:
        """Add the nodes to the page's first section."""
        page = self.env.docname
        if not (is_example(self.app, page) or is_chapter(self.app, page)):
            return
        section = next(iter(self.document.findall(nodes.section)))
        if is_example(self.app, page):
            section.insert(_place_at_top(section), downloads_node(page=page, place="top"))
            section.append(downloads_node(page=page, place="end"))
        else:
            section.append(downloads_node(page=page.rpartition("/")[0], place="chapter"))
        put_last(section, added_parts(self.document, SIGNATURE))


def visit_downloads(translator: Any, node: downloads_node) -> None:
    """Write the links."""
    page, place = node["page"], node["place"]
    builder, config = translator.builder, translator.config
    # Where the page will lie decides, not how it is called: "index" may be its folder, and all may be one page.
    root = "../" * builder.get_target_uri(builder.current_docname).partition("#")[0].count("/")
    if place == "chapter":
        files = [(f"{page}-python.zip", _("All scripts (zip)")), (f"{page}-jupyter.zip", _("All notebooks (zip)"))]
    else:
        files = [(f"{page}.py", _("Python script")), (f"{page}.ipynb", _("Jupyter notebook"))]
    links = "".join(
        f'<a href="{root}{FOLDER}/{escape(name)}" download>{escape(label)}</a>' for name, label in files
    )
    # Outside the f-strings: phrases within one are not collected for translation.
    colab = _("Open in Colab")
    if place != "chapter" and (address := notebook_address(config, page)):
        links += f'<a href="{escape(address)}">{escape(colab)}</a>'
    heading, promise = _("Download"), _("The code is the same in every language; prose and comments are translated.")
    time, start = _("Reading time: {minutes} min"), ""
    if place == "top" and config.download_links_tell_reading_time:
        start = f'<span class="reading-time">{escape(time.format(minutes=minutes(node.document)))}</span>'
    note = "" if place == "top" else f"<p>{escape(promise)}</p>"
    translator.body.append(f'<div class="downloads {place}">{start}<span>{escape(heading)}</span>{links}{note}</div>')
    raise nodes.SkipNode


def skip(_translator: Any, _node: downloads_node) -> None:
    """Write nothing."""
    raise nodes.SkipNode


def add_style(app: Sphinx) -> None:
    """Bring the style of the links, unless that of the site knows them."""
    if app.config.download_links_bring_style:
        app.config.html_static_path.append(str(Path(__file__).parent / "static"))
        app.add_css_file(STYLE)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the links."""
    app.add_config_value("download_links_bring_style", True, "html", bool)
    app.add_config_value("download_links_tell_reading_time", False, "html", bool)
    app.add_node(downloads_node, html=(visit_downloads, None), **{writer: (skip, None) for writer in OTHER_WRITERS})
    app.add_transform(PlaceDownloads)
    app.connect("builder-inited", add_style)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
