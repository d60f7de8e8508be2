"""Small real sites for the tests, built as a user builds them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

PROJECT = Path(__file__).parent.parent
sys.path[:0] = [str(PROJECT / "docs" / "_ext"), str(PROJECT / "docs" / "_tools")]

MACHINERY = ("_ext", "_tools", "_templates", "_static", "_inventories")


@dataclass
class Site:
    """A copy of the project's machinery around content of its own."""

    root: Path

    def build(self, languages: str = "en", *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the build and return how it ended and what it printed."""
        command = [sys.executable, "docs/_tools/build_site.py", "--languages", languages, *arguments]
        return subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)

    def page(self, language: str, name: str) -> BeautifulSoup:
        """A page of the published site."""
        path = self.root / "build" / "html" / language / f"{name}.html"
        return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace ``old``, which has to be there, in a file."""
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        """Write a file and the folders that it needs."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def small_site(tmp_path: Path) -> Site:
    """A site with one example, not built yet."""
    root = tmp_path / "site"
    shutil.copytree(PROJECT / "tests" / "roots" / "test-small", root)
    for name in MACHINERY:
        shutil.copytree(PROJECT / "docs" / name, root / "docs" / name)
    settings = (PROJECT / "conf.py").read_text(encoding="utf-8")
    # One chapter instead of those of the project.
    settings, count = re.subn(r'"(examples|gallery)_dirs": \["([^"]*)".*\]', r'"\1_dirs": ["\2"]', settings)
    assert count == 2
    (root / "conf.py").write_text(settings, encoding="utf-8")
    for name in ("requirements.txt", "constraints.txt"):
        shutil.copy(PROJECT / name, root / name)
    return Site(root)


@pytest.fixture(scope="session")
def real_site() -> Site:
    """The site of this checkout, both languages, built if it is not up to date."""
    site = Site(PROJECT)
    result = site.build("en zh_CN")
    assert result.returncode == 0, result.stdout + result.stderr
    return site
