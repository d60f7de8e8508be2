"""Which file of the repository holds the text of a page."""

from __future__ import annotations

from sphinx.config import Config


def source_of(config: Config, page: str) -> str:
    """File of the repository that a person edits to change the text of ``page``.

    Parameters
    ----------
    config : Config
        Settings of the site; its language decides between the source and a catalogue.
    page : str
        Name of the page, such as "double_backward/saving_inputs".
    """
    if config.language != "en":
        return f"docs/locale/{config.language}/LC_MESSAGES/{page}.po"
    chapter, _slash, name = page.rpartition("/")
    if chapter not in config.sphinx_gallery_conf["gallery_dirs"]:
        return f"docs/{page}.rst"
    return f"gallery/{page}.rst" if name == "index" else f"gallery/{page}.py"
