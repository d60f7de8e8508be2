"""Gives MathML the spacing of TeX where the converter leaves it to the browser, and browsers don't add it.

The rules are those of *The TeXbook*, chapter 18: a thin space between a function such as sinh and a factor beside it,
none around a sign that belongs to what follows, none around a slash.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

THIN_SPACE = "0.167em"
_PRIMES = {"′", "″", "‴"}
_SIGNS = {"−", "-", "+", "±"}
_CLOSING = {")", "]", "}", "|", "!"}


def _core(element: Element) -> Element:
    """What carries the indices and exponents of ``element``."""
    return _core(element[0]) if element.tag in ("msup", "msub", "msubsup") else element


def _is_function(element: Element) -> bool:
    core = _core(element)
    return core.tag == "mi" and len(core.text or "") > 1


def _is_operator(element: Element) -> bool:
    return element.tag in ("mo", "mspace") and element.text not in _CLOSING


def _lower_primes(parent: Element) -> None:
    """Write primes beside their letter: the character itself is raised, so as an exponent it would be raised twice."""
    for place, child in enumerate(list(parent)):
        if child.tag == "msup" and child[1].text in _PRIMES:
            row = Element("mrow")
            prime = Element("mo", lspace="0", rspace="0")
            prime.text, row.tail = child[1].text, child.tail
            row.extend([child[0], prime])
            parent[place] = row


def _space_row(row: Element) -> None:
    """Space the neighbours in one row."""
    before: Element | None = None
    for child in list(row):
        if child.tag == "mo" and child.text == "∞":
            child.tag = "mi"
        if child.tag == "mo" and child.text == "/":
            child.set("lspace", "0")
            child.set("rspace", "0")
        if child.tag == "mo" and child.text in _SIGNS and (before is None or _is_operator(before)):
            child.set("form", "prefix")
        neighbours = [] if before is None else [before, child]
        if any(map(_is_function, neighbours)) and not any(map(_is_operator, neighbours)):
            row.insert(list(row).index(child), Element("mspace", width=THIN_SPACE))
        before = child


def space(formula: Element) -> None:
    """Change ``formula``, an element of MathML, in place."""
    for element in list(formula.iter()):
        _lower_primes(element)
    for element in list(formula.iter("mrow")):
        _space_row(element)
