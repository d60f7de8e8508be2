"""The date of the build, by the clock or as SOURCE_DATE_EPOCH says it, so that two builds can give the same bytes."""

from __future__ import annotations

import os
import re
import time

from sitebuild.examples.build_error import BuildError

VARIABLE = "SOURCE_DATE_EPOCH"
_SECONDS = re.compile("[0-9]{1,20}")  # digits of ASCII alone, as in other programs
_YEAR_10000 = 253_402_300_800
_SHOWN = 60  # characters of a value that is no date


def build_seconds() -> int:
    """Seconds since 1970 that count as the time of the build.

    Raises
    ------
    BuildError
        If the variable is set but holds no date: not even empty, which is what a command that failed leaves.
    """
    value = os.environ.get(VARIABLE)
    if value is None:
        return int(time.time())
    if not _SECONDS.fullmatch(value) or int(value) >= _YEAR_10000:
        shown = repr(value) if len(value) <= _SHOWN else f"{value[:_SHOWN]!r}"[:-1] + "…'"
        raise BuildError(
            f"{VARIABLE} is {shown}: expected whole seconds since 1970 and before the year 10000, such as 86400; "
            f"'unset {VARIABLE}' to build with the date of today"
        )
    return int(value)


def build_date() -> str:
    """Date of the build in UTC, as pages show it."""
    return time.strftime("%Y-%m-%d", time.gmtime(build_seconds()))
