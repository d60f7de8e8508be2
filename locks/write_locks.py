"""``make lock``: pins all that the site and its tests pull in, with hashes, for every system and Python.

Runs in an environment of its own, which holds uv. Versions stay as they are in the locks, as long as the
requirements allow that. No file is written before all of them are known.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from lock_file import LOCKS, Block, blocks, head

PROJECT = Path(__file__).parents[1]
# Older than this is what soupsieve no longer runs on; docs/_ext/sitebuild/commands/system_requirements.py says it too.
OLDEST_PYTHON = "3.11.5"
# What only PyTorch's default build for Linux needs: whoever has the build for CPUs does without these gigabytes.
OF_DEFAULT_BUILD = ("nvidia-", "cuda-")
# What a package without a wheel is built with. It has to be there before the others.
BUILDERS = ("setuptools",)


def resolve(requirements: Path, known: str, constraints: Path | None = None) -> str:
    """Have uv pin what a file asks for.

    Parameters
    ----------
    requirements : Path
        The file that people edit.
    known : str
        Lock whose versions stay, where that is possible.
    constraints : Path, optional
        Lock whose versions have to stay.

    Returns
    -------
    str
        Blocks of a lock file. They name no index and no folder, whatever the configuration of this machine.
    """
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "lock.txt"
        output.write_text(known, encoding="utf-8")
        options = ["--universal", "--python-version", OLDEST_PYTHON, "--generate-hashes", "--no-annotate", "--no-header"]
        options += ["--fork-strategy", "fewest"]  # one version for all Pythons, where there is one
        options += ["--constraints", str(constraints)] if constraints else []
        command = [sys.executable, "-m", "uv", "--no-config", "--quiet", "pip", "compile", str(requirements)]
        subprocess.run([*command, *options, "--output-file", str(output)], check=True)
        return output.read_text(encoding="utf-8")


def split_site(text: str) -> tuple[list[Block], list[Block], list[Block]]:
    """Take apart what the site needs: what builds packages, PyTorch with what only its default build needs, the rest."""
    builders, torch, rest = [], [], []
    for block in blocks(text):
        name = block[0]
        if name in BUILDERS:
            builders.append(block)
        elif name == "torch" or name.startswith(OF_DEFAULT_BUILD):
            torch.append(block)
        else:
            rest.append(block)
    return builders, torch, rest


def known_versions(requirements: str, upgrade: bool) -> str:
    """What the locks of a file hold now, or nothing if the newest versions are wanted."""
    paths = [PROJECT / name for name in LOCKS[requirements]]
    return "" if upgrade else "".join(path.read_text(encoding="utf-8") for path in paths if path.exists())


def resolve_all(upgrade: bool) -> dict[str, list[Block]]:
    """Resolve what each file asks for; the tests are held to the versions of the site.

    Raises
    ------
    subprocess.CalledProcessError
        If uv finds no versions that go together; it has told why.
    """
    site, tests, tool = LOCKS
    pinned = resolve(PROJECT / site, known_versions(site, upgrade))
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder) / "site.txt"
        constraints.write_text(pinned, encoding="utf-8")
        of_tests = resolve(PROJECT / tests, known_versions(tests, upgrade), constraints)
    of_tool = resolve(PROJECT / tool, known_versions(tool, upgrade))
    builders, torch, rest = split_site(pinned)
    return {
        "locks/build.txt": builders,
        "locks/torch.txt": torch,
        "locks/site.txt": rest,
        "locks/tests.txt": blocks(of_tests),
        "locks/tool.txt": blocks(of_tool),
    }


def write(locks: dict[str, list[Block]]) -> None:
    """Write all lock files."""
    for requirements, names in LOCKS.items():
        for name in names:
            text = head(PROJECT, requirements) + "".join(lines for _name, lines in locks[name])
            (PROJECT / name).write_text(text, encoding="utf-8")
            print(f"{name}: {len(locks[name])} packages")


def main(arguments: list[str]) -> int:
    """Resolve, split, write; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that the requirements allow")
    upgrade = parser.parse_args(arguments).upgrade
    try:
        locks = resolve_all(upgrade)
    except subprocess.CalledProcessError as error:
        print("uv has told above what is in the way; the lock files are as they were", file=sys.stderr)
        return error.returncode
    write(locks)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
