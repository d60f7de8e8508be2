"""Writes what stands at the root of the site, above the languages: landing page, 404 page, sitemap."""

from __future__ import annotations

import runpy
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

# Names of the elements of a sitemap, and of its links to other languages.
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
XHTML = "http://www.w3.org/1999/xhtml"


def write(root: Path, site: Path, languages: list[str]) -> None:
    """Fill the templates ``landing.html`` and ``404.html``; list all pages if their address is known.

    Parameters
    ----------
    root : Path
        Root of the project; its conf.py knows what the languages call themselves and where the
        site is published.
    site : Path
        Folder of the finished pages, into which the files are written.
    languages : list of str
        Codes such as "zh_CN", in the order in which they are offered.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    settings = runpy.run_path(str(root / "conf.py"))
    names, base_url = settings["language_names"], settings["site_base_url"].rstrip("/")
    loader = FileSystemLoader(root / "docs" / "_templates")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    offered = [
        {"code": code, "tag": code.replace("_", "-"), "name": names.get(code, code)} for code in languages
    ]
    for template, name in (("landing.html", "index.html"), ("404.html", "404.html")):
        # The site may stand below the root of its host.
        page = environment.get_template(template).render(
            languages=offered, base_url=base_url, root=urlsplit(base_url).path
        )
        (site / name).write_text(page, encoding="utf-8")
    if base_url:
        (site / "sitemap.xml").write_text(sitemap(site, languages, base_url), encoding="utf-8")


def sitemap(site: Path, languages: list[str], base_url: str) -> str:
    """Every page below ``site`` with its counterparts in the other languages, as XML."""
    pages = sorted(path.relative_to(site / languages[0]) for path in (site / languages[0]).rglob("*.html"))
    entries = []
    for page in pages:
        addresses = {code: escape(f"{base_url}/{code}/{page.as_posix()}") for code in languages}
        links = "".join(
            f'<xhtml:link rel="alternate" hreflang="{code.replace("_", "-")}" href="{address}"/>'
            for code, address in addresses.items()
        )
        entries += [f"<url><loc>{address}</loc>{links}</url>" for address in addresses.values()]
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="{SITEMAP}" xmlns:xhtml="{XHTML}">\n'
        + "\n".join(entries)
        + "\n</urlset>\n"
    )
