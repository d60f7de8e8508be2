"""Puts a finished site in the place of the last one."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sys
from pathlib import Path

# From <fcntl.h> and <linux/fs.h>, and from <sys/stdio.h> of macOS.
AT_FDCWD, RENAME_EXCHANGE = -100, 2
RENAME_SWAP = 2

# Traces of the build that no reader asks for.
UNPUBLISHED = (".buildinfo", ".buildinfo.bak", "objects.inv", "bundles.json", "*.map", "*.LICENSE.txt")


def assemble(staged: Path, site: Path, languages: list[str]) -> Path:
    """Copy what is to be published to a new folder beside ``site``, and return it.

    Parameters
    ----------
    staged : Path
        Folder that is kept from build to build; it may hold languages of earlier ones.
    site : Path
        Folder that is served.
    languages : list of str
        The languages to publish.
    """
    new = site.with_name("html.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    for language in languages:
        shutil.copytree(staged / language, new / language, ignore=shutil.ignore_patterns(*UNPUBLISHED))
    return new


def let_everybody_read(site: Path) -> None:
    """Let a web server, which is another user, read all of ``site``, whatever the umask was and modes of sources are."""
    for path in [site, *site.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


def repair(site: Path) -> None:
    """Put the last site back, if a build ended between the two renames of :func:`exchange`."""
    old = _old(site)
    if old.exists() and not site.exists():
        old.rename(site)
    shutil.rmtree(old, ignore_errors=True)


def exchange(new: Path, site: Path) -> None:
    """Put ``new`` in the place of ``site``, in one step where that is possible, and remove the last site."""
    repair(site)
    old = _old(site)
    if not site.exists():
        new.rename(site)
    elif swap(new, site):
        shutil.rmtree(new, ignore_errors=True)
    else:
        site.rename(old)
        new.rename(site)
        shutil.rmtree(old, ignore_errors=True)


def _old(site: Path) -> Path:
    """Where the last site lies for a moment, if it takes two steps."""
    return site.with_name("html.old")


def swap(first: Path, second: Path) -> bool:
    """Exchange two folders, so that neither name is missing at any time.

    Returns
    -------
    bool
        False if this system, or the file system on which they lie, cannot do that.

    Raises
    ------
    OSError
        If it can, but something else is in the way.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(first), os.fsencode(second)
    try:
        if sys.platform == "darwin":
            status = libc.renamex_np(*names, ctypes.c_uint(RENAME_SWAP))
        else:
            status = libc.renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], ctypes.c_uint(RENAME_EXCHANGE))
    except AttributeError:  # a C library without it
        return False
    if status == 0:
        return True
    error = ctypes.get_errno()
    if error in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    raise OSError(error, os.strerror(error), str(second))
