"""Keeps the results of examples, and decides which of them may still be shown.

Sphinx-Gallery runs a script again when its text changed. That is not enough: results
also depend on the versions of what the script imports and on the modules here that
write them down, and files may have been lost, damaged or left half written. So a record
beside the results of each script says what they were made with and what they hold.
"""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from sphinx_gallery.gen_rst import get_md5sum

from sitebuild.definitions.chapter_files import digest
from sitebuild.examples.gallery import scripts_of
from sitebuild.examples.gallery_folders import name_of

# Distributions whose version shows in a result, where they are installed.
RESULTS_DEPEND_ON = ("torch", "scipy", "numpy", "torchviz", "graphviz", "matplotlib", "scikit-learn", "sphinx-gallery")
# Modules that decide what is written down while an example runs, beside those of the observers.
WRITERS = (
    "examples/forbidden_characters.py",
    "examples/observer.py",
    "examples/random_calls.py",
    "running/example_process.py",
    "running/gallery_hooks.py",
    "running/gallery_run.py",
    "running/isolation.py",
    "running/random_numbers.py",
    "running/working_folder.py",
    "definitions/finder.py",
    "definitions/imported.py",
    "definitions/joined_names.py",
    "definitions/sibling_imports.py",
    "definitions/top_level.py",
    "examples/running_script.py",
)
# Marks a folder of pages as generated: `make clean` and a build without that chapter remove it.
MARK = ".generated"
RECORD = "results.json"
IMAGES = "images"  # the only folder that Sphinx-Gallery makes in it
# Files that Sphinx-Gallery writes for the folder as a whole, by the beginning of their names.
OF_FOLDER = ("index", "sg_execution_times", "{}_python", "{}_jupyter")


def version_of(distribution: str) -> str:
    """Version of a distribution; "" if it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def execution_key(settings: str, writers: list[Path], more: Sequence[str] = ()) -> str:
    """Hash of what, beside the script, its results depend on.

    Parameters
    ----------
    settings : str
        Those of the gallery.
    writers : list of Path
        Modules of the observers that decide what is written down.
    more : sequence of str
        Further distributions whose version shows in a result.
    """
    parts = [platform.python_version(), settings]
    parts += [f"{name} {version}" for name in [*RESULTS_DEPEND_ON, *more] if (version := version_of(name))]
    package = Path(__file__).parents[1]
    parts += [path.read_text(encoding="utf-8") for path in [*(package / name for name in WRITERS), *writers]]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def key_of(script: Path, key: str) -> str:
    """``key`` together with the definitions that ``script`` imports from other sections of its chapter."""
    return hashlib.sha256(f"{key}\n{digest(script)}".encode()).hexdigest()


def _checksum_file(script: Path, generated: Path) -> Path:
    """Where Sphinx-Gallery keeps the MD5 of the text that ran; without it nothing else counts."""
    return generated / f"{script.name}.md5"


def _record_file(script: Path, generated: Path) -> Path:
    return generated / f"{script.stem}.{RECORD}"


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def is_current(script: Path, generated: Path, key: str) -> bool:
    """Whether the results of ``script`` in the folder ``generated`` are complete and its own."""
    try:
        checksum = _checksum_file(script, generated).read_bytes().decode()
        record = json.loads(_record_file(script, generated).read_bytes())
        return (
            checksum == get_md5sum(script, mode="t")
            and record["made_with"] == key_of(script, key)
            and all(_hash(generated / name) == value for name, value in record["files"].items())
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return False  # lost, cut short or overwritten: not worth more than being made again


def discard(script: Path, generated: Path) -> None:
    """Remove all results of ``script``; first the checksum, which vouches for the rest."""
    _checksum_file(script, generated).unlink(missing_ok=True)
    for path in generated.iterdir():
        if path.is_file() and path.name.partition(".")[0] == script.stem:
            path.unlink()


def keep(fresh: Path, script: Path, generated: Path, key: str) -> None:
    """Put the results of a run into place.

    Parameters
    ----------
    fresh : Path
        Folder with what the run left, and nothing else.
    script, generated : Path
        The script, and the folder of generated pages of its chapter.
    key : str
        What :func:`key_of` said before the run.
    """
    discard(script, generated)
    checksum = _checksum_file(script, generated)
    files = sorted(path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file())
    files.remove(Path(checksum.name))
    record = {"made_with": key, "files": {file.as_posix(): _hash(fresh / file) for file in files}}
    for file in files:
        (generated / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(fresh / file, generated / file)
    _record_file(script, generated).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    # Last: an interrupted build leaves no checksum, so the next one trusts nothing of this script.
    shutil.move(fresh / checksum.name, checksum)


def foreign_files(generated: Path) -> list[str]:
    """What speaks against taking a folder for generated pages, where everything else is removed: files that we did not make."""
    if not generated.is_dir() or (generated / MARK).exists() or next(generated.glob(f"*.{RECORD}"), None):
        return []
    found = sorted(path.name for path in generated.iterdir())
    remedy = "if Sphinx-Gallery made them, remove the folder once; otherwise name another one in gallery_dirs"
    return [f"{name_of(generated)}: it holds files that this build did not make, such as {found[0]}; {remedy}"] if found else []


def tidy_folders(source: Path, chapters: list[tuple[Path, Path]]) -> None:
    """Remove results of scripts and chapters that are gone; mark the folders of the others.

    Parameters
    ----------
    source : Path
        Folder of the documents.
    chapters : list of (Path, Path)
        Each chapter's folder in the gallery, and its folder of generated pages.
    """
    known = [generated for _chapter, generated in chapters]
    for mark in list(source.rglob(MARK)):
        if mark.parent not in known and mark.exists():
            shutil.rmtree(mark.parent)
    for chapter, generated in chapters:
        generated.mkdir(parents=True, exist_ok=True)
        (generated / MARK).touch()
        stems = {script.stem for script in scripts_of(chapter)} | {name.format(generated.name) for name in OF_FOLDER}
        copied = {path.name for path in chapter.iterdir()} | {MARK, IMAGES}
        for path in generated.iterdir():
            if path.is_dir() and path not in known and path.name != IMAGES:
                shutil.rmtree(path)
            elif path.is_file() and path.name not in copied and path.name.partition(".")[0] not in stems:
                path.unlink()
