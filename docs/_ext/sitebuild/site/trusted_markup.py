"""Keeps pages to what their authors and translators may write: text, and links to the web and to each other.

reST can do more: write raw HTML, include any file of the machine, lead to any address. A catalogue may
come from people whom nobody knows, and a draft shows it before anybody has judged it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

from sitebuild.site.source_file import source_of
from sitebuild.translation.message_markup import LONGEST
from sitebuild.translation.page_catalogue import catalogue_of

logger = logging.getLogger(__name__)
SCHEMES = ("http", "https", "mailto")


def forbid_raw(app: Sphinx) -> None:
    """Switch off the directives and roles that write HTML or read files."""
    app.env.settings.update(raw_enabled=False, file_insertion_enabled=False)


class CheckLength(SphinxTransform):
    """End the build at a translation that would take too long to read."""

    default_priority = 15  # before Sphinx puts translations in (20)

    def apply(self, **kwargs: Any) -> None:
        """Measure every translation of the page."""
        for message, translation in catalogue_of(self.app, self.env.docname).items():
            if len(translation) > LONGEST:
                file = source_of(self.config, self.env.docname)
                raise ExtensionError(
                    f"{file}: the translation of {message[:60]!r} is longer than {LONGEST} characters"
                )


class CheckMarkup(SphinxTransform):
    """Complain about links that run scripts, files to download and results from elsewhere: the build ends."""

    default_priority = 870  # before Sphinx notes which files a page needs (880)

    def apply(self, **kwargs: Any) -> None:
        """Look at every link and every file of the page."""
        folder = Path(self.env.doc2path(self.env.docname)).parent
        for link in self.document.findall(nodes.reference):
            scheme, colon, _rest = link.get("refuri", "").partition(":")
            if colon and scheme.lower() not in SCHEMES:
                expected = ", ".join(SCHEMES)
                logger.warning("a link leads to %s; expected %s", link["refuri"], expected, location=link)
        for download in self.document.findall(addnodes.download_reference):
            logger.warning("a page offers no file such as %s", download["reftarget"], location=download)
        results = [element for element in self.document.findall(nodes.Element) if "file" in element]
        for result in results:
            path = Path(result["file"])
            if path.parent != folder or not path.is_file():
                found = os.path.relpath(path, folder)
                logger.warning("there is no %s beside this page", found, location=result)
                result.parent.remove(result)  # its writer would stop at it


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the moment at which the reader's settings exist, and to the end of reading a page."""
    app.connect("builder-inited", forbid_raw)
    app.add_transform(CheckLength)
    app.add_transform(CheckMarkup)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
