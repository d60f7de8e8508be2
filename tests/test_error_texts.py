"""Error texts are those that the examples printed, whole and without what belongs to an example."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import multiprocessing
import os
import re
import sys
from pathlib import Path

import pytest
from conftest import PROJECT, Site

from sitebuild.definitions.finder import sections_of
from sitebuild.errors.collection import collect, texts_of
from sitebuild.errors.outputs import find_errors
from sitebuild.errors.printers import find_printers
from sitebuild.errors.wording import first_sentence, names_of, without_names

CHAPTERS = ["double_backward", "conv_bn_fusion", "field_guide"]
SCRIPTS = sorted((PROJECT / "gallery").glob("*/*.py"))
WITH_PRINTERS = [script for script in SCRIPTS if find_printers(script.read_text(encoding="utf-8"))]

PAGE = """
.. GENERATED FROM PYTHON SOURCE LINES 1-20

.. code-block:: Python

    code

.. rst-class:: sphx-glr-script-out

 .. code-block:: none

{output}


"""


def errors_of(script: str, output: str) -> list[str]:
    """Error texts in ``output`` of a script of one block."""
    indented = "\n".join(f"    {line}" for line in output.split("\n"))
    return [text for _printer, text in find_errors(PAGE.format(output=indented), script)]


def caught(statement: str) -> str:
    """A script that prints a caught error by ``statement``."""
    return f"try:\n    f()\nexcept (RuntimeError, special.Refused) as error:\n    {statement}\n"


def test_a_text_ends_where_its_line_ends() -> None:
    script = caught('print("RuntimeError:", error)')
    assert errors_of(script, "True\nRuntimeError: it is 3,\nnumbers") == ["it is 3,"]
    assert errors_of(script, "name  RuntimeError: so be it") == ["so be it"]
    assert errors_of(script, "ValueError: nobody catches it") == []


def test_a_wrapped_text_is_joined_and_ends_where_the_next_word_would_have_fitted() -> None:
    script = caught('print(fill(f"{type(error).__name__}: {error}", 20))') + 'print("gradcheck", check())\n'
    assert errors_of(script, "Refused: a text that\ngoes on and on in-\nplace and\nTrue") == ["a text that goes on and on in-place and"]
    assert errors_of(script, "Refused: a text that\nstops\nTrue") == ["a text that stops"]
    assert errors_of(script, "Refused: a text that\ngradcheck True") == ["a text that"]
    assert errors_of(script, "Refused: a text that\nValueError: one more") == ["a text that", "one more"]
    assert errors_of(script, "Refused: a text that\ncolumn      True") == ["a text that"]


def test_an_error_that_a_function_catches_is_found_where_the_function_is_called() -> None:
    function = 'def attempt(f):\n    try:\n        f()\n    except TypeError as error:\n        print("TypeError:", error)\n\n\n'
    assert errors_of(function + "attempt(print)\n", "TypeError: no") == ["no"]
    assert errors_of(function + "other()\n", "TypeError: no") == []


def test_what_belongs_to_an_example_is_left_out() -> None:
    script = 'class Cube(Function):\n    pass\n\n\nregister("guide::cube")\n'
    names = names_of(script, "guide")
    texts = {
        "Function CubeBackward returned got [2, 3] at index 1.": "Function … returned got […] at index 1.",
        "register <CustomOpDef(guide::cube)> with `cube.register_fake`": "register … with `…`",
        "through guide.cube.default but": "through … but",
        "mismatch for input 1,\nnumerical:tensor([[1.0]])": "mismatch for input 1",
        "needs (B, C) with B > 1, not (1, 3):": "needs (B, C) with B > 1, not (…)",
        "clone the output tensor(s) of a Cubed": "clone the output tensor(s) of a Cubed",
    }
    assert {text: without_names(text, names) for text in texts} == texts
    assert first_sentence("This is 0.5 of it. Do that.") == "This is 0.5 of it"


def test_numbers_stay_where_all_agree(tmp_path: Path) -> None:
    gallery, generated = tmp_path / "gallery/guide", tmp_path / "docs/guide"
    gallery.mkdir(parents=True)
    generated.mkdir(parents=True)
    for name, number in (("one", 1), ("two", 2)):
        (gallery / f"{name}.py").write_text(caught('print("RuntimeError:", error)'), encoding="utf-8")
        page = PAGE.format(output=f"    RuntimeError: output 0 of input {number}. Do this.")
        (generated / f"{name}.rst").write_text(page, encoding="utf-8")
    (error,) = collect([(gallery, generated)])
    assert (error.text, error.pages) == ("output 0 of input …", ["guide/one", "guide/two"])
    assert error.full == ["output 0 of input 1. Do this.", "output 0 of input 2. Do this."]


def test_every_print_of_an_error_is_found_in_the_output(real_site: Site) -> None:
    """So no error that a script prints is missing from the list."""
    for script in WITH_PRINTERS:
        source = script.read_text(encoding="utf-8")
        page = real_site.root / "docs" / script.parent.name / f"{script.stem}.rst"
        found = {printer for printer, _text in find_errors(page.read_text(encoding="utf-8"), source)}
        silent = [printer.line for printer in find_printers(source) if printer not in found]
        assert not silent, f"{script}: lines {silent} print an error that was not found in the output"


def test_each_listed_error_text_stands_on_the_pages_it_leads_to(real_site: Site) -> None:
    for language in ("en", "zh_CN"):
        entries = real_site.page(language, "field_guide/index").select(".error-texts li")
        assert len(entries) > 40
        for entry in entries:
            pieces = [" ".join(piece.split()) for piece in entry.code.get_text().split("…")]
            assert entry.select("a")
            for link in entry.select("a"):
                name = os.path.normpath(f"field_guide/{link['href'].removesuffix('.html')}")
                article = real_site.page(language, name).article.get_text().replace("-\n", "-")
                text = " ".join(article.split())
                pattern = ".{1,90}".join(re.escape(piece) for piece in pieces)
                assert re.search(pattern, text), (pattern, name)


def test_the_list_leads_to_every_page_with_an_error(real_site: Site) -> None:
    listed = {
        os.path.normpath(f"field_guide/{link['href'].removesuffix('.html')}")
        for link in real_site.page("en", "field_guide/index").select(".error-texts a")
    }
    pages = {f"{script.parent.name}/{script.stem}" for script in WITH_PRINTERS}
    assert pages <= listed
    assert "conv_bn_fusion/no_second_derivative" in listed


class Notes(ast.NodeTransformer):
    """Puts a call of ``_note`` at the beginning of each handler, and after each block that records warnings."""

    def __init__(self, lines: set[int]) -> None:
        self.lines = lines  # those that print an error

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.ExceptHandler:
        self.generic_visit(node)
        if node.name:
            prints = bool(self.lines & {child.lineno for child in ast.walk(node) if hasattr(child, "lineno")})
            node.body.insert(0, ast.parse(f"_note({prints}, {node.name})").body[0])
        return node

    def visit_With(self, node: ast.With) -> list[ast.stmt]:
        self.generic_visit(node)
        recorded = [
            item.optional_vars.id
            for item in node.items
            if "catch_warnings" in ast.unparse(item.context_expr) and isinstance(item.optional_vars, ast.Name)
        ]
        return [node, *(ast.parse(f"for _each in {name}: _note(False, _each.message)").body[0] for name in recorded)]


def run_instrumented(script: Path, log: Path) -> None:
    """Run ``script`` as the build does, and note in ``log`` what it really caught and recorded."""
    source = script.read_text(encoding="utf-8")
    tree = Notes({printer.line for printer in find_printers(source)}).visit(ast.parse(source))

    def note(prints: bool, error: object) -> None:
        with log.open("a", encoding="utf-8") as file:  # a script may catch errors in processes of its own
            file.write(json.dumps([prints, str(error)]) + "\n")

    os.environ["MPLBACKEND"] = "agg"
    namespace = vars(sys.modules["__main__"])  # torch.compile looks there for what a script defines
    namespace |= {"__name__": "__main__", "__file__": str(script), "_note": note}
    with contextlib.redirect_stdout(io.StringIO()), sections_of(script):
        exec(compile(ast.fix_missing_locations(tree), str(script), "exec"), namespace)  # noqa: S102


@pytest.mark.slow
@pytest.mark.parametrize("script", WITH_PRINTERS, ids=lambda script: script.stem)
def test_what_was_read_from_the_output_is_what_was_caught(real_site: Site, script: Path, tmp_path: Path) -> None:
    """The texts are taken from printed lines: here each script runs once more, and its errors are taken themselves."""
    log = tmp_path / "log"
    process = multiprocessing.get_context("spawn").Process(target=run_instrumented, args=(script, log))
    process.start()
    process.join(300)
    assert process.exitcode == 0
    names = names_of(script.read_text(encoding="utf-8"), script.parent.name)
    noted = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    read = texts_of(script, real_site.root / "docs" / script.parent.name)
    printed = [without_names(text, names) for prints, text in noted if prints]
    for text in printed:
        # A script may print a part of a long error: its first line, or what follows a path.
        assert any(piece in text for piece in read), text
    if not printed:  # the error is printed elsewhere than where it is caught
        assert any(piece in without_names(text, names) for _prints, text in noted for piece in read)
