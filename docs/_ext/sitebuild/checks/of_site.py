"""The recorded checks of all pages."""

from __future__ import annotations

from sphinx.application import Sphinx

from sitebuild.checks.record import CheckRecord, records_of_chapter
from sitebuild.examples.gallery import chapters


def all_records(app: Sphinx) -> dict[str, list[CheckRecord]]:
    """Records of the whole site by page, each list in the order of the page."""
    return {
        f"{generated.relative_to(app.srcdir).as_posix()}/{script}": records
        for _chapter, generated in chapters(app)
        for script, records in records_of_chapter(generated).items()
    }
