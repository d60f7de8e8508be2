"""Whatever comments a script has and whatever their translations say, its code stays the same.

The examples are derandomized: a run in CI finds what a run at home finds.
"""

from __future__ import annotations

import ast
import json

from hypothesis import given, settings
from hypothesis import strategies as st
from sphinx_gallery.gen_gallery import DEFAULT_GALLERY_CONF

from sitebuild.downloads.notebook import write_notebook
from sitebuild.translation.source_comments import CommentTranslationError, find_comments, translate_comments
from sitebuild.translation.translated_script import ScriptTranslationError, code_tree, normalise, translate_script

stable = settings(derandomize=True, deadline=None, max_examples=80)

# -- Scripts ----------------------------------------------------------------

WORDS = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), max_size=12)
COMMENTS = st.one_of(WORDS, st.sampled_from(["", "#", '"""', "'", "\\", "TODO: x", "é 汉"])).map(
    lambda text: f"# {text}".replace("# %%", "# %").rstrip()
)
# Lines of a string that goes over several: some look like comments, a few like the beginning of a cell.
IN_STRING = st.sampled_from(
    ["text", "# no comment", "    # none either", "", "'", '"', "x = 1  # y", "#", "# %% no cell"]
)
STRINGS = st.one_of(
    WORDS.map(repr),
    st.sampled_from(["'#'", '"# \\" #"', "f'{1}#{2!r}'", "b'#'", "r'\\#'", "':doc:`x`'"]),
    st.lists(IN_STRING, min_size=1, max_size=3).map(lambda lines: '"""' + "\n".join(lines) + '\n"""'),
)


@st.composite
def statements(draw: st.DrawFn, indent: str, depth: int) -> str:
    """One statement, perhaps with others inside, and comments wherever they may stand."""
    comment = draw(COMMENTS)
    inner = indent + draw(st.sampled_from(["    ", "\t", " "]))
    string = draw(STRINGS)
    kinds = ["comment", "assignment", "brackets", "continued"] + (
        ["block", "decorated", "branches"] if depth else []
    )
    kind = draw(st.sampled_from(kinds))
    body = draw(st.lists(statements(inner, depth - 1), min_size=1, max_size=2)) if depth else []
    block = "\n".join([*body, f"{inner}pass  {comment}"])
    return {
        "comment": f"{indent}{comment}\n{indent}{draw(COMMENTS)}\n",
        "assignment": f"{indent}x = {string}  {comment}",
        "brackets": f"{indent}x = [  {comment}\n\t{draw(COMMENTS)}\n  {draw(COMMENTS)}\n{indent}1,  {comment}\n{string}]",
        "continued": f"{indent}x = 1 + \\\n  2  {comment}",
        "block": f"{indent}def f(a):  {comment}\n{inner}{draw(COMMENTS)}\n{block}",
        "decorated": f"{indent}@print  {comment}\n{indent}{draw(COMMENTS)}\n{indent}class A:\n{block}",
        "branches": f"{indent}if x:\n{block}\n{indent}{comment}\n{indent}else:  {comment}\n{block}",
    }[kind]


CODE = st.lists(statements("", 2), min_size=1, max_size=4).map(lambda found: "\n".join(found) + "\n")
PARAGRAPHS = st.lists(WORDS.map(normalise).filter(str.strip), min_size=1, max_size=3)


@st.composite
def scripts(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A script and the messages of its prose."""
    cells = draw(st.lists(st.tuples(PARAGRAPHS, CODE), max_size=3))
    prose = [text for paragraphs, _code in cells for text in paragraphs]
    body = "".join(
        "\n# %%\n" + "\n#\n".join(f"# {text}" for text in paragraphs) + f"\n\n{code}"
        for paragraphs, code in cells
    )
    return f'"""\nTitle\n=====\n\nText.\n"""\n\n{draw(CODE)}{body}', ["Title", "Text.", *prose]


# -- Translations -----------------------------------------------------------

# Surrogates cannot stand in a file.
ANYTHING = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
NASTY = st.sampled_from(
    [
        '"""',
        "'''",
        "\\",
        "a\nimport os",
        "a\r\nimport os",
        "a\u2028import os",
        "a\x0cimport os",
        "%%",
        "%% x\nimport os",
    ]
    + [
        "sphinx_gallery_start_ignore",
        "\u202e",
        "\n",
        " ",
        ".. raw:: html",
        "<script>",
        "*`|",
        "x\\",
        "a\n\nb",
        "  x",
    ]
)
WILD = st.one_of(ANYTHING, NASTY, st.tuples(ANYTHING, NASTY, ANYTHING).map("".join))
# Without a backslash, which a docstring writes twice.
CALM = WORDS.map(lambda text: "译" + text.replace("\\", "").rstrip())


@st.composite
def translations_of(draw: st.DrawFn, messages: list[str]) -> dict[str, str]:
    """Calm translations of ``messages``, but for one: many wild ones would never be put in together."""
    translations = {text: draw(CALM) for text in messages}
    if messages:
        translations[draw(st.sampled_from(messages))] = draw(WILD)
    return translations


@stable
@given(CODE)
def test_every_comment_is_found_and_nothing_else_is_replaced(code: str) -> None:
    comments = find_comments(code)
    numbered = {text: f"译文{index}" for index, text in enumerate({comment.text for comment in comments})}
    translated = translate_comments(code, numbered)
    assert ast.dump(ast.parse(translated)) == ast.dump(ast.parse(code))
    assert [comment.text for comment in find_comments(translated)] == [
        numbered[each.text] for each in comments
    ]


@stable
@given(CODE, st.data())
def test_no_translation_of_a_comment_changes_the_code(code: str, data: st.DataObject) -> None:
    translations = data.draw(translations_of([comment.text for comment in find_comments(code)]))
    try:
        translated = translate_comments(code, translations)
    except CommentTranslationError:
        return
    assert ast.dump(ast.parse(translated)) == ast.dump(ast.parse(code))


def messages_of(script: str, prose: list[str]) -> list[str]:
    comments = [comment.text for comment in find_comments(script)]
    return [*prose, *(text for text in comments if not text.startswith("%%"))]


def code_cells(script: str) -> list[str]:
    """Syntax trees of the code cells of the notebook of ``script``, after the one that installs."""
    cells = json.loads(write_notebook(script, DEFAULT_GALLERY_CONF, lambda target: target))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return [ast.dump(ast.parse(cell)) for cell in code[1:]]


@stable
@given(scripts(), st.data())
def test_no_translation_changes_a_script_or_its_notebook(
    made: tuple[str, list[str]], data: st.DataObject
) -> None:
    script, prose = made
    translations = data.draw(translations_of(messages_of(script, prose)))
    try:
        translated = translate_script(script, translations, draft=True)
        flowing = translate_script(script, translations, wrapped=False, draft=True)
    except (ScriptTranslationError, CommentTranslationError):
        return
    assert code_tree(translated) == code_tree(flowing) == code_tree(script)
    assert code_cells(flowing) == code_cells(script)


@stable
@given(scripts())
def test_a_notebook_holds_the_code_of_its_script(made: tuple[str, list[str]]) -> None:
    script, _prose = made
    if "\n# %% no cell" in script:
        return  # Sphinx-Gallery cuts the string in two, and the script does not run
    cells = json.loads(write_notebook(script, DEFAULT_GALLERY_CONF, lambda target: target))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells[1:] if cell["cell_type"] == "code")
    assert ast.dump(ast.parse(code)) == code_tree(script)


@stable
@given(scripts(), st.data())
def test_calm_translations_arrive_whole(made: tuple[str, list[str]], data: st.DataObject) -> None:
    script, prose = made
    if "\n# %% no cell" in script:
        return
    translations = {text: data.draw(CALM) for text in messages_of(script, prose)}
    flowing = translate_script(script, translations, wrapped=False)
    assert [text for text in translations.values() if normalise(text) not in normalise(flowing)] == []
    assert code_cells(flowing) == code_cells(script)
