"""Markup in translations, labels and output is text: on pages, in what pages are announced with, and in downloads."""

from __future__ import annotations

import functools
import io
import json
import re
import threading
from http.server import ThreadingHTTPServer
from xml.etree import ElementTree

import pytest
from babel.messages.pofile import read_po, write_po
from bs4 import BeautifulSoup
from conftest import QuietHandler, Site, make_small_site, parse
from playwright.sync_api import Browser
from sphinx.errors import ExtensionError
from test_translations import FOLDER, translate

from sitebuild.site.formulas import to_mathml
from sitebuild.translation.translated_script import code_tree

HOSTILE = "<script>alert(1)</script><img src=x onerror=\"alert('2')\">]]>"
SCRIPT = "gallery/double_backward/square.py"
LANGUAGES = ("en", "zh_CN")
# What a script may leave behind: a name in the records of checks, labels of a graph and of a plot, output.
LEFT_BEHIND = f"""
import matplotlib.pyplot as plt

hostile = {HOSTILE!r}
Square.__name__ = hostile
print("result", torch.autograd.gradcheck(Square.apply, x))
print(f"</pre>{{hostile}}\\n.. raw:: html\\n\\n   {{hostile}}")
plt.plot([1, 2], label=hostile)
plt.xlabel(hostile)
plt.legend()
"""


def put_into_catalogues(site: Site) -> None:
    """Append the hostile text to every translation."""
    for path in (site.root / FOLDER).rglob("*.po"):
        messages = read_po(io.BytesIO(path.read_bytes()))
        for message in messages:
            if message.id:
                message.string += HOSTILE
        written = io.BytesIO()
        write_po(written, messages, width=0)
        path.write_bytes(written.getvalue())


@pytest.fixture(scope="module")
def hostile_site(tmp_path_factory) -> Site:
    site = translate(make_small_site(tmp_path_factory.mktemp("hostile") / "site"))
    put_into_catalogues(site)
    site.edit(SCRIPT, 'print("result", torch.autograd.gradcheck(Square.apply, x))\n', LEFT_BEHIND)
    site.edit(SCRIPT, 'params={"x": x, "out": out}', 'params={hostile: x, "out": out}')
    site.edit("conf.py", 'site_base_url = ""', 'site_base_url = "https://example.org/site"')
    result = site.build("en zh_CN")
    assert result.returncode == 0, result.stderr
    return site


def pages(site: Site) -> list[BeautifulSoup]:
    files = [path for language in LANGUAGES for path in (site.root / "build/html" / language).rglob("*.html")]
    assert len(files) == 6
    return list(map(parse, files))


def test_no_page_holds_an_element_or_attribute_of_it(hostile_site: Site) -> None:
    for page in pages(hostile_site):
        assert page.select("img") == []
        assert [script for script in page.select("script") if "alert" in script.get_text()] == []
        elements = page.find_all(True)
        assert len(elements) > 100
        assert [name for element in elements for name in element.attrs if name.startswith("on")] == []


def test_pages_show_it_as_text(hostile_site: Site) -> None:
    page = hostile_site.page("zh_CN", "double_backward/square")
    assert page.h1.get_text() == f"平方{HOSTILE}"
    assert f"第一段。{HOSTILE}" in [paragraph.get_text() for paragraph in page.select("p")]
    code = "".join(block.get_text() for block in page.select("div.highlight-Python"))
    assert f"# 第二行。{HOSTILE}\n" in code and f"# 代码之后{HOSTILE}\n" in code
    assert (
        f"</pre>{HOSTILE}\n.. raw:: html\n\n   {HOSTILE}"
        in page.select_one(".sphx-glr-script-out pre").get_text()
    )
    assert page.title.get_text().startswith(f"平方{HOSTILE} - ")
    assert page.select_one('meta[property="og:title"]')["content"] == f"平方{HOSTILE}"
    assert page.select_one('meta[name="description"]')["content"] == f"第一段。{HOSTILE}"
    assert page.select_one(".site-search")["data-none"].endswith(HOSTILE)
    assert page.select_one("input.toctree-checkbox")["aria-label"] == f"展开或收起导航：章{HOSTILE}{HOSTILE}"
    assert page.select_one(".bottom-of-page").get_text().count(HOSTILE) == 2
    card = hostile_site.page("zh_CN", "double_backward/index").select_one(".page-card")
    assert card.select_one(".card-title").get_text() == f"平方{HOSTILE}"
    assert card.select_one(".card-summary").get_text() == f"第一段。{HOSTILE}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_graph_plot_and_check_say_it_as_text(hostile_site: Site, language: str) -> None:
    page = hostile_site.page(language, "double_backward/square")
    graph = page.select_one(".graph-scroll svg")
    assert HOSTILE in [text.get_text() for text in graph.select("text")]
    (leaf,) = graph.select(".leaf")
    assert leaf["data-name"] == HOSTILE and leaf["data-about"].startswith(f"{HOSTILE} (2)")
    assert HOSTILE in graph.title.get_text() and HOSTILE in graph.desc.get_text()
    plot = page.select_one("figure.example-plot svg")
    assert HOSTILE in [text.get_text() for text in plot.select("text")]
    assert plot["aria-label"].count(HOSTILE) >= 2
    assert HOSTILE in page.select_one(".gradient-checks").get_text()


def test_sitemap_and_pictures_are_whole(hostile_site: Site) -> None:
    html = hostile_site.root / "build/html"
    sitemap = ElementTree.parse(html / "sitemap.xml")
    assert len(sitemap.findall(".//{*}loc")) == 6
    assert "alert" not in "".join(sitemap.getroot().itertext())
    for language in LANGUAGES:
        card = html / language / "_images/cards/double_backward/square.png"
        assert card.read_bytes().startswith(b"\x89PNG")


def test_downloads_hold_it_in_comments_and_text_only(hostile_site: Site) -> None:
    folder = hostile_site.root / "build/html/zh_CN/downloads/double_backward"
    script = (folder / "square.py").read_text(encoding="utf-8")
    assert f"第一段。{HOSTILE}" in script
    assert code_tree(script) == code_tree((hostile_site.root / SCRIPT).read_text(encoding="utf-8"))
    cells = json.loads((folder / "square.ipynb").read_text(encoding="utf-8"))["cells"]
    prose = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    assert prose.count("&lt;script>alert(1)&lt;/script>&lt;img src=x") == 4
    assert "<" not in prose


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (r"a < b \text{<script>alert(1)</script>}", "a<b<script>alert(1)</script>"),
        (r"\text{<img/src=x>} & \tag{<b>}", "<img/src=x>&(<b>)"),
        (r'\class{x" onclick="y}{a}', "a"),
    ],
)
def test_a_formula_is_mathml_and_nothing_else(formula: str, text: str) -> None:
    root = ElementTree.fromstring(to_mathml(formula, display="inline"))
    assert "".join(root.itertext()) == text
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= {
        "math",
        "mrow",
        "mi",
        "mo",
        "mtext",
    }
    assert {name for element in root.iter() for name in element.attrib} <= {"display", "class", "stretchy"}


@pytest.mark.parametrize("command", [r"\href{javascript:alert(1)}{x}", r"\style{color: red}{x}"])
def test_a_formula_neither_leads_elsewhere_nor_has_a_style(command: str) -> None:
    with pytest.raises(ExtensionError, match="is not allowed on a page"):
        to_mathml(command, display="inline")


def test_nothing_of_it_runs_in_a_browser_or_in_search_results(hostile_site: Site, browser: Browser) -> None:
    handler = functools.partial(QuietHandler, directory=str(hostile_site.root / "build/html"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context, seen = browser.new_context(), []
    page = context.new_page()
    page.on("dialog", lambda dialog: (seen.append(dialog.message), dialog.dismiss()))
    page.on("console", lambda message: seen.append(message.text) if message.type == "error" else None)
    try:
        page.goto(f"http://127.0.0.1:{server.server_port}/zh_CN/double_backward/square.html")
        page.hover(".graph-scroll .leaf")
        assert page.inner_text("figcaption .graph-about").startswith(HOSTILE)
        page.fill(".site-search input", "alert")
        page.wait_for_selector(".search-results a")
        results = page.inner_text(".search-results")
        assert "<script>alert(1)</script><img src=x" in re.sub(r"\s*\n\s*", "", results)
        assert page.query_selector_all(".search-results img, .search-results script") == []
        assert seen == []
    finally:
        context.close()
        server.shutdown()
