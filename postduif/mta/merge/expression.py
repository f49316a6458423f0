"""Expressions of a template, from Jinja's tree to functions of our own.

What is not in the tables here does not exist: no calls, no attributes of Python's objects, no arithmetic, no way out.
A variable is looked up by its dotted name, so that a template can reach nothing but the values it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from jinja2 import nodes

from postduif.errors import MergeError, TemplateError
from postduif.mta.merge.filters import FILTERS, LINES
from postduif.mta.merge.names import Kind, Names
from postduif.mta.merge.value import MAX_BITS, MAX_VALUE, Scope, rows, shown

MAX_DEPTH = 20  # of expressions in each other, and of names with dots between
MAX_PARTS = 200  # variables, constants, filters and operators of one expression
_LOOP: dict[str, Callable[[int, int], object]] = {
    "index": lambda index, _: index + 1,
    "index0": lambda index, _: index,
    "first": lambda index, _: index == 0,
    "last": lambda index, length: index == length - 1,
    "length": lambda _, length: length,
    "revindex": lambda index, length: length - index,
}


class Expression(NamedTuple):
    """What an expression gives, and what is known of it before there are values."""

    run: Callable[[Scope], object]
    kind: Kind = Kind.VALUE
    path: str = ""
    """Of a list or a row: what the names of its values begin with."""
    name: str = ""
    """Of a variable of the recipient that stands alone: its name."""
    shows: frozenset[str] = frozenset()
    """Variables without which it shows nothing, or less."""
    written: str = ""
    """How it was written: two that are written the same give the same in the same place."""


class Local(NamedTuple):
    """A variable that a loop has made. `key` is where rendering keeps it: no name of a recipient's looks like it."""

    key: str
    kind: Kind
    path: str


class Reader:
    """Reads the expressions of one template. `used` gathers the variables that it meets."""

    def __init__(self, names: Names) -> None:
        self.used: set[str] = set()
        self._names = names
        self._read: dict[type[nodes.Node], Callable[..., Expression]] = {
            nodes.Name: self._variable,
            nodes.Getattr: self._variable,
            nodes.Const: self._constant,
            nodes.Filter: self._filter,
            nodes.Compare: self._compare,
            nodes.And: self._both,
            nodes.Or: self._either,
            nodes.Not: self._not,
            nodes.CondExpr: self._choice,
            nodes.Concat: self._concat,
        }

    def read(self, node: nodes.Node, local: Mapping[str, Local], depth: int = 0) -> Expression:
        """An expression; `local` are the variables of the loops around it. Raises TemplateError, without the place."""
        if depth > MAX_DEPTH:
            raise TemplateError(f"expressions stand in each other more than {MAX_DEPTH} deep; make it simpler")
        reader = self._read.get(type(node))
        if reader is None:
            raise TemplateError(f"{_WORDS.get(type(node), type(node).__name__)} cannot be used in a template")
        return reader(node, local, depth + 1)

    def value(self, node: nodes.Expr, local: Mapping[str, Local], depth: int = 0) -> Expression:
        """An expression that can be shown. Raises TemplateError."""
        expression = self.read(node, local, depth)
        if expression.kind is not Kind.VALUE:
            raise TemplateError(
                f"{expression.path} is {expression.kind.value}, no value; "
                + ("use it in a for loop" if expression.kind is Kind.LIST else "name one of its values")
            )
        return expression

    def _variable(self, node: nodes.Name | nodes.Getattr, local: Mapping[str, Local], depth: int) -> Expression:
        steps: list[str] = []
        inner: nodes.Node = node
        while isinstance(inner, nodes.Getattr):
            steps.insert(0, inner.attr)
            inner = inner.node
            if len(steps) > MAX_DEPTH:
                raise TemplateError(f"a name has more than {MAX_DEPTH} dots")
        if not isinstance(inner, nodes.Name):
            return self._field(self.read(inner, local, depth), steps)
        if inner.name == "loop" and "loop" in local:
            return _of_loop(local["loop"], ".".join(steps))
        if found := local.get(inner.name):
            return self._field(Expression(_at(found.key), found.kind, found.path), steps)
        kind, name = self._names.kind(".".join([inner.name, *steps]))
        self.used.add(name)
        if kind is Kind.LIST:
            return Expression(_at(name.removesuffix("[]")), kind, name, shows=frozenset({name}))
        return Expression(_at(name), name=name, shows=frozenset({name}))

    def _field(self, row: Expression, steps: list[str]) -> Expression:
        if not steps:
            return row
        field = ".".join(steps)
        if row.kind is not Kind.ROW:
            raise TemplateError(f".{field}: {row.kind.value} has no values of its own")
        kind, path = self._names.kind(f"{row.path}.{field}")
        self.used.add(path)
        run = row.run

        def of_row(scope: Scope) -> object:
            found = run(scope)
            if isinstance(found, dict):
                return found.get(field, "")
            if found in ("", None):
                return ""
            raise MergeError(f"a row of {row.path} is {type(found).__name__}, where values with names belong")

        return Expression(of_row, kind, path if kind is Kind.LIST else "")

    def _constant(self, node: nodes.Const, _local: Mapping[str, Local], _depth: int) -> Expression:
        constant = node.value
        if isinstance(constant, str):
            try:
                constant.encode()
            except UnicodeEncodeError:
                raise TemplateError("a text in quotes holds half a character (a lone surrogate)") from None
        if isinstance(constant, int) and constant.bit_length() > MAX_BITS:
            raise TemplateError("a number has more digits than can be shown")
        return Expression(lambda _: constant)

    def _filter(self, node: nodes.Filter, local: Mapping[str, Local], depth: int) -> Expression:
        if node.name == LINES:
            raise TemplateError("lines is the last filter of an expression, and only in HTML and text")
        filter_ = FILTERS.get(node.name)
        if filter_ is None or node.node is None:
            raise TemplateError(f"{node.name} is no filter; there are {', '.join(sorted([*FILTERS, LINES]))}")
        if node.kwargs or node.dyn_args or node.dyn_kwargs:
            raise TemplateError(f"the filter {node.name} takes no arguments by name")
        if not filter_.fewest <= len(node.args) <= filter_.most:
            wanted = {filter_.fewest, filter_.most}
            raise TemplateError(f"the filter {node.name} takes {' to '.join(map(str, sorted(wanted)))} arguments")
        subject = self.read(node.node, local, depth)
        if subject.kind is not filter_.takes:
            raise TemplateError(f"the filter {node.name} is for {filter_.takes.value}, this is {subject.kind.value}")
        arguments = [self.value(argument, local, depth).run for argument in node.args]
        call, run = filter_.call, subject.run
        shows = frozenset() if node.name == "default" else subject.shows
        if node.name in ("first", "last"):
            return Expression(lambda scope: call(run(scope)), self._names.of_rows(subject.path), subject.path)
        if not arguments:
            return Expression(lambda scope: call(run(scope)), shows=shows)
        return Expression(lambda scope: call(run(scope), *[argument(scope) for argument in arguments]), shows=shows)

    def _compare(self, node: nodes.Compare, local: Mapping[str, Local], depth: int) -> Expression:
        if len(node.ops) != 1:
            raise TemplateError("one comparison at a time; join two with `and`")
        (operand,) = node.ops
        left = self.value(node.expr, local, depth).run
        right = self.read(operand.expr, local, depth)
        if operand.op in ("in", "notin"):
            among, negated = _in(left, right), operand.op == "notin"
            return Expression(lambda scope: among(scope) is not negated)
        if right.kind is not Kind.VALUE:
            raise TemplateError(f"{right.path} is {right.kind.value}; it can only be compared with `in`")
        compare, other = _COMPARE[operand.op], right.run
        return Expression(lambda scope: compare(left(scope), other(scope)))

    def _both(self, node: nodes.And, local: Mapping[str, Local], depth: int) -> Expression:
        left, right = self.read(node.left, local, depth), self.read(node.right, local, depth)
        return Expression(lambda scope: left.run(scope) and right.run(scope), *_alike(left, right))

    def _either(self, node: nodes.Or, local: Mapping[str, Local], depth: int) -> Expression:
        left, right = self.read(node.left, local, depth), self.read(node.right, local, depth)
        return Expression(lambda scope: left.run(scope) or right.run(scope), *_alike(left, right))

    def _not(self, node: nodes.Not, local: Mapping[str, Local], depth: int) -> Expression:
        run = self.read(node.node, local, depth).run
        return Expression(lambda scope: not run(scope))

    def _choice(self, node: nodes.CondExpr, local: Mapping[str, Local], depth: int) -> Expression:
        test = self.read(node.test, local, depth).run
        yes = self.value(node.expr1, local, depth).run
        no = self.value(node.expr2, local, depth).run if node.expr2 else lambda _: ""
        return Expression(lambda scope: yes(scope) if test(scope) else no(scope))

    def _concat(self, node: nodes.Concat, local: Mapping[str, Local], depth: int) -> Expression:
        parts = [self.value(part, local, depth) for part in node.nodes]
        runs = [part.run for part in parts]
        shows = frozenset[str]().union(*[part.shows for part in parts])
        return Expression(lambda scope: _together([shown(run(scope)) for run in runs]), shows=shows)


def weight(node: nodes.Node) -> int:
    """How many parts an expression has beside the first: 0 for a variable that is only shown.

    Raises TemplateError past MAX_PARTS. Each part is work on 100,000 characters at most, so this bounds what one costs.
    """
    parts = -1
    waiting = [node]
    while waiting:
        parts += 1
        if parts > MAX_PARTS:
            raise TemplateError(f"an expression has more than {MAX_PARTS} parts; make it simpler")
        part = waiting.pop()
        while isinstance(part, nodes.Getattr):
            part = part.node
        waiting += part.iter_child_nodes()
    return parts


def _at(key: str) -> Callable[[Scope], object]:
    return lambda scope: scope.get(key, "")


def _of_loop(loop: Local, attribute: str) -> Expression:
    if attribute not in _LOOP:
        raise TemplateError(f"loop has {', '.join(_LOOP)} only")
    ask, key = _LOOP[attribute], loop.key

    def of_loop(scope: Scope) -> object:
        return ask(*scope[key])  # type: ignore[misc]  # index and length: `steps` put them there

    return Expression(of_loop)


def _alike(left: Expression, right: Expression) -> tuple[Kind, str]:
    if left.kind is right.kind and left.path == right.path:
        return left.kind, left.path
    return Kind.VALUE, ""


def _together(texts: list[str]) -> str:
    if sum(map(len, texts)) > MAX_VALUE:  # before they are one: a long value, written a thousand times
        raise MergeError(f"~ makes a text longer than {MAX_VALUE:,} characters")
    return "".join(texts)


def _in(left: Callable[[Scope], object], right: Expression) -> Callable[[Scope], bool]:
    if right.kind is not Kind.LIST:
        return lambda scope: shown(left(scope)) in shown(right.run(scope))

    def among(scope: Scope) -> bool:
        wanted = left(scope)
        return any(_same(wanted, one) for one in rows(right.run(scope)))

    return among


def _same(left: object, right: object) -> bool:
    return ("" if left is None else left) == ("" if right is None else right)


def _ordered(compare: Callable[[float | str, float | str], bool]) -> Callable[[object, object], bool]:
    """Numbers with numbers, texts with texts; anything else, and what is missing, is in no order."""

    def ordered(left: object, right: object) -> bool:
        for kind in (int | float, str):
            if isinstance(left, kind) and isinstance(right, kind) and left != "" and right != "":
                return compare(left, right)
        return False

    return ordered


_COMPARE: dict[str, Callable[[object, object], bool]] = {
    "eq": _same,
    "ne": lambda left, right: not _same(left, right),
    "lt": _ordered(lambda left, right: left < right),  # type: ignore[operator]
    "lteq": _ordered(lambda left, right: left <= right),  # type: ignore[operator]
    "gt": _ordered(lambda left, right: left > right),  # type: ignore[operator]
    "gteq": _ordered(lambda left, right: left >= right),  # type: ignore[operator]
}
_WORDS: dict[type[nodes.Node], str] = {
    nodes.Call: "a call, as name(...),",
    nodes.Getitem: "a name in square brackets (write a dot before it)",
    nodes.Test: "`is` (compare with ==, or ask `if name`)",
    nodes.List: "a list in square brackets",
    nodes.Tuple: "a list with commas",
    nodes.Dict: "a dictionary",
    **dict.fromkeys([nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow], "arithmetic"),
}
