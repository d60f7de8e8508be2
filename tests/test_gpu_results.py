"""The page on the GPU says what its dated numbers say."""

from __future__ import annotations

import json

import pytest
from conftest import PROJECT, Site

FOUND = json.loads((PROJECT / "docs/gpu_results.json").read_text(encoding="utf-8"))


def test_the_sentences_follow_from_the_numbers() -> None:
    one, six = FOUND["peaks"]["1"], FOUND["peaks"]["6"]
    assert six["FusedConvBN"] < six["nn"]
    assert 2.9 < one["FusedConvBN"] / one["nn"] < 3.1
    assert one["checkpoint"] == one["nn"]
    assert all(peaks["checkpoint"] == min(peaks.values()) for peaks in FOUND["peaks"].values())
    relative = {name: value / FOUND["milliseconds"]["nn"] for name, value in FOUND["milliseconds"].items()}
    assert 3.4 < relative["checkpoint"] < 3.6 and 4 < relative["FusedConvBN"] < 4.6


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_the_page_shows_the_numbers(real_site: Site, language: str) -> None:
    page = real_site.page(language, "on_a_gpu")
    peaks, times = page.select("table.speed-table")
    assert [[cell.get_text() for cell in row.select("td")] for row in peaks.select("tbody tr")] == [
        [f"{value:,}" for value in found.values()] for found in FOUND["peaks"].values()
    ]
    assert [row.th.get_text() for row in times.select("tbody tr")] == list(FOUND["milliseconds"])
    assert all(FOUND[name] in page.select_one("article").get_text() for name in ("date", "device", "torch", "cuda", "driver"))
