"""What the sources may not do: let an order depend on a hash, or a rule on a rounded number."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import allocation

PACKAGE = Path(allocation.__file__).parent
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))
ALLOWED: frozenset[tuple[str, int]] = frozenset()
"""(module, line) of iterations over sets whose order decides nothing; each with its reason beside it."""
SET_METHODS = {"union", "intersection", "difference", "symmetric_difference"}
ORDERLESS = {"sorted", "len", "sum", "min", "max", "any", "all", "set", "frozenset", "bool"}
IN_ORDER = {"list", "tuple", "enumerate", "iter", "zip", "map", "filter", "reversed", "next", "dict", "array", "join"}
DECORATORS = {"rule", "large_rule", "Entry"}


def is_set(node: ast.AST, names: frozenset[str]) -> bool:
    """Whether an expression is a set, as far as can be told from looking at it."""
    if isinstance(node, ast.Set | ast.SetComp):
        return True
    if isinstance(node, ast.Name):
        return node.id in names
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr | ast.BitAnd | ast.Sub | ast.BitXor):
        return is_set(node.left, names) or is_set(node.right, names)
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name):
            return node.func.id in ("set", "frozenset")
        return isinstance(node.func, ast.Attribute) and node.func.attr in SET_METHODS
    return False


def set_names(tree: ast.AST) -> frozenset[str]:
    """Names that are bound to a set somewhere in the module, and to nothing else."""
    sets, others = set(), set()
    for node in ast.walk(tree):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets, value = [node.target], node.value
        for target in targets:
            if isinstance(target, ast.Name):
                (sets if is_set(value, frozenset()) else others).add(target.id)
    return frozenset(sets - others)


def offences(source: str) -> Iterator[tuple[int, str]]:
    """Line and kind of everything by which a hash could decide an order."""
    tree = ast.parse(source)
    names = set_names(tree)
    orderless = {
        id(argument)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _called(node) in ORDERLESS
        for argument in node.args
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.For | ast.AsyncFor) and is_set(node.iter, names):
            yield node.lineno, "iterates over a set"
        in_order = isinstance(node, ast.ListComp | ast.GeneratorExp | ast.DictComp) and id(node) not in orderless
        if in_order and any(is_set(generator.iter, names) for generator in node.generators):
            yield node.lineno, "iterates over a set"
        if isinstance(node, ast.Starred) and is_set(node.value, names):
            yield node.lineno, "unpacks a set"
        if isinstance(node, ast.Call):
            yield from _calls(node, names)


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Name):
        return node.func.id
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""


def _calls(node: ast.Call, names: frozenset[str]) -> Iterator[tuple[int, str]]:
    if isinstance(node.func, ast.Name) and node.func.id == "hash":
        yield node.lineno, "calls hash()"
    if _called(node) in IN_ORDER and any(is_set(argument, names) for argument in node.args):
        yield node.lineno, "puts a set into an order"
    if _called(node) == "pop" and isinstance(node.func, ast.Attribute) and is_set(node.func.value, names):
        yield node.lineno, "pops from a set"


@pytest.mark.parametrize("module", MODULES)
def test_no_order_depends_on_a_hash(module: str) -> None:
    found = {(module, line): kind for line, kind in offences((PACKAGE / module).read_text(encoding="utf-8"))}
    assert {place: kind for place, kind in found.items() if place not in ALLOWED} == {}


@pytest.mark.parametrize(
    "source",
    [
        "for x in {1, 2}: pass",
        "for x in set(y): pass",
        "for x in frozenset(y): pass",
        "[x for x in {z for z in y}]",
        "a = {1, 2}\nfor x in a: pass",
        "list({1, 2})",
        "a = [*{1, 2}]",
        "'-'.join({x for x in y})",
        "{k: 1 for k in set(a) | set(b)}",
        "set(a).pop()",
        "for x in a.union(b): pass",
        "hash(x)",
        "next(iter({1, 2}))",
    ],
)
def test_order_that_depends_on_a_hash_is_found(source: str) -> None:
    assert list(offences(source))


@pytest.mark.parametrize(
    "source",
    ["for x in sorted({2, 1}): pass", "x in {1, 2}", "len({1})", "any(x for x in {1})", "sorted(set(a) - set(b))"],
)
def test_sets_without_an_order_are_fine(source: str) -> None:
    assert not list(offences(source))


# --- rules ------------------------------------------------------------------------------------------------


def compiled_functions(source: str) -> list[ast.FunctionDef]:
    """The functions of a module that are compiled as rules, and those handed to `Entry`."""
    tree = ast.parse(source)
    entered = {
        argument.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _called(node) in DECORATORS
        for argument in node.args
        if isinstance(argument, ast.Name)
    }
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and (
            node.name in entered
            or any(isinstance(name, ast.Name) and name.id in DECORATORS for name in node.decorator_list)
        )
    ]


def inexact(function: ast.FunctionDef) -> list[str]:
    """Every way in which a rule would leave whole numbers."""
    found = []
    for node in ast.walk(function):
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div | ast.Pow):
            found.append(f"{function.name}: {type(node.op).__name__} in line {node.lineno}")
        if isinstance(node, ast.Call) and _called(node) in {"float", "round", "float64", "sqrt", "true_divide"}:
            found.append(f"{function.name}: {_called(node)}() in line {node.lineno}")
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            found.append(f"{function.name}: {node.value} in line {node.lineno}")
    return found


def test_rules_work_with_whole_numbers_only() -> None:
    sources = [path.read_text(encoding="utf-8") for path in sorted((PACKAGE / "engine").rglob("*.py"))]
    functions = [function for source in sources for function in compiled_functions(source)]
    assert len(functions) > 60, "the rules are not where this test looks for them"
    assert [offence for function in functions for offence in inexact(function)] == []


@pytest.mark.parametrize("body", ["a / b", "float(a)", "a * 1.05", "a ** b", "round(a)"])
def test_rule_that_leaves_whole_numbers_is_found(body: str) -> None:
    (function,) = compiled_functions(f"@rule\ndef f(a, b):\n    return {body}\n")
    assert inexact(function)


def test_tables_of_the_rules_have_whole_numbers_only() -> None:
    from allocation.engine.tables import DTYPES

    kinds = {dtype[name].kind for dtype in DTYPES.values() for name in dtype.names or ()}
    assert kinds <= {"i", "u"}
