"""Turns a Matplotlib figure into an SVG that belongs to the page.

The page's style sheet decides the colours, so that the plot follows the theme; its text
stays text. Styles become attributes, because a strict content policy forbids inline styles.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from sitebuild.plots.record import Line, Plot

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
# Colours of Matplotlib's default style and the classes that stand for them (plot.css).
CLASSES = {
    "#000000": "ink",
    "#1f77b4": "first",
    "#ff7f0e": "second",
    "#2ca02c": "third",
    "#d62728": "fourth",
    "#9467bd": "fifth",
    "#8c564b": "sixth",
    "#e377c2": "seventh",
    "#7f7f7f": "eighth",
    "#bcbd22": "ninth",
    "#17becf": "tenth",
    "#b0b0b0": "faint",
    "#cccccc": "faint",
    "#ffffff": "paper",
}
# The page's own fonts are used.
_DROPPED = {"font", "font-family"}
# Without these, ids and dates would differ from run to run.
_SETTINGS = {"svg.fonttype": "none", "svg.hashsalt": "plot"}
_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


class UnknownColourError(ValueError):
    """A figure uses a colour that plot.css does not know."""


def from_figure(figure: Figure, prefix: str) -> Plot:
    """Draw ``figure``, whose first axes carry the labels.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Drawn in the colours of Matplotlib's default style.
    prefix : str
        Put before all ids, which have to be unique in every page that shows the plot.

    Raises
    ------
    UnknownColourError
        If a colour has no counterpart in the page's style sheet.
    """
    import matplotlib

    buffer = io.BytesIO()
    with matplotlib.rc_context(_SETTINGS):
        figure.savefig(buffer, format="svg", metadata=_METADATA, bbox_inches="tight", transparent=True)
    axes = figure.axes[0]
    lines = tuple(
        Line(line.get_label(), float(line.get_ydata()[0]), float(line.get_ydata()[-1]))
        for line in axes.get_lines()
        if not line.get_label().startswith("_")  # what Matplotlib names itself
    )
    return Plot(axes.get_xlabel(), axes.get_ylabel(), lines, _adapt(buffer.getvalue(), prefix))


def _adapt(svg: bytes, prefix: str) -> str:
    """Give the drawing to the page: classes for colours, attributes for styles, ids of its own."""
    root = ElementTree.fromstring(svg)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in {f"{{{SVG}}}metadata", f"{{{SVG}}}style"}:
                parent.remove(child)
    width, height = (root.attrib.pop(side).removesuffix("pt") for side in ("width", "height"))
    root.set("width", f"{float(width) * 4 / 3:.0f}")
    root.set("height", f"{float(height) * 4 / 3:.0f}")
    root.set("class", "plot")
    for element in root.iter():
        _move_style(element)
        _prefix_ids(element, prefix)
    ElementTree.register_namespace("", SVG)
    return re.sub(r"\s*\n\s*", "\n", ElementTree.tostring(root, encoding="unicode"))


def _move_style(element: ElementTree.Element) -> None:
    """Turn the style of ``element`` into attributes, and its colours into classes."""
    classes = [element.get("class", "")]
    for declaration in filter(None, map(str.strip, element.attrib.pop("style", "").split(";"))):
        name, value = (part.strip() for part in declaration.split(":", 1))
        if name in {"fill", "stroke"} and value.startswith("#"):
            if value not in CLASSES:
                raise UnknownColourError(
                    f"the plot uses the colour {value}; use those of Matplotlib's default style "
                    f"({', '.join(CLASSES)})"
                )
            classes.append(f"{name}-{CLASSES[value]}")
        elif name not in _DROPPED:
            element.set(name, value)
    if any(classes):
        element.set("class", " ".join(filter(None, classes)))


def _prefix_ids(element: ElementTree.Element, prefix: str) -> None:
    """Make the ids of ``element``, and what points to ids, unique in the page."""
    if "id" in element.attrib:
        element.set("id", prefix + element.get("id", ""))
    for name, value in list(element.attrib.items()):
        if name == f"{{{XLINK}}}href":
            del element.attrib[name]
            element.set("href", value.replace("#", f"#{prefix}"))
        elif "url(#" in value:
            element.set(name, value.replace("url(#", f"url(#{prefix}"))
