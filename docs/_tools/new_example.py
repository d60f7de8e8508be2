"""``make new-example``: lays down an example that builds, names it in its chapter, makes its catalogues."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import refresh_catalogues
from build_error import BuildError, exit_status

SCRIPT = '''"""
{title}
{underline}

After this page you can write a Function that doubles its input. Replace it by yours.

Read :doc:`/double_backward/saving_inputs` first.
"""

import torch
from torch.autograd import gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# The Function
# ------------
#
# Text stands in comments that begin with ``# %%``, in reStructuredText.


class {name}(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        # A comment inside code is translated, too.
        return 2 * x

    @staticmethod
    def backward(ctx, grad_output):
        return 2 * grad_output


# %%
# Checks
# ------

x = torch.randn(3, dtype=torch.float64, requires_grad=True)

print("gradcheck    ", gradcheck({name}.apply, x))
print("gradgradcheck", gradgradcheck({name}.apply, x))
'''


def add_to_index(index: str, chapter: str, name: str) -> str:
    """Text of a chapter's ``index.rst`` with ``name`` at the end of its cards and of its toctree."""

    def extended(directive: str, entry: str, text: str) -> str:
        block = re.compile(rf"(^\.\. {directive}::\n(?:   :.*\n)*\n(?:   \S.*\n)*   \S[^\n]*)", re.MULTILINE)
        return block.sub(lambda match: f"{match[0]}\n   {entry}", text, count=1)

    return extended("toctree", name, extended("page-cards", f"{chapter}/{name}", index))


def lay_down(root: Path, chapter: str, name: str) -> Path:
    """Write the script and name it in its chapter.

    Parameters
    ----------
    root : Path
        Root of the project.
    chapter, name : str
        Folder of the gallery, and name of the script without suffix.

    Raises
    ------
    BuildError
        If there is no such chapter, if the name cannot be one, or if it is taken.
    """
    folder = root / "gallery" / chapter
    if not (folder / "index.rst").is_file():
        known = ", ".join(sorted(path.parent.name for path in root.glob("gallery/*/index.rst")))
        raise BuildError(f"gallery/{chapter} is no chapter; expected CHAPTER to be one of {known}")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise BuildError(f"{name!r} is no name for a script; expected small letters, digits and _, as in my_topic")
    script = folder / f"{name}.py"
    if script.exists():
        raise BuildError(f"gallery/{chapter}/{name}.py is there already")
    title = name.replace("_", " ").capitalize()
    class_name = "".join(part.capitalize() for part in name.split("_"))
    text = SCRIPT.format(title=title, underline="=" * len(title), name=class_name)
    index = (folder / "index.rst").read_text(encoding="utf-8")
    script.write_text(text, encoding="utf-8")
    (folder / "index.rst").write_text(add_to_index(index, chapter, name), encoding="utf-8")
    return script


def main(arguments: list[str]) -> None:
    """Lay down an example."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapter")
    parser.add_argument("name")
    parser.add_argument("languages", nargs="*", help="whose catalogues are refreshed")
    parsed = parser.parse_args(arguments)
    script = lay_down(Path.cwd(), parsed.chapter, parsed.name)
    print(f"{script.relative_to(Path.cwd())} is written, and named in index.rst of its chapter.")
    refresh_catalogues.main(parsed.languages)


if __name__ == "__main__":
    sys.exit(exit_status(main, sys.argv[1:]))
