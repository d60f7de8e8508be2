"""Plots take the colours of the page; outputs of scripts that read a clock are marked."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import matplotlib
import pytest
from conftest import PROJECT, Site
from matplotlib.figure import Figure

from sitebuild.plots import record as plot_record
from sitebuild.plots import svg as plot_svg

matplotlib.use("agg")


def draw(color: str = "C0", label: str = "a < b") -> Figure:
    figure = Figure()
    axes = figure.add_subplot()
    axes.plot([1, 2, 3], [4.0, 2.0, 1.0], color=color, marker="o", label=label)
    axes.set_xlabel("step()")
    axes.set_ylabel("loss")
    axes.legend()
    return figure


def test_a_plot_holds_no_colour_style_or_script_of_its_own() -> None:
    root = ElementTree.fromstring(plot_svg.from_figure(draw(), "p-").svg)
    for element in root.iter():
        assert element.tag.rpartition("}")[2] not in {"style", "script", "metadata"}
        assert "style" not in element.attrib
        assert not any(re.search("#[0-9a-f]{6}", value) for value in element.attrib.values())
    assert root.findall(".//*[@class='stroke-first']") != []


def test_ids_and_what_points_to_them_carry_the_prefix() -> None:
    svg = plot_svg.from_figure(draw(), "page-0-1-").svg
    ids = set(re.findall(r' id="([^"]+)"', svg))
    targets = set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg))
    assert all(name.startswith("page-0-1-") for name in ids)
    assert targets <= ids
    assert targets != set()


def test_the_same_figure_gives_the_same_bytes() -> None:
    assert plot_svg.from_figure(draw(), "p-") == plot_svg.from_figure(draw(), "p-")


def test_what_a_description_needs_is_kept(tmp_path) -> None:
    plot = plot_svg.from_figure(draw(), "p-")
    assert (plot.x, plot.y) == ("step()", "loss")
    assert plot.lines == (plot_record.Line("a < b", 4.0, 1.0),)
    plot_record.save(plot, tmp_path / "plot.json")
    assert plot_record.load(tmp_path / "plot.json") == plot


def test_a_colour_without_counterpart_is_named() -> None:
    with pytest.raises(plot_svg.UnknownColourError, match="#123456"):
        plot_svg.from_figure(draw("#123456"), "p-")


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_all_default_colours_have_counterparts_that_can_be_seen() -> None:
    colours = [matplotlib.colors.to_hex(f"C{number}") for number in range(10)]
    for colour in colours:
        assert "stroke-" in plot_svg.from_figure(draw(colour), "p-").svg
    names = [plot_svg.CLASSES[colour] for colour in colours]
    assert len(set(names)) == 10
    styles = (PROJECT / "docs/_static/plot.css").read_text(encoding="utf-8")
    for name in names:
        light, *dark = re.findall(rf"--plot-{name}: (#[0-9a-f]{{6}});", styles)
        assert len(dark) == 2 and dark[0] == dark[1]
        # Graphics need 3:1, against furo's white and its #131416.
        assert 1.05 / (luminance(light) + 0.05) >= 3
        assert (luminance(dark[0]) + 0.05) / (luminance("#131416") + 0.05) >= 3
        assert f"svg.plot .stroke-{name} {{ stroke: var(--plot-{name}); }}" in styles


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Plot of cross_entropy over optimizer.step(); "),
        ("zh_CN", "cross_entropy随optimizer.step()变化的曲线图；"),
    ],
)
def test_a_plot_is_described_in_the_language_of_the_page(real_site: Site, language: str, words: str) -> None:
    (svg,) = real_site.page(language, "conv_bn_fusion/training").select("figure.example-plot svg")
    assert svg["aria-label"].startswith(words)
    assert "FusedConvBN" in svg["aria-label"]


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_only_the_output_that_a_clock_decides_is_marked(real_site: Site, language: str) -> None:
    page = real_site.page(language, "conv_bn_fusion/peak_and_time")
    (measured,) = page.select(".measured")
    assert " ms " in measured.get_text()
    assert "measured-note" in measured.find_previous_sibling()["class"]
    assert real_site.page(language, "conv_bn_fusion/memory_kept").select(".measured, .measured-note") == []


def test_an_example_that_reads_a_clock_and_prints_nothing_marks_nothing(small_site: Site) -> None:
    (script,) = (small_site.root / "gallery").glob("*/*.py")
    text = script.read_text(encoding="utf-8")
    script.write_text(
        text
        + "\n# %%\n# Silent.\n\nimport time\n\nstart = time.perf_counter()\n\n# %%\n# Last.\n\nprint(1)\n"
    )
    result = small_site.build()
    assert result.returncode == 0, result.stdout + result.stderr
    page = small_site.page("en", f"{script.parent.name}/{script.stem}")
    assert "perf_counter" in page.get_text()
    assert page.select(".measured, .measured-note") == []
