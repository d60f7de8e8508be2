"""Graphs answer to mouse, touch and keyboard, and are plain pictures without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

EXAMPLE = "double_backward/saving_intermediates"
NOTE = "figcaption .graph-about"


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{address}/en/{EXAMPLE}.html")
    yield page
    context.close()


def node(page: Page, name: str):
    return page.locator(f".graph-scroll .node[data-name='{name}']")


def lit(page: Page) -> set[str]:
    return set(page.eval_on_selector_all(".graph-scroll .node.lit", "nodes => nodes.map(n => n.dataset.name)"))


def view(page: Page) -> list[float]:
    return [float(part) for part in page.get_attribute(".graph-stage svg", "viewBox").split()]


def test_pointing_at_a_node_says_what_it_is_and_lights_its_paths(page: Page) -> None:
    hint = page.inner_text(NOTE)
    node(page, "DivBackward0").hover()
    assert page.inner_text(NOTE) == (
        "DivBackward0: backward node; made from MulBackward0 #1; leads to AddBackward0 #1."
    )
    # Up to both leaves, down to grad_x, and nothing beside the way.
    assert {"grad_output", "CloneBackward0", "SinhBackward", "grad_x"} <= lit(page)
    assert not {"out", "x"} & lit(page)
    page.mouse.move(5, 5)
    assert lit(page) == set()
    assert page.inner_text(NOTE) == hint


def test_the_keyboard_steps_from_node_to_node(page: Page) -> None:
    node(page, "grad_x").focus()
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.dataset.name") == "SubBackward0"
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.dataset.name") == "grad_x"
    assert page.inner_text(NOTE).startswith("grad_x (3): named tensor")
    # One stop for Tab, however many nodes there are.
    assert page.locator(".graph-scroll .node[tabindex='0']").count() == 1


def test_the_legend_names_the_tensors(page: Page) -> None:
    entries = page.locator(".graph-key li").all_inner_texts()
    assert [entry.strip() for entry in entries] == [
        "grad_output: leaf tensor",
        "grad_x, x, out: named tensor",
        "saved tensor",
        "backward node",
    ]


def test_the_full_size_view_zooms_and_pans(page: Page) -> None:
    page.click(".graph-enlarge")
    whole = view(page)
    page.keyboard.press("+")
    assert view(page)[2] < whole[2]
    page.keyboard.press("0")
    assert view(page) == whole
    page.keyboard.press("ArrowRight")
    assert view(page)[0] > whole[0]
    page.click("[data-do=fit]")
    box = page.locator(".graph-stage").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.wheel(0, -200)
    assert view(page)[2] < whole[2]
    before = view(page)
    page.mouse.down()
    page.mouse.move(x + 80, y + 40)
    page.mouse.up()
    after = view(page)
    assert after[0] < before[0]
    assert after[1] < before[1]
    page.keyboard.press("Escape")
    assert page.locator(".graph-viewer[open]").count() == 0
    assert page.evaluate("document.activeElement.className") == "graph-enlarge"


def test_two_fingers_zoom(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
    page = context.new_page()
    page.goto(f"{address}/zh_CN/{EXAMPLE}.html")
    page.tap(".graph-enlarge")
    whole = view(page)
    touch = context.new_cdp_session(page)
    for kind, spread in (("touchStart", 40), ("touchMove", 60), ("touchMove", 120)):
        points = [{"x": 195 - spread, "y": 400, "id": 0}, {"x": 195 + spread, "y": 400, "id": 1}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.locator(f".graph-stage svg:not([viewBox='{' '.join(f'{part:g}' for part in whole)}'])").wait_for()
    assert view(page)[2] < whole[2] / 2
    context.close()


def test_without_javascript_a_graph_is_a_picture(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/en/{EXAMPLE}.html")
    assert page.get_by_role("img", name="Backward graph").is_visible()
    assert page.locator(".graph-key").is_visible()
    assert not page.locator(".graph-enlarge").is_visible()
    assert not page.locator(NOTE).is_visible()
    context.close()
