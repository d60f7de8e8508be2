"""What a reader downloads is finished, runs by itself, and holds the same code in every language."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from conftest import PROJECT, Site
from hypothesis import given
from hypothesis import strategies as st
from nbclient import NotebookClient

from sitebuild.definitions.chapter_files import completed
from sitebuild.downloads import notebook
from sitebuild.translation.display_width import display_width, wrap
from sitebuild.examples.script_blocks import split_blocks
from sitebuild.translation.translated_script import (
    ScriptTranslationError,
    code_tree,
    normalise,
    translate_script,
)

SCRIPTS = sorted((PROJECT / "gallery").glob("*/*.py"))
NAMES = [f"{path.parent.name}/{path.stem}" for path in SCRIPTS]
LANGUAGES = ("en", "zh_CN")
HAN = re.compile(r"[\u4e00-\u9fff]")
# A notebook holds the code of its script, which runs alone. What might do otherwise in a kernel: modules that look at
# their own process, threads or source, and graphs, which a kernel has to show.
_KERNEL = re.compile(r"torch\.compile|threading|multiprocessing|inspect|weakref|gc\.|__main__|pyplot")


def notebooks() -> list[object]:
    """One notebook of each chapter, and each that might do otherwise in a kernel; all of them with ``-m slow``."""
    first = {path.parent: path for path in reversed(SCRIPTS)}.values()
    return [
        name
        if path in first or _KERNEL.search(completed(path))
        else pytest.param(name, marks=pytest.mark.slow)
        for path, name in zip(SCRIPTS, NAMES, strict=True)
    ]


def scripts_to_run() -> list[object]:
    """Scripts whose download is put together from more than one, and one of each chapter; all of them with ``-m slow``.

    The download of any other script holds the code that ran when the site was built, see
    test_the_code_is_the_same_in_every_language.
    """
    first = {path.parent: path for path in reversed(SCRIPTS)}.values()
    return [
        name
        if path in first or completed(path) != path.read_text(encoding="utf-8")
        else pytest.param(name, marks=pytest.mark.slow)
        for path, name in zip(SCRIPTS, NAMES, strict=True)
    ]


def download(site: Site, language: str, name: str) -> Path:
    return site.root / "build/html" / language / "downloads" / name


def notebook_cells(site: Site, language: str, name: str, kind: str) -> list[str]:
    notebook = json.loads(download(site, language, f"{name}.ipynb").read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]


def origin(site: Site, name: str, section: str) -> str:
    """The comment above what ``name`` imports from ``section``."""
    page = site.page("en", f"{name.partition('/')[0]}/{section}")
    return f"# From the section “{page.h1.get_text()}”:"


@pytest.mark.parametrize("name", NAMES)
def test_the_code_is_the_same_in_every_language(real_site: Site, name: str) -> None:
    source = (PROJECT / "gallery" / f"{name}.py").read_text(encoding="utf-8")
    english, chinese = (
        download(real_site, lang, f"{name}.py").read_text(encoding="utf-8") for lang in LANGUAGES
    )
    whole = completed(PROJECT / "gallery" / f"{name}.py")  # with what it imports from other sections
    assert english == re.sub(r"^# (\w+)\.py$", lambda match: origin(real_site, name, match[1]), whole, flags=re.MULTILINE)
    assert chinese != source and code_tree(chinese) == code_tree(whole)
    trees = []
    for language in LANGUAGES:
        first, *cells = notebook_cells(real_site, language, name, "code")
        assert first.endswith("%pip install --quiet torch torchviz scipy matplotlib scikit-learn")
        assert code_tree("\n".join(["0", *cells])) == code_tree(whole)
        trees.append([code_tree(f"0\n{cell}") for cell in cells])
    assert trees[0] == trees[1] != []


@pytest.mark.parametrize("name", NAMES)
def test_no_prose_or_comment_of_a_chinese_download_is_english(real_site: Site, name: str) -> None:
    text = download(real_site, "zh_CN", f"{name}.py").read_text(encoding="utf-8")
    comments = re.findall(r"#\s+(\S.*)$", text, re.MULTILINE)
    assert comments
    for comment in comments:
        if not HAN.search(comment):
            prose = re.sub(r"``[^`]*``", "", comment)  # an error text is quoted as it is
            assert not re.search(r"(?:[A-Za-z]+ ){3}", prose), comment


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_holds_no_markup_of_another_language(real_site: Site, language: str, name: str) -> None:
    for cell in notebook_cells(real_site, language, name, "markdown"):
        assert not re.search(r":\w+:`|^\.\. |\\ |`_\b|^[=~-]{4,}$", cell, re.MULTILINE), cell
        if language == "zh_CN":
            assert HAN.search(cell)
            assert not re.search(r"[\u4e00-\u9fff，。]\n[\u4e00-\u9fff]", cell), cell


def blank_times(line: str) -> str:
    """A printed line without its decimal numbers and the width that they took."""
    return re.sub(" +", " ", re.sub(r"\d+\.\d+", "#", line))


@pytest.mark.parametrize("name", scripts_to_run())
def test_a_script_runs_alone(real_site: Site, tmp_path: Path, name: str) -> None:
    script = tmp_path / "alone.py"
    script.write_bytes(download(real_site, "en", f"{name}.py").read_bytes())
    command = [sys.executable, "-I", script]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    printed = [line.rstrip() for line in result.stdout.splitlines() if line.strip()]
    shown = []
    for block in real_site.page("en", name).select(".sphx-glr-script-out"):
        lines = [line.rstrip() for line in block.pre.get_text().splitlines() if line.strip()]
        if "measured" in block["class"]:  # times differ, and nothing but times
            at = slice(len(shown), len(shown) + len(lines))
            lines, printed[at] = list(map(blank_times, lines)), list(map(blank_times, printed[at]))
        shown += lines
    assert printed == shown != []


@pytest.mark.parametrize("name", notebooks())
def test_a_notebook_runs_from_top_to_bottom(real_site: Site, tmp_path: Path, name: str) -> None:
    notebook = nbformat.read(download(real_site, "en", f"{name}.ipynb"), as_version=4)
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    kinds = {
        kind
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "execute_result"
        for kind in output.data
    }
    draws = any("make_dot(" in cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert draws == ("image/svg+xml" in kinds)  # the graph shows


@pytest.mark.parametrize("language", LANGUAGES)
def test_zips_hold_the_files_and_no_time(real_site: Site, language: str) -> None:
    for chapter in {path.parent.name for path in SCRIPTS}:
        for kind, suffix in (("python", ".py"), ("jupyter", ".ipynb")):
            with zipfile.ZipFile(download(real_site, language, f"{chapter}-{kind}.zip")) as archive:
                wanted = [f"{path.stem}{suffix}" for path in SCRIPTS if path.parent.name == chapter]
                assert archive.namelist() == wanted
                assert {entry.date_time[0] for entry in archive.infolist()} == {1980}
                for name in wanted:
                    assert (
                        archive.read(name) == download(real_site, language, f"{chapter}/{name}").read_bytes()
                    )


def test_a_message_that_is_not_in_the_script_is_named() -> None:
    with pytest.raises(ScriptTranslationError, match="not found in the script: 'Elsewhere.'"):
        translate_script('"""\nTitle\n=====\n\nText.\n"""\n\nx = 1\n', {"Elsewhere.": "别处。"})


def test_items_of_a_list_are_translated_one_by_one() -> None:
    text = "# %%\n# - One item,\n#   of two lines.\n# - Another.\n#\n# A paragraph\n# - not a list.\n"
    translations = {"One item, of two lines.": "一项。", "Another.": "另一项。", "A paragraph - not a list.": "一段。"}
    translated = translate_script(f'"""\nTitle\n=====\n"""\n\n{text}', translations)
    assert translated.endswith("# %%\n# - 一项。\n# - 另一项。\n#\n# 一段。\n")


@pytest.mark.parametrize("path", SCRIPTS, ids=NAMES)
def test_blocks_joined_are_the_script(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert "\n".join("\n".join(block.lines) for block in split_blocks(source)) == source


@given(st.text(alphabet="ab， 。汉字`*:（）", max_size=80), st.integers(8, 40))
def test_wrapping_loses_nothing(text: str, width: int) -> None:
    joined = "".join(wrap(text, width))
    assert re.sub(r"\s", "", joined) == re.sub(r"\s", "", text)


def test_wrapping_keeps_to_the_width_and_to_the_rules() -> None:
    text = "多一个输出，就多一个梯度。``backward``会收到:math:`e^x`的梯度，必须返回三者贡献之和。" * 3
    lines = wrap(text, 40)
    assert all(display_width(line) <= 42 for line in lines)
    assert not any(line[0] in "，。" for line in lines)
    assert all(line.count("``") % 2 == 0 for line in lines)
    assert normalise("a\n  b") == "a b"


HEAD = '"""\nTitle\n=====\n\nText.\n"""\n\n'


@pytest.mark.parametrize(
    ("script", "translations", "message"),
    [
        ("x = 1\n", {"Text.": "文"}, "begins with a docstring"),
        ('"Title"\n', {"Title": "题"}, "line 1: the docstring has quotes of another form"),
        ('"""Title\\tText."""\n', {"Title": "题"}, "line 1: the docstring holds an escape"),
        (HEAD + "x = (\n", {"Text.": "文"}, "is no Python"),
        (HEAD + 'x = """\n# %%\n# text\n"""\n', {"Text.": "文"}, "is no Python"),
        (HEAD, {"Text.": 'a"""\nimport os'}, "quotes that end the docstring"),
        (HEAD, {"Text.": "a\u2028b"}, "control character U\\+2028"),
    ],
)
def test_what_cannot_be_translated_is_named(script: str, translations: dict[str, str], message: str) -> None:
    with pytest.raises(ScriptTranslationError, match=message):
        translate_script(script, translations)


def test_a_raw_docstring_keeps_single_backslashes() -> None:
    translated = translate_script(f"r{HEAD}x = 1\n", {"Title": r"\题", "Text.": r":math:`\alpha`"})
    assert translated == 'r"""\n\\题\n===\n\n:math:`\\alpha`\n"""\n\nx = 1\n'


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("a < b and <img src=x>", "a &lt; b and &lt;img src=x>"),
        ("``<b>``, `<i>` and\n```python\nx < y\n```\n", "``<b>``, `<i>` and\n```python\nx < y\n```\n"),
        ("\\`<b>` and `x\n<b>`", "\\`&lt;b>` and `x\n&lt;b>`"),
        ("$a<b$", r"$a\lt b$"),
        ("[x](https://pytorch.org)", "[x](https://pytorch.org)"),
        ("[x](javascript:y) [z](java&#115;cript:y)", r"[x\](javascript:y) [z\](java&#115;cript:y)"),
        ("![x](https://example.org/x.png)", r"!\[x](https://example.org/x.png)"),
        ("[x]: javascript:y", r"[x\]: javascript:y"),
    ],
    ids=["html", "code", "odd-backticks", "formula", "link", "scripts", "image", "definition"],
)
def test_markdown_is_what_the_gallery_wrote(markdown: str, shown: str) -> None:
    assert notebook.make_harmless(markdown) == shown


CODE = '"""\nTitle\n=====\n\nText.\n"""\n\nx = 1\n# comment\n\n# %%\n# More text.\n\ny = 2\n'


@given(st.lists(st.text(max_size=30), min_size=4, max_size=4))
def test_no_translation_changes_the_code(texts: list[str]) -> None:
    messages = dict(zip(("Title", "Text.", "comment", "More text."), texts, strict=True))
    try:
        translated = translate_script(CODE, {key: value for key, value in messages.items() if value})
    except ValueError:
        return
    assert code_tree(translated) == code_tree(CODE)
