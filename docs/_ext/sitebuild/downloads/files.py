"""Writes the downloads in the language of the site: scripts, notebooks, and both as zips by chapter."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from sitebuild.definitions.chapter_files import imports_of
from sitebuild.definitions.completed_script import complete
from sitebuild.downloads.notebook import NotebookError, what_to_write, write_notebook
from sitebuild.examples.gallery import chapters, pages_of, scripts_of
from sitebuild.examples.gallery_folders import name_of
from sitebuild.translation.page_catalogue import catalogue_of
from sitebuild.translation.source_comments import CommentTranslationError
from sitebuild.translation.translated_imports import TranslatedImports
from sitebuild.translation.translated_script import ScriptTranslationError, translate_script

FOLDER = "downloads"
ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold


def write_zip(path: Path, files: list[Path]) -> None:
    """Write a zip whose bytes depend on the files alone."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            entry = zipfile.ZipInfo(file.name, ZIP_TIME)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)


def write_example(app: Sphinx, script: Path, chapter: str, folder: Path) -> None:
    """Write script and notebook of one example, with what it imports from other sections.

    Raises
    ------
    ExtensionError
        With a line on what cannot be translated, or one on each piece that a notebook cannot show.
    """
    page = f"{chapter}/{script.stem}"
    draft = app.config.draft
    source, translations = script.read_text(encoding="utf-8"), catalogue_of(app, page)
    imports, translated = imports_of(script), TranslatedImports(app, chapter)

    def title_of(target: str) -> str:
        other = target.lstrip("/") if target.startswith("/") else f"{chapter}/{target}"
        return app.env.titles[other].astext() if other in app.env.titles else target

    def whole(*, wrapped: bool) -> str:
        text = translate_script(source, translations, wrapped=wrapped, draft=draft)
        return complete(text, imports, translated.head, translated.text_of) if imports else text

    try:
        (folder / script.name).write_text(whole(wrapped=True), encoding="utf-8")
        flowing = whole(wrapped=False)
    except (ScriptTranslationError, CommentTranslationError) as error:
        raise ExtensionError(f"{name_of(script)} in {app.config.language}: {error}") from error
    try:
        notebook = write_notebook(flowing, app.config.sphinx_gallery_conf, title_of)
    except NotebookError as error:
        lines = (
            f"{name_of(script)}{_line_of(piece, source)}: a notebook cannot show {piece}; {what_to_write(piece)}"
            for piece in error.pieces
        )
        raise ExtensionError("\n".join(lines)) from error
    (folder / f"{script.stem}.ipynb").write_text(notebook, encoding="utf-8")


def _line_of(text: str, source: str) -> str:
    """Line of a script in which ``text`` stands, as it is put behind the script's name."""
    return next((f":{number}" for number, line in enumerate(source.split("\n"), 1) if text in line), "")


def _written(app: Sphinx, scripts: list[Path], chapter: str, folder: Path) -> Iterator[str]:
    """Write the downloads of a chapter; yield what is wrong with each that cannot be written."""
    for script in scripts:
        try:
            write_example(app, script, chapter, folder)
        except ExtensionError as error:
            yield str(error)


def write_downloads(app: Sphinx, exception: Exception | None) -> None:
    """After the pages: write the downloads of every chapter."""
    if exception is not None or app.builder.format != "html":
        return
    problems: list[str] = []
    for gallery, generated in chapters(app):
        chapter = pages_of(app, generated)
        folder = Path(app.outdir) / FOLDER / chapter
        folder.mkdir(parents=True, exist_ok=True)
        scripts = scripts_of(gallery)
        problems += _written(app, scripts, chapter, folder)
        for kind, suffix in (("python", ".py"), ("jupyter", ".ipynb")) if not problems else ():
            files = [folder / f"{script.stem}{suffix}" for script in scripts]
            write_zip(folder.with_name(f"{generated.name}-{kind}.zip"), files)
    if problems:
        raise ExtensionError("\n".join(problems))


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the end of a build."""
    app.add_config_value("draft", False, "html", bool)
    app.connect("build-finished", write_downloads)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
