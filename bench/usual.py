"""What the usual way of sending a mailing does: `bench.usual_way` in one process a core, Postfix and opendkim."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import machine
from bench.errors import BenchError
from bench.measure import Sink, sink
from bench.peer import Job
from bench.postfix import Postfix
from bench.proof import check, make_key
from bench.usage import cpu, usage

_WARM_UP = 100
_SETTLE = 0.5
_LIMIT = 1800.0


@dataclass(frozen=True, slots=True)
class Usual:
    """What one run took."""

    messages: int
    seconds: float
    """From the first message being made to the last at the sink."""
    signatures: float
    """RSA-2048 signatures a second on all cores, just before and after: their mean."""
    agent_cpu: float
    """CPU seconds of Postfix and opendkim."""
    programs_cpu: float
    """CPU seconds of the programs that make and submit messages."""
    memory: int
    """Octets that Postfix and opendkim have at the end, shared pages counted once."""

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds

    @property
    def share(self) -> float:
        """Of the signing rate."""
        return self.rate / self.signatures


def usual(root: Path, messages: int, seconds: int = 2) -> Usual:
    """One run, from an empty queue. Raises BenchError.

    The signing rate is measured for so many seconds, before and after.
    """
    key = root / "key.pem"
    if not key.exists():
        make_key(key)
    rate = machine.signing_rate(seconds)
    postfix = Postfix(root / "postfix")
    with sink(root / "sink", chunking=False) as end:
        try:
            port = postfix.start(Job(end.port, signed=True, key=key))
            _submitted(end, postfix, port, _WARM_UP)
            before = cpu(postfix.roots())
            began, programs = _submitted(end, postfix, port, messages)
            took = end.count.last - began
            time.sleep(_SETTLE)
            after = usage(postfix.roots())
        finally:
            postfix.stop()
        check(end.first_message.read_bytes(), key, signed=True)
    rate = (rate + machine.signing_rate(seconds)) / 2
    return Usual(messages, took, rate, after.cpu - before, programs, after.proportional)


def _submitted(end: Sink, postfix: Postfix, port: int, messages: int) -> tuple[float, float]:
    """All of them are at the sink: when the first was begun, and the CPU seconds of the programs."""
    total = end.count.messages + messages
    cores = os.cpu_count() or 1
    each, more = divmod(messages, cores)
    counts = [each + (number < more) for number in range(cores)]
    with ExitStack() as stack:
        running = [stack.enter_context(_program(port, sum(counts[:at]), count)) for at, count in enumerate(counts)]
        said = [_said(program) for program in running]
        end.wait(total, postfix)
    return min(began for began, _ in said), sum(spent for _, spent in said)


@contextmanager
def _program(port: int, first: int, count: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "bench.usual_way", f"--port={port}", str(first), str(count)]
    program = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield program
    finally:
        if program.poll() is None:
            program.kill()
        program.communicate()


def _said(program: subprocess.Popen[str]) -> tuple[float, float]:
    try:
        text, _ = program.communicate(timeout=_LIMIT)
    except subprocess.TimeoutExpired:
        raise BenchError(f"the messages were not submitted within {_LIMIT:.0f} s") from None
    if program.returncode:
        raise BenchError(f"the program that submits ended with {program.returncode}: {text[-500:]}")
    began, spent = map(float, text.split())
    return began, spent
