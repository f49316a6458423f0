"""Contents of messages that have a recipient in memory, up to a bound. What does not fit is read from disk again."""

from __future__ import annotations

from postduif.envelope import Message


class Bodies:
    """A cache of contents by message id. Contents leave with the last user of the message, or the oldest for room."""

    def __init__(self, max_octets: int) -> None:
        self.max_octets = max_octets
        self.octets = 0
        self._messages: dict[int, Message] = {}
        self._users: dict[int, int] = {}

    def enter(self, message_id: int) -> None:
        """One more recipient of the message is in memory."""
        self._users[message_id] = self._users.get(message_id, 0) + 1

    def leave(self, message_id: int) -> None:
        """One less; the content goes with the last."""
        users = self._users.get(message_id, 0) - 1
        if users > 0:
            self._users[message_id] = users
            return
        self._users.pop(message_id, None)
        if message := self._messages.pop(message_id, None):
            self.octets -= len(message.content)

    def keep(self, message_id: int, message: Message) -> None:
        """Remember a content somebody may ask for, dropping the oldest ones if there is no room."""
        if message_id not in self._users or message_id in self._messages or len(message.content) > self.max_octets:
            return
        self._messages[message_id] = message
        self.octets += len(message.content)
        while self.octets > self.max_octets:
            oldest = next(iter(self._messages))
            self.octets -= len(self._messages.pop(oldest).content)

    def get(self, message_id: int) -> Message | None:
        """The content, if it is here."""
        return self._messages.get(message_id)
