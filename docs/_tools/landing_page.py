"""Writes the page at the root of the site, from which a reader goes to a language."""

from __future__ import annotations

import runpy
from pathlib import Path


def write(root: Path, staged: Path, languages: list[str]) -> None:
    """Fill the template ``docs/_templates/landing.html`` for ``languages``.

    Parameters
    ----------
    root : Path
        Root of the project; its conf.py knows what the languages call themselves.
    staged : Path
        Folder into which ``index.html`` is written.
    languages : list of str
        Codes such as "zh_CN", in the order in which they are offered.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    names = runpy.run_path(str(root / "conf.py"))["language_names"]
    loader = FileSystemLoader(root / "docs" / "_templates")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    offered = [
        {"code": code, "tag": code.replace("_", "-"), "name": names.get(code, code)} for code in languages
    ]
    page = environment.get_template("landing.html").render(languages=offered)
    (staged / "index.html").write_text(page, encoding="utf-8")
