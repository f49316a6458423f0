"""Something of each kind that the API has, made by the API, so that calls about number 1 are about something."""

from __future__ import annotations

from tests.api_world import Program
from tests.campaign.media.samples import gif

CONTENT = {
    "subject": "For {{ name }}",
    "sender": {"address": "news@sender.example", "name": "News"},
    "body": "<p>Dear {{ name }}</p>",
}


def filled(program: Program) -> None:
    """Two people, an attribute, selections, a project, a type of mail, a picture, a mailing and a template."""
    calls: list[tuple[str, str, object]] = [
        ("POST", "/attributes", {"name": "city", "kind": "text"}),
        ("POST", "/attributes", {"name": "interests", "kind": "list"}),
        ("POST", "/collections", {"name": "orders", "key": "code"}),
        ("POST", "/contacts", {"email": "jo@remote.example", "name": "Jo", "attributes": {"city": "Delft"}}),
        ("POST", "/contacts", {"email": "an@remote.example", "name": "An"}),
        ("POST", "/contacts/1/records/orders", {"values": {"code": "7"}}),
        ("POST", "/selections", {"name": "Some", "kind": "static"}),
        ("POST", "/selections", {"name": "Delft", "kind": "dynamic", "condition": 'city = "Delft"'}),
        ("POST", "/selections", {"name": "Never", "kind": "addresses"}),
        ("POST", "/selections/1/members", {"contacts": [1, 2]}),
        ("POST", "/projects", {"name": "Fair"}),
        ("POST", "/projects/1/members", {"contacts": [1], "role": "guest"}),
        ("PUT", "/mail-types/news", {"everybody": True}),
        ("POST", "/forms", {"name": "survey", "types": ["news"], "public": False}),
        ("POST", "/mailings", {"name": "November", "target": {"selections": ["Some"]}, "content": CONTENT}),
        ("POST", "/media?name=logo.gif", gif()),
        ("POST", "/mailings", {"name": "Order", "template": True, "content": CONTENT}),
    ]
    for method, path, body in calls:
        answer = program.ask(method, path, body, {})
        assert answer.status in (200, 201), (path, answer)
