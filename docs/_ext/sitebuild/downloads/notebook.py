"""A script as a notebook that is finished work: Markdown without reST, the same bytes each time."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sphinx_gallery.notebook import jupyter_notebook
from sphinx_gallery.py_source_parser import split_code_and_text_blocks

from sitebuild.downloads.markdown_forms import find_left, spell_forms, translate_headings

# Sphinx-Gallery translates most of reST; roles it leaves alone.
_ROLE = re.compile(r":(?P<role>doc|ref|func|meth|class):`(?:(?P<title>[^`<]+?)\s*<(?P<explicit>[^`>]+)>|(?P<target>[^`]+))`")
# Parts of Markdown: code, escaped characters and notes, which stay as Sphinx-Gallery wrote them; formulas; and
# what would begin HTML, an image or a link to anything but the web.
_MARKDOWN = re.compile(
    r"(?P<verbatim>^```[^`\n]*\n[\s\S]*?\n```$|(?<!`)(?P<ticks>`+)(?!`)[^\n]+?(?<!`)(?P=ticks)(?!`)|\\[!-/:-@\[-`{-~]"
    r"|<div class=\"alert alert-(?:info|danger)\"><h4>(?:Note|Warning)</h4>|^</div>$)"
    r"|(?P<formula>\$[^$\n]+\$|\\begin\{align\}[\s\S]*?\\end\{align\})"
    r"|(?P<angle><)|(?P<bracket>(?<=!)\[|\](?=:|\((?!https?://)))",
    re.MULTILINE,
)


class NotebookError(ValueError):
    """A text holds reST that no notebook can show.

    Parameters
    ----------
    pieces : list of str
        What is left of it.
    """

    def __init__(self, pieces: list[str]) -> None:
        super().__init__(", ".join(pieces))
        self.pieces = pieces


def what_to_write(piece: str) -> str:
    """What to write instead of a piece of reST that no notebook can show."""
    if re.fullmatch(r"\[.*\]_", piece):
        return "write a link, or the note in brackets"
    return "say it in words, or in a form that docs/script_forms.toml lists"


def _spell_roles(text: str, title_of: Callable[[str], str]) -> str:
    def spell(match: re.Match[str]) -> str:
        if match["title"]:
            return match["title"]
        target = match["target"]
        if match["role"] in ("doc", "ref"):
            return f"*{title_of(target)}*"
        name = target.rpartition(".")[2] if target.startswith("~") else target
        return f"``{name}{'' if match['role'] == 'class' else '()'}``"

    return _ROLE.sub(spell, text)


def make_harmless(markdown: str) -> str:
    """Show as text what a reader of Markdown would take for HTML, and what leads or loads from elsewhere.

    Pages show it as text, too: there, only reST is markup.
    """

    def harmless(match: re.Match[str]) -> str:
        replacements = {"verbatim": match[0], "formula": match[0].replace("<", r"\lt "), "angle": "&lt;"}
        return replacements.get(match.lastgroup or "", rf"\{match[0]}")

    return _MARKDOWN.sub(harmless, markdown)


def write_notebook(script: str, gallery_conf: dict[str, Any], title_of: Callable[[str], str]) -> str:
    """The notebook of a script, as JSON.

    Parameters
    ----------
    script : str
        The script, in the language of the notebook, its paragraphs in one line each.
    gallery_conf : dict
        Sphinx-Gallery's settings.
    title_of : callable
        Gives the title of the page to which a ``:doc:`` role leads.

    Raises
    ------
    NotebookError
        If a text holds what Markdown has no counterpart of.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "script.py"
        path.write_text(script, encoding="utf-8")
        _conf, blocks = split_code_and_text_blocks(str(path))
    blocks = [
        block._replace(content=_spell_roles(spell_forms(block.content), title_of)) if block.type == "text" else block
        for block in blocks
    ]
    notebook = jupyter_notebook(blocks, {**gallery_conf}, ".")
    left: list[str] = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            markdown = "".join(cell["source"])
            left += find_left(markdown)
            cell["source"] = [translate_headings(make_harmless(markdown))]
    if left:
        raise NotebookError(left)
    # What is installed while building says nothing about where the notebook will run.
    notebook["metadata"] = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
