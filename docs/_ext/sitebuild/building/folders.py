"""Where a build puts what it makes, relative to the project."""

from __future__ import annotations

from pathlib import Path

SITE = Path("build/html")
WORK = Path("build/stages")
FINGERPRINT = WORK / "fingerprint"  # what the site was made from
