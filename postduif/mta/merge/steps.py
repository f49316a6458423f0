"""A template as steps: stretches of text with values in them, conditions, loops. This is what runs for each recipient.

The fixed text is encoded when the template is compiled. A stretch looks up its values, encodes them together and lays
them between its pieces of text; that is all an ordinary message does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from jinja2 import nodes

from postduif.errors import TemplateError
from postduif.mta.merge.budget import Budget
from postduif.mta.merge.encoding import Encoding
from postduif.mta.merge.expression import MAX_PARTS, Expression, Local, Reader, weight
from postduif.mta.merge.filters import LINES, within
from postduif.mta.merge.names import Kind, Names
from postduif.mta.merge.template import parse
from postduif.mta.merge.value import Scope, rows, shown

MAX_VALUES = 64  # in one stretch
MAX_NESTING = 10  # conditions and loops in each other

Step = Callable[[Scope, list[bytes], Budget], None]
"""Appends the pieces of one part of a message. Raises MergeError or UnicodeEncodeError."""


class Fixed:
    """Octets that are the same for all."""

    __slots__ = ("octets",)

    def __init__(self, octets: bytes) -> None:
        self.octets = octets

    def __call__(self, scope: Scope, out: list[bytes], budget: Budget) -> None:
        """Append them."""
        budget.spend(len(self.octets))
        out.append(self.octets)


class Stretch:
    """Fixed text with values in it."""

    __slots__ = ("_again", "_chunks", "_encode", "_names", "_parts", "_runs", "_size", "alone")

    def __init__(self, texts: Sequence[str], values: Sequence[Expression], encoding: Encoding, parts: int = 0) -> None:
        """`texts` is one longer than `values`, which stand between them and have so many parts."""
        self._chunks: list[bytes] = [encoding.fixed(texts[0])]
        for text in texts[1:]:
            self._chunks += (b"", encoding.after + encoding.fixed(text))
        self._size = sum(map(len, self._chunks))
        # what stands there several times, as the token of links, is made once
        different = {value.written: value for value in values}
        places = {written: place for place, written in enumerate(different)}
        self._again = [places[value.written] for value in values]
        self._names = [value.name for value in different.values()]
        self._runs = None if all(self._names) else [value.run for value in different.values()]
        self._encode = encoding.values
        self._parts = parts
        self.alone = values[0].name if len(values) == 1 and not self._size else ""
        """The variable that is all there is, if so."""

    def __call__(self, scope: Scope, out: list[bytes], budget: Budget) -> None:
        """Append text and values."""
        if self._parts:
            budget.spend(0, self._parts)
        if self._runs is None:
            values = self._encode(list(map(scope.get, self._names)))
        else:
            values = self._encode([run(scope) for run in self._runs])
        if len(values) < len(self._again):
            values = [values[place] for place in self._again]
        budget.spend(self._size + sum(map(len, values)))
        pieces = self._chunks.copy()
        pieces[1::2] = values
        out += pieces


class _Gathered:
    """Text and values that follow each other, until a condition or loop makes a step of them."""

    def __init__(self, encoding: Encoding) -> None:
        self.steps: list[Step] = []
        self._encoding = encoding
        self._texts: list[list[str]] = [[]]
        self._values: list[Expression] = []
        self._parts = 0

    def text(self, text: str) -> None:
        self._texts[-1].append(text)

    def value(self, value: Expression, parts: int) -> None:
        self._values.append(value)
        self._texts.append([])
        self._parts += parts
        if len(self._values) == MAX_VALUES or self._parts >= MAX_PARTS:
            self.flush()

    def step(self, step: Step) -> None:
        self.flush()
        self.steps.append(step)

    def flush(self) -> None:
        texts = ["".join(pieces) for pieces in self._texts]
        if self._values:
            self.steps.append(Stretch(texts, self._values, self._encoding, self._parts))
        elif texts[0]:
            self.steps.append(Fixed(self._encoding.fixed(texts[0])))
        self._texts, self._values, self._parts = [[]], [], 0


class Compiler:
    """Makes steps of templates that stand in one place."""

    def __init__(self, place: str, names: Names, encoding: Encoding) -> None:
        self.shown: set[str] = set()
        """Variables that leave a hole where they are empty: shown without a default, and no condition asks for them."""
        self._place = place
        self._names = names
        self._encoding = encoding
        self._reader = Reader(names)
        self._loops = 0

    @property
    def used(self) -> set[str]:
        """All variables that it has met."""
        return self._reader.used

    def compile(self, source: str, *, end: str = "") -> list[Step]:
        """The steps of a template; `end` is added to one that does not end in it. Raises TemplateError."""
        body = parse(source, self._place)
        last = body[-1].nodes[-1] if body and isinstance(body[-1], nodes.Output) else None
        if not (isinstance(last, nodes.TemplateData) and last.data.endswith(end)):
            body = [*body, nodes.Output([nodes.TemplateData(end)])]
        return self._block(body, {}, frozenset(), 0)

    def _block(
        self, body: Iterable[nodes.Node], local: Mapping[str, Local], asked: frozenset[str], depth: int
    ) -> list[Step]:
        """`asked`: variables that conditions around it ask for."""
        if depth > MAX_NESTING:
            raise TemplateError(f"{self._place}: conditions and loops stand in each other more than {MAX_NESTING} deep")
        gathered = _Gathered(self._encoding)
        for node in body:
            for part in node.nodes if isinstance(node, nodes.Output) else [node]:
                try:
                    self._part(part, local, asked, depth, gathered)
                except TemplateError as error:
                    if str(error).startswith((f"{self._place}, line ", f"{self._place}: ")):
                        raise
                    raise TemplateError(f"{self._place}, line {part.lineno}: {error}") from None
        gathered.flush()
        return gathered.steps

    def _part(
        self, part: nodes.Node, local: Mapping[str, Local], asked: frozenset[str], depth: int, gathered: _Gathered
    ) -> None:
        if isinstance(part, nodes.TemplateData):
            gathered.text(part.data)
        elif isinstance(part, nodes.Filter) and part.name == LINES:
            gathered.step(self._lines(part, local, asked))
        elif isinstance(part, nodes.Expr):
            value, parts = self._value(part, local, asked), weight(part)
            gathered.value(value._replace(written=repr(part)), parts)
        elif isinstance(part, nodes.If):
            gathered.step(self._condition(part, local, asked, depth + 1))
        elif isinstance(part, nodes.For):
            gathered.step(self._loop(part, local, asked, depth + 1))
        else:
            raise TemplateError(f"{type(part).__name__.lower()} cannot be used in a template")

    def _value(self, node: nodes.Expr, local: Mapping[str, Local], asked: frozenset[str]) -> Expression:
        value = self._reader.value(node, local)
        self.shown |= value.shows - asked
        return value

    def _lines(self, node: nodes.Filter, local: Mapping[str, Local], asked: frozenset[str]) -> Step:
        encode = self._encoding.lines
        if encode is None or node.node is None or node.args or node.kwargs:
            raise TemplateError("lines takes no arguments, and can be used in HTML and text only")
        value, parts = self._value(node.node, local, asked).run, weight(node)

        def lines(scope: Scope, out: list[bytes], budget: Budget) -> None:
            budget.spend(0, parts)
            piece = encode(within(shown(value(scope))))
            budget.spend(len(piece))
            out.append(piece)

        return lines

    def _condition(self, node: nodes.If, local: Mapping[str, Local], asked: frozenset[str], depth: int) -> Step:
        branches = []
        for branch in (node, *node.elif_):
            test = self._reader.read(branch.test, local).run
            asked |= self._mentioned(branch.test, local)
            branches.append((test, weight(branch.test), self._block(branch.body, local, asked, depth)))
        otherwise = self._block(node.else_, local, asked, depth)

        def condition(scope: Scope, out: list[bytes], budget: Budget) -> None:
            chosen = otherwise
            for test, parts, steps in branches:
                budget.spend(0, parts)
                if test(scope):
                    chosen = steps
                    break
            for step in chosen:
                step(scope, out, budget)

        return condition

    def _mentioned(self, node: nodes.Node, local: Mapping[str, Local]) -> frozenset[str]:
        reader = Reader(self._names)
        reader.read(node, local)
        return frozenset(reader.used)

    def _loop(self, node: nodes.For, local: Mapping[str, Local], asked: frozenset[str], depth: int) -> Step:
        if not isinstance(node.target, nodes.Name) or node.recursive:
            raise TemplateError("a loop has one variable and is not recursive, as `for item in orders`")
        listed = self._reader.read(node.iter, local)
        if listed.kind is not Kind.LIST:
            raise TemplateError(f"a loop goes over a list, this is {listed.kind.value}")
        if not node.else_:
            self.shown |= listed.shows - asked
        self._loops += 1
        row = Local(f"\0{self._loops}", self._names.of_rows(listed.path), listed.path)
        loop = Local(f"\0{self._loops}loop", Kind.ROW, "")
        inner = {**local, node.target.name: row}
        wanted = self._reader.read(node.test, inner).run if node.test else None
        parts = weight(node.test) if node.test else 0
        all_parts = weight(node.iter)
        body = self._block(node.body, {**inner, "loop": loop}, asked, depth)
        otherwise = self._block(node.else_, local, asked, depth)

        def over(scope: Scope, out: list[bytes], budget: Budget) -> None:
            turn = dict(scope)
            chosen = []
            budget.spend(0, all_parts)
            for item in rows(listed.run(scope)):
                budget.spend(0, parts)
                turn[row.key] = item
                if wanted is None or wanted(turn):
                    chosen.append(item)
            for index, item in enumerate(chosen):
                turn[row.key], turn[loop.key] = item, (index, len(chosen))
                for step in body:
                    step(turn, out, budget)
            for step in otherwise if not chosen else ():
                step(scope, out, budget)

        return over
