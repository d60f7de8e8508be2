"""Makes the index of the site's search, one part for each language, with Pagefind.

Pagefind cuts Chinese text into words before it indexes them, and the browser cuts the query:
not at the same places, so that 卷积 and 批量归一化 found nothing or the wrong page. Here every
Han character is a word of its own, in the index and (search.js) in the query, and a phrase is
found where its characters follow each other.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from sitebuild.examples.build_error import BuildError

# Parts of Pagefind that belong to user interfaces of its own; ours is search.js.
UNUSED = ("pagefind-ui", "pagefind-modular-ui", "pagefind-component-ui", "pagefind-highlight")
_TEXT = re.compile(r">([^<]+)<")
# Output that was measured, as measured_output.py marks it.
_MEASURED = re.compile(r'<div class="(?:[^"]* )?measured(?: [^"]*)?"')
_BETWEEN_HAN = re.compile(r"(?<=[\u3400-\u9fff])(?=[\u3400-\u9fff])")


def separate_han(page: str) -> str:
    """Put a space between any two Han characters in the text of an HTML page; search.js takes it out."""
    return _TEXT.sub(lambda match: f">{_BETWEEN_HAN.sub(' ', match[1])}<", page)


def leave_out_measured(page: str) -> str:
    """Keep measured output from being found: nobody looks for it, and every build has another index by it."""
    return _MEASURED.sub(r"\g<0> data-pagefind-ignore", page)


def write(site: Path) -> None:
    """Index the pages below ``site`` into ``site/pagefind``.

    Only what stands in the element marked ``data-pagefind-body`` is found, in the
    language that the page names.

    Raises
    ------
    BuildError
        If Pagefind ends with an error.
    """
    with tempfile.TemporaryDirectory() as folder:
        for path in site.rglob("*.html"):
            copy = Path(folder) / path.relative_to(site)
            copy.parent.mkdir(parents=True, exist_ok=True)
            page = leave_out_measured(path.read_text(encoding="utf-8"))
            copy.write_text(separate_han(page), encoding="utf-8")
        shutil.rmtree(site / "pagefind", ignore_errors=True)
        command = [sys.executable, "-m", "pagefind", "--site", folder, "--output-path", str(site / "pagefind")]
        result = subprocess.run([*command, "--quiet"], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise BuildError(f"Pagefind could not index the site:\n{result.stdout}{result.stderr}")
    entry = site / "pagefind" / "pagefind-entry.json"
    # Pagefind lists the languages in an order of its own at every run.
    entry.write_text(json.dumps(json.loads(entry.read_text(encoding="utf-8")), sort_keys=True), encoding="utf-8")
    for name in UNUSED:
        for path in (site / "pagefind").glob(f"{name}.*"):
            path.unlink()
