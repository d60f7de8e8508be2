"""A section that imports from another: its run, its page, its downloads, and when it runs again."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import Site, make_executed_site
from test_build import executions
from test_translations import FOLDER, SQUARE, catalogue, translate

from sitebuild.translation.translated_script import code_tree

FOURTH = '''import torch
from torch.autograd import gradcheck
from square import Square

torch.manual_seed(0)


class Fourth(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return Square.apply(Square.apply(x))

    @staticmethod
    def backward(ctx, grad_output):
        # Of x⁴.
        return grad_output * 4 * ctx.saved_tensors[0] ** 3


x = torch.ones(2, dtype=torch.float64, requires_grad=True)
print("fourth", gradcheck(Fourth.apply, x))
print("square", gradcheck(Square.apply, x))
'''
MESSAGES = {"Fourth": "四次方", "Text.": "文字。", "Of x⁴.": "属于x⁴。"}
HEAD = {"en": "# From the section “Square”:", "zh_CN": "# 以下定义来自《平方》："}


@pytest.fixture
def site(small_site: Site) -> Site:
    small_site.add_example("fourth", FOURTH)
    return small_site


def in_chinese(site: Site) -> Site:
    translate(site).write(f"{FOLDER}/double_backward/fourth.po", catalogue(MESSAGES))
    return site


@pytest.fixture
def chinese_site(site: Site) -> Site:
    return in_chinese(site)


@pytest.fixture(scope="module")
def built_in_chinese(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """One that was built and is only looked at."""
    site = make_executed_site(tmp_path_factory.mktemp("chinese") / "site")
    site.add_example("fourth", FOURTH)
    build(in_chinese(site), "en zh_CN")
    return site


def build(site: Site, languages: str = "en") -> list[str]:
    result = site.build(languages)
    assert result.returncode == 0, result.stderr
    return sorted(executions(result.stdout))


def test_a_user_runs_again_when_a_definition_changes_and_only_then(site: Site) -> None:
    both = ["double_backward/fourth.py", "double_backward/square.py"]
    assert build(site) == ["double_backward/fourth.py"]  # the other one has run already
    script = "gallery/double_backward/square.py"
    site.edit(script, "The graph.", "A picture.")
    site.edit(script, "# An input.", "# The input.\n        # Two lines.")
    assert build(site) == ["double_backward/square.py"]
    assert "# Two lines." in site.page("en", "double_backward/fourth").select_one(".imported-code").get_text()
    site.edit(script, "x**2", "x * x")
    assert build(site) == both


def test_only_the_definitions_run(site: Site) -> None:
    site.edit("gallery/double_backward/square.py", "# %%\n# The graph.", 'print("of square alone")\n\n# %%\n# The graph.')
    build(site)
    page = site.page("en", "double_backward/fourth")
    assert [block.get_text() for block in page.select(".sphx-glr-script-out pre")] == ["fourth True\nsquare True\n"]
    records = json.loads((site.root / "docs/double_backward/fourth.checks.json").read_text())
    lines = (site.root / "gallery/double_backward/fourth.py").read_text().split("\n")
    assert [lines[record["line"] - 1] for record in records] == [line for line in lines if line.startswith("print")]
    tried = {name: json.loads((site.root / f"docs/double_backward/{name}.capabilities.json").read_text()) for name in ("square", "fourth")}
    assert [list(found) for found in tried.values()] == [["Square"], ["Fourth"]]  # each where it is defined
    assert tried["fourth"]["Fourth"]["states"]["compile"] == "passed"


def test_a_function_that_only_its_users_check_is_listed_where_it_is_defined(site: Site) -> None:
    site.edit("gallery/double_backward/square.py", 'print("result", torch.autograd.gradcheck(Square.apply, x))', "Square.apply(x)")
    site.edit("docs/index.rst", ".. check-table::", ".. check-table::\n\n.. function-table::")
    build(site)
    rows = site.page("en", "index").select("table.function-table tbody tr:not(.of-page)")
    assert [(row.a.get_text(), row.a["href"].partition("#")[0]) for row in rows] == [
        ("Square", "double_backward/square.html"),
        ("Fourth", "double_backward/fourth.html"),
    ]


def test_a_page_shows_what_is_imported(built_in_chinese: Site) -> None:
    for language, title, comment in (("en", "Square", "# An input."), ("zh_CN", "平方", "# 输入。")):
        page = built_in_chinese.page(language, "double_backward/fourth")
        (details,) = page.select("details.imported-code")
        assert "open" not in details.attrs and "data-search-ignore" in details.attrs
        (link,) = details.find_previous_sibling("div").select("a.internal")
        assert (link.get_text(), link["href"], link["title"]) == ("square", "square.html", title)
        assert details.summary.code.get_text() == "Square" and title in details.summary.get_text()
        code = details.select_one(".highlight-Python pre").get_text()
        assert code.startswith("class Square(torch.autograd.Function):") and comment in code and "gradcheck" not in code
    assert "An input." not in (built_in_chinese.root / FOLDER / "double_backward/fourth.po").read_text()


def test_catalogues_of_a_user_get_no_message_of_the_definition(chinese_site: Site) -> None:
    before = (chinese_site.root / FOLDER / "double_backward/fourth.po").read_text()
    result = chinese_site.make("gettext", "LANGUAGES=en zh_CN")
    assert result.returncode == 0, result.stderr
    after = (chinese_site.root / FOLDER / "double_backward/fourth.po").read_text()
    assert after.count("msgid") == before.count("msgid") and "An input." not in after


def test_downloads_are_complete_in_every_language(built_in_chinese: Site, tmp_path: Path) -> None:
    trees = []
    for language, head in HEAD.items():
        folder = built_in_chinese.root / "build/html" / language / "downloads"
        text = (folder / "double_backward/fourth.py").read_text(encoding="utf-8")
        assert f"\n\n{head}\n\n\nclass Square" in text and "from square" not in text
        assert ("An input." in text, "输入。" in text) == (language == "en", language != "en")
        trees.append(code_tree(text))
        with zipfile.ZipFile(folder / "double_backward-python.zip") as archive:
            assert archive.read("fourth.py").decode() == text
        notebook = json.loads((folder / "double_backward/fourth.ipynb").read_text(encoding="utf-8"))
        cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
        assert f"{head}\n\n\nclass Square" in cells[1]
        (tmp_path / "alone.py").write_text(text, encoding="utf-8")
        command = [sys.executable, "-I", "alone.py"]
        result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert result.stdout == "fourth True\nsquare True\n", result.stderr
    assert trees[0] == trees[1]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("from square import Square", "import square", r"gallery/double_backward/fourth.py:10: import square would import a whole section"),
        ("from square import Square", "from square import Cube", "fourth.py:10: square.py cannot give Cube"),
        ("from square import Square", "from sqare import Square", "fourth.py:10: there is neither a section of this chapter nor a module sqare"),
    ],
)
def test_a_wrong_import_is_told_before_anything_runs(site: Site, old: str, new: str, message: str) -> None:
    site.edit("gallery/double_backward/fourth.py", old, new)
    result = site.build()
    assert result.returncode != 0 and executions(result.stdout) == []
    assert message in result.stderr


def test_an_error_in_a_definition_is_told_at_the_line_that_calls_it(site: Site) -> None:
    site.edit("gallery/double_backward/square.py", "return x**2", "return x ** (1 if x.requires_grad else 2) if x.shape == (2,) else x.nothing")
    site.edit("gallery/double_backward/fourth.py", "Square.apply(Square.apply(x))", "Square.apply(Square.apply(x)[:1])")
    result = site.build()
    assert "gallery/double_backward/fourth.py:19: AttributeError" in result.stderr


def test_the_prose_of_the_definition_is_translated_from_its_own_catalogue(chinese_site: Site) -> None:
    (chinese_site.root / SQUARE).unlink()
    assert chinese_site.build("en zh_CN", "--draft").returncode == 0
    code = chinese_site.page("zh_CN", "double_backward/fourth").select_one(".imported-code pre").get_text()
    assert "# An input." in code
