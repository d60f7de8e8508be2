"""Formulas are set in the font that the site brings, which holds every character they need."""

from __future__ import annotations

import gzip
import re

import pytest
from conftest import Site
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st

from sitebuild.site import math_font


@given(st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZαβγδεζηθικλμνξοπρστυφχψω"))
def test_a_letter_brings_its_italic_form(letter: str) -> None:
    (counterpart,) = math_font.characters({f"<mi>{letter}</mi>"}) - set(math_font.DRAWN) - {letter}
    assert counterpart == "ℎ" or 0x1D434 <= ord(counterpart) <= 0x1D71B


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_the_font_holds_what_the_pages_show(real_site: Site, language: str) -> None:
    folder = real_site.root / "build/html" / language
    held = TTFont(folder / math_font.FILE).getBestCmap()
    shown = {
        character
        for path in folder.rglob("*.html")
        for formula in real_site.page(language, path.relative_to(folder).with_suffix("").as_posix()).select(
            "math"
        )
        for character in formula.get_text()
        if not character.isspace()
    }
    assert shown != set()
    assert {character for character in shown if ord(character) not in held} == set()


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_a_page_with_all_it_loads_is_light(real_site: Site, language: str) -> None:
    folder = real_site.root / "build/html" / language
    loads = re.compile(r'<(?:link rel="stylesheet" href|script defer src)="[^"]*(_static/[^"?]+)')
    heavy = {}
    for path in folder.rglob("*.html"):
        page = path.read_bytes()
        linked = loads.findall(page.decode())
        assert "_static/bundle.css" in linked and "_static/bundle.js" in linked
        files = [page, *((folder / name).read_bytes() for name in (*linked, math_font.FILE, "_static/mark.svg"))]
        if (size := sum(len(gzip.compress(file)) for file in files)) > 60_000:
            heavy[path.name] = size
    assert heavy == {}
