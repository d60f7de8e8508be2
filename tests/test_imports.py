"""The packages of the site's machinery import each other in one direction only, as the contributing page shows."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PROJECT, Site

CONTRACTS = PROJECT / "tests" / "imports.ini"


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Hold the package in ``folder`` against the contracts."""
    command: list[str | Path] = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo", CONTRACTS]
    environment = {"PYTHONPATH": str(folder)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def floors() -> list[list[str]]:
    """Packages from the top down, neighbours together."""
    contracts = configparser.ConfigParser()
    contracts.read(CONTRACTS, encoding="utf-8")
    layers = contracts["importlinter:contract:floors"]["layers"].split("\n")
    return [layer.split(" | ") for layer in filter(None, layers)]


def test_packages_import_only_from_those_below() -> None:
    result = lint(PROJECT / "docs/_ext")
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("running/example_runner.py", "from sitebuild.checks import log"),
        ("graphs/record.py", "from sitebuild.plots import record"),
        ("examples/gallery.py", "from sitebuild.site import publish"),
        ("checks/log.py", "from sitebuild.checks import trials"),
    ],
)
def test_an_import_against_the_direction_is_told(tmp_path: Path, module: str, line: str) -> None:
    shutil.copytree(PROJECT / "docs/_ext/sitebuild", tmp_path / "sitebuild")
    path = tmp_path / "sitebuild" / module
    path.write_text(path.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    result = lint(tmp_path)
    assert result.returncode == 1
    assert Path(module).stem in result.stdout


def test_the_contributing_page_and_the_package_show_the_same_floors() -> None:
    wanted = [name for floor in floors() for name in floor]
    page = (PROJECT / "docs/contributing.rst").read_text(encoding="utf-8")
    shown = [line for line in page.split("\n") if re.match(r"``\w+/``", line)]
    assert re.findall(r"``(\w+)/``", "\n".join(shown)) == wanted
    folders = {path.name for path in (PROJECT / "docs/_ext/sitebuild").iterdir() if (path / "__init__.py").exists()}
    assert folders == set(wanted)


def test_a_new_kind_of_result_is_a_folder_and_a_line(small_site: Site) -> None:
    """The code on the contributing page, as it stands there."""
    page = (PROJECT / "docs/contributing.rst").read_text(encoding="utf-8")
    blocks = re.findall(r"\.\. code-block:: python\n   :caption: ``(\S+)``\n\n((?:   .*\n|\n)+)", page)
    assert [name for name, _code in blocks] == [
        "docs/_ext/sitebuild/names/__init__.py",
        "docs/_ext/sitebuild/names/observer.py",
    ]
    for name, code in blocks:
        small_site.write(name, re.sub(r"^   ", "", code, flags=re.MULTILINE))
    small_site.edit("conf.py", '"sitebuild.times"]', '"sitebuild.times", "sitebuild.names"]')
    result = small_site.build()
    assert result.returncode == 0, result.stdout + result.stderr
    shown = [p.get_text() for p in small_site.page("en", "double_backward/square").select("p.defined-names")]
    assert shown[0] == "make_dot torch"
    assert "Square" in shown[1].split()
