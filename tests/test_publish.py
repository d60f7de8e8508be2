"""A finished site takes the place of the last one at once, and no reader ever finds it missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sitebuild.site import publish

# Looks for a file until its input ends; says how often it looked and how often in vain.
READER = """
import os, select, sys
print("ready", flush=True)
looked = missed = 0
while not select.select([sys.stdin], [], [], 0)[0]:
    looked += 1
    try:
        os.stat(sys.argv[1])
    except FileNotFoundError:
        missed += 1
print(looked, missed)
"""


def write_site(folder: Path, text: str) -> Path:
    folder.mkdir()
    (folder / "index.html").write_text(text)
    return folder


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_site(tmp_path / "html", "first")


def test_a_reader_never_misses_the_site(site: Path) -> None:
    probe = [write_site(site.with_name(name), name) for name in ("one", "other")]
    if not publish.swap(*probe):
        pytest.skip("this system, or its file system, cannot exchange two folders in one step")
    command = [sys.executable, "-c", READER, str(site / "index.html")]
    reader = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert reader.stdout.readline() == "ready\n"
    for number in range(200):
        publish.exchange(write_site(site.with_name("html.new"), str(number)), site)
    looked, missed = map(int, reader.communicate()[0].split())
    assert looked > 0
    assert missed == 0
    assert (site / "index.html").read_text() == "199"
    assert {path.name for path in site.parent.iterdir()} == {"html", "one", "other"}


def test_two_steps_do_where_one_cannot(site: Path, monkeypatch) -> None:
    monkeypatch.setattr(publish, "swap", lambda first, second: False)
    publish.exchange(write_site(site.with_name("html.new"), "second"), site)
    assert (site / "index.html").read_text() == "second"
    assert [path.name for path in site.parent.iterdir()] == ["html"]


def test_a_first_site_needs_no_exchange(tmp_path: Path) -> None:
    publish.exchange(write_site(tmp_path / "html.new", "first"), tmp_path / "html")
    assert (tmp_path / "html/index.html").read_text() == "first"


def test_a_site_that_was_left_between_two_steps_is_put_back(site: Path) -> None:
    site.rename(site.with_name("html.old"))
    publish.repair(site)
    assert (site / "index.html").read_text() == "first"
    assert [path.name for path in site.parent.iterdir()] == ["html"]


def test_another_obstacle_is_an_error(site: Path) -> None:
    with pytest.raises(FileNotFoundError):
        publish.swap(site.with_name("nowhere"), site)
