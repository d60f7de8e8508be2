"""Refuses settings with which translations of a script would not be found again."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError


def check_settings(_app: Sphinx, config: Config) -> None:
    """Look at what decides how catalogues are laid out.

    Raises
    ------
    ExtensionError
        If pages share catalogues, or if code is translated as a whole.
    """
    if config.gettext_compact is not False:
        raise ExtensionError(
            f"conf.py: gettext_compact is {config.gettext_compact!r}, but each script has a catalogue of its own; "
            "write gettext_compact = False, and make the catalogues again"
        )
    if "literal-block" in config.gettext_additional_targets:
        raise ExtensionError(
            "conf.py: gettext_additional_targets names 'literal-block', but the comments of scripts are translated "
            "one by one, and their code is not; leave it out"
        )


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the settings."""
    app.connect("config-inited", check_settings)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
