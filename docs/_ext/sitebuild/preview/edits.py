"""Waits until somebody edits what the site is made of."""

from __future__ import annotations

import threading
from pathlib import Path

from watchfiles import Change, DefaultFilter, watch

from sitebuild.building.fingerprint import is_edited_by_people
from sitebuild.examples.build_error import BuildError

FOLDERS = ("docs", "gallery")
SETTINGS = "conf.py"


class ByPeople(DefaultFilter):
    """Lets through what people edit: no file that a build writes, and none that an editor keeps for itself."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = root

    def __call__(self, change: Change, path: str) -> bool:
        file = Path(path).relative_to(self._root)
        watched = file.parts[:1] in {(name,) for name in (*FOLDERS, SETTINGS)}
        # By its name in the project: the folders above may be called as they like.
        return watched and super().__call__(change, str(file)) and is_edited_by_people(self._root / file, self._root)


class Edits:
    """The edits since somebody last waited for them, those made meanwhile included."""

    def __init__(self, root: Path) -> None:
        self._edited = threading.Event()
        self._fault: OSError | None = None
        # The folder of conf.py is watched, not the file: many editors save by putting a new file in its
        # place, and who watches a file hears nothing of the new one.
        for paths, recursive in ([root / name for name in FOLDERS], True), ([root], False):
            arguments = (ByPeople(root), paths, recursive)
            threading.Thread(target=self._watch, args=arguments, daemon=True).start()

    def _watch(self, people: ByPeople, paths: list[Path], recursive: bool) -> None:
        try:
            for _changes in watch(*paths, watch_filter=people, recursive=recursive):
                self._edited.set()
        except OSError as fault:  # such as a limit of the system; who waits has to know
            self._fault = fault
            self._edited.set()

    def wait(self) -> None:
        """Return as soon as there is an edit that nobody has heard of yet.

        Raises
        ------
        BuildError
            If the system does not tell of edits.
        """
        self._edited.wait()
        self._edited.clear()
        if self._fault is not None:
            raise BuildError(
                f"Edits go unnoticed: {self._fault}\nTo compare all files now and then instead, "
                "run 'WATCHFILES_FORCE_POLLING=1 make live'."
            ) from self._fault
