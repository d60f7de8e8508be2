"""Running, translation and downloads in a project of somebody else, set up as the page on that says, without PyTorch."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from babel.messages.pofile import read_po, write_po
from bs4 import BeautifulSoup
from conftest import PROJECT, parse
from sphinx.errors import ExtensionError
from sphinx_gallery.gen_gallery import DEFAULT_GALLERY_CONF

from sitebuild.examples.gallery_folders import folder_faults, named_folders, subsections
from sitebuild.running import execution_cache, gallery_settings
from sitebuild.translation.settings import check_settings

PAGE = (PROJECT / "docs/use_elsewhere.rst").read_text(encoding="utf-8")
ROOT = PROJECT / "tests/roots/test-elsewhere"
CATALOGUES = "docs/translations/zh_CN/LC_MESSAGES"
SCRIPTS = ["plot_mean", "more-basics/plot_two-words", "more-basics/shown"]
CONF = {**DEFAULT_GALLERY_CONF, "source_suffix": {".rst": None}, "plot_gallery": True}
# Stands for an environment that lacks what the examples of this site need.
LACKING = """\
from importlib import metadata
from importlib.machinery import PathFinder

LACKING = {"furo", "graphviz", "matplotlib", "numpy", "scikit-learn", "scipy", "sklearn", "torch", "torchviz"}
find_spec, version = PathFinder.find_spec, metadata.version


def find_others(name, path=None, target=None):
    return None if name in LACKING else find_spec(name, path, target)


def version_of_others(name):
    if name in LACKING:
        raise metadata.PackageNotFoundError(name)
    return version(name)


PathFinder.find_spec, metadata.version = find_others, version_of_others
"""


def shown(language: str) -> list[str]:
    """Code blocks of the page."""
    blocks = re.findall(rf"\.\. code-block:: {language}\n(?:   :.*\n)*\n((?:   .*\n|\n)+)", PAGE)
    return [re.sub(r"^   ", "", block, flags=re.MULTILINE) for block in blocks]


COMMANDS = [line for block in shown("bash") for line in block.splitlines() if line]


class Project:
    """The folder of somebody else's project."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(ROOT, root)
        shutil.copytree(PROJECT / "docs/_ext/sitebuild", root / "docs/_ext/sitebuild")
        (conf,) = shown("python")
        (root / "docs/conf.py").write_text(conf, encoding="utf-8")
        (root / "lacking").mkdir()
        (root / "lacking/sitecustomize.py").write_text(LACKING, encoding="utf-8")

    def run(self, command: str, status: int = 0) -> str:
        """Run a command, warnings being errors; return what it printed."""
        words = shlex.split(command) + ["-W"] * command.startswith("sphinx-build")
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        environment = {**os.environ, "PATH": path, "PYTHONPATH": str(self.root / "lacking")}
        result = subprocess.run(words, cwd=self.root, env=environment, capture_output=True, text=True, check=False)
        assert result.returncode == status, result.stdout + result.stderr
        return result.stdout + result.stderr

    def translate(self) -> None:
        """Fill the catalogues in."""
        known, left = json.loads((ROOT / "translations.json").read_text(encoding="utf-8")), set()
        for path in (self.root / CATALOGUES).rglob("*.po"):
            catalogue = read_po(path.open("rb"))
            for message in catalogue:
                message.string = known.get(message.id, "") if message.id else message.string
                left |= {message.id} - set(known) - {""}
            with path.open("wb") as stream:
                write_po(stream, catalogue)
        assert left == set()  # neither Sphinx-Gallery's own words nor code are offered

    def page(self, language: str, name: str) -> BeautifulSoup:
        return parse(self.root / "build" / language / f"auto_examples/{name}.html")

    def download(self, language: str, name: str) -> str:
        return (self.root / "build" / language / "downloads/auto_examples" / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Built in two languages by the commands of the page."""
    project = Project(tmp_path_factory.mktemp("elsewhere") / "project")
    english, chinese, messages, catalogues = COMMANDS
    running = [line for line in project.run(english).splitlines() if line.startswith("  running ")]
    assert sorted(line.split()[2] for line in running) == sorted(f"auto_examples/{name}.py" for name in SCRIPTS)
    assert "  running " not in project.run(messages)
    project.run(catalogues)
    project.translate()
    assert "  running " not in project.run(chinese)
    return project


def test_pages_show_one_run_in_two_languages(project: Project) -> None:
    times = []
    for language, title, words in (("en", "The mean", "Download"), ("zh_CN", "平均值", "下载")):
        page = project.page(language, "plot_mean")
        assert page.h1.get_text().startswith(title)
        assert [bar.span.get_text() for bar in page.select(".downloads")] == [words] * 2
        assert page.select(".sphx-glr-footer, .sphx-glr-download-link-note") == []
        assert page.select('link[href*="download_links.css"]')
        times += re.findall(r"at (\d+)", page.get_text())
    assert len(times) == 2 and len(set(times)) == 1
    code = project.page("zh_CN", "plot_mean").select(".highlight-Python")[0].get_text()
    assert "# 数据。\nnumbers = [1, 2, 6]" in code
    assert "SystemExit" in project.page("zh_CN", "more-basics/shown").get_text()


@pytest.mark.parametrize(("language", "titles"), [("en", ["The mean", "Only shown", "Two words"]), ("zh_CN", ["平均值", "只展示", "两个词"])])
def test_cards_of_a_gallery_are_translated(project: Project, language: str, titles: list[str]) -> None:
    index = project.page(language, "index")
    cards = index.select(".sphx-glr-thumbcontainer")
    assert [card.select_one(".sphx-glr-thumbnail-title").get_text() for card in cards] == titles
    assert [card.a.get_text() for card in cards] == titles
    assert cards[0]["tooltip"].startswith({"en": "How to find", "zh_CN": "如何用sum和len求"}[language])
    assert index.select_one(".downloads.chapter p").find_next(class_="sphx-glr-signature")


@pytest.mark.parametrize("name", SCRIPTS)
def test_downloads_are_translated_and_their_code_is_not(project: Project, name: str) -> None:
    source, script = (ROOT / f"examples/{name}.py").read_text(encoding="utf-8"), project.download("zh_CN", f"{name}.py")
    assert project.download("en", f"{name}.py") == source
    assert script != source
    trees = [ast.parse(text) for text in (source, script)]
    assert len({ast.dump(ast.Module(tree.body[1:], [])) for tree in trees}) == 1
    known = json.loads((ROOT / "translations.json").read_text(encoding="utf-8"))
    english, chinese = (ast.get_docstring(tree).split("\n")[0] for tree in trees)
    assert chinese == known[english]
    notebook = json.loads(project.download("zh_CN", f"{name}.ipynb"))
    assert notebook["cells"][0]["source"][0].strip().startswith(f"# {chinese}\n")
    folder, _slash, stem = f"auto_examples/{name}".rpartition("/")
    with zipfile.ZipFile(project.root / f"build/zh_CN/downloads/{folder}-python.zip") as archive:
        assert archive.read(f"{stem}.py").decode() == script


def test_links_of_pages_lead_to_files(project: Project) -> None:
    for page in [*(project.root / "build").glob("*/auto_examples/**/*.html")]:
        links = [link["href"] for link in parse(page).select(".downloads a")]
        assert links and all((page.parent / link).is_file() for link in links), page


def test_what_others_made_is_not_removed(project: Project) -> None:
    """The last of the builds: it fails, and names the folder as seen from where it was started."""
    mine = project.root / "docs/lessons/mine.rst"
    mine.parent.mkdir()
    mine.write_text("Mine\n====\n", encoding="utf-8")
    output = project.run(f"{COMMANDS[0]} -D sphinx_gallery_conf.gallery_dirs=lessons", status=2)
    assert "docs/lessons: it holds files that this build did not make, such as mine.rst" in output
    assert mine.exists() and (project.root / "docs/auto_examples/plot_mean.rst").exists()


def test_a_text_that_no_translation_would_reach_is_refused(project: Project) -> None:
    script = project.root / "examples/noted.py"
    script.write_text('"""\nNoted\n=====\n\nText [1]_.\n\n.. [1] A footnote.\n"""\n\nprint(1)\n', encoding="utf-8")
    try:
        assert "examples/noted.py:" in project.run(COMMANDS[0], status=2)
    finally:
        script.unlink()


def test_folders_whose_scripts_would_never_run_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    examples = tmp_path / "examples"
    for name in ("README.txt", "a.py", "sub/GALLERY_HEADER.rst", "sub/b.py", "data/numbers.csv", "tools/__init__.py"):
        (examples / name).parent.mkdir(parents=True, exist_ok=True)
        (examples / name).touch()
    assert named_folders(tmp_path, {"examples_dirs": "examples", "gallery_dirs": "auto"}) == [(examples, tmp_path / "auto")]
    assert folder_faults(examples, CONF) == [] and subsections(examples, CONF) == [examples / "sub"]
    for name in ("lost/c.py", "sub/deep/d.py"):
        (examples / name).parent.mkdir()
        (examples / name).touch()
    assert folder_faults(examples, CONF) == [
        "examples/lost: its scripts would not run; write a GALLERY_HEADER.rst for it, or move them to examples",
        "examples/sub/deep: its scripts would not run; Sphinx-Gallery looks one folder deep: move them to examples/sub",
    ]
    (examples / "README.txt").rename(examples / "index.rst")
    (missing,) = folder_faults(examples, CONF)
    assert missing.startswith("examples/GALLERY_HEADER.rst is missing") and "'copyfile_regex': r'index\\.rst'" in missing
    with pytest.raises(ExtensionError, match="examples_dirs names 1 folders, gallery_dirs 2"):
        named_folders(tmp_path, {"examples_dirs": "examples", "gallery_dirs": ["a", "b"]})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, []),
        ({"plot_gallery": False}, ["plot_gallery is off"]),
        ({"run_stale_examples": True}, ["run_stale_examples is on"]),
        ({"expected_failing_examples": {"a.py"}}, ["expected_failing_examples names scripts"]),
    ],
)
def test_settings_that_ask_for_something_else_are_refused(settings: dict[str, Any], said: list[str]) -> None:
    faults = gallery_settings.faults({**CONF, **settings}, ["sphinx"])
    assert [fault.removeprefix("sphinx_gallery_conf: ").partition(",")[0] for fault in faults] == said
    assert all(f"``{name}" in PAGE for name in settings)


@pytest.mark.parametrize(("compact", "targets", "said"), [(True, [], "gettext_compact is True"), (False, ["literal-block"], "'literal-block'")])
def test_catalogues_in_which_a_script_is_not_found_are_refused(compact: bool, targets: list[str], said: str) -> None:
    config = SimpleNamespace(gettext_compact=compact, gettext_additional_targets=targets)
    with pytest.raises(ExtensionError, match=said):
        check_settings(None, config)


def test_results_depend_on_versions_and_not_on_places_in_memory() -> None:
    def scraper() -> None:
        """One of a conf.py."""

    keys = {execution_cache.execution_key("", [], more) for more in ((), ("sphinx",), ("not-there",))}
    assert len(keys) == 2  # without what is not installed
    (fault,) = gallery_settings.faults(CONF, ["not-there"])
    assert fault.startswith("conf.py: results_depend_on names 'not-there', which is not installed")
    described = gallery_settings.describe({**CONF, "image_scrapers": (scraper,)}, [])
    assert "scraper" in described and "0x" not in described


def test_words_of_links_are_those_of_this_site() -> None:
    brought = read_po((PROJECT / "docs/_ext/sitebuild/downloads/locale/zh_CN/LC_MESSAGES/sphinx.po").open("rb"))
    ours = read_po((PROJECT / "docs/locale/zh_CN/LC_MESSAGES/sphinx.po").open("rb"))
    assert [str(message.id) for message in brought if message.id and message.string != ours[message.id].string] == []
    links = (PROJECT / "docs/_ext/sitebuild/downloads/links.py").read_text(encoding="utf-8")
    assert set(re.findall(r'\b_\("([^"]+)"\)', links)) <= {message.id for message in brought}
