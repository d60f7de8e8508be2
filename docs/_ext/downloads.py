"""Downloads in the language of the page: scripts, notebooks, and both as zips by chapter."""

from __future__ import annotations

import zipfile
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from gallery_pages import is_example
from gallery_run import chapters
from notebook_writer import write_notebook
from page_catalogue import catalogue_of
from reading_time import minutes
from repository_links import notebook_address
from source_comments import CommentTranslationError
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.locale import _
from sphinx.transforms import SphinxTransform
from translated_script import ScriptTranslationError, translate_script

FOLDER = "downloads"
ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold


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
    time = _("Reading time: {minutes} min").format(minutes=minutes(node.document))
    start = f'<span class="reading-time">{escape(time)}</span>' if place == "top" else ""
    note = "" if place == "top" else f"<p>{escape(promise)}</p>"
    translator.body.append(f'<div class="downloads {place}">{start}<span>{escape(heading)}</span>{links}{note}</div>')
    raise nodes.SkipNode


def write_zip(path: Path, files: list[Path]) -> None:
    """Write a zip whose bytes depend on the files alone."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            entry = zipfile.ZipInfo(file.name, ZIP_TIME)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)


def write_example(app: Sphinx, script: Path, chapter: str, folder: Path) -> None:
    """Write script and notebook of one example."""
    page = f"{chapter}/{script.stem}"
    draft = app.config.draft
    source, translations = script.read_text(encoding="utf-8"), catalogue_of(app, page)

    def title_of(target: str) -> str:
        other = target.lstrip("/") if target.startswith("/") else f"{chapter}/{target}"
        return app.env.titles[other].astext() if other in app.env.titles else target

    try:
        (folder / script.name).write_text(translate_script(source, translations, draft=draft), encoding="utf-8")
        flowing = translate_script(source, translations, wrapped=False, draft=draft)
    except (ScriptTranslationError, CommentTranslationError) as error:
        raise ExtensionError(f"gallery/{chapter}/{script.name} in {app.config.language}: {error}") from error
    notebook = write_notebook(flowing, app.config.sphinx_gallery_conf, title_of)
    (folder / f"{script.stem}.ipynb").write_text(notebook, encoding="utf-8")


def write_downloads(app: Sphinx, exception: Exception | None) -> None:
    """After the pages: write the downloads of every chapter."""
    if exception is not None or app.builder.format != "html":
        return
    for gallery, generated in chapters(app):
        folder = Path(app.outdir) / FOLDER / generated.name
        folder.mkdir(parents=True, exist_ok=True)
        scripts = sorted(gallery.glob("*.py"))
        for script in scripts:
            write_example(app, script, generated.name, folder)
        for kind, suffix in (("python", ".py"), ("jupyter", ".ipynb")):
            files = [folder / f"{script.stem}{suffix}" for script in scripts]
            write_zip(folder.with_name(f"{generated.name}-{kind}.zip"), files)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the links and connect."""
    app.add_config_value("draft", False, "html", bool)
    skip = (lambda translator, node: None, None)
    app.add_node(downloads_node, html=(visit_downloads, None), gettext=skip)
    app.add_transform(PlaceDownloads)
    app.connect("build-finished", write_downloads)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
