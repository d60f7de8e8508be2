"""Runs what has to run before Sphinx-Gallery, and judges the results after it."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import gallery_hooks
from check_expectations import ExpectationFileError, find_surprises
from execution_cache import KEY_FILE, discard_stale_results
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

# Results must not depend on the number of cores: sums are split among threads.
THREADS = "1"
# Settings of the gallery that change what an example leaves behind.
RESULTS_DEPEND_ON_SETTINGS = ("capture_repr", "filename_pattern", "image_scrapers", "reset_modules")


def chapters(app: Sphinx) -> list[tuple[Path, Path]]:
    """Folders of each chapter: its scripts in the gallery, its generated pages."""
    conf = app.config.sphinx_gallery_conf
    source = Path(app.srcdir)
    return [
        ((source / examples).resolve(), (source / generated).resolve())
        for examples, generated in zip(conf["examples_dirs"], conf["gallery_dirs"], strict=True)
    ]


def prepare(app: Sphinx) -> None:
    """Before the gallery: drop stale results, say what is going to run."""
    os.environ.setdefault("OMP_NUM_THREADS", THREADS)
    os.environ.setdefault("MKL_NUM_THREADS", THREADS)
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # torch.profiler reports each start on stderr
    os.environ.setdefault("MPLBACKEND", "agg")  # plots are kept, not shown in windows
    known = {generated for _chapter, generated in chapters(app)}
    for key_file in Path(app.srcdir).resolve().glob(f"*/{KEY_FILE}"):
        if key_file.parent not in known:
            shutil.rmtree(key_file.parent)  # of a chapter that is gone
    settings = {name: app.config.sphinx_gallery_conf[name] for name in RESULTS_DEPEND_ON_SETTINGS}
    stale: list[Path] = []
    for chapter, generated in chapters(app):
        stale += discard_stale_results(chapter, generated, repr(settings))
    gallery_hooks.announce(stale)


def _failure_line(script: str, report: str) -> str:
    """One line on an example that raised: file, line, error."""
    lines = re.findall(rf'File "{re.escape(script)}", line (\d+)', report)
    path = Path(script)
    place = f"gallery/{path.parent.name}/{path.name}" + (f":{lines[-1]}" if lines else "")
    # After the stack the report says what was raised; the message may go on for many lines.
    raised = [line for line in report.splitlines()[1:] if line and not line.startswith(" ")]
    return f"{place}: {raised[0] if raised else 'it raised an error'}"


def judge(app: Sphinx) -> None:
    """After the gallery: end the build unless every example ran and every check is as meant.

    Raises
    ------
    ExtensionError
        With one line for each script that raised and each check that surprises.
    """
    failing: dict[str, str] = app.config.sphinx_gallery_conf["failing_examples"]
    problems = [_failure_line(script, report) for script, report in failing.items()]
    try:
        for chapter, generated in chapters(app):
            if not failing:  # a script that stopped half-way lacks checks; its own error says why
                problems += find_surprises(chapter, generated)
    except ExpectationFileError as error:
        problems.append(str(error))
    if problems:
        raise ExtensionError("The examples did not do what they are meant to do:\n  " + "\n  ".join(problems))


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the two sides of Sphinx-Gallery, which runs at the default priority 500."""
    app.setup_extension("sphinx_gallery.gen_gallery")
    app.connect("builder-inited", prepare, priority=400)
    app.connect("builder-inited", judge, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
