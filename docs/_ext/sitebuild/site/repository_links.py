"""Links to the repository, where one is set: correct this page, report an error, open the notebook."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

from sitebuild.site.source_file import source_of

COLAB = "https://colab.research.google.com"


def notebook_address(config: Config, page: str) -> str:
    """Address that opens the notebook of ``page`` in Colab; "" where the settings do not name its place."""
    if "site_repository_url" not in config:
        return ""  # this extension is not in use
    repository = config.site_repository_url.rstrip("/")
    if not (repository.startswith("https://github.com/") and config.site_notebooks_branch):
        return ""
    project = repository.removeprefix("https://github.com/")
    notebook = f"{config.language}/downloads/{page}.ipynb"
    return f"{COLAB}/github/{project}/blob/{config.site_notebooks_branch}/{notebook}"


def add_links(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Fill ``edit_address`` and ``report_address`` of the footer, "" without a repository."""
    repository = app.config.site_repository_url.rstrip("/")
    source = quote(source_of(app.config, pagename))
    context["edit_address"] = context["report_address"] = ""
    if repository:
        context["edit_address"] = f"{repository}/edit/{app.config.site_repository_branch}/{source}"
        title = quote(f"[{app.config.language}] {pagename}: ")
        context["report_address"] = f"{repository}/issues/new?title={title}"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the settings and connect."""
    app.add_config_value("site_repository_url", "", "html", str)
    app.add_config_value("site_repository_branch", "main", "html", str)
    app.add_config_value("site_notebooks_branch", "", "html", str)
    app.connect("html-page-context", add_links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
