"""``build-speed``: what ``make speed`` measured, as tables with date and machine."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util.docutils import SphinxDirective

from sitebuild.reports.tables import render_table

FILE = "build_speed.json"


class build_speed_node(nodes.General, nodes.Element):
    """The tables."""


class BuildSpeed(SphinxDirective):
    """Show what was measured last."""

    def run(self) -> list[nodes.Node]:
        """Note on which file the page depends."""
        self.env.note_dependency(FILE)
        return [build_speed_node()]


def table(heads: list[str], rows: list[list[str]]) -> str:
    """An HTML table whose first column names the row."""
    lines = [
        f'<tr><th scope="row">{escape(row[0])}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:]) + "</tr>"
        for row in rows
    ]
    return render_table("speed-table", heads, lines)


def table_of_site(site: dict[str, dict[str, float]]) -> str:
    """Builds of this site."""
    names = {
        "bare": _("each script alone, one after the other, without building anything"),
        "first": _("first build, English only"),
        "cold": _("first build, English and Chinese"),
        "unchanged": _("nothing has changed"),
        "script": _("one script has changed"),
        "catalogue": _("one translation has changed"),
    }
    heads = [_("Build"), _("Seconds"), _("Examples executed")]
    rows = [[names[kind], f"{timed['seconds']:.2f}", f"{timed['executed']:.0f}"] for kind, timed in site.items()]
    return table(heads, rows)


def used_of_further_cores(size: dict[str, float], cores: int) -> str:
    """How much of each core after the first executing has used, in per cent; "" if there is no other core."""
    if cores == 1:
        return ""
    gained = size["execute_on_one_core"] / size["execute"] - 1
    return f"{100 * gained / (cores - 1):.0f}"


def table_of_synthetic(sizes: list[dict[str, float]], cores: int) -> str:
    """Builds of synthetic sites."""
    heads = [
        _("Examples"),
        _("Executing, one at a time (s)"),
        _("Executing, on all cores (s)"),
        _("Of each further core used (%)"),
        _("First build (s)"),
        _("One script changed (s)"),
        _("Nothing changed (s)"),
        _("Memory (MiB)"),
    ]
    rows = [
        [
            f"{size['examples']:.0f}",
            f"{size['execute_on_one_core']:.1f}",
            f"{size['execute']:.1f}",
            used_of_further_cores(size, cores),
            f"{size['cold']:.1f}",
            f"{size['script']:.1f}",
            f"{size['unchanged']:.2f}",
            f"{size['mebibytes']:.0f}",
        ]
        for size in sizes
    ]
    return table(heads, rows)


def visit_build_speed(translator: Any, node: build_speed_node) -> None:
    """Write date, machine and tables."""
    results = json.loads((Path(translator.builder.srcdir) / FILE).read_text(encoding="utf-8"))
    when = _("Measured on {date} with torch {torch} on {cores} cores of this processor: {processor}.").format_map(results)
    this_site, synthetic = _("This site"), _("Synthetic sites")
    translator.body.append(
        f"<p>{escape(when)}</p><h3>{escape(this_site)}</h3>{table_of_site(results['site'])}"
        f"<h3>{escape(synthetic)}</h3>{table_of_synthetic(results['synthetic'], results['cores'])}"
    )
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_node(build_speed_node, html=(visit_build_speed, None), gettext=((lambda translator, node: None), None))
    app.add_directive("build-speed", BuildSpeed)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
