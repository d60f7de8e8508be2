"""Looks for what pip cannot install: a recent Python, a folder in which it can work, Graphviz, a browser
for the tests and the audit, Node.js for the audit.

Runs before there is an environment, with whatever ``python3`` is: standard library only,
and no syntax newer than Python 3.6, so that an old interpreter can say that it is too old.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# From the first to the last one that the packages of locks/ support: soupsieve 4.1.2 names the one, PyTorch 2.13 has no
# wheels beyond the other.
OLDEST_PYTHON, NEWEST_PYTHON = (3, 11, 5), (3, 14)

# For each requirement: commands one of which has to exist, and how to install them.
REQUIREMENTS = {
    "graphviz": {
        "commands": ["dot"],
        "apt": ["graphviz"],
        "brew": ["graphviz"],
    },
    "chromium": {
        "commands": [
            "chromium",
            "chromium-browser",
            "google-chrome",
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
            "/Applications/Chromium.app/Contents/MacOS/Chromium",
        ],
        "apt": ["chromium", "fonts-noto-cjk"],
        "brew": ["--cask", "chromium"],
    },
    "node": {
        # Comes with or after node, which Debian packages without it.
        "commands": ["npm"],
        "apt": ["nodejs", "npm"],
        "brew": ["node"],
    },
}


def find(name):
    """Path of the first command that satisfies requirement ``name``, or None."""
    return next(filter(None, map(shutil.which, REQUIREMENTS[name]["commands"])), None)


def _as_root():
    """Words to put before a command that needs root, or None where it may not run."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.call(["sudo", "-n", "true"], stderr=subprocess.DEVNULL) == 0:
        return ["sudo", "-n"]
    return None


def install(name):
    """Install requirement ``name`` with the system's package manager, where that is allowed."""
    packages = REQUIREMENTS[name]
    if shutil.which("apt-get") and _as_root() is not None:
        print("Installing " + " ".join(packages["apt"]))
        subprocess.call(_as_root() + ["apt-get", "update", "-qq"])
        quiet = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        options = ["install", "-y", "-qq", "--no-install-recommends"]
        subprocess.call(
            _as_root() + ["apt-get"] + options + packages["apt"], env=quiet, stdout=subprocess.DEVNULL
        )
    elif shutil.which("brew"):
        print("Installing " + packages["brew"][-1])
        subprocess.call(["brew", "install"] + packages["brew"])


def explain(name):
    """One line on how to install requirement ``name`` by hand."""
    packages = REQUIREMENTS[name]
    return "{} is not installed: 'sudo apt-get install {}' on Debian and Ubuntu, 'brew install {}' on macOS".format(
        REQUIREMENTS[name]["commands"][0], " ".join(packages["apt"]), " ".join(packages["brew"])
    )


def main(names):
    """Check Python, the folder and the requirements ``names``; return the exit status."""
    if tuple(sys.version_info[:3]) < OLDEST_PYTHON or tuple(sys.version_info[:2]) > NEWEST_PYTHON:
        oldest, newest, this = (
            ".".join(map(str, version)) for version in (OLDEST_PYTHON, NEWEST_PYTHON, sys.version_info[:3])
        )
        print(
            "Python {} to {} is needed, this is {}: run 'make PYTHON=python3.11 ...'".format(oldest, newest, this),
            file=sys.stderr,
        )
        return 1
    # Only here: an old Python cannot read these modules.
    from sitebuild.building.checkout import refuse_unusable_folder
    from sitebuild.examples.build_error import BuildError

    try:
        refuse_unusable_folder(Path.cwd())
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    for name in names:
        if find(name) is None:
            install(name)
        if find(name) is None:
            print(explain(name), file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
