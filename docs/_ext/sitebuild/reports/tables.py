"""What all tables of the site are made with."""

from __future__ import annotations

from html import escape

from sphinx.environment import BuildEnvironment


def pages_in_order(env: BuildEnvironment) -> list[str]:
    """All pages as a reader meets them who always goes on to the next."""
    relations = env.collect_relations()
    order, page = [], env.config.root_doc
    while page and page not in order:
        order.append(page)
        page = relations.get(page, [None, None, None])[2]
    return order


def render_table(kind: str, heads: list[str], rows: list[str]) -> str:
    """A table that scrolls by itself where it is wider than the page; ``rows`` may be groups, each a ``tbody``."""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join(rows)
    body = body if body.startswith("<tbody>") else f"<tbody>{body}</tbody>"
    return (
        f'<div class="check-table-scroll" tabindex="0" data-search-ignore><table class="docutils {kind}">'
        f"<thead><tr>{head}</tr></thead>{body}</table></div>"
    )
