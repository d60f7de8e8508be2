"""Runs Lighthouse on pages, and takes out of its reports what the audit judges."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import site_pages

HERE = Path(__file__).parent
DEVICES = ("phone", "desktop")
# In the order of the table.
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")


@dataclass(frozen=True)
class Failure:
    """An audit of Lighthouse that costs a category points."""

    category: str
    audit: str
    title: str
    detail: str


@dataclass(frozen=True)
class Measurement:
    """One page on one device.

    Attributes
    ----------
    scores : dict of str to int
        Points of 100 by category; 0 where Lighthouse gave none.
    performance_of_runs : list of int
        Points of every run; ``scores`` has their median.
    failures : list of Failure
        Why scores are below 100.
    paint : float
        First contentful paint in ms; 0 if there was none.
    requests, size : int
        What the first view loaded, files and compressed bytes, without what is loaded lazily.
    """

    scores: dict[str, int]
    performance_of_runs: list[int]
    failures: list[Failure]
    paint: float
    requests: int
    size: int


def run(address: str, pages: list[str], chromium: str, flags: list[str], out: Path) -> None:
    """Write Lighthouse's report of each of ``pages`` and each device to ``out/<device>/<page>.json``."""
    job = {"address": address, "pages": pages, "chromium": chromium, "flags": flags, "out": str(out)}
    command = ["node", str(HERE / "lighthouse_runs.mjs")]
    subprocess.run(command, input=json.dumps(job), text=True, check=True)


def _points(score: float | None) -> int:
    return round(100 * (score or 0))


def _describe(audit: dict[str, Any]) -> str:
    """The value that an audit found, else the first element that it names, why, and how many there are."""
    items = audit.get("details", {}).get("items", [])
    if audit.get("displayValue") or not items:
        return str(audit.get("displayValue") or audit.get("errorMessage", ""))
    first = items[0]
    # Some audits name an element as the source of a problem, some as the node that has it.
    node = next((each for each in (first.get("node"), first.get("source")) if isinstance(each, dict)), {})
    reasons = [str(item.get("reason", "")) for item in first.get("subItems", {}).get("items", [])]
    parts = [node.get("selector"), node.get("explanation"), *reasons]
    count = f" (first of {len(items)})" if len(items) > 1 else ""
    return " ".join(" ".join(filter(None, parts)).split()) + count


def _failures(report: dict[str, Any]) -> list[Failure]:
    """What costs points; an error of the whole run comes first."""
    failures = []
    if error := report.get("runtimeError"):
        failures.append(Failure("performance", error["code"], error["message"], ""))
    if report.get("finalDisplayedUrl") != report["requestedUrl"]:
        detail = str(report.get("finalDisplayedUrl"))
        failures.append(Failure("performance", "redirected", "Another page was measured", detail))
    for name in CATEGORIES:
        category = report["categories"][name]
        for reference in category["auditRefs"] if _points(category["score"]) < 100 else []:
            audit = report["audits"][reference["id"]]
            unmeasured = audit["scoreDisplayMode"] in {"notApplicable", "informative", "manual"}
            if reference["weight"] and not unmeasured and (audit["score"] or 0) < 1:
                failures.append(Failure(name, reference["id"], audit["title"], _describe(audit)))
    return failures


def read(out: Path, device: str, page: str, site: Path) -> Measurement:
    """Read one of the reports that `run` wrote."""
    report = json.loads((out / device / f"{page}.json").read_text(encoding="utf-8"))
    requests = report["audits"]["network-requests"].get("details", {}).get("items", [])
    lazy = site_pages.lazy_files(site, page)
    counted = [
        request
        for request in requests
        if request["url"].startswith("http")
        and (name := urlsplit(request["url"]).path[1:]) not in lazy
        and not name.endswith("/search.json")
        and "/_static/search/" not in name
    ]
    return Measurement(
        scores={name: _points(report["categories"][name]["score"]) for name in CATEGORIES},
        performance_of_runs=[_points(score) for score in report["performanceOfRuns"]],
        failures=_failures(report),
        paint=report["audits"]["first-contentful-paint"].get("numericValue", 0),
        requests=len(counted),
        size=sum(request["transferSize"] for request in counted),
    )
