"""Forms of reST that Sphinx-Gallery leaves as they are in a notebook, written as Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable
from textwrap import dedent

from sphinx.locale import admonitionlabels

_DIRECTIVE = re.compile(r"\.\. (?P<name>[\w-]+)::(?: +(?P<argument>.*))?")
_OPTION = re.compile(r":[\w-]+:(?: .*)?")
_MARKED = re.compile(r"[-*+•|>#:]|\.\.|>>>|\(?(?:#|\w+)[.)] ")
_NUMBER = re.compile(r"^( *)#\. ", re.MULTILINE)
# Sphinx-Gallery makes these two stand out, with an English heading.
_HEADED = re.compile(r"(?<=<h4>)(?:Note|Warning)(?=</h4>)")
# What shows that reST is left: directives and tables, footnotes, roles.
_LEFT = re.compile(r"^ *(?:\.\. .*|\+[-=+]+\+|=+(?: =+)+)$|\[[\w#*]*\]_|:[a-z]+(?::[a-z]+)?:`[^`]*`", re.MULTILINE)
_NO_PROSE = re.compile(r"^```[\s\S]*?^```|``[\s\S]*?``|\$[^$\n]+\$|\\begin\{align\}[\s\S]*?\\end\{align\}", re.MULTILINE)


def _body(lines: list[str], first: int) -> tuple[list[str], int]:
    """The indented lines from ``first`` on, without their indentation, and where they end."""
    last = first
    while last < len(lines) and (not lines[last].strip() or lines[last].startswith(" ")):
        last += 1
    return dedent("\n".join(lines[first:last])).rstrip("\n").split("\n"), last


def _without_options(body: list[str]) -> list[str]:
    while body and _OPTION.fullmatch(body[0]):
        body = body[1:]
    return body


def _quote(title: str, body: list[str]) -> list[str]:
    """A box with a heading: Markdown has nothing nearer than a quotation."""
    text = "\n".join(body).strip("\n").split("\n")
    return [f"> **{title}**  ", *(f"> {line}".rstrip() for line in text)]


def _admonition(name: str, argument: str, body: list[str]) -> list[str] | None:
    if name in ("admonition", "topic"):
        return _quote(argument, body)
    if name in admonitionlabels and name not in ("note", "warning"):
        return _quote(str(admonitionlabels[name]), [argument, *body] if argument else body)
    return None


def _rubric(name: str, argument: str, body: list[str]) -> list[str] | None:
    return [f"**{argument}**"] if name == "rubric" else None


def _table(name: str, argument: str, body: list[str]) -> list[str] | None:
    """A list-table: each row begins with ``* -``, each further cell with ``-``."""
    if name != "list-table":
        return None
    rows: list[list[str]] = []
    for line in body:
        if line.startswith("* - "):
            rows.append([line[4:]])
        elif line.startswith("  - "):
            rows[-1].append(line[4:])
        elif line.strip():
            rows[-1][-1] += f" {line.strip()}"
    cells = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    caption = [f"**{argument}**", ""] if argument else []
    return [*caption, cells[0], "|" + " --- |" * len(rows[0]), *cells[1:]]


def _definition(lines: list[str], first: int) -> tuple[list[str], int]:
    """A term and what is indented below it, as an item of a list."""
    body, end = _body(lines, first + 1)
    return [f"- **{lines[first]}**", "", *(f"  {line}".rstrip() for line in body), ""], end


def _literal(lines: list[str], first: int) -> tuple[list[str], int]:
    """What stands as it is below a paragraph that ends with ``::``."""
    body, end = _body(lines, first + 1)
    introduced = lines[first].removesuffix("::")
    introduced = f"{introduced}:" if introduced and introduced == introduced.rstrip() else introduced.rstrip()
    return [*([introduced] if introduced else []), "", *_code("", body)], end


def _code(language: str, lines: list[str]) -> list[str]:
    """Code in the form that Sphinx-Gallery knows."""
    return [f".. code-block:: {language}".rstrip(), "", *(f"   {line}".rstrip() for line in "\n".join(lines).strip("\n").split("\n")), ""]


def _session(lines: list[str], first: int) -> tuple[list[str], int]:
    """Lines as they are typed into Python."""
    end = next((number for number in range(first, len(lines)) if not lines[number].strip()), len(lines))
    return _code("python", lines[first:end]), end


def _is_term(lines: list[str], first: int) -> bool:
    following = lines[first + 1] if first + 1 < len(lines) else ""
    begins = first == 0 or not lines[first - 1].strip() or lines[first - 1].startswith(" ")
    return begins and following.startswith(" ") and not _MARKED.match(lines[first])


def _directive(lines: list[str], first: int) -> tuple[list[str], int] | None:
    if not (match := _DIRECTIVE.fullmatch(lines[first])):
        return None
    body, end = _body(lines, first + 1)
    for form in (_admonition, _rubric, _table):
        if written := form(match["name"], match["argument"] or "", _without_options(body)):
            return [*written, ""], end
    return lines[first:end], end  # Sphinx-Gallery knows it, or nobody


def spell_forms(text: str) -> str:
    """Write the forms of ``text``, reST at the left margin, as Markdown where Sphinx-Gallery would not."""
    lines, result, number = text.split("\n"), list[str](), 0
    readers: list[tuple[Callable[[str], bool], Callable[[list[str], int], tuple[list[str], int] | None]]] = [
        (lambda line: line.startswith(".. "), _directive),
        (lambda line: line.startswith(">>> "), _session),
        (lambda line: line.endswith("::") and not "".join(lines[number + 1 : number + 2]).strip(), _literal),
        (lambda line: bool(line.strip()) and not line.startswith(" ") and _is_term(lines, number), _definition),
    ]
    while number < len(lines):
        line = lines[number]
        read = next((reader(lines, number) for applies, reader in readers if applies(line)), None)
        if read is None:
            read = [f"{line[2:]}  " if line.startswith("| ") else line], number + 1
        result += read[0]
        number = read[1]
    return _NUMBER.sub(r"\g<1>1. ", "\n".join(result))


def translate_headings(markdown: str) -> str:
    """Put the words of the language of this build above the boxes of Sphinx-Gallery."""
    return _HEADED.sub(lambda match: str(admonitionlabels[match[0].lower()]), markdown)


def find_left(markdown: str) -> list[str]:
    """The pieces of reST that are still in ``markdown``, outside code, each once."""
    found = _LEFT.finditer(_NO_PROSE.sub("", markdown))
    return list(dict.fromkeys(match[0].strip() for match in found))
