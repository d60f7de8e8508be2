"""Whatever a person gives to make, no shell reads it, and nothing that builds did not make is removed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from conftest import PROJECT, Site
from hypothesis import given
from hypothesis import strategies as st
from sitebuild.commands import make_variables

sys.path.insert(0, str(PROJECT / "locks"))
import lock_file

WRONG = {
    "LANGUAGES": ["en ../../../victim", "/victim", "en;touch victim", "", " ", "en en", "../en", "en/zh", "EN", "en\nde."],
    "TRANSLATIONS": ["../zh_CN", "zh_CN'"],
    "DRAFT": ["0", "no", "1 1"],
    "UPGRADE": ["yes"],
    "JOBS": ["0", "-1", "two", "1.5", "2 2", "\u0662"],
    "SHARD": ["2", "0/4", "4", "1/2/3", "1/4; touch victim"],
    "PORT": ["", "0", "65536", "8000x", "80 80", "localhost"],
    "CHAPTER": ["../field_guide", "field guide", "a/b"],
    "NAME": ["../x", "x.py", "$(touch victim)"],
    "PAGES": ["../en/index.html", "/etc/passwd", "en/../../x", "en/*.html", "--help"],
    "KEEP": ["torch;x", "--upgrade"],
    "EXTRA_INDEX_URL": ["ftp://x", "https://x --hash", "https://x\"; touch victim; \"", "-r other"],
    "MUTANTSOPTS": ["--only=`x`", "only"],
    "SPHINXOPTS": ["-D 'x"],
    "PYTESTOPTS": ['-k "x'],
}
RIGHT = {
    "LANGUAGES": ["en", "en zh_CN", " en  pt_BR ", "zh_Hant sr@latin es_419"],
    "TRANSLATIONS": ["", "zh_CN"],
    "DRAFT": ["", "1"],
    "UPGRADE": ["", "1"],
    "JOBS": ["", "1", "16"],
    "SHARD": ["", "1/1", "12/40"],
    "PORT": ["80", "65535"],
    "CHAPTER": ["", "field_guide"],
    "NAME": ["", "my_topic2"],
    "PAGES": ["", "en/index.html zh_CN/double_backward/index.html"],
    "KEEP": ["", "torch sphinx-gallery"],
    "EXTRA_INDEX_URL": ["", "https://example.org/whl/cpu", "file:///wheels"],
    "MUTANTSOPTS": ["", "--only=field_guide/in_place"],
    "SPHINXOPTS": ["", "-D 'html_title=My site' -v"],
    "PYTESTOPTS": ["", "-k 'a and not b' -n0"],
}


@pytest.mark.parametrize("name", RIGHT)
def test_forms(name: str) -> None:
    assert [value for value in RIGHT[name] if make_variables.fault(name, value)] == []
    for value in WRONG[name]:
        assert make_variables.fault(name, value).startswith(f"{name} is {value!r}: "), value


@given(st.text(alphabet="en_zhCNA./\\\n \t;$'\"`~*-@\0", max_size=30))
def test_no_language_leads_out_of_its_folder(value: str) -> None:
    if not make_variables.fault("LANGUAGES", value):
        assert all(os.path.normpath(f"a/{word}") == f"a/{word}" and word[0] not in "-.~" for word in value.split())


@pytest.mark.parametrize("target", ["html", "execute", "clean", "gettext", "new-example", "serve", "live"])
def test_every_command_refuses_before_it_does_anything(small_site: Site, target: str) -> None:
    small_site.write("build/kept", "")
    for name, values in WRONG.items():
        value = values[0]
        result = small_site.make(target, f"{name}={value}")
        assert result.returncode != 0, name
        assert f"{name} is {value!r}" in result.stderr
        assert "Traceback" not in result.stderr
        assert not (small_site.root / "victim").exists() and (small_site.root / "build/kept").exists()


def test_a_value_is_never_read_by_a_shell(small_site: Site) -> None:
    for name in [*WRONG, "VENV", "BIN", "COMMAND", "AUDIT", "PIP_INSTALL", "PYTHON"]:
        for value in ("'; touch victim; '", '"; touch victim; "', "`touch victim`$$(touch victim); touch victim;"):
            small_site.make("clean", f"{name}={value}")
            assert not (small_site.root / "victim").exists(), (name, value)


def test_the_folder_of_no_language_is_erased(small_site: Site) -> None:
    victim = small_site.root.parent / "victim"
    victim.mkdir()
    (victim / "file").write_text("mine")
    # build/stages/html/../../../../victim
    for languages in ("en ../../../../victim", f"en {victim}"):
        for result in (small_site.make("html", f"LANGUAGES={languages}"), small_site.build(languages)):
            assert result.returncode != 0
            assert "LANGUAGES is" in result.stderr and "Traceback" not in result.stderr
            assert (victim / "file").read_text() == "mine"


def test_options_turn_no_build_to_another_folder(small_site: Site) -> None:
    elsewhere = small_site.root.parent / "elsewhere"
    for name in ("runs/file", "trees/runs/file", "config/conf.py"):
        (elsewhere / name).parent.mkdir(parents=True)
        (elsewhere / name).write_text("mine")
    result = small_site.make("html", "LANGUAGES=en", f"SPHINXOPTS=-d {elsewhere}/trees -c {elsewhere}/config -D 'html_title=My site'")
    assert result.returncode == 0, result.stderr
    assert sorted(path.read_text() for path in elsewhere.rglob("*") if path.is_file()) == ["mine"] * 3
    assert small_site.page("en", "index").title.get_text() == "My site"


def test_no_assertion_is_left_out(small_site: Site, monkeypatch) -> None:
    monkeypatch.setenv("PYTHONOPTIMIZE", "2")
    result = small_site.build()
    assert result.returncode == 1
    assert result.stderr.startswith("Python runs with -O or PYTHONOPTIMIZE") and "Traceback" not in result.stderr
    small_site.add_example("asserts", "assert False, 'noticed'\n")
    result = small_site.make("html", "LANGUAGES=en")
    assert "asserts.py:8: AssertionError: noticed" in result.stderr


def test_the_site_is_served_or_the_port_is_named(small_site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = small_site.make("serve", "LANGUAGES=en", f"PORT={port}")
        assert result.returncode != 0
        assert f"Port {port} is in use: choose another, as in 'make serve PORT=8765'" in result.stderr
        assert "Traceback" not in result.stderr
    serving = subprocess.Popen(
        [sys.executable, "-m", "sitebuild.commands.serve", str(port)], cwd=small_site.root, stdout=subprocess.PIPE, text=True
    )
    try:
        assert serving.stdout is not None and f"http://localhost:{port}/" in serving.stdout.readline()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/en/index.html") as page:
            assert b"Small site" in page.read()
    finally:
        serving.terminate()
        serving.wait()


def test_a_broken_environment_is_made_again(small_site: Site, tmp_path: Path) -> None:
    """What an upgrade of the system leaves: a link to a Python that is gone. Nothing is installed here."""
    environment = small_site.root / ".venv"
    environment.unlink()
    (environment / "bin").mkdir(parents=True)
    (environment / "bin/python").symlink_to("/usr/bin/python-that-is-gone")
    (environment / "stray").write_text("")
    for mark in (".installed", ".installed-test"):
        (environment / mark).touch()
    small_site.write("tests/requirements.txt", "")
    locks = {name: lock_file.head(small_site.root, wanted) for wanted, names in lock_file.LOCKS.items() for name in names}
    for name, text in locks.items():
        small_site.write(name, text)
    for name in ("requirements.txt", "tests/requirements.txt", *locks):
        os.utime(small_site.root / name, (time.time() - 100,) * 2)
    command = ["make", f"--directory={small_site.root}", ".venv/.installed", f"PYTHON={sys.executable}"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "Setting up .venv" in result.stdout
    assert subprocess.run([environment / "bin/python", "-c", ""], check=False).returncode == 0
    assert not (environment / "stray").exists() and not (environment / ".installed-test").exists()
    assert shutil.which("pip", path=str(environment / "bin"))
