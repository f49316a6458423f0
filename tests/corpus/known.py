"""The relays whose reports are in the corpus, by name."""

from __future__ import annotations

from tests.corpus.relay import Relay
from tests.corpus.relays.courier import Courier
from tests.corpus.relays.dma import Dma
from tests.corpus.relays.exim import Exim
from tests.corpus.relays.nullmailer import Nullmailer
from tests.corpus.relays.opensmtpd import OpenSMTPD
from tests.corpus.relays.postfix import Postfix
from tests.corpus.relays.sendmail import Sendmail

RELAYS: dict[str, type[Relay]] = {
    relay.name: relay for relay in (Postfix, Exim, OpenSMTPD, Sendmail, Courier, Dma, Nullmailer)
}
