"""Lays down a new script in a chapter, and names it there."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

from sitebuild.examples.build_error import BuildError

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


def _extend(directive: str, entry: str, text: str) -> str:
    """``text`` with ``entry`` at the end of the first ``directive``, if it has one."""
    options_and_entries = rf"^\.\. {directive}:: *\n(?:   :.*\n)*(?P<entries>(?: *\n)*(?:   \S.*\n)*)"
    match = re.search(options_and_entries, text, re.MULTILINE)
    if not match:
        return text
    before = match["entries"].strip("\n")
    entries = f"{before}\n   {entry}\n" if before else f"   {entry}\n"
    rest = text[match.end("entries") :]
    gap = "\n" if rest and not before else ""  # the blank lines were taken for entries
    return f"{text[: match.start('entries')]}\n{entries}{gap}{rest}"


def add_to_index(index: str, chapter: str, name: str) -> str:
    """Text of a chapter's ``index.rst`` with ``name`` at the end of its cards, if it has any, and of its toctree."""
    index = index.rstrip("\n") + "\n"
    return _extend("toctree", name, _extend("page-cards", f"{chapter}/{name}", index))


def find_chapter(root: Path, chapter: str) -> str:
    """Text of the ``index.rst`` of a chapter.

    Raises
    ------
    BuildError
        If there is no such chapter, or if it cannot take another page.
    """
    folder = root / "gallery" / chapter
    if not (folder / "index.rst").is_file():
        known = ", ".join(sorted(path.parent.name for path in root.glob("gallery/*/index.rst")))
        raise BuildError(
            f"gallery/{chapter} is no chapter; expected CHAPTER to be one of {known}, or a folder with an index.rst"
        )
    if chapter not in runpy.run_path(str(root / "conf.py"))["sphinx_gallery_conf"]["gallery_dirs"]:
        raise BuildError(f"conf.py does not name the chapter {chapter}; add it to chapters")
    index = (folder / "index.rst").read_text(encoding="utf-8")
    if not re.search(r"^\.\. toctree::", index, re.MULTILINE):
        raise BuildError(f"gallery/{chapter}/index.rst has no toctree; add one, even without entries")
    return index


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
    index = find_chapter(root, chapter)
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise BuildError(f"{name!r} is no name for a script; expected small letters, digits and _, as in my_topic")
    script = root / "gallery" / chapter / f"{name}.py"
    if script.exists():
        raise BuildError(f"gallery/{chapter}/{name}.py is there already")
    title = name.replace("_", " ").capitalize()
    class_name = "".join(part.capitalize() for part in name.split("_"))
    text = SCRIPT.format(title=title, underline="=" * len(title), name=class_name)
    script.write_text(text, encoding="utf-8")
    (script.parent / "index.rst").write_text(add_to_index(index, chapter, name), encoding="utf-8")
    return script
