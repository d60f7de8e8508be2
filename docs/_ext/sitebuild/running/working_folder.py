"""Lets a script work in a folder of its own: the files that it saves do not land among the scripts."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sphinx_gallery import gen_rst


class WorkingFolder:
    """The folder in which the blocks of a script run. Where one block goes, the next one begins.

    Parameters
    ----------
    folder : Path
        Empty; nothing in it is kept.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = str(folder)

    def run(self, block: Callable[[], Any]) -> tuple[float, Any]:
        """Run a part of the script, as Sphinx-Gallery asks for it: with the memory that it took, which nobody shows."""
        os.chdir(self._folder)
        try:
            return 0.0, block()
        finally:
            self._folder = os.getcwd()

    def use(self) -> None:
        """Let Sphinx-Gallery run blocks here from now on, in this process: it would choose the folder of the script."""
        gen_rst._get_call_memory_and_base = lambda *_conf, **_options: (self.run, 0.0)
