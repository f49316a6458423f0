"""DNS asked about a sender: what is found is what stands in DNS, and silence stays silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from postduif.campaign.checks.asking import Sender, SenderKey, look_up, sender_of, without_mail
from postduif.campaign.checks.facts import Facts
from postduif.campaign.checks.identity import Identity
from postduif.campaign.checks.rules import authentication
from postduif.config.load import read
from postduif.mta.dkim_keys import generate, parse_key, public_record, strings
from tests.campaign.checks.sound import NOW
from tests.campaign.checks.test_spf import ask
from tests.dns_server import DnsServer

PEM = generate("rsa", 1024)
KEY = parse_key(PEM, "key")
RECORD = " ".join(f'"{part}"' for part in strings(public_record(KEY)))
SENDER = Sender("news.example.com", "bounce.example.com", "mta.example.com", (), (SenderKey("example.com", "s", KEY),))
ZONE = f"""
    mta.example.com          A     192.0.2.1
    mta.example.com          AAAA  2001:db8::1
    1.2.0.192.in-addr.arpa   PTR   MTA.example.com
    1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa  PTR  mta.example.com
    bounce.example.com       MX    10 mta.example.com
    bounce.example.com       TXT   "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all"
    news.example.com         MX    10 mx.example.com
    news.example.com         MX    20 gone.example.com
    mx.example.com           A     192.0.2.9
    _dmarc.example.com       TXT   "v=DMARC1; p=reject"
    s._domainkey.example.com TXT   {RECORD}
"""


def looked_up(zone: str, sender: Sender = SENDER) -> Identity:
    """What is found about the sender."""
    with DnsServer(zone) as server:
        return ask(server, lambda resolver: look_up(resolver, sender))


def rules(identity: Identity) -> set[str]:
    """Which rules have something to say."""
    facts = Facts(NOW, identities=(identity,))
    return {rule.id for rule in authentication.RULES if list(rule.look(facts))}


def without(line: str, zone: str = ZONE) -> str:
    """The zone without the lines that begin so."""
    return "\n".join(one for one in zone.splitlines() if not one.strip().startswith(line))


def test_all_is_well() -> None:
    """Both addresses of the host pass, the key is aligned, bounces come back; only the key is short."""
    found = looked_up(ZONE)
    assert [(source.address, str(source.spf.result)) for source in found.sources] == [
        ("192.0.2.1", "pass"),
        ("2001:db8::1", "pass"),
    ]
    assert {source.confirmed for source in found.sources} == {("mta.example.com",)}
    (key,) = found.keys
    assert (key.bits, key.aligned, key.verdict and key.verdict.level) == (1024, True, "ok")
    assert (found.dmarc.where, found.dmarc.policy, found.spf_aligned) == ("example.com", "reject", True)
    assert (found.hosts, found.returns_reach_us, found.unanswered) == (("mx.example.com",), True, ())
    assert found.passes
    assert rules(found) == {"dkim_weak"}


def test_the_addresses_of_the_settings_are_judged() -> None:
    """Behind another address than the host's name has, that one counts."""
    found = looked_up(ZONE, SENDER._replace(sources=("198.51.100.7",)))
    assert [(source.address, str(source.spf.result), source.names) for source in found.sources] == [
        ("198.51.100.7", "fail", ())
    ]
    assert rules(found) == {"dkim_weak", "spf_refused", "ptr_missing"}


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (without("_dmarc"), {"dmarc_missing"}),
        (without("s._domainkey"), {"dkim_record"}),
        (without("1.2.0.192"), {"ptr_missing"}),
        (without("news.example.com"), {"sender_unreachable"}),
        (without("mx.example.com"), {"sender_unreachable"}),
        (without("bounce.example.com       MX"), {"returns_lost"}),
        (without("bounce.example.com       TXT"), {"spf_unsure"}),
        (without("mta.example.com"), {"source_missing", "returns_lost"}),
        (ZONE.replace("PTR   MTA.", "PTR   other."), {"ptr_missing"}),
        (
            ZONE.replace("PTR   MTA.", "PTR   other.") + "\nother.example.com A 192.0.2.1",
            {"ptr_other"},
        ),
        (ZONE.replace("20 gone.example.com", "20 .").replace("10 mx.example.com", "10 ."), {"sender_unreachable"}),
        (ZONE.replace("p=reject", "p=reject; adkim=s; aspf=s"), {"dmarc_fails"}),
        (ZONE.replace("p=reject", "p=reject; adkim=s"), set()),
    ],
    ids=range(13),
)
def test_what_is_wrong_is_found(changed: str, says: set[str]) -> None:
    """One change in DNS, and the rule for it speaks; the others are as before."""
    assert rules(looked_up(changed)) - {"dkim_weak"} == says


def test_a_domain_without_mx_takes_mail_itself() -> None:
    """An address is enough (RFC 5321 5.1)."""
    found = looked_up(without("news.example.com") + "\nnews.example.com A 192.0.2.8")
    assert found.hosts == ("news.example.com",)


def test_another_organisation_is_not_aligned() -> None:
    """A return path and a key of somebody else prove nothing for our domain."""
    zone = ZONE.replace("_dmarc.example.com ", "_dmarc.news.example.com ").replace("p=reject", "p=reject; psd=n")
    found = looked_up(zone)
    assert (found.spf_aligned, found.keys[0].aligned, found.passes) == (False, False, False)
    assert rules(found) == {"dkim_weak", "dmarc_fails"}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("bounce.example.com", "TXT"),
        ("bounce.example.com", "MX"),
        ("news.example.com", "MX"),
        ("mx.example.com", "*"),
        ("mta.example.com", "*"),
        ("1.2.0.192.in-addr.arpa", "PTR"),
        ("_dmarc.example.com", "TXT"),
        ("_dmarc.bounce.example.com", "TXT"),
        ("s._domainkey.example.com", "TXT"),
    ],
)
def test_no_answer_is_told_as_that(name: str, kind: str) -> None:
    """A name server that fails makes no record missing: it is told, and nothing is an error."""
    found = looked_up(f"{ZONE}\n{name} FAULT {kind} SERVFAIL")
    assert found.unanswered
    said = rules(found)
    assert "dns_silent" in said
    assert said <= {"dns_silent", "dkim_weak", "returns_lost", "dmarc_missing"}
    levels = {rule.id: rule.level.word for rule in authentication.RULES}
    assert {one for one in said if levels[one] == "error"} == set()


@pytest.mark.parametrize("name", ["_dmarc.bounce.example.com", "_dmarc.sign.example.com"])
def test_silence_about_who_belongs_together_is_no_fault(name: str) -> None:
    """Whether a return path or a key counts for the sender is not known then, so nothing is said to fail."""
    sender = SENDER._replace(keys=(SenderKey("sign.example.com", "s", KEY),))
    zone = ZONE.replace("s._domainkey.", "s._domainkey.sign.").replace("ip4:192.0.2.1 ip6:2001:db8::1 -", "?")
    found = looked_up(f"{zone}\n{name} FAULT TXT SERVFAIL", sender)
    assert found.unanswered == (name,)
    assert "dmarc_fails" not in rules(found)


def test_a_key_for_a_test_signs_all_the_same() -> None:
    """With t=y the record is warned of, and a signature that is good counts for DMARC."""
    found = looked_up(ZONE.replace('"v=DKIM1;', '"v=DKIM1; t=y;').replace("ip4:192.0.2.1 ip6:2001:db8::1 -", "?"))
    assert [str(source.spf.result) for source in found.sources] == ["neutral", "neutral"]
    assert found.keys[0].verdict is not None
    assert found.keys[0].verdict.level == "warning"
    assert rules(found) == {"dkim_weak", "spf_unsure"}


def test_domains_without_mail() -> None:
    """A null MX and a domain that is not there; one that only has an address takes mail, and silence is no reason."""
    zone = """
        null.example  MX    0 .
        mail.example  MX    10 mx.mail.example
        host.example  A     192.0.2.1
        sick.example  FAULT MX SERVFAIL
    """
    domains = ["null.example", "mail.example", "host.example", "sick.example", "gone.example", "null.example"]
    with DnsServer(zone) as server:
        assert ask(server, lambda resolver: without_mail(resolver, domains)) == {
            "null.example": "null_mx",
            "gone.example": "invalid_domain",
        }
        assert server.asked["null.example", "MX"] == 1


def test_the_settings_say_who_sends(tmp_path: Path) -> None:
    """The keys are those of the most specific domain, as when mail is signed."""
    key, file = tmp_path / "key.pem", tmp_path / "p.toml"
    key.write_bytes(PEM)
    key.chmod(0o600)
    file.write_text(
        '[server]\nhostname = "MTA.example.com"\n[bounce]\ndomain = "bounce.example.com"\n'
        '[campaign]\nsources = ["192.0.2.7"]\n'
        + "".join(
            f'[[dkim]]\ndomain = "{domain}"\nselector = "{selector}"\nkey = "{key}"\n'
            for domain, selector in [("example.com", "a"), ("news.example.com", "b"), ("news.example.com", "c")]
        )
    )
    config = read(file).config
    found = sender_of(config, "x.news.example.com")
    assert (found.return_domain, found.hostname, found.sources) == (
        "bounce.example.com",
        "mta.example.com",
        ("192.0.2.7",),
    )
    assert [(one.domain, one.selector) for one in found.keys] == [("news.example.com", "b"), ("news.example.com", "c")]
    assert [one.selector for one in sender_of(config, "example.com").keys] == ["a"]
    assert sender_of(config, "myexample.com").keys == ()
