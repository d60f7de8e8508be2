"""Decides which results of earlier runs may still be shown.

Sphinx-Gallery runs a script again when its text changed. That is not enough: results
also depend on the versions of what the script imports and on the modules here that
write them down, and files may have been lost.
"""

from __future__ import annotations

import hashlib
import platform
import re
from importlib import metadata
from pathlib import Path

from sphinx_gallery.gen_rst import get_md5sum

# Distributions whose version shows in a result.
RESULTS_DEPEND_ON = ("torch", "scipy", "numpy", "torchviz", "graphviz", "matplotlib", "scikit-learn", "sphinx-gallery")
# Modules that decide what is written down while an example runs.
WRITERS = (
    "autograd_graph.py",
    "capability_checks.py",
    "check_records.py",
    "clock_readings.py",
    "gallery_hooks.py",
    "gallery_run.py",
    "matplotlib_svg.py",
)
KEY_FILE = ".results-made-with"
_MENTIONED = re.compile(r"^\.\. (?:autograd-graph|gradient-checks|example-plot):: (\S+)$", re.MULTILINE)


def execution_key(settings: str) -> str:
    """Hash of what, beside the script, its results depend on; ``settings`` are those of the gallery."""
    parts = [platform.python_version(), settings]
    parts += [f"{name} {metadata.version(name)}" for name in RESULTS_DEPEND_ON]
    parts += [(Path(__file__).parent / name).read_text(encoding="utf-8") for name in WRITERS]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def is_current(script: Path, generated: Path) -> bool:
    """Whether the results of ``script`` in the folder ``generated`` are complete and its own."""
    target = generated / script.name
    checksum, page = Path(f"{target}.md5"), target.with_suffix(".rst")
    if not (checksum.exists() and page.exists() and target.exists()):
        return False
    if checksum.read_text() != get_md5sum(script, mode="t"):
        return False
    mentioned = _MENTIONED.findall(page.read_text(encoding="utf-8"))
    return all((generated / name).exists() for name in mentioned)


def discard_stale_results(chapter: Path, generated: Path, settings: str) -> list[Path]:
    """Remove results that may not be shown any more.

    Parameters
    ----------
    chapter, generated : Path
        A chapter's folder in the gallery and its folder of generated pages.
    settings : str
        Settings of the gallery that show in results.

    Returns
    -------
    list of Path
        The scripts of the chapter that have to run.
    """
    generated.mkdir(parents=True, exist_ok=True)
    scripts = sorted(chapter.glob("*.py"))
    stems = {script.stem for script in scripts} | {"index"}
    for path in generated.iterdir():
        if path.is_file() and path.name != KEY_FILE and path.name.partition(".")[0] not in stems:
            path.unlink()  # of a script that is gone
    key, key_file = execution_key(settings), generated / KEY_FILE
    made_with_this = key_file.exists() and key_file.read_text() == key
    stale = [script for script in scripts if not (made_with_this and is_current(script, generated))]
    for script in stale:
        (generated / f"{script.name}.md5").unlink(missing_ok=True)
    key_file.write_text(key)
    return stale
