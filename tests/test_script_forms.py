"""Scripts from elsewhere: each form that is known builds, in two languages, or is refused by the first build."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po, write_po
from conftest import PROJECT, Site, command, make_executed_site
from docutils import nodes
from docutils.core import publish_doctree
from sphinx_gallery.py_source_parser import split_code_and_text_blocks

from sitebuild.downloads.markdown_forms import find_left
from sitebuild.examples.script_form import script_faults
from sitebuild.translation.translated_script import code_tree, normalise

FORMS: list[dict[str, Any]] = tomllib.loads((PROJECT / "docs/script_forms.toml").read_text(encoding="utf-8"))["form"]
SUPPORTED = [form for form in FORMS if "instead" not in form["en"]]
REFUSED = [form for form in FORMS if "instead" in form["en"]]
ELSEWHERE = PROJECT / "tests" / "roots" / "elsewhere"  # written with what public scripts are written with
CHAPTER = "double_backward"
HEAD = '"""\nForms\n=====\n\nText.\n"""\n\nx = 1\n'
MARK = "译"


def scripts_with(forms: list[dict[str, Any]]) -> dict[str, str]:
    """Scripts that hold ``forms``: each beginning of a script has one of its own, all others share one."""
    starts = [form["start"].removeprefix("\n") for form in forms if "start" in form]
    texts = [form["text"] for form in forms if "text" in form]
    codes = [form["code"].removeprefix("\n") for form in forms if "code" in form]
    made = {f"start_{number}": f"{start}\nprint(1)\n" for number, start in enumerate(starts)}
    return made | {"texts": HEAD + "".join(f"{text}\nx += 1\n" for text in texts) + "\nprint(x)\n"} | {
        f"code_{number}": f"{HEAD}\n{code}" for number, code in enumerate(codes)
    }


def add(site: Site, scripts: dict[str, str]) -> Site:
    """Put ``scripts`` into the chapter, and name them there."""
    for name, text in scripts.items():
        site.write(f"gallery/{CHAPTER}/{name}.py", text)
    site.edit(f"gallery/{CHAPTER}/index.rst", "\n   square\n", "\n   square\n   " + "\n   ".join(scripts) + "\n")
    return site


def translate_everything(site: Site) -> None:
    """Give each message of ``site`` a translation that says which message it is of."""
    result = subprocess.run(command("refresh_catalogues", "zh_CN"), cwd=site.root, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    for path in (site.root / "docs/locale/zh_CN").rglob("*.po"):
        with open(path, "rb") as stream:
            messages = read_po(stream)
        for message in messages:
            message.string = message.string or f"{MARK}{message.id}"
        with open(path, "wb") as stream:
            write_po(stream, messages)


@pytest.fixture(scope="module")
def translated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, dict[str, str]]:
    """A site with all supported forms, and the scripts in it."""
    site = make_executed_site(tmp_path_factory.mktemp("forms") / "site")
    elsewhere = {path.stem: path.read_text(encoding="utf-8") for path in ELSEWHERE.glob("*.py")}
    scripts = scripts_with(SUPPORTED) | elsewhere
    site.write("docs/script_forms.toml", (PROJECT / "docs/script_forms.toml").read_text(encoding="utf-8"))
    site.edit("docs/index.rst", ".. toctree::", ".. script-forms::\n\n.. toctree::")
    translate_everything(add(site, scripts))
    result = site.build("en zh_CN")
    assert result.returncode == 0, result.stderr
    return site, scripts


def download(site: Site, language: str, name: str) -> Path:
    return site.root / "build/html" / language / "downloads" / CHAPTER / name


def messages_of(site: Site, name: str) -> list[str]:
    with open(site.root / f"docs/locale/zh_CN/LC_MESSAGES/{CHAPTER}/{name}.po", "rb") as stream:
        return [str(message.id) for message in read_po(stream) if message.id]


def skeleton(path: Path) -> list[str]:
    """Of what the texts of a script consist: the kinds of their nodes, without words."""
    _settings, blocks = split_code_and_text_blocks(str(path))
    texts = "\n\n".join(block.content for block in blocks if block.type == "text")
    document = publish_doctree(texts, settings_overrides={"report_level": 5})
    return [type(node).__name__ for node in document.findall(nodes.Element) if not isinstance(node, nodes.Inline)]


def test_every_supported_form_is_translated_in_its_place(translated: tuple[Site, dict[str, str]]) -> None:
    site, scripts = translated
    for name, script in scripts.items():
        english, chinese = (download(site, language, f"{name}.py") for language in ("en", "zh_CN"))
        assert english.read_text(encoding="utf-8") == script, name
        text = chinese.read_text(encoding="utf-8")
        assert code_tree(text) == code_tree(script), name
        assert skeleton(chinese) == skeleton(english), name
        messages, flat = messages_of(site, name), normalise(re.sub(r"^ *#", "", text, flags=re.MULTILINE))
        assert messages and [message for message in messages if normalise(MARK + message) not in flat] == [], name
        page = normalise(site.page("zh_CN", f"{CHAPTER}/{name}").article.get_text())
        plain = [message for message in messages if not set(message) & set("`:*\n<[")]
        assert plain and [message for message in plain if f"{MARK}{message}" not in page] == [], name


def test_notebooks_hold_no_form_that_they_cannot_show(translated: tuple[Site, dict[str, str]]) -> None:
    site, scripts = translated
    for name in scripts:
        for language in ("en", "zh_CN"):
            notebook = json.loads(download(site, language, f"{name}.ipynb").read_text(encoding="utf-8"))
            cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
            assert cells and [left for cell in cells for left in find_left(cell)] == [], name
            if language == "zh_CN":
                assert all(MARK in cell for cell in cells), (name, cells)
    markdown = (download(site, "zh_CN", "texts.ipynb")).read_text(encoding="utf-8")
    for told in ("> **小技巧**", "> **译A heading of its own**", "<h4>备注</h4>", "| 译Left | 译Right |", "- **译A term**"):
        assert told in markdown, told


def refused_elsewhere() -> dict[str, tuple[str, str]]:
    """Script, and what is said of it, of those that do what is refused."""
    said = tomllib.loads((ELSEWHERE / "refused" / "expected.toml").read_text(encoding="utf-8"))
    return {name: ((ELSEWHERE / "refused" / f"{name}.py").read_text(encoding="utf-8"), told) for name, told in said.items()}


def faults_of(text: str, folder: Path) -> list[str]:
    """What is wrong with the text of a script before anything runs."""
    script = folder / "script.py"
    script.write_text(text, encoding="utf-8")
    return script_faults(script)


def test_every_other_form_is_refused_by_the_first_build(small_site: Site, tmp_path: Path) -> None:
    late, elsewhere = [], refused_elsewhere()
    for form in REFUSED:
        (script,) = [text for text in scripts_with([form]).values() if text != scripts_with([])["texts"]]
        if faults := faults_of(script, tmp_path):
            assert [form["en"]["instead"] in fault for fault in faults] == [True], faults
        else:
            late.append(form)
    assert 0 < len(late) < len(REFUSED)
    result = add(small_site, scripts_with(late) | {"grid_cards": elsewhere["grid_cards"][0]}).build()
    assert result.returncode == 1
    lines = [line.strip() for line in result.stderr.splitlines()]
    wanted = [form["en"]["instead"] for form in late] + [elsewhere["grid_cards"][1]]
    assert [words for words in wanted if words not in result.stderr] == [], result.stderr
    places = [line for line in lines if line.startswith("gallery/")]
    assert [line for line in places if not re.match(r"gallery/double_backward/\w+\.py:\d+: ", line)] == []


def test_what_no_page_can_show_is_refused_when_it_runs(small_site: Site, tmp_path: Path) -> None:
    scripts = refused_elsewhere()
    del scripts["grid_cards"]
    generator, told = scripts.pop("generator")
    assert told in faults_of(generator, tmp_path)[0]
    result = add(small_site, {name: text for name, (text, _told) in scripts.items()}).build()
    assert result.returncode == 1
    for name, (_text, told) in scripts.items():
        assert re.search(rf"gallery/{CHAPTER}/{name}\.py: lines? \d+.*{re.escape(told)}", result.stderr), result.stderr


def test_a_table_shows_every_form(translated: tuple[Site, dict[str, str]]) -> None:
    site, _scripts = translated
    for language, supported in (("en", "supported"), ("zh_CN", f"{MARK}supported")):
        rows = site.page(language, "index").select("table.script-forms tbody tr")
        assert [row.select_one("td").get_text() for row in rows] == [form[language]["name"].replace("``", "") for form in FORMS]
        assert [row.select("td")[1].get_text() == supported for row in rows] == ["instead" not in form["en"] for form in FORMS]


def test_files_that_a_script_saves_are_gone(translated: tuple[Site, dict[str, str]]) -> None:
    site, scripts = translated
    assert "model.pt" in scripts["checkpoint"] and "plots.png" in scripts["subplots"]
    assert [path for name in ("model.pt", "plots.png") for path in site.root.rglob(name)] == []


def test_scripts_without_a_page_are_refused(small_site: Site) -> None:
    small_site.edit("conf.py", '    "capture_repr": (),', '    "capture_repr": (),\n    "ignore_pattern": "helper",')
    assert "conf.py: ignore_pattern is 'helper', but each script of a chapter has a page" in small_site.build().stderr
