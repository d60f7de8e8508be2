"""Shows what a section imports from others: a link in the import, and the imported code, folded, beneath it."""

from __future__ import annotations

import ast
from contextlib import suppress
from html import escape
from itertools import count
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform

from sitebuild.definitions.chapter_files import imports_of
from sitebuild.definitions.completed_script import imported_text
from sitebuild.examples.gallery import find_script
from sitebuild.translation.source_comments import CommentTranslationError
from sitebuild.translation.translatable_code import translatable_code
from sitebuild.translation.translated_imports import TranslatedImports


class imported_code_node(nodes.General, nodes.Element):
    """What one of the script's imports from other sections brings: that with the number ``number``, from ``section``."""


class PlaceImportedCode(SphinxTransform):
    """Put the imported code beneath each block that imports from other sections."""

    default_priority = 22  # code blocks are known (21)

    def apply(self, **kwargs: Any) -> None:
        """Add the nodes."""
        if (script := find_script(self.app, self.env.docname)) is None:
            return
        sections, number = {imported.by.section for imported in imports_of(script)}, count()
        for block in list(self.document.findall(translatable_code)) if sections else ():
            with suppress(SyntaxError):  # a block that continues in the next one imports nothing
                imports = [node.module for node in ast.parse(block.astext()).body if isinstance(node, ast.ImportFrom)]
                below = [
                    imported_code_node(script=str(script), section=section, number=next(number))
                    for section in imports
                    if section in sections
                ]
                place = block.parent.index(block) + 1
                block.parent[place:place] = below


class LinkImports(SphinxPostTransform):
    """Let the name of a section lead to it where a block imports from it."""

    default_priority = 6  # Sphinx-Gallery has taken the code apart, to link names of PyTorch (5)
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Wrap the names in links."""
        for below in self.document.findall(imported_code_node):
            siblings = below.parent[: below.parent.index(below)]
            block = next(node for node in reversed(siblings) if not isinstance(node, imported_code_node))
            page, section = self.env.docname, below["section"]
            translated = TranslatedImports(self.app, page.rpartition("/")[0])
            address = self.app.builder.get_relative_uri(page, translated.page_of(section))
            title = translated.title_of(section)
            for name in list(block.findall(nodes.inline)):
                if name["classes"] == ["nn"] and name.astext() == section and isinstance(name.parent, type(block)):
                    link = nodes.reference("", "", refuri=address, reftitle=title, internal=True)
                    name.replace_self(link)
                    link += name


def visit_imported_code(translator: Any, node: imported_code_node) -> None:
    """Write the folded code with a line that says what it is."""
    builder, section = translator.builder, node["section"]
    translated = TranslatedImports(builder.app, builder.current_docname.rpartition("/")[0])
    imported = imports_of(Path(node["script"]))[node["number"]]
    several = len({piece.section for piece in imported.pieces}) > 1
    head = translated.head if several else lambda section: ""
    try:
        code = imported_text(imported, head, translated.text_of)
    except CommentTranslationError:  # the page of that section tells
        code = imported_text(imported, head)
    title = escape(translated.title_of(section))
    names = _(", ").join(f"<code>{escape(name)}</code>" for name in imported.by.names)
    label = escape(_("{names}, imported from “{section}”"))
    if not code:  # all of it came with an import above
        address = escape(builder.get_relative_uri(builder.current_docname, translated.page_of(section)))
        link = f'<a class="reference internal" href="{address}">{title}</a>'
        translator.body.append(f'<p class="imported-code">{label.format(names=names, section=link)}</p>\n')
        raise nodes.SkipNode
    highlighted = translator.highlighter.highlight_block(code, "python", location=node)
    # No link in what folds and unfolds: the import above has one, and a screen reader would not offer a second here.
    summary = label.format(names=names, section=title)
    translator.body.append(
        f'<details class="imported-code" data-search-ignore><summary>{summary}</summary>'
        f'<div class="highlight-Python notranslate">{highlighted}</div></details>\n'
    )
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transforms and what writes the node."""
    skip = (lambda translator, node: None, None)
    app.add_node(imported_code_node, html=(visit_imported_code, None), gettext=skip)
    app.add_transform(PlaceImportedCode)
    app.add_post_transform(LinkImports)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
