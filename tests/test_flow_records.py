"""What is recorded of a backward pass is what calculus says, and recording it leaves no trace in the script."""

from __future__ import annotations

import math
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sitebuild.examples.observer import ScriptResults
from sitebuild.flows.observer import ResultObserver
from sitebuild.flows.process_copy import CopyError, run_in_copy
from sitebuild.flows.record import Flow, Step, load, value_of
from sitebuild.flows.words import nested
from sitebuild.graphs import record as graph_record
from sitebuild.running.example_runner import import_common

START = """
import torch
from torchviz import make_dot

x = torch.tensor([0.5, -1.0], dtype=torch.float64, requires_grad=True)
y = torch.tensor([2.0, 0.25], dtype=torch.float64, requires_grad=True)
"""
# Derivatives of each operation by its arguments, worked out on paper.
RULES = {
    "mul": (lambda a, b: a * b, [lambda a, b: b, lambda a, b: a]),
    "sub": (lambda a, b: a - b, [lambda a, b: 1.0, lambda a, b: -1.0]),
    "sin": (math.sin, [math.cos]),
    "exp": (lambda a: math.exp(a), [lambda a: math.exp(a)]),
}


@pytest.fixture(scope="module", autouse=True)
def imports() -> None:
    """What torch imports late is imported once, not in each copy; a build does the same."""
    import_common(["import torch, torchviz"] * 2)


def record(code: str) -> tuple[Flow, graph_record.Graph, str]:
    """Run ``code`` as an example: the flow and the graph of its drawing ``___``, and the text that it left in ``state``."""
    with tempfile.TemporaryDirectory() as folder:

        def run() -> str:
            observer, names = ResultObserver(), {"__name__": "__main__"}
            observer.start()
            exec(compile(START + code, "example", "exec"), names)
            observer.take(ScriptResults(Path(folder), "example"), 0, {"example_globals": names})
            graph_record.save(graph_record.from_torchviz(names["___"]), Path(folder, "graph"))
            return str(names.get("state", ""))

        state = run_in_copy(run)
        return load(Path(folder, "example.flow-0.json")), graph_record.load(Path(folder, "graph")), state


def numbers(values: list[float]) -> tuple[str, ...]:
    """As a record writes them."""
    import torch

    return value_of(torch.tensor(values, dtype=torch.float64)).numbers


@st.composite
def programs(draw: st.DrawFn) -> list[tuple[str, list[int]]]:
    """Operations, each on earlier values; 0 and 1 are x and y."""
    program = []
    for position in range(draw(st.integers(1, 6))):
        name = draw(st.sampled_from(sorted(RULES)))
        place = st.integers(0, position + 1)
        program.append((name, [draw(place) for _ in RULES[name][1]]))
    return program


def by_hand(program: list[tuple[str, list[int]]]) -> tuple[list[list[float]], set[int]]:
    """The gradient of the last value's sum by every value, and which of them it reaches."""
    values = [[0.5, -1.0], [2.0, 0.25]]
    for name, places in program:
        values.append([RULES[name][0](*(values[place][i] for place in places)) for i in (0, 1)])
    gradients = [[0.0, 0.0] for _ in values]
    gradients[-1], reached = [1.0, 1.0], {len(values) - 1}
    for position in range(len(program) + 1, 1, -1):
        name, places = program[position - 2]
        if position not in reached:
            continue
        for place, rule in zip(places, RULES[name][1], strict=True):
            reached.add(place)
            for i in (0, 1):
                gradients[place][i] += gradients[position][i] * rule(*(values[each][i] for each in places))
    return gradients, reached


@settings(derandomize=True, deadline=None, max_examples=40)
@given(programs())
def test_every_node_receives_what_calculus_says(program: list[tuple[str, list[int]]]) -> None:
    lines = [f"v{n} = torch.{name}({', '.join(f'v{p}' for p in places)})" for n, (name, places) in enumerate(program, 2)]
    last = f"v{len(program) + 1}"
    code = "\n".join(["v0, v1 = x, y", *lines, f"___ = make_dot({last}, params={{'x': x, 'y': y}})"])
    flow, graph, _state = record(code)
    (one,) = flow.passes
    gradients, reached = by_hand(program)
    expected = Counter(
        (f"{name.capitalize()}Backward0", numbers(gradients[n])) for n, (name, _places) in enumerate(program, 2) if n in reached
    )
    told = [step for step in one.steps if step.name != "AccumulateGrad"]
    assert Counter((step.name, step.received[0].numbers) for step in told) == expected
    # A node runs after all of those from which it receives something, and each is drawn under its own name.
    order = [step.node for step in one.steps]
    assert all(order.index(sent.to) > order.index(step.node) for step in told for sent in step.sent)
    assert all(graph.nodes[step.node].name == step.name for step in one.steps)
    leaves = {graph.nodes[end.tensor].name: end.value.numbers for end in one.ends}
    assert leaves == {name: numbers(gradients[n]) for n, name in enumerate("xy") if n in reached}


def step_of(steps: tuple[Step, ...], name: str) -> Step:
    (found,) = (step for step in steps if step.name == name)
    return found


def test_a_second_pass_follows_what_the_first_has_added() -> None:
    flow, graph, _state = record(
        "out = torch.exp(x)\n"
        "(grad_x,) = torch.autograd.grad(out, x, y, create_graph=True)\n"
        "___ = make_dot((grad_x, out), params={'x': x, 'y': y, 'out': out, 'grad_x': grad_x})"
    )
    first, second = flow.passes
    assert [first.create_graph, second.create_graph] == [True, False]
    e = [math.exp(0.5), math.exp(-1.0)]
    step = step_of(first.steps, "ExpBackward0")
    assert [graph.nodes[n].name for n in step.adds] == ["MulBackward0"]
    assert {graph.nodes[n].name for n in step.leads_to} == {"x", "y"} and step.leads_not_to == ()
    assert [(saved.name, saved.value.numbers) for saved in step.reads] == [("result", numbers(e))]
    (end,) = first.ends
    assert (graph.nodes[end.tensor].name, graph.nodes[end.result].name) == ("x", "grad_x")
    assert end.value.numbers == numbers([2 * e[0], 0.25 * e[1]])
    # The sum of y exp(x) by y is exp(x), and by x it is y exp(x).
    ends = {graph.nodes[end.tensor].name: end.value.numbers for end in second.ends}
    assert ends == {"x": numbers([2 * e[0], 0.25 * e[1]]), "y": numbers(e)}


LOSING = """
class Lose(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.e = torch.exp(x)
        return ctx.e.clone()

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * ctx.e

out = Lose.apply(x)
(grad_x,) = torch.autograd.grad(out, x, y, create_graph=True)
___ = make_dot((grad_x, x, out), params={'x': x, 'y': y, 'out': out, 'grad_x': grad_x})
"""


def test_a_lost_path_is_told_where_it_is_lost() -> None:
    flow, graph, _state = record(LOSING)
    first, second = flow.passes
    step = step_of(first.steps, "LoseBackward")
    assert [graph.nodes[n].name for n in step.leads_to] == ["y"]
    assert [graph.nodes[n].name for n in step.leads_not_to] == ["x"]
    assert {graph.nodes[end.tensor].name: end.value is None for end in second.ends} == {"x": True, "y": False}


def test_what_is_not_drawn_has_no_number() -> None:
    flow, graph, _state = record(LOSING.replace("(grad_x, x, out)", "grad_x").replace("'x': x, ", "").replace("'out': out, ", ""))
    first, second = flow.passes
    assert (first.starts[0].to, step_of(first.steps, "LoseBackward").node, first.ends[0].tensor) == (None, None, None)
    assert [graph.nodes[step.node].name for step in second.steps] == ["MulBackward0", "AccumulateGrad"]


COUNTING = """
runs = []

class Counted(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad_output):
        runs.append(torch.rand(()).item() if RANDOM else 0)
        print("backward")
        return grad_output * (2 + runs[-1]) * ctx.saved_tensors[0]

torch.manual_seed(0)
out = Counted.apply(x).sum()
___ = make_dot(out, params={'x': x})
before = len(runs), x.grad, torch.initial_seed()
out.backward()  # works once: nothing was freed
state = (before, len(runs), x.grad.tolist(), torch.rand(()).item())
"""


def test_a_script_does_not_notice_that_it_is_recorded() -> None:
    code = COUNTING.replace("RANDOM", "False")
    flow, _graph, state = record(code)
    assert [step.name for step in flow.passes[0].steps] == ["SumBackward0", "CountedBackward", "AccumulateGrad"]
    plain: dict[str, object] = {"__name__": "__main__"}
    alone = run_in_copy(lambda: exec(START + code, plain) or str(plain["state"]))
    assert state == alone
    assert state.startswith("((0, None, 0), 1, [1.0, -2.0], ")


def test_random_numbers_repeat_and_a_counter_does_not() -> None:
    flow, _graph, _state = record(COUNTING.replace("RANDOM", "True"))
    assert flow.passes[0].repeats
    flow, _graph, _state = record(COUNTING.replace("torch.rand(()).item() if RANDOM else 0", "len(runs)"))
    assert (flow.passes[0].repeats, flow.passes[0].steps) == (False, ())


def test_what_a_pass_raises_is_its_end() -> None:
    code = COUNTING.replace("RANDOM", "False").replace("return grad_output *", "raise ValueError('no rule')\n        return")
    flow, _graph, _state = record(code.partition("before")[0])
    assert flow.passes[0].error == "ValueError: no rule"
    assert [step.name for step in flow.passes[0].steps] == ["SumBackward0", "CountedBackward"]


def test_a_changed_gradient_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from sitebuild.flows.recorder import Recorder

    monkeypatch.setattr(Recorder, "_before", lambda self, node: lambda grads: tuple(2 * each for each in grads))
    monkeypatch.setattr(Recorder, "_after", lambda self, node: lambda *grads: None)
    flow, _graph, _state = record("___ = make_dot((x * y).sum(), params={'x': x})")
    assert flow.passes == ()
    assert flow.complaint.startswith("line 7: RecordingError: recorded, the pass gave gradients of norm 16.12, 8.944; ")


def test_large_tensors_are_told_by_their_norm() -> None:
    import torch

    value = value_of(torch.full((3, 3), 2.0))
    assert (value.shape, value.dtype, value.numbers, value.norm) == ((3, 3), "float32", (), "6")
    assert nested(("1", "2", "3", "4"), (2, 2)) == "[[1, 2], [3, 4]]"
    assert nested(("1",), ()) == "1"


def test_a_copy_that_dies_is_told() -> None:
    import os

    with pytest.raises(CopyError, match="it ended too early"):
        run_in_copy(lambda: os._exit(0))
