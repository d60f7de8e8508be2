"""Whatever happens to the published files, the next build gives the same site again, and runs no example for it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Site, build_small_site
from test_build import executions

from sitebuild.building.fingerprint import fingerprint_site

PAGE = "en/double_backward/square.html"


def _write_same_length(page: Path) -> None:
    page.write_bytes(page.read_bytes().replace(b"Square", b"Circle"))


def _grow_unseen(page: Path) -> None:
    """Another size with the time of before, as a tool may set it."""
    status = page.stat()
    page.write_bytes(page.read_bytes() + b" ")
    os.utime(page, ns=(status.st_atime_ns, status.st_mtime_ns))


def _replace_by_folder(page: Path) -> None:
    page.unlink()
    page.mkdir()


def _replace_by_link(page: Path) -> None:
    page.unlink()
    page.symlink_to("nowhere.html")


DAMAGE: dict[str, Callable[[Path], object]] = {
    "lost": Path.unlink,
    "cut": lambda page: page.write_bytes(b""),
    "written": _write_same_length,
    "grown": _grow_unseen,
    "renamed": lambda page: page.rename(page.with_name("circle.html")),
    "added": lambda page: page.with_name("added.pyc").write_bytes(b""),
    "odd-name": lambda page: Path(os.fsdecode(os.fsencode(page.parent) + b"/\xff")).write_bytes(b""),
    "linked": _replace_by_link,
    "folder": _replace_by_folder,
    "unreadable": lambda page: page.chmod(0),
    "all-lost": lambda page: shutil.rmtree(page.parents[1]),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Site:
    return build_small_site(tmp_path_factory.mktemp("damaged") / "site")


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damage_is_seen(site: Site, tmp_path: Path, damage: Callable[[Path], object]) -> None:
    copy = tmp_path / "html"
    shutil.copytree(site.root / "build/html", copy)
    before = fingerprint_site(copy)
    assert fingerprint_site(copy) == before
    damage(copy / PAGE)
    assert fingerprint_site(copy) != before


@pytest.mark.parametrize("kind", ["lost", "written", "added", "folder", "all-lost"])
def test_a_damaged_site_is_repaired(site: Site, monkeypatch, kind: str) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    before = site.contents()
    DAMAGE[kind](site.root / "build/html" / PAGE)
    result = site.build()
    assert result.returncode == 0, result.stderr
    assert "Files in build/html are not as the last build left them." in result.stdout
    assert executions(result.stdout) == []
    assert site.contents() == before
    assert site.build().stdout == "Nothing has changed; the site is in build/html.\n"
