"""Hands letters over by SMTP as an application does: several connections at once, with Python's own smtplib."""

from __future__ import annotations

import smtplib
import threading
import time
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from postduif.demo.letters import Letter

CONNECTIONS = 6
NAME = "app.postduif.example"
"""Ours in EHLO."""
_PATIENCE = 60.0  # seconds for one reply


def submit(port: int, letter: Letter) -> None:
    """Hand over one letter. Raises OSError and smtplib's errors."""
    with smtplib.SMTP("127.0.0.1", port, NAME, _PATIENCE) as client:
        client.sendmail(letter.sender, letter.recipients, letter.content)


class Submitting:
    """Submits in threads of its own. Read the figures from anywhere while it goes on."""

    def __init__(self, port: int, letters: Iterable[Letter]) -> None:
        self.accepted: list[str] = []
        """Message-IDs that got a 250."""
        self.refused: list[str] = []
        """What was said instead, with the Message-ID."""
        self._port = port
        self._left = deque(letters)
        self._stop = threading.Event()
        self._began = self._ended = time.monotonic()
        self._pool = ThreadPoolExecutor(CONNECTIONS, "submit")
        self._work: list[Future[None]] = []

    def start(self) -> None:
        """Begin."""
        self._began = time.monotonic()
        self._work = [self._pool.submit(self._connection) for _ in range(CONNECTIONS)]

    def stop(self) -> None:
        """Submit nothing more. Returns at once; each connection ends after its letter."""
        self._stop.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    @property
    def done(self) -> bool:
        """Every letter got its answer, or there is nobody left to answer."""
        return all(one.done() for one in self._work)

    @property
    def rate(self) -> float:
        """Letters accepted in a second."""
        return len(self.accepted) / max(self._ended - self._began, 1e-9)

    def _connection(self) -> None:
        letter: Letter | None = None
        try:
            with smtplib.SMTP("127.0.0.1", self._port, NAME, _PATIENCE) as client:
                client.ehlo()
                while self._left and not self._stop.is_set():
                    letter = self._left.popleft()
                    self._submit(client, letter)
        except (OSError, smtplib.SMTPException) as error:
            self.refused.append(f"{letter.message_id if letter else 'connection'}: {error}")
        except IndexError:  # another connection took the last one
            pass

    def _submit(self, client: smtplib.SMTP, letter: Letter) -> None:
        options = ["BODY=8BITMIME", *(["SMTPUTF8"] if letter.smtputf8 else [])]
        replies = [client.mail(letter.sender, options)]
        replies += [client.rcpt(recipient) for recipient in letter.recipients]
        if all(code == 250 for code, _ in replies):
            replies.append(client.data(letter.content))
        code, text = replies[-1]
        if code == 250 and len(replies) == len(letter.recipients) + 2:
            self.accepted.append(letter.message_id)
            self._ended = time.monotonic()
        else:
            wrong = next((reply for reply in replies if reply[0] != 250), (code, text))
            self.refused.append(f"{letter.message_id}: {wrong[0]} {wrong[1].decode('utf-8', 'replace')}")
            client.rset()
