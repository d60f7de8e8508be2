"""Runs axe-core on pages, light and dark, on a phone and on a desktop."""

from __future__ import annotations

import itertools
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
SCHEMES = ("light", "dark")
WIDTHS = (390, 1280)


@dataclass(frozen=True)
class Violation:
    """A rule that a page breaks: at how many elements, and how, at the first of them."""

    page: str
    scheme: str
    width: int
    rule: str
    title: str
    elements: int
    selector: str
    reason: str


def _run_with(
    browser: Browser, address: str, pages: list[str], scheme: Any, width: int, language: str
) -> list[Violation]:
    """Examine pages in one colour scheme and width."""
    context = browser.new_context(
        # Every page has a Content-Security-Policy, which would refuse the script of axe.
        bypass_csp=True,
        color_scheme=scheme,
        viewport={"width": width, "height": 800},
        locale=language,
    )
    tab, violations = context.new_page(), []
    for name in pages:
        tab.goto(f"{address}/{name}", wait_until="load")
        tab.add_script_tag(path=AXE)
        for found in tab.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]:
            node = found["nodes"][0]
            # A path of several selectors leads into frames or shadow trees.
            selector = " > ".join(str(part) for part in node["target"])
            reason = " ".join(node["failureSummary"].split())
            violations.append(
                Violation(
                    name, scheme, width, found["id"], found["help"], len(found["nodes"]), selector, reason
                )
            )
    context.close()
    return violations


def run(address: str, pages: list[str], chromium: str, flags: list[str], language: str) -> list[Violation]:
    """Examine every page in all schemes and widths, in a browser that prefers ``language``."""
    violations = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        for scheme, width in itertools.product(SCHEMES, WIDTHS):
            print(f"axe: {len(pages)} pages, {scheme}, {width} pixels wide", file=sys.stderr)
            violations += _run_with(browser, address, pages, scheme, width, language)
        browser.close()
    return violations
