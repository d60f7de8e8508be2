"""What the browser is told of the builds."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class State:
    """How things stand.

    Attributes
    ----------
    built : str
        Names the last build that succeeded: a page that was sent before it is out of date.
    building : bool
        Whether a build is running.
    error : str
        What the last build complained about; "" if it succeeded.
    languages : list of str
        Folders of the site, in the order in which the languages are offered.
    """

    built: str
    building: bool
    error: str
    languages: list[str]


class Progress:
    """The state of now. One thread changes it, others wait for changes."""

    def __init__(self, languages: list[str]) -> None:
        self._changed = threading.Condition()
        self.state = State(built=self._new_name(), building=False, error="", languages=languages)

    @staticmethod
    def _new_name() -> str:
        return str(time.time_ns())  # also after the server was started again, while pages stayed open

    def starts(self) -> None:
        """A build starts."""
        self._set(building=True)

    def ends(self, error: str) -> None:
        """A build has ended, with an ``error`` or with "": then every page is taken as new."""
        self._set(building=False, error=error, built=self.state.built if error else self._new_name())

    def _set(self, **changes: object) -> None:
        with self._changed:
            self.state = replace(self.state, **changes)
            self._changed.notify_all()

    def wait_for_other(self, known: State | None, seconds: float) -> State:
        """The state, as soon as it is not ``known``, or after that time."""
        with self._changed:
            self._changed.wait_for(lambda: self.state is not known, seconds)
            return self.state
