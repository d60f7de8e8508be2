"""Readers step through backward on the drawing; without JavaScript and on paper the steps are a table."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import Site
from playwright.sync_api import Browser, Page

LOSING = "double_backward/losing_intermediates"
SAVING = "double_backward/saving_intermediates"
RECORDER = "docs/_ext/sitebuild/flows/recorder.py"


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="no-preference")
    page = context.new_page()
    page.goto(f"{address}/en/{LOSING}.html")
    yield page
    context.close()


def marked(page: Page, mark: str) -> set[str]:
    return set(page.eval_on_selector_all(f".graph-scroll .node.flow-{mark}", "nodes => nodes.map(n => n.dataset.name)"))


def test_a_listed_page_shows_its_steps_and_a_wrong_recording_ends_the_build(small_site: Site) -> None:
    small_site.edit("conf.py", "gradient_flows = []", 'gradient_flows = ["double_backward/square"]')
    result = small_site.build()
    assert result.returncode == 0, result.stderr
    (flow,) = small_site.page("en", "double_backward/square").select(".gradient-flow")
    assert flow.select_one("figure.autograd-graph svg") is not None
    rows = [[cell.get_text() for cell in row.select("td")] for row in flow.select("tr") if row.select("td")]
    assert rows == [
        ["1", "[1, 1] enters at out."],
        ["2", "SquareBackward receives [1, 1]; reads [1, 1]; passes on [2, 2] to AccumulateGrad."],
        ["3", "AccumulateGrad adds [2, 2] to x.grad."],
    ]
    last_good = small_site.contents()
    # A recorder that changes what it records.
    small_site.edit(RECORDER, "self.turns.append(turn)", "self.turns.append(turn)\n            return tuple(2 * each for each in gradients)")
    result = small_site.build()
    assert result.returncode == 1
    assert "gallery/double_backward/square.py: the backward of a graph was not recorded: line 35: RecordingError" in result.stderr
    assert "or take the page out of gradient_flows in conf.py" in result.stderr
    assert small_site.contents() == last_good
    small_site.edit("conf.py", 'gradient_flows = ["double_backward/square"]', 'gradient_flows = ["double_backward/cube"]')
    result = small_site.build()
    assert "conf.py: gradient_flows names 'double_backward/cube', which is no page with a graph" in result.stderr


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_every_step_is_told_and_the_table_is_complete(real_site: Site, language: str) -> None:
    flow = real_site.page(language, SAVING).select_one(".gradient-flow")
    rows = [row for row in flow.select("tr") if row.select("td")]
    assert int(flow.select_one("input")["max"]) == len(rows)
    assert [row.td.get_text() for row in rows] == [str(number) for number in range(1, len(rows) + 1)]
    drawn = {node["data-node"] for node in flow.select(".graph-scroll .node")}
    told = {number for row in rows for key in ("data-nodes", "data-reads", "data-adds") for number in row.get(key, "").split()}
    assert told <= drawn
    # Each operation of the drawing runs; the second pass brings something into both extra outputs.
    operations = {node["data-node"] for node in flow.select(".graph-scroll .node.operation")}
    assert operations <= {number for row in rows for number in row.get("data-nodes", "").split()}
    assert "None, [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]".replace(", [", "、[" if language == "zh_CN" else ", [") in flow.get_text()


def test_steps_light_up_nodes_and_say_what_happens(page: Page) -> None:
    words = page.locator(".flow-words")
    forward = page.locator("[data-do=next]")
    forward.click()
    assert words.inner_text() == "[1, 1, 1] enters at out."
    assert page.locator(".flow-pass").inner_text() == "First backward, from out, with create_graph=True"
    # What the first backward will add is not there yet.
    assert marked(page, "later") == {"DivBackward0", "MulBackward0", "grad_x"}
    forward.click()
    assert marked(page, "running") == {"SinhOnCtxBackward"}
    assert marked(page, "added") == {"DivBackward0", "MulBackward0"}
    assert marked(page, "missed") == {"x"}  # here the way is lost
    assert words.inner_text().endswith("a path leads from there to grad_output; no path leads from there to x.")
    assert page.locator(".flow-label text").all_text_contents() == ["[1.543, 1.543, 1.543]"]
    assert page.locator(".edge.flow-carries").count() == 1
    page.click("[data-do=back]")
    assert page.locator(".flow-player output").inner_text() == "1 / 8"
    page.locator(".flow-player input").press("End")
    assert words.inner_text() == "Nothing arrives at x: no step leads there."
    assert marked(page, "missed") == {"x"}
    assert marked(page, "later") == set()
    page.locator(".flow-player input").press("Home")
    assert page.locator(".gradient-flow.flow-on, .flow-label, .flow-running").count() == 0


def test_it_plays_and_stops(page: Page) -> None:
    page.clock.install()
    play = page.locator("[data-do=play]")
    play.click()
    assert play.get_attribute("aria-label") == "Pause"
    page.clock.run_for(60_000)
    assert page.locator(".flow-player output").inner_text() == "8 / 8"
    assert play.get_attribute("aria-label") == "Play"
    play.click()  # from the beginning
    assert page.locator(".flow-player output").inner_text() == "1 / 8"
    play.click()
    page.clock.run_for(60_000)
    assert page.locator(".flow-player output").inner_text() == "1 / 8"


def test_on_a_phone_labels_cover_no_node_and_buttons_stay_in_sight(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 640}, has_touch=True, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{address}/zh_CN/{SAVING}.html")
    for _ in range(16):
        page.tap("[data-do=next]")
        boxes = page.evaluate(
            """() => ['.flow-label rect', '.graph-scroll .node rect'].map((found) =>
                [...document.querySelectorAll(found)].map((one) => one.getBoundingClientRect().toJSON()))"""
        )
        for label in boxes[0]:
            assert label["left"] >= 0 and label["right"] <= 390
            hidden = [box for box in boxes[1] if overlap(label, box) > 0.5 * box["width"] * box["height"]]
            assert hidden == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    # The buttons stay in sight of the top of the drawing.
    page.evaluate("document.querySelector('.graph-scroll').scrollIntoView()")
    box = page.locator(".flow-player").bounding_box()
    assert box["y"] + box["height"] <= 640
    page.tap("[data-do=back]")
    assert page.eval_on_selector(".flow-carries path", "edge => getComputedStyle(edge).animationName") == "none"
    context.close()


def overlap(one: dict[str, float], other: dict[str, float]) -> float:
    width = min(one["right"], other["right"]) - max(one["left"], other["left"])
    height = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
    return max(width, 0) * max(height, 0)


def test_without_javascript_and_on_paper_the_steps_are_a_table(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/en/{LOSING}.html")
    assert not page.locator(".flow-player").is_visible()
    page.click(".flow-steps summary")
    assert page.get_by_text("Nothing arrives at x").is_visible()
    page.click(".flow-steps summary")
    page.emulate_media(media="print")
    assert page.get_by_text("Nothing arrives at x").is_visible()
    context.close()
