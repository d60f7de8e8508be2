"""Where a directive in a generated page finds what the example left beside it."""

from __future__ import annotations

from pathlib import Path

from sphinx.util.docutils import SphinxDirective


def result_file(directive: SphinxDirective) -> str:
    """File named by the first argument of ``directive``; the page is noted to depend on it."""
    env = directive.env
    path = str(Path(env.doc2path(env.docname)).parent / directive.arguments[0])
    env.note_dependency(path)
    return path


def script_behind(path: Path) -> str:
    """The script that left the file ``path``, as messages call it."""
    return f"gallery/{path.parent.name}/{path.name.partition('.')[0]}.py"
