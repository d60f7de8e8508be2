"""The route for study: on its pages, "next" and "previous" follow the list of class ``route`` on the home page."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.locale import _


def pages_of_route(home: nodes.document) -> list[str]:
    """The page to which each item of the list leads first, in order; none without such a list."""
    items = [
        item
        for route in home.findall(lambda node: isinstance(node, nodes.enumerated_list) and "route" in node["classes"])
        for item in route.children
    ]
    return [next(iter(item.findall(addnodes.pending_xref)))["reftarget"] for item in items]


def read_route(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """After all pages are read: remember the route. No page has to be written again for it."""
    env.study_route = pages_of_route(env.get_doctree(app.config.root_doc))
    return []


def follow_route(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Let a page of the route lead to its neighbours there, and say where it stands; the last leads home."""
    route: list[str] = app.env.study_route
    if pagename not in route:
        return
    place, home = route.index(pagename), app.config.root_doc

    def link(name: str, title: str, part: str = "") -> dict[str, str]:
        return {"link": app.builder.get_relative_uri(pagename, name) + part, "title": title}

    def title_of(name: str) -> str:
        return app.builder.render_partial(app.env.titles[name])["title"]

    if place > 0:
        context["prev"] = link(route[place - 1], title_of(route[place - 1]))
    is_last = place == len(route) - 1
    context["next"] = (
        link(home, _("End of the route"), "#route") if is_last else link(route[place + 1], title_of(route[place + 1]))
    )
    context["route_link"] = link(home, _("Route for study"), "#route")
    context["route_place"] = _("page {place} of {count}").format(place=place + 1, count=len(route))


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the build."""
    app.connect("env-updated", read_route)
    app.connect("html-page-context", follow_route)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
