"""Measures every page of the finished site with Lighthouse and axe; fails if one misses a limit.

The site is served as a web host serves it. Raw results stay in build/audit: the reports of
Lighthouse, which its viewer opens, and results.json with all that the table and the list show.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
import sys
from pathlib import Path

import axe_runs
import lighthouse_runs
import misses
import report
import site_pages
import site_server

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs" / "_ext"))
from sitebuild.commands import system_requirements

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# The landing page sends a reader on to a language that the browser prefers. It is measured as one sees
# it who prefers none of them.
LANGUAGE = "eo"


def main(arguments: list[str]) -> int:
    """Measure, print the table and the list; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site", type=Path, default=ROOT / "build" / "html")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "audit")
    parser.add_argument("pages", nargs="*", help="such as en/index.html; without any, all pages")
    parsed = parser.parse_args(arguments)
    offered = site_pages.find(parsed.site)
    if unknown := [page for page in parsed.pages if page not in offered]:
        print(f"No pages of the site, or not for search engines: {' '.join(unknown)}", file=sys.stderr)
        return 2
    pages = parsed.pages or offered
    chromium, reports = system_requirements.find("chromium"), parsed.out / "lighthouse"
    shutil.rmtree(parsed.out, ignore_errors=True)
    with site_server.serving(parsed.site) as address:
        lighthouse_runs.run(address, pages, chromium, [*FLAGS, f"--accept-lang={LANGUAGE}"], reports)
        violations = axe_runs.run(address, pages, chromium, FLAGS, LANGUAGE)
    measurements = {
        page: {
            device: lighthouse_runs.read(reports, device, page, parsed.site)
            for device in lighthouse_runs.DEVICES
        }
        for page in pages
    }
    missed = misses.find(measurements, violations)
    results = {
        "pages": {
            page: {device: dataclasses.asdict(measured) for device, measured in by_device.items()}
            for page, by_device in measurements.items()
        },
        "violations": [dataclasses.asdict(violation) for violation in violations],
        "missed": [dataclasses.asdict(miss) for miss in missed],
    }
    text = json.dumps(results, ensure_ascii=False, indent=1)
    (parsed.out / "results.json").write_text(text, encoding="utf-8")
    print(report.table(measurements, violations), report.listing(missed, len(pages)), sep="\n\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
