"""Files in odd encodings, with odd names or of enormous size: either they work, or one line says what to do."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import pytest
from conftest import Site
from sphinx.errors import ExtensionError
from test_translations import FOLDER, SQUARE, translate

from sitebuild.examples.script_form import chapter_faults
from sitebuild.translation.page_catalogue import read_messages
from sitebuild.translation.translated_script import code_tree

SCRIPT = "gallery/double_backward/square.py"
PLAIN = '"""\nPlain\n=====\n\nText.\n"""\n\nx = 1\n'
INDEX = "gallery/double_backward/index.rst"
NO_CHAPTER = (
    "cannot be the folder of a chapter; name one in docs/, "
    "with letters, digits, _ and - alone, other than downloads and locale"
)
REFUSED_SCRIPTS = {
    "..%2f": (PLAIN.encode(), ": name it with letters, digits, _ and - alone, and not index"),
    "a&b<c>": (PLAIN.encode(), ": name it with letters, digits, _ and - alone, and not index"),
    "index": (PLAIN.encode(), ": name it with letters, digits, _ and - alone, and not index"),
    "bom": (PLAIN.encode("utf-8-sig"), ": it begins with a byte order mark; save it as UTF-8 without one"),
    "utf16": (PLAIN.encode("utf-16"), ": it is not UTF-8 (invalid start byte at byte 0); save it as UTF-8"),
    "latin1": (
        PLAIN.replace("Text", "Bär").encode("latin-1"),
        ": it is not UTF-8 (invalid continuation byte at byte 18); save it as UTF-8",
    ),
    "tabs": ((PLAIN + "if x:\n\tx = 2\n").encode(), ":10: the line holds the character U+0009 TAB;"),
    "separator": (
        (PLAIN + "# a\u2028import os\n").encode(),
        ":9: the line holds the character U+2028 LINE SEPARATOR;",
    ),
    "trojan": (
        (PLAIN + 'y = "\u202e"\n').encode(),
        ":9: the line holds the character U+202E RIGHT-TO-LEFT OVERRIDE;",
    ),
}


def test_scripts_and_chapters_are_looked_at_before_anything_is_done(small_site: Site) -> None:
    for name, (data, _complaint) in REFUSED_SCRIPTS.items():
        (small_site.root / f"gallery/double_backward/{name}.py").write_bytes(data)
    # Everything in the folder of a chapter that is not its own would be removed.
    small_site.edit("conf.py", '"gallery_dirs": chapters', '"gallery_dirs": ["."]')
    result = small_site.build()
    assert result.returncode == 1
    expected = {f"gallery/double_backward/{name}.py{said}" for name, (_data, said) in REFUSED_SCRIPTS.items()}
    lines = [line.strip() for line in result.stderr.splitlines()]
    assert [said for said in expected if not any(line.startswith(said) for line in lines)] == []
    assert f"conf.py: '.' {NO_CHAPTER}" in lines
    assert len(lines) == len(expected) + 4  # what failed, where, the chapter, the log
    assert (small_site.root / "docs/index.rst").exists()
    assert "running" not in result.stdout


@pytest.mark.parametrize("name", ["../outside", "a b", "a%2fb", "ok/a b", "_ext", "locale", "downloads", "章"])
def test_a_folder_that_is_no_chapter_is_refused(name: str) -> None:
    docs = Path("/site/docs")
    assert chapter_faults(docs, docs / "double_backward") == []
    (fault,) = chapter_faults(docs, docs / name)
    assert fault == f"conf.py: {name!r} {NO_CHAPTER}"


def test_catalogues_in_odd_encodings_are_refused(small_site: Site) -> None:
    site = translate(small_site)
    for name, encoding in (("index", "utf-8-sig"), ("double_backward/index", "utf-16")):
        path = site.root / FOLDER / f"{name}.po"
        path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    site.edit(SQUARE, "charset=utf-8", "charset=iso-8859-1")
    interface = site.root / FOLDER / "sphinx.po"
    interface.write_bytes(interface.read_text(encoding="utf-8").encode("gb18030"))
    result = site.build("en zh_CN")
    assert result.returncode == 1
    lines = [line.strip() for line in result.stderr.splitlines()[1:]]
    assert lines[
        0
    ] == f"{FOLDER}/double_backward/index.po: is not UTF-8 ('utf-8' codec can't decode byte 0xff in " + (
        "position 0: invalid start byte); save it as UTF-8"
    )
    assert lines[1] == f"{SQUARE}: says that it is iso-8859-1; save it as UTF-8, and let its header say so"
    assert lines[2] == f"{FOLDER}/index.po: begins with a byte order mark; save it as UTF-8 without one"
    assert re.fullmatch(rf"{FOLDER}/sphinx\.po: is not UTF-8 \(.*\); save it as UTF-8", lines[3])
    assert len(lines) == 5  # the last one says what can be done


def test_a_draft_says_which_catalogue_it_cannot_read(tmp_path: Path) -> None:
    path = tmp_path / "page.po"
    path.write_bytes(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "a"\nmsgstr "ä"\n'.encode(
            "latin-1"
        )
    )
    with pytest.raises(
        ExtensionError, match=f"{path}: is not in the encoding that its header names .*save it as UTF-8"
    ):
        read_messages(path)
    assert read_messages(tmp_path / "none.po") == ()


def test_line_ends_of_windows_and_enormous_lines_work(small_site: Site) -> None:
    site = translate(small_site)
    comment, word = "c" * 1_000_000, "x" * 1_000_000
    site.edit("conf.py", "example_output_limit = 50_000", "example_output_limit = 5_000_000")
    site.add_example("enormous", f"print({word!r})\n# {comment}\n")
    site.write(f"{FOLDER}/double_backward/enormous.po", "")
    for path in [
        *site.root.glob("gallery/*/*"),
        *(site.root / FOLDER).rglob("*.po"),
        site.root / "docs/index.rst",
    ]:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    start = time.monotonic()
    result = site.build("en zh_CN", "--draft")
    assert result.returncode == 0, result.stderr
    assert time.monotonic() - start < 60
    page = site.page("zh_CN", "double_backward/enormous")
    assert page.select_one(".sphx-glr-script-out pre").get_text().strip() == word
    assert f"# {comment}\n" in page.select_one("div.highlight-Python pre").get_text()
    assert page.select_one(".bottom-of-page") is not None
    square = site.page("zh_CN", "double_backward/square")
    assert "\r" not in square.get_text() and "第一段。" in square.get_text()
    assert "        # 输入。\n        # 第二行。\n" in square.article.get_text()
    script = (site.root / "build/html/zh_CN/downloads/double_backward/square.py").read_bytes().decode()
    assert "\r" not in script and "        # 输入。\n        # 第二行。\n" in script
    assert code_tree(script) == code_tree((site.root / SCRIPT).read_text(encoding="utf-8"))


def test_what_a_page_cannot_show_is_refused(small_site: Site) -> None:
    small_site.add_example("colours", r'print("\u202egnp.exe")' + "\n")
    small_site.edit(SCRIPT, '"x": x', r'"x\x00": x')  # a label is mended, where output is refused
    result = small_site.build()
    assert result.returncode == 1
    assert (
        "gallery/double_backward/colours.py: it prints the character U+202E RIGHT-TO-LEFT OVERRIDE; print its repr() instead"
        in result.stderr
    )
    assert "square" not in result.stderr
    small_site.edit("gallery/double_backward/colours.py", r"\u202egnp.exe", "red")
    small_site.edit(
        INDEX,
        "   double_backward/square\n\n",
        "   double_backward/square\n   ../../conf\n\n"
        ".. autograd-graph:: ../../x.json\n\n.. autograd-graph:: nowhere.json\n\n.. example-plot:: /etc/passwd\n\n"
        ".. gradient-checks:: ../x.json\n   :block: 0\n\n.. raw:: html\n\n   <b>\n\njavascript:alert\n\n",
    )
    result = small_site.build()
    assert result.returncode == 1
    for complaint in (
        ":6: there is no page '../../conf' to make a card of",
        ":12: there is no ../../x.json beside this page",
        ":14: there is no nowhere.json beside this page",
        ":16: there is no ",  # and the way from the page to /etc/passwd
        ": there is no ../x.json beside this page",
        ':20: "raw" directive disabled',
        ":24: a link leads to javascript:alert; expected http, https, mailto",
    ):
        assert f"{INDEX}{complaint}" in result.stderr


def test_what_depends_on_the_machine_is_refused(small_site: Site) -> None:
    for name, code, printed in (
        ("address", "print(object())", r"0x[0-9a-f]+"),
        ("folder", "from pathlib import Path\n\nprint(Path.cwd())", re.escape(str(small_site.root))),
        ("package", "import torch\n\nprint(torch.__file__)", re.escape(sys.prefix)),
    ):
        small_site.add_example(name, code + "\n")
        result = small_site.build()
        assert result.returncode == 1
        assert re.search(rf"gallery/double_backward/{name}\.py: it prints {printed}, which is another one on each", result.stderr)
        (small_site.root / f"gallery/double_backward/{name}.py").unlink()
        small_site.edit("gallery/double_backward/index.rst", f"   {name}\n", "")
    # A script that writes it down itself knows what it does.
    small_site.add_example("written", "print('0x7f0c3a1b2c30')\n")
    assert small_site.build().returncode == 0


def test_a_folder_within_a_chapter_is_refused_and_leaves_nothing(small_site: Site) -> None:
    nested = "gallery/double_backward/more"
    small_site.write(f"{nested}/extra.py", '"""\nExtra\n=====\n"""\n')
    for empty in (False, True):
        if empty:
            (small_site.root / nested / "extra.py").unlink()
        result = small_site.build()
        assert result.returncode == 1
        assert f"{nested}: a chapter has no folders in it; move its scripts to gallery/double_backward" in result.stderr
    (small_site.root / nested).rmdir()
    small_site.write("docs/double_backward/more/extra.rst", "Extra\n=====\n")  # as an earlier version left it
    (small_site.root / "docs/double_backward/.generated").touch()
    result = small_site.build()
    assert result.returncode == 0, result.stderr
    assert not (small_site.root / "docs/double_backward/more").exists()
