"""One style sheet and one script for all pages, minified, instead of a request for each of a dozen files.

What only some pages need, ``page_assets`` in conf.py, is a style sheet and a script beside these.

Pages are rendered without a look into these files: their links end in ``?v=pending``. The bundles are made when
the site is put together, and the links then get the hash of what is in them. So an edit of a style sheet renders no
page again.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from rcssmin import cssmin
from rjsmin import jsmin
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from sitebuild.examples.build_error import BuildError

# What extensions and theme add to every page and nothing on ours uses.
UNUSED = ("basic.css", "sg_gallery", "sg-tags.js", "doctools.js", "translations.js", "sphinx_highlight.js", "furo-extensions")
# A script may end without a line break or a semicolon.
JOINTS = {"css": "\n", "js": "\n;\n"}
MINIFIERS = {"css": cssmin, "js": jsmin}
LIST = "bundles.json"  # beside the rendered pages: which files are joined
PENDING = "pending"
# In the text of a page, angle brackets and quotation marks of a link would be escaped.
_LINK = re.compile(rf'(<(?:link rel="stylesheet" href|script defer src)="[^"]*_static/(\w+\.(?:css|js))\?v=){PENDING}"')


def _used(assets: list[Any]) -> list[str]:
    """Files of ``assets``, below the output folder, in the order in which a browser would load them."""
    ordered = sorted(assets, key=lambda asset: getattr(asset, "priority", 500))
    files = [str(asset.filename).partition("?")[0] for asset in ordered]
    return [file for file in files if not any(name in file for name in UNUSED)]


def link_bundles(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Let the page load the bundles, and note what is in them."""
    files = {"css": _used(context["css_files"]), "js": _used(context["script_files"])}
    app.bundled_files = app.bundled_files or files
    if files != app.bundled_files:
        raise ExtensionError(f"{pagename}: loads other style sheets or scripts than the page before; all pages share one bundle")
    names = ["bundle", *(name for name, pages in app.config.page_assets.items() if pagename in pages)]
    for kind in files:
        context[f"bundles_{kind}"] = [f"{context['content_root']}_static/{name}.{kind}?v={PENDING}" for name in names]
    context["css_files"], context["script_files"] = [], []


def start(app: Sphinx) -> None:
    """Forget the bundles of an earlier build."""
    app.bundled_files = {}


def write_list(app: Sphinx, exception: Exception | None) -> None:
    """After the pages: say what has to be joined."""
    if exception is None and app.builder.format == "html":
        bundles = {f"bundle.{kind}": files for kind, files in app.bundled_files.items()}
        bundles |= {f"{name}.{kind}": [f"_static/{name}.{kind}"] for name in app.config.page_assets for kind in JOINTS}
        (Path(app.outdir) / LIST).write_text(json.dumps(bundles), encoding="utf-8")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise BuildError(f"{file.name}: pages load it, but no folder of html_static_path in conf.py has it") from error
    except UnicodeDecodeError as error:
        raise BuildError(f"{file.name}: is not UTF-8 ({error}); save it as UTF-8") from error


def write_bundles(rendered: Path, new: Path) -> None:
    """Make the bundles of a language, and link all of its pages to them.

    Parameters
    ----------
    rendered : Path
        Folder of the pages as Sphinx has rendered them.
    new : Path
        Copy of it that will be published, with the files that are to be joined.
    """
    versions = {}
    for name, files in json.loads((rendered / LIST).read_text(encoding="utf-8")).items():
        kind = name.rpartition(".")[2]
        text = MINIFIERS[kind](JOINTS[kind].join(_read(new / file) for file in files))
        (new / "_static" / name).write_text(text, encoding="utf-8")
        # No browser shows an old one.
        versions[name] = hashlib.sha256(text.encode()).hexdigest()[:8]
    for page in new.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        page.write_text(_LINK.sub(lambda match: f'{match[1]}{versions[match[2]]}"', html), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect late, when all others have added their files."""
    app.add_config_value("page_assets", {}, "html", dict)
    app.connect("builder-inited", start)
    app.connect("html-page-context", link_bundles, priority=900)
    app.connect("build-finished", write_list)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
