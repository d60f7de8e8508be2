"""Checks the form of what a person gives to make, before anything runs that could take it for something else.

A name of a language, for example, becomes the name of a folder that a build empties. Runs before there is
an environment, as system_requirements does: standard library only, and no syntax newer than Python 3.6.
"""

import os
import re
import shlex
import sys

_LANGUAGE = r"[a-z]{2,3}(?:_[A-Z][A-Za-z]{1,3}|_[0-9]{3})*(?:@[a-z]+)?"
_WORDS = "separated by spaces"
# For each variable: the form of one word, whether there may be several or none, and what to say was expected.
_FORMS = {
    "LANGUAGES": (_LANGUAGE, "several", "codes of languages " + _WORDS + ", such as 'en zh_CN'"),
    "TRANSLATIONS": (_LANGUAGE, "any", "codes of languages " + _WORDS + ", such as 'zh_CN'"),
    "DRAFT": ("1", "optional", "1, or nothing"),
    "UPGRADE": ("1", "optional", "1, or nothing"),
    "JOBS": (r"[1-9][0-9]{0,3}", "optional", "how many examples may run at once, such as 2"),
    "SHARD": (r"[1-9][0-9]{0,3}/[1-9][0-9]{0,3}", "optional", "which part of how many, such as 2/4"),
    "PORT": (r"[1-9][0-9]{0,4}", "one", "the number of a port, such as 8000"),
    "CHAPTER": (r"[A-Za-z0-9_]+", "optional", "the name of a folder of gallery/, such as field_guide"),
    "NAME": (r"[A-Za-z0-9_]+", "optional", "the name of a script without .py, such as my_topic"),
    "PAGES": (r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)*", "any", "pages of the site, such as en/index.html"),
    "KEEP": (r"[A-Za-z0-9][A-Za-z0-9._-]*", "any", "names of packages " + _WORDS + ", such as 'torch scipy'"),
    "EXTRA_INDEX_URL": (r"(?:https?|file)://[^\s'\"`$\\]+", "optional", "the address of a package index"),
    "MUTANTSOPTS": (r"--[a-z][a-z-]*(?:=[A-Za-z0-9_./-]+)?", "any", "options such as --only=CHAPTER/SCRIPT"),
}
# These are handed on to programs that read them as a shell does.
_OPTIONS = ("SPHINXOPTS", "PYTESTOPTS")


def fault(name, value):
    """What is wrong with ``value`` of the variable ``name``, as one line; "" if nothing is."""
    if name in _OPTIONS:
        try:
            shlex.split(value)
        except ValueError as error:
            return "{} is {!r}: {}; expected options as in a shell".format(name, value, error)
        return ""
    form, number, expected = _FORMS[name]
    words = value.split()
    right = all(re.fullmatch(form, word) for word in words) and len(words) == len(set(words))
    if number in ("one", "optional"):
        right = right and len(words) <= 1
    if number in ("one", "several"):
        right = right and bool(words)
    if right and name == "PORT":
        right = int(value) < 2**16
    return "" if right else "{} is {!r}: expected {}".format(name, value, expected)


def main():
    """Check all of them, as they stand in the environment; return the exit status."""
    faults = [fault(name, os.environ[name]) for name in [*_FORMS, *_OPTIONS] if name in os.environ]
    for line in filter(None, faults):
        print(line, file=sys.stderr)
    return 1 if any(faults) else 0


if __name__ == "__main__":
    sys.exit(main())
