"""Mutation operators: what can be changed in one place of a formula.

Each takes a slot and the names in its scope, and yields what could stand there instead.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from scopes import Scope
from slots import Slot

Replacements = Iterator[ast.AST | None]
Operator = Callable[[Slot, Scope], Replacements]

OTHER_OPERATOR: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
}
COMMUTATIVE = (ast.Add, ast.Mult, ast.BitAnd, ast.BitOr, ast.BitXor)
OTHER_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.GtE, ast.LtE),
    ast.LtE: (ast.Gt, ast.Lt),
    ast.Gt: (ast.LtE, ast.GtE),
    ast.GtE: (ast.Lt, ast.Gt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
# Calls whose two arguments may be given in either order.
SYMMETRIC = {"transpose", "swapaxes", "swapdims", "add", "mul", "maximum", "minimum"}
# Calls that give a tensor back where they got one, so that they can be left out.
REDUCTIONS = {"sum", "mean", "sum_to_size", "cumsum", "norm"}
SHAPES = {"unsqueeze", "squeeze", "transpose", "t", "permute", "movedim", "reshape", "view", "flatten", "expand"}
SHAPES |= {"expand_as", "flip", "roll", "triu", "tril", "diagonal"}
POINTWISE = {"exp", "log", "sqrt", "rsqrt", "reciprocal", "square", "pow", "neg", "abs", "sign", "conj", "relu"}
POINTWISE |= {"clamp", "sigmoid", "tanh", "sin", "cos", "sinh", "cosh", "erf", "erfc", "softmax", "log_softmax"}
DROPPABLE = REDUCTIONS | SHAPES | POINTWISE
TRANSPOSES = {"T", "mT", "H", "mH"}
# Their results are no gradients, so None is no plausible mistake.
NO_GRADIENTS = ("forward", "setup_context")
NEEDED_DECORATORS = ("staticmethod", "classmethod")


def _differ(first: ast.AST, second: ast.AST) -> bool:
    return ast.dump(first) != ast.dump(second)


def _neighbours_swapped(nodes: list[ast.expr]) -> Iterator[list[ast.expr]]:
    for index, (first, second) in enumerate(zip(nodes, nodes[1:])):
        if _differ(first, second):
            yield [*nodes[:index], second, first, *nodes[index + 2 :]]


def change_operator(slot: Slot, scope: Scope) -> Replacements:
    """``a + b`` becomes ``a - b``; ``a += b`` becomes ``a -= b``."""
    match slot.node:
        case ast.BinOp(left, operator, right) if type(operator) in OTHER_OPERATOR:
            yield ast.BinOp(left, OTHER_OPERATOR[type(operator)](), right)
        case ast.AugAssign(target, operator, value) if type(operator) in OTHER_OPERATOR:
            yield ast.AugAssign(target, OTHER_OPERATOR[type(operator)](), value)


def swap_operands(slot: Slot, scope: Scope) -> Replacements:
    """``a - b`` becomes ``b - a``; not where the order means nothing."""
    match slot.node:
        case ast.BinOp(left, operator, right) if not isinstance(operator, COMMUTATIVE) and _differ(left, right):
            yield ast.BinOp(right, operator, left)


def drop_operand(slot: Slot, scope: Scope) -> Replacements:
    """``a + b`` becomes ``a`` and ``b``; a number becomes neutral in :func:`change_constant` instead."""
    if not isinstance(slot.node, ast.BinOp):
        return
    left, operator, right = slot.node.left, slot.node.op, slot.node.right
    if not isinstance(right, ast.Constant):
        yield left
    if isinstance(left, ast.Constant):
        return
    match operator:
        case ast.Add() | ast.Mult() | ast.MatMult():
            yield right
        case ast.Sub():
            yield ast.UnaryOp(ast.USub(), right)
        case ast.Div():
            yield ast.BinOp(ast.Constant(1), operator, right)


def _is_saved(slot: Slot) -> bool:
    """Whether the node is an argument of ``save_for_backward``."""
    return isinstance(slot.parent, ast.Call) and slot.field == "args" and _called(slot.parent) == "save_for_backward"


def _called(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def wrong_operand(slot: Slot, scope: Scope) -> Replacements:
    """An operand, or a tensor to save, becomes another one that is at hand."""
    if (isinstance(slot.parent, ast.BinOp) or _is_saved(slot)) and isinstance(slot.node, (ast.Name, ast.Attribute)):
        other = scope.other_than(slot.node)
        if other is not None:
            yield other


def lose_history(slot: Slot, scope: Scope) -> Replacements:
    """A tensor is saved without its history: the first derivative stays right, the second does not."""
    if _is_saved(slot) and isinstance(slot.node, ast.Name):
        yield ast.Call(ast.Attribute(slot.node, "detach", ast.Load()), [], [])


def drop_sign(slot: Slot, scope: Scope) -> Replacements:
    """``-a`` becomes ``a``, ``not a`` becomes ``a``."""
    match slot.node:
        case ast.UnaryOp(ast.USub() | ast.Not(), operand):
            yield operand


def change_constant(slot: Slot, scope: Scope) -> Replacements:
    """2 becomes 3 and 1, 1 becomes 2 and 0, 1e-3 becomes 2e-3 and 1.0, True becomes False."""
    match slot.node:
        case ast.Constant(bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(int(value)):
            yield from map(ast.Constant, sorted({value + 1, 0 if value == 1 else 1}))
        case ast.Constant(float(value)):
            yield from map(ast.Constant, sorted({2 * value, 1.0} - {value}))


def _statement_of(slot: Slot) -> ast.AST:
    """The statement that takes the node as its value, or as one of several."""
    return slot.ancestors[-2] if isinstance(slot.parent, ast.Tuple) else slot.parent


def _is_result(slot: Slot) -> bool:
    """Whether the node is computed and returned."""
    computed = isinstance(slot.node, ast.expr) and not isinstance(slot.node, (ast.Tuple, ast.Constant, ast.Starred))
    return computed and isinstance(_statement_of(slot), ast.Return)


def _is_assigned(slot: Slot) -> bool:
    """Whether the node is computed and assigned."""
    computed = isinstance(slot.node, (ast.BinOp, ast.Call, ast.Name)) and not isinstance(
        getattr(slot.node, "ctx", None), ast.Store
    )
    return computed and isinstance(_statement_of(slot), ast.Assign)


def change_result(slot: Slot, scope: Scope) -> Replacements:
    """A returned value is negated, doubled, or None; an assigned value is negated."""
    result = _is_result(slot)
    if not (result or _is_assigned(slot)):
        return
    difference = isinstance(slot.node, ast.BinOp) and isinstance(slot.node.op, ast.Sub)
    if not difference:  # swap_operands negates those
        yield ast.UnaryOp(ast.USub(), slot.node)
    if result:
        yield ast.BinOp(ast.Constant(2), ast.Mult(), slot.node)
    if result and scope.function.name not in NO_GRADIENTS:
        yield ast.Constant(None)


def swap_order(slot: Slot, scope: Scope) -> Replacements:
    """Two neighbours change places: returned gradients, unpacked or saved tensors, arguments."""
    match slot.node:
        case ast.Tuple(elements) if isinstance(slot.parent, ast.Return):
            yield from (ast.Tuple(swapped, ast.Load()) for swapped in _neighbours_swapped(elements))
        case ast.Tuple(elements, ast.Store()) if not any(isinstance(element, ast.Starred) for element in elements):
            yield from (ast.Tuple(swapped, ast.Store()) for swapped in _neighbours_swapped(elements))
        case ast.Call(function, arguments, keywords):
            if not (len(arguments) == 2 and _called(slot.node) in SYMMETRIC):
                yield from (ast.Call(function, swapped, keywords) for swapped in _neighbours_swapped(arguments))


def drop_call(slot: Slot, scope: Scope) -> Replacements:
    """``a.sum(0)``, ``torch.exp(a)``, ``a[:, None]`` and ``a.mT`` become ``a``."""
    match slot.node:
        case ast.Call(ast.Attribute(value, name), arguments) if name in DROPPABLE:
            if not scope.is_module(value):
                yield value
            elif arguments:
                yield arguments[0]
        case ast.Call(ast.Name(name), [first, *_]) if name in DROPPABLE:
            yield first
        case ast.Subscript(value, index) if any(
            isinstance(node, ast.Constant) and node.value is None for node in ast.walk(index)
        ):
            yield value
        case ast.Attribute(value, name) if name in TRANSPOSES:
            yield value


def change_condition(slot: Slot, scope: Scope) -> Replacements:
    """``a < b`` becomes ``a >= b`` and ``a <= b``; ``if a`` becomes ``if not a``; and, or."""
    match slot.node:
        case ast.Compare(left, [operator], right):
            yield from (ast.Compare(left, [other()], right) for other in OTHER_COMPARISONS[type(operator)])
        case ast.BoolOp(operator, values):
            yield ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values)
        case ast.expr() if slot.field == "test" and not isinstance(slot.node, ast.UnaryOp):
            yield ast.UnaryOp(ast.Not(), slot.node)


def drop_statement(slot: Slot, scope: Scope) -> Replacements:
    """A call for its effect, a ``raise``, an ``a += b`` or a decorator is left out."""
    match slot.node:
        case ast.Expr(ast.Call()) | ast.Raise() | ast.AugAssign():
            yield ast.Pass()
        case ast.expr() if slot.field == "decorator_list" and ast.unparse(slot.node) not in NEEDED_DECORATORS:
            yield None


OPERATORS: tuple[Operator, ...] = (
    change_operator,
    swap_operands,
    drop_operand,
    wrong_operand,
    lose_history,
    drop_sign,
    change_constant,
    change_result,
    swap_order,
    drop_call,
    change_condition,
    drop_statement,
)
