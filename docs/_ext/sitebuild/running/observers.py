"""Loads the observers of the kinds of results that conf.py lists."""

from __future__ import annotations

import importlib

from sphinx.config import Config
from sphinx.errors import ExtensionError

from sitebuild.examples.observer import Observer


def load(config: Config) -> list[Observer]:
    """One observer for each package in ``result_kinds``: the class ``ResultObserver`` of its module ``observer``.

    Raises
    ------
    ExtensionError
        If a package has none.
    """
    observers = []
    for kind in config.result_kinds:
        try:
            observers.append(importlib.import_module(f"{kind}.observer").ResultObserver())
        except (ImportError, AttributeError) as error:
            raise ExtensionError(
                f"conf.py: result_kinds names {kind!r}, but {error}; "
                "expected a package with a module 'observer' that defines a class ResultObserver"
            ) from error
    return observers
