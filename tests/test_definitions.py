"""A script imports definitions of other sections: what it gets, what is refused, and that the whole runs the same."""

from __future__ import annotations

import ast
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sitebuild.definitions import completed_script
from sitebuild.definitions.finder import sections_of
from sitebuild.definitions.imported import Chapter
from sitebuild.definitions.sibling_imports import DefinitionError
from sitebuild.examples import running_script

BASE = '''"""
Base
====

Text.
"""

import math
from functools import partial, reduce

import json

print("the run")
# Of the two.
FACTOR = 2  # twice
OFFSET = math.sqrt(4)
TABLE = {"a": FACTOR}
cube = partial(pow, 3)


# %%
# Text above code.
def scaled(x):
    # Within it.
    return x * FACTOR


# A class,
# on two lines.
class Line:
    offset = OFFSET

    def at(self, x):
        return scaled(x) + self.offset


even = scaled(1) == 2
total = sum(range(3))
for step in range(3):
    last = step
twice, thrice = 2, 3
changed = {}
for step in range(3):
    changed[step] = step
rebound = 1
rebound = 2
try:
    risky = 1
except ValueError:
    pass


def counts(x):
    return max(x, last)


def registry(name):
    return lambda function: function


@registry("x")
def registered(x):
    return x


registered.register_rule = lambda rule: rule


@registered.register_rule
def rule(x):
    return reduce(max, [x, FACTOR])


registered.register_rule(scaled)
one = 1; two = 2
'''


def chapter(**scripts: str) -> Chapter:
    texts = {"base": BASE, **scripts}
    return Chapter(list(texts), texts.__getitem__)


def complete(script: str, **others: str) -> str:
    imports = chapter(script=script, **others).imported("script")
    return completed_script.complete(script, imports, lambda section: f"# From {section}")


def test_what_is_needed_stands_in_the_place_of_the_import() -> None:
    script = "import json\nfrom base import Line\n\nprint(Line().at(1))\n"
    assert complete(script) == '''import json
import math


# From base

# Of the two.
FACTOR = 2  # twice
OFFSET = math.sqrt(4)


def scaled(x):
    # Within it.
    return x * FACTOR


# A class,
# on two lines.
class Line:
    offset = OFFSET

    def at(self, x):
        return scaled(x) + self.offset


print(Line().at(1))
'''


def test_a_script_without_such_imports_stays_as_it_is() -> None:
    assert complete(BASE) == BASE


def test_what_is_registered_with_a_name_comes_with_it() -> None:
    text = complete("from base import registered\n")
    assert "from functools import reduce" in text
    assert [line for line in text.split("\n") if line.startswith("registered.")] == [
        "registered.register_rule = lambda rule: rule",
        "registered.register_rule(scaled)",
    ]
    assert "def rule(x)" in text and "def scaled(x)" in text and "Line" not in text


def test_sections_of_sections_are_followed_and_stand_once() -> None:
    other = "import math\nfrom base import scaled\n\n\ndef again(x):\n    return scaled(scaled(x)) + math.pi\n"
    text = complete("from other import again\nfrom base import Line\n\nprint(again(1), Line())\n", other=other)
    assert [line for line in text.split("\n") if line.startswith(("#", "import", "def", "class"))] == [
        "import math",
        "# From base",
        "# Of the two.",
        "def scaled(x):",
        "# From other",
        "def again(x):",
        "# From base",
        "# A class,",
        "# on two lines.",
        "class Line:",
    ]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("import base\n", r"script\.py:1: import base would import a whole section; write: from base import Name"),
        ("import json, base as b\n", "write: from base import Name"),
        ("x = 1\nfrom .base import scaled\n", r"script\.py:2: an import begins with a dot"),
        ("from . import base\n", "an import begins with a dot"),
        ("from base import *\n", "one by one"),
        ("from base import scaled as s\n", "keep their names; write: from base import scaled"),
        ("if True:\n    from base import scaled\n", r"script\.py:2: .* put it at the top level"),
        ("def f():\n    from base import scaled\n", "put it at the top level"),
        ("from base.part import scaled\n", "base.part is no section"),
        ("from bsae import scaled\n", "neither a section of this chapter nor a module bsae"),
        ("from script import scaled\n", "in a circle: script → script"),
        ("from other import mine\n", "in a circle: script → other → script"),
        ("from broken import x\n", r"broken\.py:1: .*script\.py imports from it"),
        ("from future import x\n", r"future\.py imports from __future__"),
        ("from __future__ import annotations\nfrom base import scaled\n", "without"),
        ("from base import nothing\n", r"script\.py:1: base\.py cannot give nothing: nothing at its top level defines nothing"),
        ("from base import math\n", "import it from where it is defined"),
        ("from base import even\n", r"even in line 37 is the result of scaled\(\)"),
        ("from base import total\n", r"total in line 38 is the result of sum\(\)"),
        ("from base import step\n", "gets a value in lines 39, 43"),
        ("from base import last\n", "neither a definition nor a simple assignment"),
        ("from base import counts\n", "last gets its value in line 39"),
        ("from base import twice\n", "neither a definition nor"),
        ("from base import risky\n", "neither a definition nor"),
        ("from base import rebound\n", "gets a value in lines 45, 46"),
        ("from base import changed\n", "line 44 changes changed while the script runs"),
        ("from base import two\n", "a line of its own"),
        ("from base import scaled\n\nFACTOR = 3\n", r"script\.py:1: it brings FACTOR of base\.py:15, but script\.py:3 gives FACTOR another meaning"),
        ("from base import scaled\n\nscaled = 3\n", "another meaning"),
        ("from base import scaled\n\nfor FACTOR in (1, 2):\n    pass\n", "another meaning"),
        ("from base import Line\nimport json as math\n", "another meaning"),
        ("from base import Line\nimport math\n", "imported only in line 2; import that above"),
        ("from base import scaled\n\nprint(FACTOR)\n", r"uses FACTOR without importing it.*add it to that import"),
        ("from base import Line\n\nprint(math.pi)\n", "uses math without importing it.*import it here too"),
        ("from base import rule\n\n\ndef max(a, b):\n    return a\n", "uses Python's own max"),
        ("from clash import Clash\nfrom base import Line\n", r"it brings FACTOR of base\.py:15, but clash\.py:1"),
    ],
)
def test_what_cannot_be_imported_is_told(script: str, message: str) -> None:
    others = {
        "other": "from script import mine\n",
        "broken": "x = (\n",
        "future": "from __future__ import annotations\nx = 1\n",
        "clash": "FACTOR = 3\n\n\nclass Clash:\n    factor = FACTOR\n",
    }
    with pytest.raises(DefinitionError, match=message):
        complete(script, **others)


# -- While a script runs ----------------------------------------------------


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Any]:
    """Runs a script beside base.py and others as the build does; returns its names."""
    main = sys.modules["__main__"]

    def run(script: str, **others: str) -> dict[str, Any]:
        for name, text in {"base": BASE, "script": script, **others}.items():
            (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        path = tmp_path / "script.py"
        sys.modules["__main__"] = types.ModuleType("__main__")
        with sections_of(path):
            exec(compile(script, str(path), "exec"), vars(sys.modules["__main__"]))
        return vars(sys.modules["__main__"])

    yield run
    sys.modules["__main__"] = main


def test_definitions_belong_to_the_script_and_nothing_else_runs(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    names = run("import pickle\nfrom base import Line\n\ncopy = pickle.loads(pickle.dumps(Line()))\n")
    assert capsys.readouterr().out == ""
    assert names["Line"].__module__ == "__main__" and type(names["copy"]) is names["Line"]
    assert names["copy"].at(3) == 8
    assert "last" not in names and "base" not in sys.modules
    assert not any(type(finder).__name__ == "DefinitionFinder" for finder in sys.meta_path)
    assert names["Line"] in running_script.imported


def test_a_section_can_be_imported_from_in_several_places(run: Any) -> None:
    script = "from base import scaled\n\nfirst = scaled(1)\n\nfrom base import Line, scaled\n\nsecond = Line().at(1)\n"
    names = run(script)
    assert (names["first"], names["second"]) == (2, 4)
    text = complete(script)
    assert (text.count("# From base"), text.count("def scaled"), text.index("first =") < text.index("class Line")) == (2, 1, True)


def test_an_error_in_a_definition_leads_to_its_section(run: Any, tmp_path: Path) -> None:
    with pytest.raises(TypeError) as caught:
        run("from base import scaled\n\nscaled(None)\n")
    last = caught.traceback[-1]
    assert (str(last.path), last.lineno + 1) == (str(tmp_path / "base.py"), BASE.split("\n").index("    return x * FACTOR") + 1)


def test_the_line_of_a_call_is_that_of_the_script(run: Any) -> None:
    script = "from base import at_line\n\n\ndef own():\n    return at_line(\n    )\n\n\nfound = own()\nalso = max([1], key=lambda _: at_line())\n"
    base = "import sys\nfrom sitebuild.examples import running_script\n\n\ndef at_line():\n    return running_script.line_of(sys._getframe())\n"
    assert run(script, base=base)["found"] == 5


def test_torch_compile_finds_the_names_of_a_definition(run: Any) -> None:
    base = "import torch\n\nSCALE = 3.0\n\n\ndef inner(x):\n    return x * SCALE\n\n\ndef outer(x):\n    return inner(x) + SCALE\n"
    script = (
        "import torch\nfrom base import outer\n\n"
        "result = torch.compile(outer, fullgraph=True, backend='eager')(torch.ones(2))\n"
    )
    assert run(script, base=base)["result"].tolist() == [6.0, 6.0]


# -- Whatever the definitions are -------------------------------------------

NAMES = "abcdef"


@st.composite
def definitions(draw: st.DrawFn, names: str, known: list[str]) -> str:
    """Definitions of ``names``, each of which may use those before it and those ``known``."""
    lines, known = [], list(known)
    for name in names:
        used = draw(st.lists(st.sampled_from(known), max_size=3)) if known else []
        total = " + ".join([str(draw(st.integers(0, 9))), *(f"value({each})" for each in used)])
        lines.append(
            draw(
                st.sampled_from(
                    [
                        f"# Of {name}\n{name} = lambda: {total}",
                        f"def {name}():\n    later = {total}\n    return later",
                        f"class {name}:\n    # Its body.\n    number = {total}\n\n    def __call__(self):\n        return self.number",
                        f"{name} = {draw(st.integers(0, 9))}  # a number",
                    ]
                )
            )
        )
        lines.append(draw(st.sampled_from(["", "print('noise')", "seen = value(1)", "\n# %%\n# Text.\n"])))
        known.append(name)
    return "\n".join(lines) + "\n"


VALUE = "def value(x):\n    result = x() if callable(x) else x\n    return result() if callable(result) else result\n\n\n"


@st.composite
def chapters(draw: st.DrawFn) -> dict[str, str]:
    first = VALUE + draw(definitions("abc", []))
    taken = draw(st.lists(st.sampled_from("abc"), unique=True))
    second = f"from first import {', '.join(['value', *taken])}\n\n" + draw(definitions("def", taken))
    wanted = draw(st.lists(st.sampled_from("def"), min_size=1, unique=True))
    more = draw(st.lists(st.sampled_from("abc"), unique=True))
    third = f"from second import {', '.join(wanted)}\nfrom first import {', '.join(['value', *more])}\n\n"
    third += f"results = [value(each) for each in ({', '.join(wanted + more)},)]\n"
    return {"first": first, "second": second, "third": third}


def by_plain_import(scripts: dict[str, str]) -> Any:
    """What the third script finds if Python imports the others whole."""
    modules = {}
    for name, text in scripts.items():
        modules[name] = sys.modules[name] = types.ModuleType(name)
        exec(text, vars(modules[name]))
    for name in scripts:
        del sys.modules[name]
    return modules["third"].results


@settings(derandomize=True, deadline=None, max_examples=150)
@given(chapters())
def test_a_completed_script_does_what_the_imports_do(scripts: dict[str, str]) -> None:
    imports = Chapter(list(scripts), scripts.__getitem__).imported("third")
    text = completed_script.complete(scripts["third"], imports, lambda section: f"# From {section}")
    names: dict[str, Any] = {}
    exec(text, names)
    assert names["results"] == by_plain_import(scripts)
    assert "noise" not in text and "seen" not in text
    bound = [name for node in ast.parse(text).body for name in getattr(node, "names", []) or [getattr(node, "name", None)]]
    assert len(set(bound) - {None}) == len([name for name in bound if name])  # each stands once
