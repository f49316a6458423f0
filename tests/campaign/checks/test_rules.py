"""Every rule: what makes it speak, and that it is silent about a mailing that is as it must be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from postduif.campaign.checks.catalogue import RULES
from postduif.campaign.checks.dmarc import Dmarc
from postduif.campaign.checks.facts import Counts, Facts, File, Limits, Link, Rendered, Sending
from postduif.campaign.checks.finding import Remark
from postduif.campaign.checks.listing import Listing, Listings, Unheard
from postduif.campaign.checks.reach import Reach, Trouble
from postduif.campaign.checks.spam import SpamScore, Symbol
from postduif.campaign.checks.spf import Spf, SpfResult
from postduif.mta.dkim_record import Verdict
from tests.campaign.checks.sound import DAY, HOUR, IDENTITY, KEY, LINK, NOW, SOUND, SOURCE

PAGE = SOUND.html


def identity(**changes: Any) -> dict[str, Any]:
    """The identity with something else in it."""
    return {"identities": (replace(IDENTITY, **changes),)}


def spf(result: SpfResult, record: str = "v=spf1 -all", lookups: int = 1) -> dict[str, Any]:
    """The one address with another result of SPF."""
    return identity(sources=(replace(SOURCE, spf=Spf(result, "so it is", record, lookups)),))


def headers(**changes: str | None) -> dict[str, Any]:
    """The fields with another text; None: without it."""
    given = {name.replace("_", "-"): text for name, text in changes.items()}
    kept = {**dict(SOUND.headers), **given}
    return {"headers": tuple((name, text) for name, text in kept.items() if text is not None)}


def mailed(**changes: Any) -> dict[str, Any]:
    """The mailing of an installation without pages."""
    return {"public_url": "", **changes}


SPEAKS: list[tuple[str, dict[str, Any], str]] = [
    ("content_fault", {"fault": "text, line 3: nam is not known; did you mean name?"}, "line 3: nam is not known"),
    ("content_fault", {"fault": "broken"}, "broken"),
    ("content_missing", {"html": " ", "text": "\n"}, "neither HTML nor text"),
    ("subject_empty", {"subject": "  "}, "is empty"),
    ("subject_long", {"subject": "x" * 51}, "has 51 characters"),
    ("subject_long", {"subject": "x" * 51 + "{{ name }}"}, "has 51 characters beside its variables"),
    ("subject_reply", {"subject": "RE: our talk"}, "'RE:'"),
    ("subject_reply", {"subject": " Antw : our talk"}, "'Antw :'"),
    ("subject_characters", {"subject": "a\u202eb"}, "turns the direction of the text (U+202E)"),
    ("subject_characters", {"subject": "a\x07b"}, "a control character (U+0007)"),
    ("subject_characters", {"subject": "a\u200bb"}, "nobody sees (U+200B)"),
    ("preheader_missing", {"preheader": ""}, "no preheader"),
    ("text_missing", {"text": ""}, "no text beside the HTML"),
    ("html_unsupported", {"html": "<form><video></form><SCRIPT>"}, "form, script, video"),
    ("html_unsupported", {"html": '<meta http-equiv=Refresh content="1;url=x">'}, "meta refresh"),
    ("image_alt", {"html": "<img src=a><img src=b alt=''>"}, "1 image has no alt text: a"),
    ("picture_missing", {"missing_pictures": ("/m/1/a.png",)}, "1 picture is not there: /m/1/a.png"),
    ("file_refused", {"files": (File("a.PDF.exe", "application/x", 1),)}, "a.PDF.exe"),
    ("sender_address", {"sender": ""}, "no sender"),
    ("sender_address", {"sender": "news@@example.com"}, "is no address"),
    ("sender_free", {"sender": "Pigeons@Gmail.com"}, "at gmail.com"),
    ("sender_characters", {"sender_name": "a\ufeffb"}, "nobody sees"),
    ("sender_picture", {"sender_name": "Pigeons \U0001f54a"}, "little picture"),
    ("reply_address", {"reply_to": "desk"}, "is none"),
    ("type_missing", {"mail_type": ""}, "no type of mail"),
    ("list_id_missing", headers(List_Id=None), "no List-Id"),
    ("feedback_id_missing", headers(Feedback_ID=None), "no Feedback-ID"),
    ("link_broken", {"links": (Link("www.example.com"),)}, "1 link leads nowhere: www.example.com"),
    ("link_broken", {"links": (Link("https:// example.com/"),)}, "leads nowhere"),
    ("link_broken", {"links": (Link("javascript:alert(1)"), Link("https://x/"))}, "2 links lead nowhere"),
    ("link_broken", {"links": (Link("https://[1/"),)}, "leads nowhere"),
    ("form_missing", {"unfit_forms": ("survey (there is none)",)}, "cannot be filled in: survey (there is none)"),
    ("link_empty", {"links": (Link("#", "Order"), Link(" "))}, "2 links have no address: Order, (no words)"),
    ("link_unsafe", {"links": (Link("HTTP://www.example.com/"),)}, "1 link begins with http://"),
    ("link_label", {"links": (replace(LINK, label=" "),)}, "1 link has no label"),
    ("link_disguised", {"links": (Link("https://a.example/", "www.bank.example"),)}, "www.bank.example"),
    ("link_disguised", {"links": (replace(LINK, text="https://www.example.com/"),)}, "another address"),
    ("link_ampersand", {"html": '<a href="https://a.example/?b=1&copy=2">x</a>'}, "&copy"),
    (
        "unsubscribe_missing",
        {**headers(List_Unsubscribe=None), "text": "stay"},
        "who reads the text cannot unsubscribe: there is neither a List-Unsubscribe field nor a link",
    ),
    (
        "unsubscribe_missing",
        {**headers(List_Unsubscribe=" "), "html": "<p>stay", "text": "stay"},
        "who reads the HTML or the text cannot unsubscribe",
    ),
    ("unsubscribe_link", mailed(html="<p>no way out</p>"), "in the HTML"),
    ("unsubscribe_link", mailed(text="no way out"), "in the text"),
    ("unsubscribe_page", {"html": "<p>no way out</p>"}, "in the HTML"),
    ("unsubscribe_page", {"html": "<p><!-- {{ unsubscribe_url }} --></p>"}, "in the HTML"),
    ("unsubscribe_page", {"html": "<p>{# <a href='{{ unsubscribe_url }}'> #}</p>"}, "in the HTML"),
    ("unsubscribe_page", {"text": "no way out"}, "in the text"),
    ("unsubscribe_page", {"text": "{% raw %}{{ unsubscribe_url }}{% endraw %}"}, "in the text"),
    ("unsubscribe_page", {"html": "<p>", "text": "unsubscribe_url"}, "in the HTML and the text"),
    ("unsubscribe_click", mailed(**headers(List_Unsubscribe_Post=None)), "one click does nothing"),
    ("unsubscribe_click", mailed(**headers(List_Unsubscribe="<mailto:a@example.com>")), "no https address"),
    ("unsubscribe_click_page", headers(List_Unsubscribe_Post=None), "one click does nothing"),
    ("unsubscribe_click_page", headers(List_Unsubscribe_Post="yes"), "one click does nothing"),
    ("unsubscribe_click_page", headers(List_Unsubscribe="<mailto:a@example.com>"), "no https address"),
    ("unsubscribe_click_page", headers(List_Unsubscribe=None), "no https address"),
    ("tracking_off", mailed(), "nothing is tracked: there is no [web] public_url"),
    ("tracking_unasked", {"tracking_consent": ""}, "also of those who never agreed"),
    ("pages_nowhere", {"reach": Reach("news.example.com")}, "news.example.com has no address"),
    (
        "pages_untrusted",
        {"reach": Reach("n.example", ("192.0.2.7",), untrusted=(Trouble("192.0.2.7", "it has expired"),))},
        "TLS of n.example, where our links lead, is not valid: 192.0.2.7: it has expired",
    ),
    ("pages_silent", {"reach": Reach("n.example", unanswered=True)}, "DNS gave no answer about n.example"),
    (
        "pages_silent",
        {"reach": Reach("n.example", ("192.0.2.7",), silent=(Trouble("192.0.2.7", "refused"),))},
        "cannot be reached from here: 192.0.2.7: refused",
    ),
    (
        "source_listed",
        {"listings": Listings(addresses=(Listing("zen.example", "192.0.2.1", ("127.0.0.2", "127.0.0.9")),))},
        "192.0.2.1, which mail leaves from, is on zen.example (127.0.0.2, 127.0.0.9)",
    ),
    (
        "link_listed",
        {"listings": Listings(domains=(Listing("dbl.example", "shop.example", ("127.0.1.2",)),))},
        "shop.example, which a link leads to, is on dbl.example (127.0.1.2)",
    ),
    (
        "blocklist_unheard",
        {"listings": Listings(unheard=(Unheard("zen.example", "it gave no answer"),))},
        "zen.example cannot be relied on: it gave no answer",
    ),
    ("blocklist_unheard", {"listings": Listings(left_out=7)}, "not asked 7 questions"),
    ("start_past", {"sending": Sending(NOW - 61)}, "the start, 2023-11-14 22:12 UTC, is past"),
    ("start_hours", {"limits": Limits(hours=(9, 23), zone="Asia/Tokyo")}, "it starts at 08:13 (Asia/Tokyo)"),
    ("schedule_over", {"sending": Sending(periodic=True, next_times=(NOW - DAY,))}, "no next time"),
    ("validity_past", {"sending": Sending(NOW + DAY, NOW + HOUR)}, "its validity ends on 2023-11-14 23:13"),
    ("validity_past", {"sending": Sending(None, NOW)}, "it starts on"),
    ("validity_short", {"sending": Sending(None, NOW + HOUR, rate=1.0)}, "take 100m at 1 a second"),
    ("wave_late", {"sending": Sending(None, NOW + HOUR, waves=(NOW, NOW + HOUR))}, "when the validity has ended"),
    ("wave_order", {"sending": Sending(waves=(NOW + HOUR, NOW + HOUR))}, "together with it"),
    ("wave_order", {"sending": Sending(NOW + HOUR, waves=(NOW,))}, "before the mailing"),
    ("dns_silent", identity(unanswered=("MX of example.com",)), "no answer about MX of example.com"),
    ("spf_refused", spf(SpfResult.FAIL), "192.0.2.1: fail (so it is)"),
    ("spf_refused", spf(SpfResult.PERMERROR), "permerror"),
    ("spf_unsure", spf(SpfResult.NONE, ""), "none"),
    ("spf_unsure", spf(SpfResult.SOFTFAIL), "softfail"),
    ("spf_lookups", spf(SpfResult.PASS, lookups=9), "takes 9 lookups"),
    ("dkim_missing", identity(keys=()), "no key of ours signs for news.example.com"),
    (
        "dkim_record",
        identity(
            keys=(
                replace(
                    KEY,
                    verdict=Verdict("error", "another key", "publish"),
                ),
            )
        ),
        "another key",
    ),
    (
        "dkim_weak",
        identity(
            keys=(
                replace(
                    KEY,
                    verdict=Verdict("warning", "a test", "remove"),
                ),
            )
        ),
        "a test",
    ),
    ("dkim_weak", identity(keys=(replace(KEY, bits=1024),)), "RSA of 1024 bits"),
    ("dmarc_missing", {**identity(dmarc=Dmarc()), "counts": Counts(5_000, {}, 5_000, 9_000)}, "no DMARC record"),
    ("dmarc_missing_bulk", identity(dmarc=Dmarc()), "no DMARC record"),
    ("dmarc_missing_bulk", identity(dmarc=Dmarc("example.com")), "no policy that is valid"),
    ("dmarc_fails", identity(keys=(), spf_aligned=False), "fails DMARC (policy reject)"),
    ("ptr_missing", identity(sources=(replace(SOURCE, names=(), confirmed=()),)), "PTR of 192.0.2.1 is not set"),
    ("ptr_missing", identity(sources=(replace(SOURCE, confirmed=()),)), "does not have that address"),
    ("ptr_other", identity(hostname="out.example.com"), "is mta.example.com, and we call ourselves out.example.com"),
    ("source_missing", identity(sources=()), "has no address in DNS"),
    ("sender_unreachable", identity(hosts=()), "news.example.com takes no mail"),
    ("returns_lost", identity(returns_reach_us=False), "where bounces go, leads to mta.example.com"),
    ("returns_lost", identity(returns_reach_us=False, return_hosts=()), "leads nowhere"),
    ("target_empty", {"counts": Counts(0)}, "has nobody in it"),
    ("target_empty", {"counts": Counts(9, {"double": 2, "quarantine": 7})}, "all 9 in the target are excluded, 7 of"),
    ("target_limit", {"limits": Limits(recipients=5_999)}, "6,000 recipients are more than the 5,999"),
    ("proof_limit", {"proof": True}, "is no proof any more"),
    ("target_everybody", {"counts": Counts(50, {}, 40, 50)}, "everybody there is, 50 people"),
    ("target_growth", {"before": (2_999,)}, "more than 2 times the largest of the last 1 mailing, 2,999"),
    ("variable_empty", {"rendered": Rendered(empty={"name": 2, "city": 1})}, "name is empty for 2 recipients"),
    ("message_failed", {"rendered": Rendered(failed=1, failure="too large")}, "for 1 recipient: too large"),
    ("size_advised", {"rendered": Rendered(html=35_001)}, "35,001 octets, more than is advised"),
    ("size_large", {"rendered": Rendered(html=60_001)}, "filters mistrust it"),
    ("size_clipped", {"rendered": Rendered(html=102_001)}, "Gmail cuts it off"),
    ("size_limit", {"rendered": Rendered(largest=25_000_001)}, "25,000,001 octets"),
    ("spam_unknown", {"spam": (SpamScore("rspamd", fault="no answer"),)}, "rspamd gave no score: no answer"),
    ("spam_found", {"spam": (SpamScore("SpamAssassin", 5.0, 5.0),)}, "5 of 5 points, and calls it spam"),
    ("spam_found", {"spam": (SpamScore("rspamd", 7.0, 15.0, spam=True),)}, "calls it spam"),
    ("spam_near", {"spam": (SpamScore("SpamAssassin", 3.0, 5.0, symbols=(Symbol("CAPS", 2.5),)),)}, "which is much"),
    ("spam_score", {"spam": (SpamScore("SpamAssassin", 1.0, 5.0),)}, "1 of 5 points, which is little"),
    ("deco_text_size", {"rendered": Rendered(text=10_000)}, "10,000 octets of text"),
    ("deco_html_size", {"rendered": Rendered(html=10_000)}, "10,000 octets of HTML"),
    ("deco_images", {"files": (File("a.png", "image/png", 9),)}, "a.png cannot be shown"),
    ("deco_images", {"files": (File("a.gif", "image/gif", 9),) * 21}, "21 images are too many"),
    ("deco_images", {"files": (File("a.gif", "image/gif", 50_000),) * 2}, "100,000 octets are too large"),
    ("deco_tags", {"html": "<table><tr></table>"}, "phones know nothing of table, tr"),
]

SILENT: list[tuple[str, dict[str, Any]]] = [
    ("preheader_missing", {"preheader": "", "html": ""}),
    ("text_missing", {"text": "", "html": ""}),
    (
        "subject_long",
        {"subject": "For {{ customer.first_name | default('our dear reader') }}: {# a note to all #}news"},
    ),
    ("subject_reply", {"subject": "Retail: the new shops"}),
    ("subject_characters", {"subject": "Ünïcödé \U0001f54a"}),
    ("reply_address", {"reply_to": "{{ owner.email }}"}),
    ("reply_address", {"reply_to": ""}),
    ("type_missing", {"mail_type": "", "transactional": True}),
    ("list_id_missing", {"headers": (), "transactional": True}),
    ("feedback_id_missing", {"headers": (), "counts": Counts(5_000, {}, 5_000)}),
    ("link_broken", {"links": (Link("https://example.com/{{ name | default('a b') }}"),)}),
    ("link_disguised", {"links": (Link("https://www.example.com/a", "Example.com"),)}),
    ("link_disguised", {"links": (Link("https://www.example.com/", "https://other.example", in_text=True),)}),
    ("unsubscribe_page", {"html": "<p>", "transactional": True}),
    ("unsubscribe_page", {"html": "<p>", "proof": True}),
    ("unsubscribe_page", {"html": "", "text": "[[leave_here]]", "unsubscribe_names": frozenset({"leave_here"})}),
    ("unsubscribe_page", mailed(html="<p>")),
    ("unsubscribe_link", {"html": "<p>"}),
    ("unsubscribe_link", mailed(html="<p>", transactional=True)),
    ("unsubscribe_missing", headers(List_Unsubscribe=None)),
    ("unsubscribe_missing", {"html": "", "text": "stay"}),
    ("unsubscribe_missing", {"headers": (), "html": "", "text": "stay", "transactional": True}),
    ("unsubscribe_missing", {"headers": (), "html": "", "text": "stay", "fault": "line 3"}),
    ("unsubscribe_click", {"headers": ()}),
    ("unsubscribe_click", mailed(headers=(), proof=True)),
    ("unsubscribe_click_page", mailed(headers=())),
    ("unsubscribe_click_page", {"headers": (), "transactional": True}),
    ("unsubscribe_click_page", {"headers": (), "proof": True}),
    ("unsubscribe_click_page", {"headers": (), "fault": "line 3"}),
    ("unsubscribe_click_page", headers(List_Unsubscribe="<HTTPS://example.com/u/1>, <mailto:a@example.com>")),
    ("tracking_off", mailed(tracking=False)),
    ("tracking_unasked", {"tracking": False, "tracking_consent": ""}),
    ("tracking_unasked", mailed(tracking_consent="")),
    ("pages_nowhere", {"reach": Reach("n.example", unanswered=True)}),
    ("pages_silent", {"reach": Reach("n.example")}),
    ("link_listed", {"listings": Listings(addresses=(Listing("zen.example", "192.0.2.1", ("127.0.0.2",)),))}),
    ("source_listed", {"listings": Listings(domains=(Listing("dbl.example", "shop.example", ("127.0.1.2",)),))}),
    ("start_past", {"sending": Sending(NOW - 59)}),
    ("start_hours", {"limits": Limits(hours=(22, 24))}),
    ("validity_short", {"sending": Sending(None, NOW + 6_000, rate=1.0)}),
    ("validity_short", {"sending": Sending(None, NOW + HOUR)}),
    ("spf_refused", spf(SpfResult.TEMPERROR)),
    ("spf_unsure", spf(SpfResult.TEMPERROR)),
    ("spf_lookups", spf(SpfResult.PASS, lookups=8)),
    ("dkim_weak", identity(keys=(replace(KEY, bits=0),))),
    ("dkim_record", identity(keys=(replace(KEY, verdict=None),))),
    ("dmarc_missing_bulk", identity(dmarc=Dmarc(unanswered=True))),
    ("dmarc_missing_bulk", {**identity(dmarc=Dmarc()), "counts": Counts(5_000, {}, 5_000)}),
    ("dmarc_fails", identity(keys=())),
    ("dmarc_fails", identity(spf_aligned=False)),
    ("dmarc_fails", identity(keys=(), spf_aligned=False, unanswered=("x",))),
    ("ptr_missing", identity(sources=(replace(SOURCE, confirmed=()),), unanswered=("mta.example.com",))),
    ("ptr_missing", identity(sources=(replace(SOURCE, confirmed=(), names=()),), unanswered=("PTR of 192.0.2.1",))),
    ("source_missing", identity(sources=(), unanswered=("mta.example.com",))),
    ("sender_unreachable", identity(hosts=(), unanswered=("MX of news.example.com",))),
    ("returns_lost", identity(returns_reach_us=False, return_domain="news.example.com")),
    ("target_empty", {"counts": None}),
    ("target_growth", {"before": ()}),
    ("size_advised", {"rendered": Rendered(html=60_001)}),
    ("size_large", {"rendered": Rendered(html=102_001)}),
    ("spam_near", {"spam": (SpamScore("SpamAssassin", 5.0, 5.0),)}),
    ("deco_text_size", {"rendered": Rendered(text=10_000), "counts": Counts(9, {}, 9)}),
    ("deco_html_size", {"rendered": Rendered(html=10_000), "counts": None}),
    ("deco_images", {"files": (File("a.png", "image/png", 900_000),), "counts": Counts(9, {}, 9)}),
    ("deco_tags", {"html": "<table>", "counts": Counts(9, {}, 9)}),
]


def said(name: str, facts: Facts) -> list[Remark]:
    """What one rule says."""
    return list(RULES[name].look(facts))


@pytest.mark.parametrize(("name", "changes", "words"), SPEAKS, ids=[f"{n}-{row[0]}" for n, row in enumerate(SPEAKS)])
def test_it_speaks(name: str, changes: dict[str, Any], words: str) -> None:
    """What is spoilt is told, with a remedy."""
    remarks = said(name, replace(SOUND, **changes))
    assert any(words in remark.text for remark in remarks), remarks
    assert all(remark.remedy for remark in remarks)


@pytest.mark.parametrize("name", RULES)
def test_it_is_silent_about_what_is_sound(name: str) -> None:
    """A mailing that is as it must be, with everything known, gives no rule anything to say."""
    assert said(name, SOUND) == []


@pytest.mark.parametrize("name", RULES)
def test_it_is_silent_about_what_is_not_known(name: str) -> None:
    """Facts that are not there yet are no fault, but for what the content itself must have."""
    wanting = {"content_missing", "subject_empty", "sender_address", "type_missing", "list_id_missing"}
    assert bool(said(name, Facts(NOW))) is (name in {*wanting, "unsubscribe_click"})


@pytest.mark.parametrize(("name", "changes"), SILENT, ids=[f"{n}-{row[0]}" for n, row in enumerate(SILENT)])
def test_it_is_silent_near_by(name: str, changes: dict[str, Any]) -> None:
    """What only looks like the fault is not told."""
    assert said(name, replace(SOUND, **changes)) == []


def test_every_rule_is_shown_to_speak() -> None:
    """No rule is without something that it speaks of."""
    assert {name for name, _, _ in SPEAKS} == set(RULES)


@pytest.mark.parametrize("name", RULES)
def test_it_says_what_must_be_so(name: str) -> None:
    """Each rule has a title: one sentence in one line."""
    title = RULES[name].title
    assert title.endswith(".")
    assert "\n" not in title
    assert RULES[name].id == name
