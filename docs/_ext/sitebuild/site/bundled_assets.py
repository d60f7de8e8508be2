"""One style sheet and one script for all pages, minified, instead of a request for each of a dozen files."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import furo
from docutils import nodes
from rcssmin import cssmin
from rjsmin import jsmin
from sphinx.application import Sphinx

# What extensions and theme add to every page and nothing on ours uses.
UNUSED = ("basic.css", "sg_gallery", "sg-tags.js", "doctools.js", "translations.js", "sphinx_highlight.js", "furo-extensions")
# A script may end without a line break or a semicolon.
JOINTS = {"css": "\n", "js": "\n;\n"}
MINIFIERS = {"css": cssmin, "js": jsmin}


def _used(assets: list[Any]) -> list[str]:
    """Files of ``assets``, below the output folder, in the order in which a browser would load them."""
    ordered = sorted(assets, key=lambda asset: getattr(asset, "priority", 500))
    files = [str(asset.filename).partition("?")[0] for asset in ordered]
    return [file for file in files if not any(name in file for name in UNUSED)]


def _read(file: Path) -> str:
    """Text of an asset. That of pygments.css the theme replaces by its own only after the last page."""
    return furo.get_pygments_stylesheet() if file.name == "pygments.css" else file.read_text(encoding="utf-8")


def _write_bundle(out: Path, kind: str, files: list[str]) -> str:
    """Join ``files`` into one; return its name with a hash, so that no browser shows an old one."""
    text = MINIFIERS[kind](JOINTS[kind].join(_read(out / file) for file in files))
    name = f"_static/bundle.{kind}"
    (out / name).write_text(text, encoding="utf-8")
    return f"{name}?v={hashlib.sha256(text.encode()).hexdigest()[:8]}"


def link_bundles(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Let the page load the bundles, which the first page makes: Sphinx has copied all files by then."""
    files = {"css": _used(context["css_files"]), "js": _used(context["script_files"])}
    for kind, used in files.items():
        key = (kind, *used)
        if key not in app.bundles:
            app.bundles[key] = _write_bundle(Path(app.outdir), kind, used)
        context[f"bundle_{kind}"] = context["content_root"] + app.bundles[key]
    context["css_files"], context["script_files"] = [], []


def start(app: Sphinx) -> None:
    """Forget the bundles of an earlier build."""
    app.bundles = {}


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect late, when all others have added their files."""
    app.connect("builder-inited", start)
    app.connect("html-page-context", link_bundles, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
