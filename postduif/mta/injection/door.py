"""What requests share: the door that all mail goes through, with who stands before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from postduif.address import NULL_SENDER, Address, parse
from postduif.clock import Clock
from postduif.config.kinds import HostPort
from postduif.config.schema import Config, Listener
from postduif.errors import AddressError
from postduif.mta.injection.bearer import Grant
from postduif.mta.injection.problem import Problem, of_reply
from postduif.mta.injection.request import Request
from postduif.mta.message_memory import MessageMemory
from postduif.mta.submission import Client, Submission
from postduif.mta.suppressions import Suppressions
from postduif.queue.store import Store

_NOWHERE = HostPort("127.0.0.1:0")  # in figures, where there is no HTTP listener


@dataclass(frozen=True, slots=True)
class Door:
    """Of the daemon."""

    config: Callable[[], Config]
    """The settings of now."""
    submission: Submission
    store: Store
    suppressions: Suppressions
    memory: MessageMemory
    clock: Clock


@dataclass(frozen=True, slots=True)
class Visit:
    """One request at the door."""

    door: Door
    grant: Grant
    request: Request

    def client(self, stream: str) -> Client:
        """Who hands over mail for that stream; "" is that of the door. Raises Problem for one that is not there."""
        config = self.door.config()
        http = config.http
        known = {"default", http.stream, *(one.name for one in config.stream)}
        if stream and stream not in known:
            raise Problem("invalid", f"stream: there is none of that name; known are {', '.join(sorted(known))}")
        owner = not self.grant.user
        listener = Listener(
            address=http.address or _NOWHERE,
            auth="none" if owner else "required",
            stream=stream or http.stream,
            max_message_size=http.max_message_size,
        )
        return Client(
            self.request.client.text,
            "",
            self.grant.user,
            self.request.tls,
            trusted=owner,
            listener=listener,
            senders=self.grant.senders,
            protocol="HTTPS" if self.request.tls else "HTTP",
        )

    def sender(self, client: Client, text: str) -> Address:
        """The envelope sender, which this client may use now. Raises Problem."""
        try:
            sender = parse(text) if text else NULL_SENDER
        except AddressError as error:
            raise Problem("invalid", f"sender: {error}") from None
        if (refusal := self.door.submission.may_send(client, sender)) is not None:
            raise of_reply(refusal)
        return sender

    def held(self) -> Held:
        """The account of what this request keeps in memory."""
        return Held(self.door.memory)


class Held:
    """Octets that one request holds, in `MessageMemory`; a context that gives them back."""

    def __init__(self, memory: MessageMemory) -> None:
        self._memory = memory
        self._octets = 0

    def __enter__(self) -> Self:
        """Nothing is held yet. Raises Problem when there is no room at all."""
        if not self._memory.room(relays=True):
            raise Problem("memory", "too much mail is on its way to disk; try again later")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held any more."""
        self._memory.change(-self._octets, relays=True)

    def holds(self, octets: int) -> None:
        """So much is held now. Raises Problem when that is too much for all together."""
        more, self._octets = octets - self._octets, octets
        if not self._memory.change(more, relays=True) and more > 0:
            raise Problem("memory", "too much mail is on its way to disk; try again later")
