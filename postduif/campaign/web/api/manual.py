"""The manual's page about the API, made of the routes: `python -m postduif.campaign.web.api.manual`.

A test compares the page in docs/ with what is made here, so no call goes undocumented.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from postduif.campaign.accounts.roles import SCOPES
from postduif.campaign.audience import uploads
from postduif.campaign.web.api.app import described, description, routes, scope_of
from postduif.campaign.web.api.calls import KEPT
from postduif.campaign.web.api.entrance import A_MINUTE, USUAL
from postduif.campaign.web.api.json_body import MAX_DEPTH, MAX_VALUES
from postduif.campaign.web.api.problem import CODES
from postduif.campaign.web.api.shape import MOST_LISTED
from postduif.campaign.web.turns import AT_ONCE

_INTRODUCTION = f"""\
# The REST API

*This page is made by `make docs` from `postduif/campaign/web/api/`; change the words there.*

What people do on the [pages](web.md), programs do below `/api/v1`, at the same address (`web.address`), with the same
rules. `GET /api/v1/openapi.json` has everything that stands here, for programs (OpenAPI 3.1): every field of every
call and answer. It is shown to who has a token, and to who is signed in on the pages.

    postduif user token anna --scope look --scope edit --title shop       prints the token, once

    curl https://mail.example.com/api/v1/contacts \\
        -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -H "Idempotency-Key: signup-4711" \\
        -d '{{"email": "jo@example.net", "name": "Jo", "attributes": {{"city": "Delft"}}}}'

## Tokens and scopes

A token belongs to a person, and may do what both its scopes and that person's role allow. Cookies mean nothing here. In
the history of a mailing, and in the audit trail, stands the person with the number of the token.

{{scopes}}

## Rules for all calls

- Bodies are JSON in UTF-8, {USUAL // 1024 // 1024} MB at most (mailings and messages 32 MB, imports
  {uploads.MAX_SIZE // 1024 // 1024} MB, unless the token may neither edit nor send), with {MAX_VALUES:,} values and
  {MAX_DEPTH} levels at most. A file is the body itself, as `application/octet-stream`.
- A field or parameter that is not known is refused, and so is a number written as text: nothing is guessed or ignored.
- Times are RFC 3339 in UTC: `2026-11-22T14:05:06.789Z`. Spans of time are seconds.
- One token makes up to {A_MINUTE} calls in a minute; then 429, with `Retry-After`. {AT_ONCE} requests of one person are
  answered at once; more wait.
- **Lists** have `items` and `next`, the address of the part behind it; null at the end. `limit` is {MOST_LISTED:,} at
  most. What comes or goes meanwhile shifts nothing. Short ones come whole, without `next`: attributes, kinds of child
  records, types of mail, uploads, the links of a mailing, and what one person is subscribed to and agreed to.
- **ETag**: contacts, their child records and the proofs of their consent, mailings, selections, projects, types of
  mail, forms and uploads have one. With `If-Match` a change is only made to what you have seen, else 412, or 409
  `overtaken` if somebody was first at that very moment; where it means nothing it is refused. To edit a mailing needs
  it. Its ETag is another after each edit and each preparation, so that with it you send what you looked at.
- **Idempotency-Key**: with it, a POST that is sent again is done once, and answered as the first time, for
  {KEPT / 3600:.0f} hours (`Idempotency-Replayed: true`). The key is on disk before anything is done, the answer
  before it is sent. A call that failed leaves no key behind. If we crashed in the middle, the same call again says
  `outcome_unknown`; for `/messages` it is safe, and goes on.
- What a person must confirm on the pages, a program need not: a mailing is sent by one call. With `web.approval` a
  second person agrees on the pages first; no token does.

## When it goes wrong

Problems are `application/problem+json` (RFC 9457). `code` is stable, for programs. `detail` and `remedy` are for
people.

```json
{{"type": "about:blank", "title": "Conflict", "status": 409, "code": "not_now",
 "detail": "mailing 7 is draft, which rules out: pause", "remedy": "possible now: edit, prepare",
 "allowed": ["prepare"]}}
```

What is no HTTP, has too large a header, or comes while all connections are taken, gets a status without a body.

{{codes}}
"""


def manual() -> str:
    """The whole page."""
    told = description(described())
    scopes = _table(("scope", "what it opens"), [(f"`{scope}`", words) for scope, words in SCOPES.items()])
    codes = _table(
        ("status", "code", "it means", "what to do"),
        [(str(one.status), f"`{code}`", one.words, one.remedy) for code, one in CODES.items()],
    )
    introduction = _INTRODUCTION.replace("{scopes}", scopes).replace("{codes}", codes)
    return "\n".join([introduction, *_sections(told)]).rstrip() + "\n"


def _sections(told: dict[str, Any]) -> Iterator[str]:
    by_tag: dict[str, list[tuple[str, ...]]] = {}
    shapes: dict[str, dict[str, str]] = {}
    for route in routes():
        for method in sorted(route.methods or ()):
            operation = told["paths"][route.path_format][method.lower()]
            tag = str(route.tags[0])
            call = f"`{method} {route.path_format}`"
            words = " ".join(filter(None, (_cell(operation["description"]), _parameters(operation))))
            by_tag.setdefault(tag, []).append((call, scope_of(route), words))
            if name := _body_of(operation):
                shapes.setdefault(tag, {}).setdefault(name, call)
    for tag, calls in by_tag.items():
        yield f"## {tag[:1].upper()}{tag[1:]}\n"
        yield _table(("call", "scope", "what it does"), calls) + "\n"
        said: set[str] = set()
        for name, call in shapes.get(tag, {}).items():
            yield from _fields(told["components"]["schemas"], name, f"The body of {call}", said)


def _fields(schemas: dict[str, Any], name: str, heading: str, said: set[str]) -> Iterator[str]:
    """A table, and those of the objects in it that were not `said` yet."""
    schema = schemas[name]
    needed = schema.get("required", ())
    rows = []
    for field, one in schema["properties"].items():
        words = ("needed." * (field in needed), _cell(one.get("description", "")))
        rows.append((f"`{field}`", _kind(one), " ".join(filter(None, words))))
    yield f"{heading}:\n"
    yield _table(("field", "is", "meaning"), rows) + "\n"
    for field, one in schema["properties"].items():
        for inner in re.findall(r"#/components/schemas/(\w+)", str(one)):
            if inner not in said:
                said.add(inner)
                yield from _fields(schemas, inner, f"`{field}`", said)


def _parameters(operation: dict[str, Any]) -> str:
    """Those behind the question mark."""
    names = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]
    return f"Parameters: {', '.join(f'`{name}`' for name in names)}." if names else ""


def _body_of(operation: dict[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return str(content.get("schema", {}).get("$ref", "")).rpartition("/")[2]


def _kind(schema: dict[str, Any]) -> str:
    """In a word or two."""
    if "anyOf" in schema:
        kinds = [_kind(one) for one in schema["anyOf"]]
        return " or ".join(dict.fromkeys(one for one in kinds if one != "null"))
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    if "$ref" in schema:
        return "object"
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    words = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    return words.get(str(schema.get("type")), str(schema.get("type", "any")))


def _table(heading: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heading, ("---",) * len(heading), *rows]
    return "\n".join(f"| {' | '.join(one)} |" for one in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    print(manual(), end="")
