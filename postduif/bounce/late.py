"""What a late bounce means for the address: the class of its reply, with what only a report can say beside it."""

from __future__ import annotations

from postduif.bounce.classify import Class, classify
from postduif.bounce.diagnosis import UNSAID
from postduif.bounce.finding import Finding, Kind

RULE = "late-unknown"
_VAGUE = ".0.0"
_OF_KIND = {Kind.COMPLAINT: "complaint", Kind.AUTO_REPLY: "auto_reply", Kind.CHALLENGE: "auto_reply"}
_ARRIVED = ("delivered", "relayed", "expanded")


def class_of(kind: Kind, finding: Finding) -> Class:
    """The class of a finding of any mail that came back, of which `kind` is what it is."""
    if kind in _OF_KIND:
        return Class(_OF_KIND[kind], "none", "")
    return meaning(finding)


def meaning(finding: Finding) -> Class:
    """The class of a finding of a bounce, a delay or a delivery.

    "User unknown" with a bare 550 is what filters say too, once they have seen the message: carriers in Japan do, and
    gateways that took the mail before. Unless the report shows that it answered RCPT, it counts as a filter's word:
    soft, so that it takes several to close an address.
    """
    if finding.action in _ARRIVED:
        return Class("delivered", "none", "")
    said = classify(finding.reply, finding.reply.remote_mta or finding.recipient.rpartition("@")[2])
    bare = finding.status.endswith(_VAGUE) and finding.reply.code not in UNSAID.values()
    if said.category == "recipient_unknown" and bare and not finding.at_rcpt:
        return Class("recipient_filtered", "soft", RULE)
    return said
