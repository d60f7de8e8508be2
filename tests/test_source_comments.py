"""Comments are found and replaced without touching the code."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitebuild.translation.source_comments import CommentTranslationError, find_comments, translate_comments

CODE = '''\
x = "# not a comment"
# first line
# second line
def f():
    # inside
    return 1  # behind code
'''


def test_messages_are_runs_of_lines() -> None:
    assert [comment.text for comment in find_comments(CODE)] == [
        "first line\nsecond line",
        "inside",
        "behind code",
    ]


def test_a_translation_may_have_another_number_of_lines() -> None:
    translated = translate_comments(CODE, {"first line\nsecond line": "一行", "inside": "两\n行"})
    assert "\n# 一行\ndef f():\n    # 两\n    # 行\n    return 1  # behind code\n" in translated
    assert translated.startswith('x = "# not a comment"\n')


def test_a_comment_behind_code_stays_on_its_line() -> None:
    with pytest.raises(CommentTranslationError, match="must be one line"):
        translate_comments(CODE, {"behind code": "two\nlines"})


@pytest.mark.parametrize("mark", ["\r", "\f", "\v", "\0", "\x85", "\u2028", "\u202e"])
def test_control_characters_are_refused(mark: str) -> None:
    with pytest.raises(CommentTranslationError, match="control character"):
        translate_comments(CODE, {"inside": f"a{mark}import os"})


@pytest.mark.parametrize("order", ["%% A cell", "one line\n%% A cell", "sphinx_gallery_start_ignore"])
def test_orders_to_the_gallery_are_refused(order: str) -> None:
    with pytest.raises(CommentTranslationError, match="takes for an order"):
        translate_comments(CODE, {"first line\nsecond line": order})


def test_further_lines_keep_the_indentation_of_the_first() -> None:
    assert translate_comments("if x:\n\t# one\n\tpass\n", {"one": "a\nb"}) == "if x:\n\t# a\n\t# b\n\tpass\n"


PRINTABLE = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=40)


@given(st.lists(PRINTABLE, min_size=3, max_size=3))
def test_every_printable_translation_takes_its_place(texts: list[str]) -> None:
    messages = [comment.text for comment in find_comments(CODE)]
    translated = translate_comments(CODE, dict(zip(messages, texts, strict=True)))
    assert [comment.text for comment in find_comments(translated)] == texts
    assert ast.dump(ast.parse(translated)) == ast.dump(ast.parse(CODE))


@given(st.lists(st.text(max_size=40), min_size=3, max_size=3))
def test_no_translation_changes_the_code(texts: list[str]) -> None:
    messages = [comment.text for comment in find_comments(CODE)]
    try:
        translated = translate_comments(CODE, dict(zip(messages, texts, strict=True)))
    except CommentTranslationError:
        return
    assert ast.dump(ast.parse(translated)) == ast.dump(ast.parse(CODE))
