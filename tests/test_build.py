"""A build runs what it has to, once, and leaves the last good site alone when it fails."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from conftest import PROJECT, Site, command

SCRIPT = "gallery/double_backward/square.py"


def executions(output: str) -> list[str]:
    return re.findall(r"running \d+/\d+  (\S+)", output)


def test_examples_run_once_for_all_languages(small_site: Site) -> None:
    # Each run leaves a trace that no bookkeeping of ours can hide.
    trace = small_site.root / "trace"
    small_site.edit(SCRIPT, "import torch\n", f'import torch\n\nopen({str(trace)!r}, "a").write("run ")\n')
    result = small_site.build("en fr de", "--draft")
    assert result.returncode == 0, result.stderr
    assert trace.read_text() == "run "
    assert executions(result.stdout) == ["double_backward/square.py"]
    # A language without a catalogue falls back to English.
    assert small_site.page("de", "double_backward/square").h1.get_text() == "Square"

    small_site.edit("docs/index.rst", "A site with", "The site with")
    assert small_site.build("en fr de it", "--draft").returncode == 0
    assert trace.read_text() == "run "


def test_nothing_is_done_when_nothing_changed(small_site: Site) -> None:
    small_site.build()
    result = small_site.build()
    assert (result.returncode, result.stdout) == (0, "Nothing has changed; the site is in build/html.\n")


def test_a_changed_script_runs_again(built_site: Site) -> None:
    built_site.edit(SCRIPT, '"result"', '"outcome"')
    assert executions(built_site.build().stdout) == ["double_backward/square.py"]
    assert "outcome True" in built_site.page("en", "double_backward/square").get_text()


def test_lost_results_are_made_again(built_site: Site) -> None:
    for path in built_site.root.glob("docs/double_backward/*.graph-*.json"):
        path.unlink()
    assert executions(built_site.build().stdout) == ["double_backward/square.py"]


def test_a_removed_script_leaves_no_page(small_site: Site) -> None:
    small_site.write(SCRIPT.replace("square", "other"), '"""\nOther\n=====\n\nText.\n"""\n\nprint(1)\n')
    index = "gallery/double_backward/index.rst"
    small_site.edit(index, "\n   square\n", "\n   square\n   other\n")
    assert small_site.build().returncode == 0
    (small_site.root / SCRIPT.replace("square", "other")).unlink()
    small_site.edit(index, "\n   square\n   other\n", "\n   square\n")
    result = small_site.build()
    assert result.returncode == 0, result.stderr
    assert not (small_site.root / "docs/double_backward/other.rst").exists()
    assert not list((small_site.root / "build/html").rglob("*other*"))
    assert "Other" not in small_site.page("en", "index").get_text()


def test_a_new_section_appears_on_every_page(built_site: Site) -> None:
    built_site.write(SCRIPT.replace("square", "other"), '"""\nOther\n=====\n\nText.\n"""\n\nprint(1)\n')
    built_site.edit("gallery/double_backward/index.rst", "\n   square\n", "\n   square\n   other\n")
    result = built_site.build()
    assert executions(result.stdout) == ["double_backward/other.py"]
    assert "Other" in built_site.page("en", "double_backward/square").select_one(".sidebar-tree").get_text()


def test_a_chapter_that_is_gone_leaves_nothing(built_site: Site) -> None:
    gone = built_site.root / "docs/gone"
    gone.mkdir()
    (gone / ".generated").write_text("")
    (gone / "page.rst").write_text("Gone\n====\n")
    assert built_site.build().returncode == 0
    assert not gone.exists()


def test_an_edit_during_a_build_belongs_to_the_next(small_site: Site) -> None:
    page = small_site.root / "docs/index.rst"
    edit = f'p = __import__("pathlib").Path({str(page)!r}); p.write_text(p.read_text() + "\\nLate words.\\n")'
    small_site.edit(SCRIPT, "import torch\n", f"import torch\n\n{edit}\n")
    assert small_site.build().returncode == 0
    assert "Nothing has changed" not in small_site.build().stdout


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (SCRIPT, "out = Square", "raise ValueError('boom')\nout = Square", r"gallery/double_backward/square\.py:34: ValueError: boom"),
        (SCRIPT, "* 2 * x", "* 3 * x", r"square\.py:\d+: .*Jacobian mismatch"),
        (SCRIPT, "gradcheck(Square.apply, x)", "gradcheck(lambda v: Square.apply(v.detach() * v), x, raise_exception=False)",
         r"square\.py:\d+: gradcheck of <lambda> failed but should pass"),
        ("docs/index.rst", "A site", "A :doc:`missing` :func:`torch.nowhere` *site",
         r"(?s)(?=.*index\.rst:4: [^\n]*missing)(?=.*index\.rst:4: [^\n]*torch\.nowhere)(?=.*index\.rst:4: [^\n]*emphasis)"),
        ("docs/_ext/sitebuild/reports/gpu_tables.py", "\ndef setup(", "\nlost_name\n\n\ndef setup(",
         r"docs/_ext/sitebuild/reports/gpu_tables\.py:\d+: NameError: name 'lost_name' is not defined"),
    ],
    ids=["raises", "wrong-backward", "unlisted-failure", "text", "our-mistake"],
)
def test_a_fault_is_named_and_the_last_site_stays(
    built_site: Site, name: str, old: str, new: str, message: str
) -> None:
    before = built_site.contents()
    built_site.edit(name, old, new)
    result = built_site.build()
    assert result.returncode != 0
    assert re.search(message, result.stdout + result.stderr), result.stdout + result.stderr
    assert built_site.contents() == before
    # Nor does a second try pass because the first one left something behind.
    assert built_site.build().returncode != 0
    assert built_site.contents() == before


def test_an_expected_failure_that_passes_ends_the_build(small_site: Site) -> None:
    small_site.write(
        "gallery/double_backward/expected_failures.toml",
        '[[failure]]\nscript = "square"\nfunction = "Square"\ncheck = "gradcheck"\n',
    )
    result = small_site.build()
    assert result.returncode != 0
    assert "gradcheck of Square passed but expected_failures.toml says that it fails" in result.stderr


@pytest.mark.parametrize(
    ("fake", "message"),
    [
        ('echo "Error: broken" >&2; exit 3', "'dot' ended with status 3: Error: broken"),
        ('echo "Error: only said" >&2', "'dot' ended with status 0: Error: only said"),
        ("echo nonsense", "cannot be read"),
        ("kill -SEGV $$", "'dot' was ended by SIGSEGV"),
    ],
)
def test_a_failing_dot_is_named(small_site: Site, tmp_path: Path, monkeypatch, fake: str, message: str) -> None:
    dot = tmp_path / "bin" / "dot"
    dot.parent.mkdir()
    dot.write_text(f'#!/bin/sh\n[ "$1" = -V ] && echo "dot - graphviz version 1.0" >&2 && exit\n{fake}\n')
    dot.chmod(0o755)
    monkeypatch.setenv("PATH", f"{dot.parent}{os.pathsep}{os.environ['PATH']}")
    result = small_site.build()
    assert result.returncode != 0
    assert "gallery/double_backward/square.py: graph square.graph-" in result.stderr
    assert message in result.stderr
    assert not (small_site.root / "build/html").exists()


def test_a_missing_dot_stops_first(tmp_path: Path) -> None:
    result = subprocess.run(
        command("system_requirements", "graphviz"),
        cwd=PROJECT,
        env={"PATH": str(tmp_path), "PYTHONPATH": "docs/_ext"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "sudo apt-get install graphviz" in result.stderr


def test_an_environment_that_lacks_something_is_told(small_site: Site) -> None:
    stub = "raise ModuleNotFoundError(\"No module named 'furo'\", name='furo')\n"
    small_site.write("docs/_ext/furo/__init__.py", stub)
    result = small_site.build()
    assert "the environment .venv lacks furo: remove .venv, and run the command again" in result.stderr


@pytest.mark.parametrize(
    ("version", "status"), [((3, 11, 4), 1), ((3, 11, 5), 0), ((3, 12, 0), 0), ((3, 14, 2), 0), ((3, 15, 0), 1), ((4, 0, 0), 1)]
)
def test_a_python_that_the_packages_do_not_support_is_told(monkeypatch, capsys, version: tuple[int, ...], status: int) -> None:
    from sitebuild.commands import system_requirements

    monkeypatch.setattr(system_requirements.sys, "version_info", (*version, "final", 0))
    assert system_requirements.main([]) == status
    message = "Python 3.11.5 to 3.14 is needed, this is {}.{}.{}: run 'make PYTHON=python3.11 ...'\n".format(*version)
    assert capsys.readouterr().err == (message if status else "")


def test_the_build_date_can_be_set(small_site: Site, monkeypatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    small_site.build()
    footer = small_site.page("en", "index").select_one(".bottom-of-page").get_text()
    assert re.search(r"Built on 1970-01-02 with torch 2\.\S+, Sphinx 9\.\S+ and Graphviz \d", footer)


def test_a_build_does_not_wait_for_matplotlib_that_no_script_imports(small_site: Site) -> None:
    looks = (
        "\n\ndef setup(app):\n"
        '    app.connect("builder-inited", lambda _app: print("Matplotlib", "matplotlib" in sys.modules, file=sys.stderr))\n'
    )
    small_site.write("conf.py", (small_site.root / "conf.py").read_text() + looks)
    assert small_site.build().returncode == 0
    for log in ("examples-en", "html-en"):
        assert "Matplotlib False" in (small_site.root / f"build/stages/{log}.log").read_text()
