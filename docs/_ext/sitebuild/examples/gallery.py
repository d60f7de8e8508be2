"""Where examples and chapters are: scripts in the gallery, their pages among the documents."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError


IGNORED = r"__init__\.py"  # Sphinx-Gallery's own ignore_pattern


@dataclass(frozen=True)
class Example:
    """A script, and the folder of generated pages in which its results are kept."""

    script: Path
    generated: Path


def name_of(script: Path) -> str:
    """A script as messages call it."""
    return f"gallery/{script.parent.name}/{script.name}"


def scripts_of(chapter: Path) -> list[Path]:
    """The scripts of a chapter, a folder of the gallery, by name."""
    return sorted(chapter.glob("*.py"))


def chapters(app: Sphinx) -> list[tuple[Path, Path]]:
    """Folders of each chapter: its scripts in the gallery, its generated pages.

    Raises
    ------
    ExtensionError
        If conf.py does not name a folder for pages for each folder of scripts, or leaves out some of the scripts.
    """
    conf = app.config.sphinx_gallery_conf
    source, named = Path(app.srcdir), [len(conf[name]) for name in ("examples_dirs", "gallery_dirs")]
    if named[0] != named[1]:
        raise ExtensionError("conf.py: examples_dirs names {} folders, gallery_dirs {}; name each chapter in both".format(*named))
    if (pattern := conf.get("ignore_pattern", IGNORED)) != IGNORED:
        raise ExtensionError(
            f"conf.py: ignore_pattern is {pattern!r}, but each script of a chapter has a page; leave the setting out, "
            "and import what scripts share from the section that explains it: from section import Name"
        )
    return [
        ((source / examples).resolve(), (source / generated).resolve())
        for examples, generated in zip(conf["examples_dirs"], conf["gallery_dirs"], strict=True)
    ]


def all_examples(app: Sphinx) -> list[Example]:
    """Every script, in the order of the chapters and of their names."""
    return [Example(script, generated) for chapter, generated in chapters(app) for script in scripts_of(chapter)]


def is_example(app: Sphinx, docname: str) -> bool:
    """Whether ``docname`` is the page of a script rather than one written by hand."""
    folder, _, name = docname.rpartition("/")
    return folder in app.config.sphinx_gallery_conf["gallery_dirs"] and name != "index"


def script_of(app: Sphinx, page: str) -> Path:
    """The script of an example's page."""
    chapter, _slash, name = page.rpartition("/")
    generated = (Path(app.srcdir) / chapter).resolve()
    return next(scripts for scripts, pages in chapters(app) if pages == generated) / f"{name}.py"


def source_of(config: Config, page: str) -> str:
    """File of the repository that a person edits to change the text of ``page``.

    Parameters
    ----------
    config : Config
        Settings of the site; its language decides between the source and a catalogue.
    page : str
        Name of the page, such as "double_backward/saving_inputs".
    """
    if config.language != "en":
        return f"docs/locale/{config.language}/LC_MESSAGES/{page}.po"
    chapter, _slash, name = page.rpartition("/")
    if chapter not in config.sphinx_gallery_conf["gallery_dirs"]:
        return f"docs/{page}.rst"
    return f"gallery/{page}.rst" if name == "index" else f"gallery/{page}.py"
