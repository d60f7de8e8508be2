"""Links from a page to its downloads, and from a chapter to its zips."""

from __future__ import annotations

from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.transforms import SphinxTransform

from sitebuild.downloads.files import FOLDER
from sitebuild.examples.gallery import is_example
from sitebuild.site.reading_time import minutes
from sitebuild.site.repository_links import notebook_address


class downloads_node(nodes.General, nodes.Element):
    """Links to the downloads of a page; ``place`` is "top" or "end"."""


class PlaceDownloads(SphinxTransform):
    """Put the links at the top and at the end of each example, and at the end of a chapter."""

    default_priority = 7

    def apply(self, **kwargs: Any) -> None:
        """Add the nodes to the page's first section."""
        page = self.env.docname
        chapter = page.removesuffix("/index")
        if is_example(self.app, page):
            section = next(iter(self.document.findall(nodes.section)))
            # Below what the page is for and what it presupposes.
            section.insert(3, downloads_node(page=page, place="top"))
            section.append(downloads_node(page=page, place="end"))
        elif chapter != page and chapter in self.config.sphinx_gallery_conf["gallery_dirs"]:
            next(iter(self.document.findall(nodes.section))).append(downloads_node(page=chapter, place="chapter"))


def visit_downloads(translator: Any, node: downloads_node) -> None:
    """Write the links."""
    page, place = node["page"], node["place"]
    root = "../" * translator.builder.current_docname.count("/")
    if place == "chapter":
        files = [(f"{page}-python.zip", _("All scripts (zip)")), (f"{page}-jupyter.zip", _("All notebooks (zip)"))]
    else:
        files = [(f"{page}.py", _("Python script")), (f"{page}.ipynb", _("Jupyter notebook"))]
    links = "".join(
        f'<a href="{root}{FOLDER}/{escape(name)}" download>{escape(label)}</a>' for name, label in files
    )
    # Outside the f-strings: phrases within one are not collected for translation.
    colab = _("Open in Colab")
    if place != "chapter" and (address := notebook_address(translator.config, page)):
        links += f'<a href="{escape(address)}">{escape(colab)}</a>'
    heading, promise = _("Download"), _("The code is the same in every language; prose and comments are translated.")
    time, start = _("Reading time: {minutes} min"), ""
    if place == "top":
        start = f'<span class="reading-time">{escape(time.format(minutes=minutes(node.document)))}</span>'
    note = "" if place == "top" else f"<p>{escape(promise)}</p>"
    translator.body.append(f'<div class="downloads {place}">{start}<span>{escape(heading)}</span>{links}{note}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the links."""
    app.add_node(downloads_node, html=(visit_downloads, None), gettext=(lambda translator, node: None, None))
    app.add_transform(PlaceDownloads)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
