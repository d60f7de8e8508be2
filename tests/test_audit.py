"""The audit serves the site as a host does, and lists what misses a limit."""

from __future__ import annotations

import gzip
import sys
from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from conftest import PROJECT

sys.path.insert(0, str(PROJECT / "benchmarks" / "audit"))
import misses
import report
import site_pages
import site_server
from axe_runs import Violation
from lighthouse_runs import CATEGORIES, Failure, Measurement

GOOD = Measurement(dict.fromkeys(CATEGORIES, 100), [100], [], paint=900, requests=4, size=40_000)
VIOLATION = Violation("en/index.html", "dark", 390, "color-contrast", "Enough contrast", 2, "p > a", "Fix it")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "en").mkdir()
    (tmp_path / "index.html").write_text("<p>landing</p>", encoding="utf-8")
    (tmp_path / "404.html").write_text('<meta name="robots" content="noindex">', encoding="utf-8")
    (tmp_path / "en/index.html").write_text('<img loading="lazy" src="../plot.svg">', encoding="utf-8")
    (tmp_path / "en/math.woff2").write_bytes(b"font")
    return tmp_path


def test_text_is_compressed_and_bundles_are_kept(site: Path) -> None:
    with site_server.serving(site) as address:
        headers = {"Accept-Encoding": "gzip"}
        with urlopen(Request(f"{address}/en/index.html?v=1", headers=headers)) as answer:
            assert gzip.decompress(answer.read()) == (site / "en/index.html").read_bytes()
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
            assert "immutable" in answer.headers["Cache-Control"]
        with urlopen(Request(f"{address}/en/math.woff2", headers=headers)) as answer:
            assert answer.read() == b"font"
            assert answer.headers["Content-Type"] == "font/woff2"
            assert "immutable" not in answer.headers["Cache-Control"]


def test_a_missing_page_is_answered_by_the_404_page(site: Path) -> None:
    with site_server.serving(site) as address:
        with pytest.raises(HTTPError) as error:
            urlopen(f"{address}/en/gone.html")
        assert error.value.code == 404
        assert error.value.read() == (site / "404.html").read_bytes()


def test_pages_for_search_engines_are_measured_the_landing_page_first(site: Path) -> None:
    assert site_pages.find(site) == ["index.html", "en/index.html"]
    assert site_pages.lazy_files(site, "en/index.html") == {"plot.svg"}


def test_nothing_is_listed_for_a_page_within_the_limits() -> None:
    measurements = {"en/index.html": {"phone": GOOD, "desktop": GOOD}}
    assert misses.find(measurements, []) == []
    assert report.table(measurements, []).splitlines()[-1].split()[1:] == [
        *["100"] * 8,
        "900",
        "4",
        "40.0",
        "0",
        "0",
    ]


def test_all_that_misses_is_listed_with_its_cause() -> None:
    failure = Failure("seo", "hreflang", "No valid hreflang", "head > link")
    scores = GOOD.scores | {"seo": 90}
    bad = replace(GOOD, scores=scores, failures=[failure], paint=1201, requests=11, size=60_001)
    measurements = {"en/index.html": {"phone": bad, "desktop": GOOD}}
    found = misses.find(measurements, [VIOLATION])
    assert [(miss.what, miss.where) for miss in found] == [
        ("seo, hreflang: No valid hreflang", "phone 90"),
        ("more than 10 requests", "phone"),
        ("more than 60 KB", "phone"),
        ("first contentful paint not within 1200 ms", "phone"),
        ("axe, color-contrast: Enough contrast", "dark 390px"),
    ]
    listed = report.listing(found, 1)
    assert "p > a Fix it (first of 2)\n      dark 390px: en/index.html" in listed
    assert report.table(measurements, [VIOLATION]).split()[-2:] == ["0", "1"]
