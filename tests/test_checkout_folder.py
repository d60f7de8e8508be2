"""A checkout builds in whatever folder it lies, or is refused before anything runs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from conftest import make_small_site

# What shells, make, formats, addresses and patterns take for more than a letter.
HOSTILE = "a b{c}{0}'d\"e%f%(g)s#h$i$(j)[k]*&<l>;m\\n 中文ü\u3000~"
QUIET = "--no-print-directory"  # or make prints the path, whatever bytes it consists of


def test_a_hostile_name_builds(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    sites = [make_small_site(tmp_path / name) for name in ("plain", HOSTILE)]
    for site in sites:
        result = site.make("html", "LANGUAGES=en")
        assert result.returncode == 0, result.stderr
    assert sites[0].contents() == sites[1].contents()


def test_a_fault_in_a_hostile_folder_has_its_place(tmp_path: Path) -> None:
    site = make_small_site(tmp_path / HOSTILE)
    site.edit("gallery/double_backward/square.py", "out = Square", "raise ValueError('boom')\nout = Square")
    result = site.build()
    assert result.returncode == 1
    assert "\n  gallery/double_backward/square.py:34: ValueError: boom\n" in result.stderr
    site = make_small_site(tmp_path / "other" / HOSTILE)
    site.edit("docs/index.rst", "A site", "A :doc:`missing` site")
    assert "\n  docs/index.rst:4: unknown document: 'missing' " in site.build().stderr


REFUSED = {
    "a:b": "a colon",
    "a\nb": "a line break",
    "a\tb": "a tab",
    "a\x1b[31mb": "the character U+001B",
    "a\u2028b": "the character U+2028 LINE SEPARATOR",
    os.fsdecode(b"a\xffb"): "a byte that is not UTF-8",
}


@pytest.mark.parametrize(("name", "character"), REFUSED.items(), ids=map(ascii, REFUSED))
def test_what_cannot_hold_is_refused_first(tmp_path: Path, name: str, character: str) -> None:
    site = make_small_site(tmp_path / name)
    for result in (site.make("html", QUIET), site.make("gettext", QUIET), site.build()):
        assert result.returncode != 0
        assert result.stderr.startswith(f"The folder of this checkout, {str(site.root)!r}, has {character} in its path")
        assert "move the checkout" in result.stderr
        assert "Running" not in result.stdout
    assert not (site.root / "build").exists()


def test_it_is_refused_before_anything_is_installed(tmp_path: Path) -> None:
    site = make_small_site(tmp_path / "a:b")
    (site.root / ".venv").unlink()
    result = subprocess.run(["make", f"--directory={site.root}", "html"], capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert "has a colon in its path" in result.stderr
    assert "Setting up" not in result.stdout
    assert not (site.root / ".venv").exists()
