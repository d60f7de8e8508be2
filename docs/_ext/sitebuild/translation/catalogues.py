"""Judges whether a language is translated completely, and holds nothing but translations.

Compares the messages of this build (templates written by Sphinx's gettext builder, and
the phrases of the interface) with the catalogues in ``docs/locale``.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.pofile import PoFileError, read_po

from sitebuild.examples.forbidden_characters import find_forbidden
from sitebuild.examples.new_script import PLACEHOLDERS
from sitebuild.translation import interface_messages
from sitebuild.translation.message_markup import phrase_faults, prose_faults
from sitebuild.translation.source_comments import find_comments

INTERFACE = "sphinx"
SHOWN = 100  # problems that are told one by one
_CHARSET = re.compile(r'^"Content-Type:[^"]*charset=([^"\s\\;]+)', re.MULTILINE)
_ENTRY = re.compile(r'(?P<kind>msgctxt|msgid|msgid_plural|msgstr(?:\[\d+\])?)?\s*(?P<text>"(?:[^"\\]|\\.)*")\s*')
_LINE = re.compile(r'\s*(?:#.*|(?:(?:msgctxt|msgid|msgid_plural|msgstr(?:\[\d+\])?)\s+)?"(?:[^"\\]|\\.)*"\s*)?')


def catalogue_folder(root: Path, language: str) -> Path:
    """Where the catalogues of ``language`` lie."""
    return root / "docs" / "locale" / language / "LC_MESSAGES"


def _refuse_duplicates(text: str, name: Path) -> None:
    """Look for two entries with one message in a catalogue: whoever reads it takes one of them and drops the other.

    Raises
    ------
    ValueError
        If there are; the message names both lines.
    """
    seen: dict[tuple[str, str], int] = {}
    context = message = kind = ""
    begun = 0
    for number, line in enumerate([*text.split("\n"), 'msgid ""'], 1):
        if (entry := _ENTRY.fullmatch(line)) is None:
            continue
        kind, words = entry["kind"] or kind, ast.literal_eval(entry["text"])
        if entry["kind"] == "msgstr" or entry["kind"] == "msgstr[0]":
            if (first := seen.setdefault((context, message), begun)) != begun:
                raise ValueError(f"{name}:{begun}: is the message of line {first} once more; keep one of them")
            context = ""
        elif entry["kind"] == "msgid":
            message, begun = words, number
        elif entry["kind"] == "msgctxt":
            context = words
        elif kind == "msgid":
            message += words
        elif kind == "msgctxt":
            context += words


def _read(path: Path, root: Path) -> Catalog:
    """Read a catalogue.

    Raises
    ------
    ValueError
        If it is malformed; the message names file and line.
    """
    name = path.relative_to(root)
    try:
        text = path.read_text(encoding="utf-8")
        if text.startswith("\ufeff"):
            raise ValueError(f"{name}: begins with a byte order mark; save it as UTF-8 without one")
        if (charset := _CHARSET.search(text)) and charset[1].lower() not in ("utf-8", "charset"):
            raise ValueError(f"{name}: says that it is {charset[1]}; save it as UTF-8, and let its header say so")
        # Babel takes an unfinished string for a finished one.
        for number, line in enumerate(text.split("\n"), 1):
            if not _LINE.fullmatch(line):
                raise ValueError(f"{name}:{number}: is no line of a catalogue: {line.strip()[:60]}")
        _refuse_duplicates(text, name)
        with open(path, "rb") as stream:
            return read_po(stream, abort_invalid=True)
    except PoFileError as error:
        raise ValueError(f"{name}:{error.lineno + 1}: {error}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{name}: is not UTF-8 ({error}); save it as UTF-8") from error


def source_of(domain: str, root: Path) -> str:
    """The file in which a translator finds the messages of ``domain``."""
    for candidate in (f"gallery/{domain}.py", f"gallery/{domain}.rst", f"docs/{domain}.rst"):
        if (root / candidate).exists():
            return candidate
    return "the templates and extensions of docs/"


def _shorten(message: str) -> str:
    line = " ".join(message.split())
    return repr(line if len(line) <= 60 else line[:57] + "...")


def compare(wanted: set[str], catalogue: Catalog, name: str, source: str) -> list[str]:
    """What is missing, fuzzy or obsolete in one catalogue, one line each."""
    problems = []
    # Nobody asks for a message in a context.
    present = {message.id: message for message in catalogue if message.id and not message.context}
    for text in sorted(wanted):
        message = present.get(text)
        if text in PLACEHOLDERS:
            problems.append(f"{source}: holds a sentence of the template: {_shorten(text)}; write your own")
        elif message is None or not str(message.string).strip():
            place = f"{name}:{message.lineno}" if message is not None else name
            problems.append(f"{place}: missing: {_shorten(text)} of {source}")
        elif message.fuzzy:
            problems.append(f"{name}:{message.lineno}: fuzzy: {_shorten(text)} of {source}; check it, and remove the mark '#, fuzzy'")
    gone = [message for text, message in present.items() if text not in wanted]
    gone += [message for message in catalogue if message.id and message.context]
    gone += catalogue.obsolete.values()
    for message in gone:
        problems.append(
            f"{name}:{message.lineno}: obsolete: {_shorten(str(message.id))}, not in {source} any more; delete it"
        )
    return problems


def examine(messages: list[Message], name: str, source: str, root: Path, language: str) -> list[str]:
    """What translations hold that their messages do not, one line each; see message_markup."""
    text = (root / source).read_text(encoding="utf-8") if (root / source).is_file() else ""
    comments = {comment.text for comment in find_comments(text)} if source.endswith(".py") else set()
    problems = []
    for message in messages:
        if character := find_forbidden(message.string):
            faults = [f"holds the character {character}"]
        elif not text:
            faults = phrase_faults(message.id, message.string)
        elif message.id in comments:
            faults = []  # a comment is no reST
        else:
            faults = prose_faults(message.id, message.string, text, language)
        place = f"{name}:{message.lineno}"
        problems += [f"{place}: {fault}: {_shorten(message.id)} of {source}" for fault in faults]
    return problems


def judge(domain: str, wanted: set[str], root: Path, language: str, draft: bool) -> list[str]:
    """Problems of one catalogue, whose messages have to be those in ``wanted``; in a draft some may be missing."""
    path, source = catalogue_folder(root, language) / f"{domain}.po", source_of(domain, root)
    try:
        catalogue = _read(path, root) if path.exists() else Catalog()
    except ValueError as error:
        return [str(error)]
    name = str(path.relative_to(root))
    finished = [m for m in catalogue if m.id in wanted and not m.context and m.string.strip()]
    unfinished = [] if draft else compare(wanted, catalogue, name, source)
    return unfinished + examine(finished, name, source, root, language)


def tell(problems: list[str], draft: bool = False) -> str:
    """What a person reads of ``problems``: the first of them, how many there are, and what can be done."""
    problems = sorted(problems, key=lambda line: ": missing: " in line)  # what is wrong before what is not yet there
    lines = [f"Translations are not {'as they have to be, in a draft too' if draft else 'finished'}:", *problems[:SHOWN]]
    if further := problems[SHOWN:]:
        files = len({line.partition(":")[0] for line in further})
        lines.append(f"and {len(further)} more in {files} catalogues")
    if not draft:
        lines.append("'make html DRAFT=1' builds with what is there, and leaves the rest in English.")
    return "\n  ".join(lines)


def find_problems(root: Path, language: str, draft: bool = False) -> list[str]:
    """Everything that is wrong or not finished in ``language``, one line each, naming catalogue and source.

    In a draft only what is wrong.
    """
    templates, folder = root / "build/stages/gettext", catalogue_folder(root, language)
    domains = {path.relative_to(templates).with_suffix("").as_posix() for path in templates.rglob("*.pot")}
    domains.discard(INTERFACE)
    problems: list[str] = []
    for domain in sorted(domains):
        wanted = {str(message.id) for message in _read(templates / f"{domain}.pot", root) if message.id}
        problems += judge(domain, wanted, root, language, draft)
    for path in sorted(folder.rglob("*.po")):
        domain = path.relative_to(folder).with_suffix("").as_posix()
        if domain not in domains and domain != INTERFACE and not draft:
            problems.append(f"{path.relative_to(root)}: belongs to no page any more")
    return problems + judge(INTERFACE, interface_messages.collect(root, language), root, language, draft)
