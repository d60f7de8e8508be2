"""A picture for each page and language, shown by messengers beside a link: title, text, a graph or plot.

Made only for a site whose address is known, because the tag that names the picture needs it.
sphinxext-opengraph makes such pictures too, but it breaks lines at spaces, which Chinese has
none of, and cannot show a graph.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import _

from sitebuild.site.page_cards import first_picture
from sitebuild.site.page_metadata import describe

FOLDER = "_images/cards"
WIDTH, HEIGHT = 1200, 630  # pixels; the size that the Open Graph consumers crop least
TEXT = (70, 150, 640, 540)  # left, top, right, bottom
PICTURE = (700, 60, 1150, 570)
STYLE = """
    body { font-family: sans-serif; color: #1c1917; }
    h1 { font-size: 50px; line-height: 1.2; margin: 0 0 22px; }
    p { font-size: 25px; line-height: 1.45; color: #57534e; }
"""
# What site.css, graph.css and plot.css give to these classes in the light theme, as attributes: the
# renderer knows no style sheets.
COLOURS = {
    "edge": 'fill="none" stroke="#475569" stroke-width="1.2"',
    "kept": 'stroke-dasharray="4 3"',
    "operation": 'fill="#f1f5f9" stroke="#475569"',
    "saved": 'fill="#ffedd5" stroke="#475569"',
    "leaf": 'fill="#dbeafe" stroke="#475569"',
    "tensor": 'fill="#dcfce7" stroke="#475569"',
    "base": 'fill="#dcfce7" stroke="#475569"',
    "fill-ink": 'fill="#000"',
    "stroke-ink": 'stroke="#000"',
    "fill-first": 'fill="#1d4ed8"',
    "stroke-first": 'stroke="#1d4ed8"',
    "fill-second": 'fill="#c2410c"',
    "stroke-second": 'stroke="#c2410c"',
    "fill-third": 'fill="#047857"',
    "stroke-third": 'stroke="#047857"',
    "stroke-faint": 'stroke="#eeebee"',
    "fill-paper": 'fill="#fff"',
    "stroke-paper": 'stroke="#fff"',
}
GRAPH_LABEL = 'font-family="Courier" font-size="12" text-anchor="middle" fill="#000" stroke="none"'
PLOT_LABEL = 'font-family="Helvetica"'


def _coloured(svg: str) -> str:
    """The drawing with attributes in the place of classes."""

    def attributes(match: re.Match[str]) -> str:
        pairs = " ".join(COLOURS[name] for name in match[1].split() if name in COLOURS)
        return " ".join(f'{key}="{value}"' for key, value in dict(re.findall(r'([\w-]+)="([^"]*)"', pairs)).items())

    label = PLOT_LABEL if 'class="plot"' in svg else GRAPH_LABEL
    svg = re.sub(r'class="([^"]*)"', attributes, svg).replace("<text ", f"<text {label} ")
    # It knows links within a drawing only in their old form.
    svg = svg.replace("<svg ", '<svg xmlns:xlink="http://www.w3.org/1999/xlink" ', 1)
    return svg.replace(' href="#', ' xlink:href="#')


def draw(title: str, text: str, picture: str) -> bytes:
    """Draw a card.

    Parameters
    ----------
    title, text : str
        In the language of the page.
    picture : str
        SVG of a graph or plot of the page; "" for a page without one.

    Returns
    -------
    bytes
        A PNG of 1200 by 630 pixels, the same bytes for the same arguments.
    """
    import pymupdf  # here: it takes a while, and only sites with an address need it

    with pymupdf.open() as document:
        page = document.new_page(width=WIDTH, height=HEIGHT)
        page.draw_rect(page.rect, color=None, fill=(1, 1, 1))
        page.draw_rect((0, 0, 14, HEIGHT), color=None, fill=(0.604, 0.204, 0.071))
        right = TEXT[2] if picture else PICTURE[2]
        page.insert_htmlbox((TEXT[0], 70, right, 120), f"<p>{escape(_('Extending PyTorch'))}</p>", css=STYLE)
        body = f"<h1>{escape(title)}</h1><p>{escape(text)}</p>"
        page.insert_htmlbox((*TEXT[:2], right, TEXT[3]), body, css=STYLE)
        if picture:
            with pymupdf.open(stream=_coloured(picture).encode(), filetype="svg") as drawing:
                with pymupdf.open("pdf", drawing.convert_to_pdf()) as converted:
                    page.show_pdf_page(pymupdf.Rect(PICTURE), converted, 0)
        return page.get_pixmap().tobytes("png")


def add_card(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Write the card of a page, and name it in the page."""
    if doctree is None or not app.config.site_base_url:
        return
    card = Path(app.outdir) / FOLDER / f"{pagename}.png"
    card.parent.mkdir(parents=True, exist_ok=True)
    title = app.env.titles[pagename].astext()
    card.write_bytes(draw(title, describe(doctree), first_picture(app, pagename)))
    address = f"{app.config.site_base_url.rstrip('/')}/{app.config.language}/{FOLDER}/{pagename}.png"
    properties = {
        "og:image": address,
        "og:image:width": str(WIDTH),
        "og:image:height": str(HEIGHT),
        "og:image:alt": title,
    }
    context["page_metadata"] += "".join(
        f'\n    <meta property="{name}" content="{escape(value)}">' for name, value in properties.items()
    ) + '\n    <meta name="twitter:card" content="summary_large_image">'


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect after page_metadata, whose tags are added to."""
    app.connect("html-page-context", add_card, priority=510)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
