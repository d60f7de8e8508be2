"""Formulas as MathML with the spacing of TeX."""

from __future__ import annotations

import re

import pytest

from sitebuild.site.formulas import to_mathml

THIN = '<mspace width="0.167em" />'


def row(latex: str) -> str:
    """What stands inside the formula's outer elements."""
    return re.search(r"<mrow>(.*)</mrow></math>", to_mathml(latex, display="inline"))[1]


@pytest.mark.parametrize(
    ("latex", "mathml"),
    [
        (r"2\sinh x", f"<mn>2</mn>{THIN}<mi>sinh</mi>{THIN}<mi>x</mi>"),
        (r"2\sinh\,x", f"<mn>2</mn>{THIN}<mi>sinh</mi>{THIN}<mi>x</mi>"),
        (r"x\cosh^2 y", f"<mi>x</mi>{THIN}<msup><mi>cosh</mi><mn>2</mn></msup>{THIN}<mi>y</mi>"),
        (r"a+\log(x)", '<mi>a</mi><mo>+</mo><mi>log</mi><mo stretchy="false">(</mo><mi>x</mi><mo stretchy="false">)</mo>'),
        ("a=-b", '<mi>a</mi><mo>=</mo><mo form="prefix">−</mo><mi>b</mi>'),
        ("a-b", "<mi>a</mi><mo>−</mo><mi>b</mi>"),
        ("(a)-b", '<mo stretchy="false">(</mo><mi>a</mi><mo stretchy="false">)</mo><mo>−</mo><mi>b</mi>'),
        ("-b", '<mo form="prefix">−</mo><mi>b</mi>'),
        ("D'", '<mrow><mi>D</mi><mo lspace="0" rspace="0">′</mo></mrow>'),
        (r"\infty/2", '<mi>∞</mi><mo lspace="0" rspace="0">/</mo><mn>2</mn>'),
    ],
)
def test_a_formula_is_spaced_as_by_tex(latex: str, mathml: str) -> None:
    assert row(latex) == mathml


def test_a_fraction_is_spaced_inside() -> None:
    assert f"<mn>2</mn>{THIN}<mi>sin</mi>" in row(r"\frac{2\sin x}{-y}") and 'form="prefix">−' in row(r"\frac{2\sin x}{-y}")
