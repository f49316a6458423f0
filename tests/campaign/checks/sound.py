"""A mailing with which every rule is content, to be spoilt in one place."""

from __future__ import annotations

from postduif.campaign.checks.dmarc import Dmarc
from postduif.campaign.checks.facts import Counts, Facts, File, Link, Rendered, Sending
from postduif.campaign.checks.identity import Identity, Key, Source
from postduif.campaign.checks.reach import Reach
from postduif.campaign.checks.spam import SpamScore
from postduif.campaign.checks.spf import Spf, SpfResult
from postduif.mta.dkim_record import Verdict

NOW = 1_700_000_000.0
"""2023-11-14 22:13:20 UTC."""
HOUR, DAY = 3600.0, 86400.0

SOURCE = Source(
    "192.0.2.1",
    Spf(SpfResult.PASS, "ip4:192.0.2.1", "v=spf1 ip4:192.0.2.1 -all", 1),
    ("mta.example.com",),
    ("mta.example.com",),
)
KEY = Key("example.com", "2026a", 2048, Verdict("ok", "it is"), aligned=True)
IDENTITY = Identity(
    "news.example.com",
    "bounce.example.com",
    "mta.example.com",
    (SOURCE,),
    (KEY,),
    Dmarc("example.com", "reject", "example.com"),
    True,
    ("mx.example.com",),
    ("mta.example.com",),
    True,
)
LINK = Link("https://www.example.com/offer?a=1", "Read on", "Offer", tracked=True)
SOUND = Facts(
    NOW,
    subject="Pigeons in spring",
    preheader="What flies where",
    html='<body><p>Dear {{ name }}, <a href="https://www.example.com/?a=1&amp;b=2">look</a>'
    '<img src="cid:one" alt="A pigeon"> <a href="{{ unsubscribe_url }}">leave</a></body>',
    text="Dear {{ name }}, look at https://www.example.com/. To leave: [[ unsubscribe_url ]]",
    sender="news@news.example.com",
    sender_name="Zoë of Pigeon News",
    reply_to="desk@example.com",
    headers=(
        ("List-Unsubscribe", "<{{ unsubscribe_url }}>, <mailto:leave@example.com>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("List-Id", "News <news.example.com>"),
        ("Feedback-ID", "7:news:postduif:sender1"),
    ),
    mail_type="news",
    public_url="https://news.example.com",
    tracking=True,
    tracking_consent="counted",
    links=(
        LINK,
        Link("{{ unsubscribe_url }}", "leave"),
        Link("mailto:desk@example.com", "Write to us"),
        Link("https://{{ shop }}.example.com/{{ page | urlencode }}", "example.com"),
        Link("#top", "Up"),
    ),
    files=(File("pigeon.gif", "image/gif", 50_000, inline=True),),
    counts=Counts(10_000, {"double": 4_000}, 6_000, 50_000, deco=3),
    before=(4_000, 5_000),
    rendered=Rendered(sample=9_000, largest=9_500, html=4_000, text=900, empty={"name": 0}),
    sending=Sending(NOW + HOUR, NOW + DAY, (NOW + HOUR, NOW + 2 * HOUR), 1.0, periodic=True, next_times=(NOW + HOUR,)),
    identities=(IDENTITY,),
    reach=Reach("news.example.com", ("192.0.2.7",)),
    spam=(SpamScore("rspamd", -0.5, 15.0), SpamScore("SpamAssassin", 0.0, 5.0)),
)
