"""Temporary files of a build lie in its own folder, which the next build empties; those of scripts in that of the system."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path

import pytest
from conftest import Site, command
from test_faults import start, wait_for

OWN = "build/stages/tmp"
LOOK = """
import json, os, tempfile
from pathlib import Path

Path({seen!r}).write_text(json.dumps([tempfile.gettempdir(), dict(os.environ)]))
"""
# Put into a module that works at the end of rendering.
HANG = """
    import tempfile, time
    with tempfile.NamedTemporaryFile(delete=False) as left:
        left.write(bytes(5_000_000))
    time.sleep(600)
"""
WRITE_SEARCH = "    out = Path(app.outdir)\n"
MODULE = "docs/_ext/sitebuild/search/__init__.py"


@pytest.fixture
def system(tmp_path: Path, monkeypatch) -> Path:
    """What stands for the temporary folder of the system."""
    folder = tmp_path / "system"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def saved_log(site: Site, log: str) -> str:
    """What Sphinx has saved where its log ``log`` says so."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", (site.root / f"build/stages/{log}.log").read_text())
    path = Path(re.search(r"The full traceback has been saved in:\n(.+)", text)[1])
    assert path.parent == site.root / OWN
    return path.read_text()


def test_scripts_keep_the_temporary_folder_of_the_system(small_site: Site, tmp_path: Path, monkeypatch) -> None:
    seen = tmp_path / "seen.json"
    small_site.add_example("look", LOOK.format(seen=str(seen)))
    monkeypatch.delenv("TMPDIR", raising=False)
    assert small_site.build().returncode == 0
    folder, environment = json.loads(seen.read_text())
    assert folder == "/tmp" and "TMPDIR" not in environment
    assert not any("SITEBUILD" in name or OWN in value for name, value in environment.items())
    system = tmp_path / "system"
    system.mkdir()
    monkeypatch.setenv("TMPDIR", str(system))
    small_site.edit("gallery/double_backward/look.py", "import json", "import json ")
    assert small_site.build().returncode == 0
    folder, environment = json.loads(seen.read_text())
    assert folder == environment["TMPDIR"] == str(system)


def test_errors_of_sphinx_stay_in_the_folder_of_the_build(small_site: Site, system: Path) -> None:
    small_site.edit("gallery/double_backward/square.py", "out = Square", "raise ValueError('boom')\nout = Square")
    assert small_site.build().returncode == 1
    assert "square.py:34: ValueError: boom" in saved_log(small_site, "examples-en")
    small_site.edit("gallery/double_backward/square.py", "raise ValueError('boom')\n", "")
    small_site.edit(MODULE, WRITE_SEARCH, f"{WRITE_SEARCH}    raise RuntimeError('bang')\n")
    assert small_site.build().returncode == 1
    assert "RuntimeError: bang" in saved_log(small_site, "html-en")
    assert len(list((small_site.root / OWN).iterdir())) == 1  # not that of the build before
    assert not list(system.glob("sphinx-err-*"))


def test_a_kill_leaves_nothing_in_the_system(small_site: Site, system: Path) -> None:
    small_site.edit(MODULE, WRITE_SEARCH, HANG + WRITE_SEARCH)
    own = small_site.root / OWN
    build = start(small_site, command("build_site", "--languages", "en"))
    wait_for(lambda: own.exists() and any(path.stat().st_size == 5_000_000 for path in own.iterdir()))
    os.killpg(build.pid, signal.SIGKILL)
    build.communicate(timeout=30)
    assert not [path for path in system.rglob("*") if path.is_file()]
    small_site.edit(MODULE, HANG, "")
    assert small_site.build().returncode == 0
    assert list(own.iterdir()) == []
