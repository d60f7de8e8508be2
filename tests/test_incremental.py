"""What a build takes over from earlier ones gives the same bytes as a build from nothing, and is not made again."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Site, make_executed_site
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sitebuild.building.kept_stages import KeptStages
from sitebuild.building.sphinx_build import SphinxBuild

LANGUAGES = "en de"
CATALOGUE = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n'
SCRIPT = "gallery/double_backward/square.py"
PAGE_OF_SCRIPT = "LC_MESSAGES/double_backward/square.po"


def prepare(root: Path) -> Site:
    """A site with a second language, partly translated, and a page that counts the translations."""
    site = make_executed_site(root)
    site.write(f"docs/locale/de/{PAGE_OF_SCRIPT}", CATALOGUE + '\nmsgid "Square"\nmsgstr "Quadrat"\n')
    site.write("docs/locale/de/LC_MESSAGES/sphinx.po", CATALOGUE + '\nmsgid "Next"\nmsgstr "Weiter"\n')
    site.write(f"docs/locale/fr/{PAGE_OF_SCRIPT}", CATALOGUE + '\nmsgid "Square"\nmsgstr ""\n')
    site.write("docs/status.rst", "Status\n======\n\n.. translation-status::\n")
    site.edit("docs/index.rst", "   double_backward/index\n", "   double_backward/index\n   status\n")
    return site


def build(site: Site) -> str:
    """Build it; return what was printed, or what went wrong."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "86400")
        result = site.build(LANGUAGES, "--draft")
    return result.stdout if result.returncode == 0 else f"FAILED {result.stderr}"


def from_nothing(site: Site) -> dict[str, bytes]:
    """What the sources of ``site`` give in another folder, where nothing was built; results of scripts are kept."""
    with tempfile.TemporaryDirectory() as folder:
        other = Site(Path(folder) / "fresh")
        shutil.copytree(site.root, other.root, symlinks=True, ignore=shutil.ignore_patterns("build", "__pycache__", "*.mo"))
        assert "FAILED" not in build(other)
        return other.contents()


def rendered(output: str) -> str:
    """Which languages a build has rendered."""
    assert "FAILED" not in output, output
    found = re.search(r"^Rendering (.*)$", output, re.MULTILINE)
    return found[1] if found else "none"


def append(name: str, text: str) -> Callable[[Site, int], None]:
    """An edit that adds a line with a number of its own to a file."""

    def edit(site: Site, number: int) -> None:
        path = site.root / name
        path.write_text(path.read_text(encoding="utf-8") + text.format(number=number), encoding="utf-8")

    return edit


def replace(name: str, pattern: str, text: str) -> Callable[[Site, int], None]:
    """An edit that changes what matches ``pattern``, once or again."""

    def edit(site: Site, number: int) -> None:
        path = site.root / name
        changed, count = re.subn(pattern, text.format(number=number), path.read_text(encoding="utf-8"), count=1)
        assert count == 1
        path.write_text(changed, encoding="utf-8")

    return edit


def touch_all(site: Site, number: int) -> None:
    """Make every source as old as another checkout may be."""
    for path in [*site.root.glob("docs/**/*.rst"), *site.root.glob("gallery/**/*")]:
        os.utime(path, (1_000_000_000 + number, 1_000_000_000 + number))


def damage(site: Site, number: int) -> None:
    """Change what an earlier build has rendered, and is not published."""
    page = site.root / f"build/stages/html/{LANGUAGES.split()[number % 2]}/index.html"
    if page.exists():
        page.write_text("damaged", encoding="utf-8")


def forget_catalogue(site: Site, number: int) -> None:
    """Take a catalogue away, or bring it back with other words."""
    path = site.root / f"docs/locale/de/{PAGE_OF_SCRIPT}"
    if path.exists():
        path.unlink()
    else:
        path.write_text(f'{CATALOGUE}\nmsgid "Square"\nmsgstr "Quadrat {number}"\n', encoding="utf-8")


EDITS: dict[str, Callable[[Site, int], None]] = {
    "script": append(SCRIPT, "\n# %%\n# Words {number}.\n"),
    "catalogue": forget_catalogue,
    "catalogue of a language that is not built": replace(f"docs/locale/fr/{PAGE_OF_SCRIPT}", r'msgid "Square.*"', 'msgid "Square {number}"'),
    "more of such a catalogue": append(f"docs/locale/fr/{PAGE_OF_SCRIPT}", '\nmsgid "m{number}"\nmsgstr "x"\n'),
    "catalogue of the interface": replace("docs/locale/de/LC_MESSAGES/sphinx.po", r'msgstr "Weiter.*"', 'msgstr "Weiter {number}"'),
    "page": append("docs/index.rst", "\nWords {number}.\n"),
    "index of a chapter": replace("gallery/double_backward/index.rst", r"(?m)\A.*\n=+\n", "Chapter {number:08}\n================\n"),
    "style sheet": append("docs/_static/site.css", "\n.x{number} {{ color: red }}\n"),
    "script of pages": append("docs/_static/search.js", "\n// {number}\nconsole.log({number});\n"),
    "file that pages load later": append("docs/_static/search/words.js", "\n// {number}\n"),
    "template": append("docs/_templates/page-footer.html", "\n<!-- {number} -->\n"),
    "module": replace("docs/_ext/sitebuild/site/short_code.py", r"LONGEST = \d+", "LONGEST = {number}"),
    "settings": replace("conf.py", r'html_title = .*', 'html_title = "Title {number}"'),
    "times": touch_all,
    "rendered page": damage,
}
# Each ends the build; the file is mended before the next one.
FAULTS: dict[str, tuple[str, Callable[[Site, int], None]]] = {
    "link to no page": ("docs/index.rst", append("docs/index.rst", "\n:doc:`missing{number}`\n")),
    "style sheet that is no text": ("docs/_static/site.css", lambda site, _n: (site.root / "docs/_static/site.css").write_bytes(b"\xff")),
    "template that is none": ("docs/_templates/page-footer.html", append("docs/_templates/page-footer.html", "{{% if %}}")),
    "catalogue that is none": (f"docs/locale/de/{PAGE_OF_SCRIPT}", lambda site, _n: site.write(f"docs/locale/de/{PAGE_OF_SCRIPT}", "msgid")),
}


def go(steps: list[tuple[str, int]]) -> None:
    """Build after each edit, and compare what is there in the end with a build from nothing."""
    with tempfile.TemporaryDirectory() as folder:
        site = prepare(Path(folder) / "site")
        assert "FAILED" not in build(site)
        for kind, number in steps:
            if kind in EDITS:
                EDITS[kind](site, number)
                assert "FAILED" not in build(site)
                continue
            name, spoil = FAULTS[kind]
            path, before = site.root / name, site.contents()
            kept = path.read_bytes() if path.exists() else None
            spoil(site, number)
            assert "FAILED" in build(site) and "Traceback" not in build(site)
            assert site.contents() == before
            if kept is None:
                path.unlink()
            else:
                path.write_bytes(kept)
        assert "FAILED" not in build(site)
        assert site.contents() == from_nothing(site)


steps = st.lists(st.tuples(st.sampled_from([*EDITS, *FAULTS]), st.integers(1, 40)), min_size=2, max_size=5)
cheap = settings(max_examples=2, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


@cheap
@given(steps)
def test_edits_give_what_a_build_from_nothing_gives(steps: list[tuple[str, int]]) -> None:
    go(steps)


@pytest.mark.slow
@settings(cheap, max_examples=40, derandomize=False)
@given(steps)
def test_many_edits_give_what_a_build_from_nothing_gives(steps: list[tuple[str, int]]) -> None:
    go(steps)


def test_only_what_sees_an_edit_is_rendered(tmp_path: Path) -> None:
    site = prepare(tmp_path / "site")
    assert rendered(build(site)) == "en, de"
    expected = {
        "style sheet": "none",
        "file that pages load later": "none",
        "times": "none",
        "catalogue of the interface": "de",
        # The page that counts the translations says nothing new.
        "catalogue of a language that is not built": "none",
        "more of such a catalogue": "en, de",
    }
    for kind, languages in expected.items():
        EDITS[kind](site, 7)
        output = build(site)
        assert (kind, rendered(output)) == (kind, languages)
        assert "Running examples" not in output
    assert site.contents() == from_nothing(site)


def test_a_language_that_was_rendered_is_kept_when_another_one_fails(tmp_path: Path) -> None:
    site = prepare(tmp_path / "site")
    site.edit(f"docs/locale/de/{PAGE_OF_SCRIPT}", '"Quadrat"', '"Quadrat :doc:`missing`"')
    for _try in range(2):  # a second one does not pass because of what the first one left
        output = build(site)
        assert output.startswith("FAILED") and f"docs/locale/de/{PAGE_OF_SCRIPT}" in output
    site.edit(f"docs/locale/de/{PAGE_OF_SCRIPT}", '"Quadrat :doc:`missing`"', '"Quadrat"')
    assert rendered(build(site)) == "de"
    assert site.contents() == from_nothing(site)


def test_what_was_made_while_somebody_edited_is_not_kept(small_site: Site) -> None:
    kept = KeptStages(small_site.root, [])
    examples, messages, judgement = (
        SphinxBuild(builder, "en", small_site.root / "build/stages" / builder) for builder in ("examples", "gettext", "judgement")
    )
    kept.begin([examples])
    small_site.write("docs/double_backward/square.checks.json", "[]")  # a result, which is what examples make
    kept.end([examples])
    assert kept.is_current(examples)
    kept.begin([messages])
    small_site.edit("docs/index.rst", "A site", "The site")
    kept.end([messages])
    kept.end([judgement])  # of messages that may be of before
    assert not kept.is_current(messages) and not kept.is_current(judgement)
