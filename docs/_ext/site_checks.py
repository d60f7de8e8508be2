"""The recorded checks of all pages, and where each of them is shown."""

from __future__ import annotations

from typing import Any

from check_expectations import records_of_chapter
from check_records import CheckRecord
from gallery_run import chapters
from sphinx.application import Sphinx


def all_records(app: Sphinx) -> dict[str, list[CheckRecord]]:
    """Records of the whole site by page, each list in the order of the page."""
    return {
        f"{generated.relative_to(app.srcdir).as_posix()}/{script}": records
        for _chapter, generated in chapters(app)
        for script, records in records_of_chapter(generated).items()
    }


def address_of_check(builder: Any, page: str, position: int) -> str:
    """Where the check at ``position`` of ``page``, from 1, is shown, seen from the page that is being written."""
    return f"{builder.get_relative_uri(builder.current_docname, page)}#check-{position}"
