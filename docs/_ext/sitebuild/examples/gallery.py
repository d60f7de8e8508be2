"""Where examples and chapters are: scripts in the gallery, their pages among the documents."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from sitebuild.examples.gallery_folders import INDEX, named_folders, subsections

INDEX_PAGE = Path(INDEX).stem
IGNORED = r"__init__\.py"  # Sphinx-Gallery's own ignore_pattern


@dataclass(frozen=True)
class Example:
    """A script, and the folder of generated pages in which its results are kept."""

    script: Path
    generated: Path


def scripts_of(chapter: Path) -> list[Path]:
    """The scripts of a chapter, a folder of the gallery, by name."""
    return sorted(chapter.glob("*.py"))


def chapters(app: Sphinx) -> list[tuple[Path, Path]]:
    """Folders of each chapter: its scripts in the gallery, its generated pages. A subsection is a chapter, too.

    Raises
    ------
    ExtensionError
        If conf.py leaves out some of the scripts.
    """
    conf = app.config.sphinx_gallery_conf
    if (pattern := conf.get("ignore_pattern", IGNORED)) != IGNORED:
        raise ExtensionError(
            f"conf.py: ignore_pattern is {pattern!r}, but each script of a chapter has a page; leave the setting out, "
            "and import what scripts share from the section that explains it: from section import Name"
        )
    return [
        pair
        for scripts, generated in named_folders(Path(app.srcdir), conf)
        for pair in [(scripts, generated), *((each, generated / each.name) for each in subsections(scripts, conf))]
    ]


def all_examples(app: Sphinx) -> list[Example]:
    """Every script, in the order of the chapters and of their names."""
    return [Example(script, generated) for chapter, generated in chapters(app) for script in scripts_of(chapter)]


def pages_of(app: Sphinx, generated: Path) -> str:
    """A folder of generated pages as names of pages begin, such as "double_backward"."""
    return generated.relative_to(app.srcdir).as_posix()


def find_script(app: Sphinx, page: str) -> Path | None:
    """The script of a page; None of a page that was written by hand, and of those that list others.

    Folders are not searched: every page asks.
    """
    if page.rpartition("/")[2] == INDEX_PAGE:
        return None
    for scripts, generated in named_folders(Path(app.srcdir), app.config.sphinx_gallery_conf):
        folder = f"{pages_of(app, generated)}/"
        script = scripts / f"{page.removeprefix(folder)}.py"
        if page.startswith(folder) and script.is_file():
            return script
    return None


def is_example(app: Sphinx, docname: str) -> bool:
    """Whether ``docname`` is the page of a script rather than one written by hand."""
    return find_script(app, docname) is not None


def is_chapter(app: Sphinx, page: str) -> bool:
    """Whether ``page`` is the one that introduces a chapter."""
    folder, _slash, name = page.rpartition("/")
    return name == INDEX_PAGE and folder in (pages_of(app, generated) for _scripts, generated in chapters(app))
