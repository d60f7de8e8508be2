"""An example script with its prose and comments in another language, its code untouched.

Uses the catalogue of the script's page, so a download and a page say the same.
"""

from __future__ import annotations

import ast
import tokenize

from sitebuild.examples.forbidden_characters import find_forbidden
from sitebuild.translation.display_width import display_width, wrap
from sitebuild.translation.prose_runs import Run, find_runs
from sitebuild.examples.script_blocks import Block, ScriptFormError, read_docstring, split_blocks
from sitebuild.translation.source_comments import find_comments, translate_comments

WIDTH = 98  # columns of a line of prose, "# " included


class ScriptTranslationError(ValueError):
    """A script and its catalogue do not fit together."""


def normalise(text: str) -> str:
    """A message without line breaks, as catalogues hold it."""
    return " ".join(text.split())


class _Prose:
    """Translates reST lines paragraph by paragraph and remembers which messages it met."""

    def __init__(self, translations: dict[str, str], width: int | None) -> None:
        self.translations = {normalise(text): translation for text, translation in translations.items()}
        self.width = width
        self.met: set[str] = set()

    def _translate(self, text: str) -> str | None:
        key = normalise(text)
        translation = self.translations.get(key, "").strip()
        if translation:
            self.met.add(key)
        return translation or None

    def translate(self, lines: list[str]) -> list[str]:
        """Translate every paragraph and title of ``lines``; the rest stays."""
        result: list[str] = []
        done = 0
        for run in find_runs(lines, lambda text: normalise(text) in self.translations):
            result += lines[done : run.first]
            written, done = lines[run.first : run.last + 1], run.last + 1
            translation = self._translate(run.text(lines))
            result += written if translation is None else self._in_place(run, translation, written)
        return result + lines[done:]

    def _in_place(self, run: Run, translation: str, written: list[str]) -> list[str]:
        """The lines of ``run``, which are ``written`` in the script, in the other language."""
        if run.under:
            title = run.prefix + normalise(translation)
            adornment = written[-1][0] * max(display_width(title) + len(run.prefix), 3)
            return [adornment, title, adornment] if run.over else [title, adornment]
        width = None if run.is_one_line else self.width
        pieces = wrap(translation, width - len(run.hanging)) if width else [normalise(translation)]
        return [run.prefix + pieces[0], *(run.hanging + piece for piece in pieces[1:])]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _translate_indented(lines: list[str], margin: int, prose: _Prose) -> list[str]:
    """Translate lines that stand ``margin`` columns to the right; of the first, its own indentation does not count."""
    lead = lines[0][: _indent(lines[0])]
    first, *further = prose.translate([lines[0].removeprefix(lead), *(line[margin:] for line in lines[1:])])
    return [lead + first, *(" " * margin + line if line else line for line in further)]


def _margin(lines: list[str]) -> int:
    return min((_indent(line) for line in lines if line.strip()), default=0)


def _translate_docstring(block: Block, prose: _Prose) -> list[str]:
    """The lines of the docstring, of which the first and the last hold quotes and perhaps text."""
    docstring = read_docstring(block.lines, block.first)
    lines = docstring.text.replace(docstring.backslash, "\\").split("\n")
    # Python lets all lines but the first be indented.
    translated = _translate_indented(lines, _margin(lines[1:]), prose)
    text = "\n".join(translated).replace("\\", docstring.backslash)
    quotes = docstring.closing[:3]
    if (text + quotes).index(quotes) != len(text):
        raise ScriptTranslationError("a translation holds the quotes that end the docstring")
    return (docstring.opening + text + docstring.closing).split("\n")


def _translate_text(block: Block, prose: _Prose) -> list[str]:
    """The lines of a text, each behind its "#"."""
    lines = [line[1:] for line in block.lines[1:]]
    empty = next((number for number, line in enumerate(lines) if line.strip()), len(lines))
    text = _translate_indented(lines[empty:], _margin(lines), prose) if lines[empty:] else []
    return [*block.lines[: empty + 1], *(f"#{line}".rstrip() for line in text)]


def code_tree(source: str) -> str:
    """The script's syntax tree without its docstring, for comparison."""
    tree = ast.parse(source)
    return ast.dump(ast.Module(body=tree.body[1:], type_ignores=[]))


def find_messages(source: str, messages: set[str]) -> set[str]:
    """Those of ``messages``, each without line breaks, that a translation can replace in a script."""
    prose = _Prose({text: text for text in messages}, None)
    _script, unmet = _assemble(source, prose.translations, prose)
    return messages - unmet


def translate_script(
    source: str, translations: dict[str, str], *, wrapped: bool = True, draft: bool = False
) -> str:
    """The script in another language.

    Parameters
    ----------
    source : str
        The script; it has a docstring.
    translations : dict of str to str
        Catalogue of its page; without entries the script is returned as it is.
    wrapped : bool
        Whether to break long paragraphs. A notebook wants them in one line, because a line break
        between Han characters would show as a space.
    draft : bool
        Whether translations of text that is not in the script any more are let pass.

    Raises
    ------
    ScriptTranslationError
        If a message is not found in the script, or if the code would change.
    CommentTranslationError
        If a translation cannot stand as a comment.
    """
    if not translations:
        return source
    for text, translation in translations.items():
        if character := find_forbidden(translation):
            raise ScriptTranslationError(f"control character {character} in the translation of {normalise(text)!r}")
    prose = _Prose(translations, WIDTH - len("# ") if wrapped else None)
    try:
        translated, unmet = _assemble(source, translations, prose)
        changed = code_tree(translated) != code_tree(source)
    except ScriptFormError as error:
        raise ScriptTranslationError(f"line {error.line}: {error.problem}") from error
    except (SyntaxError, tokenize.TokenError) as error:
        raise ScriptTranslationError(f"the script, or what stands between two of its texts, is no Python: {error}") from error
    if unmet and not draft:
        raise ScriptTranslationError(f"not found in the script: {min(unmet)!r}")
    if changed:
        raise ScriptTranslationError("the translation changes the code")
    return translated


def _assemble(source: str, translations: dict[str, str], prose: _Prose) -> tuple[str, set[str]]:
    """The translated script, and the messages that are not found in it."""
    lines: list[str] = []
    comments: set[str] = set()
    for block in split_blocks(source):
        if block.kind == "head":
            lines += block.lines
        elif block.kind == "docstring":
            lines += _translate_docstring(block, prose)
        elif block.kind == "text":
            lines += _translate_text(block, prose)
        else:
            code = "\n".join(block.lines)
            lines += translate_comments(code, translations).split("\n")
            comments |= {normalise(comment.text) for comment in find_comments(code)}
    return "\n".join(lines), {normalise(text) for text in translations} - prose.met - comments
