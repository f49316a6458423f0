"""From the text of a template to Jinja's tree of it. Jinja reads; nothing of Jinja ever runs.

`[[name]]` is made `{{ name }}` wherever text of the template stands (but not within raw blocks), a filter included.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator

from jinja2 import Environment, TemplateSyntaxError, nodes

from postduif.errors import TemplateError

MAX_TEMPLATE = 1_000_000  # characters

_BRACKETS = re.compile(r"\[\[[ \t]*([^\W\d_]\w*(?:\.\w+)*[ \t]*(?:\|[^\[\]{}\r\n]*)?)\]\]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_JINJA = Environment(keep_trailing_newline=True, autoescape=False, cache_size=0)  # noqa: S701  it only reads


def parse(source: str, place: str) -> list[nodes.Node]:
    """The nodes of a template. `place` is what errors call it. Raises TemplateError."""
    rewritten = _rewritten(source, place, str)
    try:
        return _JINJA.parse(rewritten).body
    except TemplateSyntaxError as error:
        raise TemplateError(f"{place}, line {error.lineno}: {error.message}") from None
    except (RecursionError, ValueError, OverflowError):  # a thousand brackets, a number of 5,000 digits
        raise TemplateError(f"{place}: an expression is too long or too deep") from None


def escaped(source: str, place: str) -> str:
    """A template of plain text as one of HTML: its own text is escaped, its expressions stay. Raises TemplateError."""
    return _rewritten(source, place, html.escape)


def _rewritten(source: str, place: str, text: Callable[[str], str]) -> str:
    """The template with brackets made braces and `text` applied to what is no markup."""
    if len(source) > MAX_TEMPLATE:
        raise TemplateError(f"{place}: longer than {MAX_TEMPLATE:,} characters; attach what is large")
    if found := _CONTROLS.search(source):
        line = source.count("\n", 0, found.start()) + 1
        raise TemplateError(f"{place}, line {line}: a control character, U+{ord(found[0]):04X}; take it out")
    try:
        return "".join(_tokens(source, text))
    except TemplateSyntaxError as error:
        raise TemplateError(f"{place}, line {error.lineno}: {error.message}") from None


def _tokens(source: str, text: Callable[[str], str]) -> Iterator[str]:
    line, raw = 1, False
    for number, kind, token in _JINJA.lex(source):
        piece = token
        if kind in ("raw_begin", "raw_end"):
            raw = kind == "raw_begin"
        elif kind == "data":
            parts = [token] if raw else _BRACKETS.split(token)
            parts[::2] = map(text, parts[::2])
            parts[1::2] = [f"{{{{ {expression} }}}}" for expression in parts[1::2]]
            piece = "".join(parts)
        elif kind in ("block_begin", "variable_begin", "comment_begin"):
            piece += "\n" * (number - line)  # line ends that `{%-` took away: errors name the line of the source
        line += piece.count("\n")
        yield piece
