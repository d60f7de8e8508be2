"""How much of each catalogue is translated: all that pages of one language say about those of another."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from sitebuild.building.folders import WORK
from sitebuild.building.inputs import LOCALE, Inputs

CACHE = WORK / "catalogue_counts.json"
# What counts; after an edit of it all catalogues are counted anew.
_COUNTERS = ("docs/_ext/sitebuild/reports/translation_status.py", "docs/_ext/sitebuild/translation/page_catalogue.py")


def count_all(root: Path, inputs: Inputs) -> dict[str, str]:
    """Messages and finished translations of each catalogue, by its path; only changed ones are read.

    One that cannot be read is left out: those who see its content will tell.
    """
    counters = " ".join(inputs.sources.get(name, "") for name in _COUNTERS)
    catalogues = {
        name: f"{counters} {content}" for name, content in inputs.sources.items() if name.startswith(LOCALE) and name.endswith(".po")
    }
    known: dict[str, str] = {}
    with suppress(OSError, ValueError, AttributeError):  # not there yet, or damaged
        known = {key: str(value) for key, value in json.loads((root / CACHE).read_text(encoding="utf-8")).items()}
    counted = {key: known[key] if key in known else _count(root / name) for name, key in catalogues.items()}
    counted = {key: value for key, value in counted.items() if value}
    if counted != known:
        (root / CACHE).parent.mkdir(parents=True, exist_ok=True)
        (root / CACHE).write_text(json.dumps(counted), encoding="utf-8")
    return {name: counted[key] for name, key in catalogues.items() if key in counted}


def _count(catalogue: Path) -> str:
    from sitebuild.reports.translation_status import count  # here: most builds need not wait for it

    with suppress(Exception):  # whatever is wrong with it, its own language tells
        return "{} of {}".format(*reversed(count(catalogue)))
    return ""
