"""An example script with its prose and comments in another language, its code untouched.

Uses the catalogue of the script's page, so a download and a page say the same.
"""

from __future__ import annotations

import ast
import re
import tokenize
from dataclasses import dataclass

from sitebuild.examples.forbidden_characters import find_forbidden
from sitebuild.translation.display_width import display_width, wrap
from sitebuild.translation.source_comments import find_comments, translate_comments

WIDTH = 98  # columns of a line of prose, "# " included
_LIST_ITEM = re.compile(r"^(?:[-*]|#\.|\d+\.) +")
_QUOTES = re.compile(r'[rR]?"""')
_UNDERLINE = re.compile(r"([=\-~^\"'])\1{2,}")


@dataclass(frozen=True)
class Block:
    """A run of lines of a script.

    Attributes
    ----------
    kind : str
        "docstring", "text" (comments after ``# %%``) or "code".
    lines : tuple of str
        Its lines, as they stand in the file.
    """

    kind: str
    lines: tuple[str, ...]


class ScriptTranslationError(ValueError):
    """A script and its catalogue do not fit together."""


def split_blocks(source: str) -> list[Block]:
    """Divide a script into its docstring, its text blocks and its code; joined they are the script.

    Raises
    ------
    ScriptTranslationError
        If it does not begin with a docstring whose quotes stand on lines of their own.
    """
    lines = source.split("\n")
    tree = ast.parse(source)
    docstring_end = (tree.body[0].end_lineno or 0) if ast.get_docstring(tree) is not None else 0
    if not (docstring_end > 1 and _QUOTES.fullmatch(lines[0]) and lines[docstring_end - 1].rstrip() == '"""'):
        raise ScriptTranslationError('a script begins with a docstring, its """ on lines of their own')
    blocks = [Block("docstring", tuple(lines[:docstring_end]))]
    kind, run = "code", list[str]()
    for line in lines[docstring_end:]:
        starts_text = line.startswith("# %%")
        ends_text = kind == "text" and not line.startswith("#")
        if starts_text or ends_text:
            blocks.append(Block(kind, tuple(run)))
            kind, run = ("text" if starts_text else "code"), []
        run.append(line)
    blocks.append(Block(kind, tuple(run)))
    return [block for block in blocks if block.lines]


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

    def _paragraph(self, lines: list[str]) -> list[str]:
        first = lines[0]
        indent = first[: len(first) - len(first.lstrip())]
        mark = match[0] if (match := _LIST_ITEM.match(first.lstrip())) else ""
        body = [first.lstrip().removeprefix(mark), *lines[1:]]
        translation = self._translate(" ".join(body))
        if translation is None:
            return lines
        hanging = indent + " " * len(mark)
        pieces = wrap(translation, self.width - len(hanging)) if self.width else [normalise(translation)]
        return [indent + mark + pieces[0], *(hanging + piece for piece in pieces[1:])]

    def translate(self, lines: list[str]) -> list[str]:
        """Translate every paragraph and title of ``lines``; the rest stays."""
        result: list[str] = []
        for run in _runs(lines):
            if len(run) == 2 and _UNDERLINE.fullmatch(run[1].strip()):
                title = normalise(self._translate(run[0]) or "") or run[0]
                result += [title, run[1][0] * max(display_width(title), 3)]
            elif run[0].strip():
                result += self._paragraph(run)
            else:
                result += run
        return result


def _is_next_item(first: str, line: str) -> bool:
    """Whether ``line`` begins an item of the list that ``first`` begins."""
    indents = {len(text) - len(text.lstrip()) for text in (first, line)}
    return len(indents) == 1 and all(_LIST_ITEM.match(text.lstrip()) for text in (first, line))


def _runs(lines: list[str]) -> list[list[str]]:
    """Group lines into runs with text and runs without; each item of a list without empty lines is a run."""
    runs: list[list[str]] = []
    for line in lines:
        same = runs and bool(runs[-1][-1].strip()) == bool(line.strip())
        if same and not _is_next_item(runs[-1][0], line):
            runs[-1].append(line)
        else:
            runs.append([line])
    return runs


def _translate_docstring(lines: tuple[str, ...], prose: _Prose) -> list[str]:
    """The lines between the quotes; a backslash is written twice there, unless "r" stands before them."""
    written = "\\" if lines[0][0] in "rR" else "\\\\"
    inner = [line.replace(written, "\\") for line in lines[1:-1]]
    translated = [line.replace("\\", written) for line in prose.translate(inner)]
    if any('"""' in line for line in translated):
        raise ScriptTranslationError("a translation holds the quotes that end the docstring")
    return [lines[0], *translated, lines[-1]]


def _translate_text(lines: tuple[str, ...], prose: _Prose) -> list[str]:
    marks, inner = lines[:1], [line[2:] if line.startswith("# ") else line[1:] for line in lines[1:]]
    return [*marks, *(f"# {line}".rstrip() for line in prose.translate(inner))]


def code_tree(source: str) -> str:
    """The script's syntax tree without its docstring, for comparison."""
    tree = ast.parse(source)
    return ast.dump(ast.Module(body=tree.body[1:], type_ignores=[]))


def translate_script(
    source: str, translations: dict[str, str], *, wrapped: bool = True, draft: bool = False
) -> str:
    """The script in another language.

    Parameters
    ----------
    source : str
        The script; it begins with a docstring whose quotes stand on lines of their own.
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
        if block.kind == "docstring":
            lines += _translate_docstring(block.lines, prose)
        elif block.kind == "text":
            lines += _translate_text(block.lines, prose)
        else:
            code = "\n".join(block.lines)
            lines += translate_comments(code, translations).split("\n")
            comments |= {normalise(comment.text) for comment in find_comments(code)}
    return "\n".join(lines), {normalise(text) for text in translations} - prose.met - comments
