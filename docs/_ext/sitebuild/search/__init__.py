"""What the search in the browser reads: one file for each language, ``search.json``, beside its pages.

It is fetched when somebody searches for the first time. ``docs/_static/search/`` makes an index of it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from sitebuild.errors.collection import collect
from sitebuild.examples.gallery import chapters
from sitebuild.search.page_text import describe_pages, read_page
from sitebuild.search.words import read_words

FILE_NAME = "search.json"


def write_search(app: Sphinx, exception: Exception | None) -> None:
    """After a build of HTML: write what its pages say, all error texts, and the words of the language."""
    if exception is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    names = sorted(app.env.found_docs)
    read = {name: read_page((out / f"{name}.html").read_text(encoding="utf-8")) for name in names}
    called = describe_pages(read)
    pages = [
        {
            "url": f"{name}.html",
            "title": page.title,
            "called": called[name],
            "aside": name in app.config.search_aside,
            "sections": [section.as_dict() for section in page.sections],
        }
        for name, page in read.items()
    ]
    errors = [
        {"text": text, "pages": [names.index(page) for page in error.pages]}
        for error in collect(chapters(app))
        for text in error.full
    ]
    words = read_words(Path(app.srcdir) / "_search", app.config.language)
    found = {"pages": pages, "errors": errors, **words}
    (out / FILE_NAME).write_text(
        json.dumps(found, ensure_ascii=False, sort_keys=True, separators=(",", ":")), encoding="utf-8"
    )


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the end of the build."""
    app.add_config_value("search_aside", [], "", list)
    app.connect("build-finished", write_search)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
