"""Builds the site, unless nothing has changed since it was built."""

from __future__ import annotations

import os
from pathlib import Path

from sitebuild.building.fingerprint import fingerprint_inputs, fingerprint_site
from sitebuild.building.folders import FINGERPRINT, SITE
from sitebuild.site import build_date


def build_what_changed(
    root: Path, languages: list[str], draft: bool, options: list[str]
) -> list[tuple[str, float]] | None:
    """Build the site, unless nothing has changed since it was built.

    Returns
    -------
    list of (str, float) or None
        What each stage took in seconds; None if there was nothing to do.
    """
    mark = root / FINGERPRINT
    key = [*languages, str(draft), *options, os.environ.get(build_date.VARIABLE, "")]
    # Taken before the build: what is edited while it runs belongs to the next one.
    sources, results = fingerprint_inputs(root, key)
    known = mark.read_bytes() if mark.exists() else b""
    made_from = (sources + results).encode()
    if known == made_from + fingerprint_site(root / SITE).encode():
        return None
    if known.startswith(made_from):
        print(f"Files in {SITE} are not as the last build left them.")
    from sitebuild.building import stages  # here, so that a build with nothing to do does not wait for it

    times = stages.build(root, languages, draft, options)
    _now, results = fingerprint_inputs(root, key)
    mark.write_bytes((sources + results + fingerprint_site(root / SITE)).encode())
    return times
