"""``script-forms``: which forms of Sphinx-Gallery's scripts are supported here, and what to write instead of others.

They stand in ``script_forms.toml``, of which the tests build every form.
"""

from __future__ import annotations

import re
import tomllib
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util.docutils import SphinxDirective

from sitebuild.reports.tables import render_table

FILE_NAME = "script_forms.toml"
_CODE = re.compile(r"``(.+?)``")


class script_forms_node(nodes.General, nodes.Element):
    """The forms in ``file``, in ``language``."""


class ScriptForms(SphinxDirective):
    """Show all forms."""

    def run(self) -> list[nodes.Node]:
        """Note on which file the page depends."""
        file = str(Path(self.env.srcdir) / FILE_NAME)
        self.env.note_dependency(file)
        return [script_forms_node(file=file, language=self.config.language)]


def _spell(text: str) -> str:
    """Text with code in double backquotes, as HTML."""
    return _CODE.sub(r"<code>\1</code>", escape(text, quote=False))


def render_row(form: dict[str, Any], language: str) -> str:
    """One form: its name, whether it is supported, how it is written."""
    words = form.get(language, form["en"])
    written = next(form[kind] for kind in ("start", "text", "code") if kind in form)
    instead = words.get("instead")
    verdict = _("refused; instead: {instead}").format(instead=_spell(instead)) if instead else _("supported")
    sample = f'<pre lang="en" tabindex="0">{escape(written.strip())}</pre>'
    return f"<tr><td>{_spell(words['name'])}</td><td>{verdict}</td><td>{sample}</td></tr>"


def visit_forms(translator: Any, node: script_forms_node) -> None:
    """Write the table, in the order of the file."""
    forms = tomllib.loads(Path(node["file"]).read_text(encoding="utf-8"))["form"]
    rows = [render_row(form, node["language"]) for form in forms]
    translator.body.append(render_table("check-table script-forms", [_("Form"), _("Here"), _("Written as")], rows))
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_node(script_forms_node, html=(visit_forms, None), gettext=(lambda translator, node: None, None))
    app.add_directive("script-forms", ScriptForms)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
