"""An authoritative DNS server on loopback, over UDP and TCP on one port, that misbehaves when told to.

    with DnsServer('''
        example.com       MX     10 mx.example.com
        mx.example.com    60 A   198.51.100.1
        alias.example     CNAME  example.com
        broken.example    FAULT  * SERVFAIL
        mx.example.com    FAULT  AAAA SILENT
    ''') as server:
        Dns(nameservers=[server.endpoint])

A line is a name (always whole, final dot optional), perhaps a TTL, a type and its data. Names that are not there get
NXDOMAIN, types that are not there NODATA, both with an SOA. It runs in a thread of its own, so that tests may use it
with or without an event loop, and for other processes too.

Faults: SERVFAIL, REFUSED, SILENT (no answer), HELD (no answer until `release`), GARBAGE (octets that are no message),
FORGED (wrong id, wrong question, a short packet and another sender's answer first, then the true one), TRUNCATED (over
UDP: the client must come by TCP), CUT (the same, and nothing by TCP), REFERRAL (names other servers, as one that
does not resolve does), LOST (no answer to the first question of a type), STUFFED (with the true answer, records that
nobody asked for: an address of victim.example).
"""

from __future__ import annotations

import select
import socket
import threading
from collections import Counter
from contextlib import suppress

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

FORGED_ADDRESS = "203.0.113.66"
FAULTS = frozenset(
    {"SERVFAIL", "REFUSED", "SILENT", "HELD", "GARBAGE", "FORGED", "TRUNCATED", "CUT", "REFERRAL", "LOST", "STUFFED"}
)
_IN = dns.rdataclass.IN
_Records = dict[dns.name.Name, dict[dns.rdatatype.RdataType, dns.rrset.RRset]]


class DnsServer:
    """Answers from `zone` while the context lasts. `negative_ttl` is the SOA minimum, port 0 any free one."""

    def __init__(self, zone: str = "", negative_ttl: int = 60, port: int = 0) -> None:
        self._port = port
        self.asked: Counter[tuple[str, str]] = Counter()
        """How often a (name, type) was asked for, over UDP and TCP."""
        self.tcp_connections = 0
        self._records: _Records = {}
        self._faults: dict[tuple[dns.name.Name, str], str] = {}
        self._held: list[tuple[bytes, tuple[str, int]]] = []
        self._lock = threading.RLock()
        self._news = threading.Condition(self._lock)
        self._soa = dns.rrset.from_text(".", negative_ttl, "IN", "SOA", f". . 1 3600 600 86400 {negative_ttl}")
        self.add(zone)

    def __enter__(self) -> DnsServer:
        """Start to answer."""
        self._udp, self._tcp = _sockets(self._port)
        self._wake, self._woken = socket.socketpair()
        self.endpoint = f"127.0.0.1:{self._udp.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, name="dns server", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and free the port."""
        self._wake.send(b"x")
        self._thread.join()
        for sock in (self._udp, self._tcp, self._wake, self._woken):
            sock.close()

    def add(self, zone: str) -> None:
        """Add records and faults."""
        with self._lock:
            for line in zone.splitlines():
                if fields := line.split(maxsplit=2):
                    self._add_line(dns.name.from_text(fields[0]), " ".join(fields[1:]))

    def wait_asked(self, names: int) -> None:
        """Return once so many different questions were asked; call it from a thread. Raises TimeoutError after 60 s."""
        with self._lock:
            if not self._news.wait_for(lambda: len(self.asked) >= names, timeout=60):
                raise TimeoutError(f"{len(self.asked)} of {names} questions came")

    def heal(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._faults.clear()

    def release(self) -> None:
        """Answer the questions that were HELD, and hold no more."""
        with self._lock:
            held, self._held = self._held, []
            self._faults = {at: fault for at, fault in self._faults.items() if fault != "HELD"}
        for wire, peer in held:
            self._udp.sendto(self._answer(dns.message.from_wire(wire)).to_wire(), peer)

    def _add_line(self, name: dns.name.Name, line: str) -> None:
        ttl, rest = 300, line
        if line.split()[0].isdigit():
            first, rest = line.split(maxsplit=1)
            ttl = int(first)
        word, text = rest.split(maxsplit=1)
        if word == "FAULT":
            rdtype, fault = text.split()
            assert fault in FAULTS, fault
            self._faults[name, rdtype] = fault
            return
        rdata = dns.rdata.from_text("IN", word, text, origin=dns.name.root, relativize=False)
        rrset = self._records.setdefault(name, {}).setdefault(rdata.rdtype, dns.rrset.RRset(name, _IN, rdata.rdtype))
        rrset.add(rdata)
        rrset.ttl = ttl  # set by hand: a server may say what RFC 2181 section 8 forbids

    def _serve(self) -> None:
        while True:
            ready, _, _ = select.select([self._udp, self._tcp, self._woken], [], [])
            if self._woken in ready:
                return
            if self._udp in ready:
                wire, peer = self._udp.recvfrom(65535)
                self._by_udp(wire, peer)
            if self._tcp in ready:
                connection, _ = self._tcp.accept()
                with connection, suppress(OSError):
                    self._by_tcp(connection)

    def _by_udp(self, wire: bytes, peer: tuple[str, int]) -> None:
        query = dns.message.from_wire(wire)
        fault = self._note(query)
        if fault == "HELD":
            with self._lock:
                self._held.append((wire, peer))
            return
        answer = self._answer(query)
        if fault in ("TRUNCATED", "CUT"):
            answer.flags |= dns.flags.TC
            answer.answer.clear()
        limit = max(query.payload, 512)
        for packet in self._packets(query, fault, answer.to_wire(max_size=limit, prefer_truncation=True)):
            self._udp.sendto(packet, peer)
        if fault == "FORGED":
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.sendto(_forged(query).to_wire(), peer)

    def _by_tcp(self, connection: socket.socket) -> None:
        self.tcp_connections += 1
        connection.settimeout(5)
        with connection.makefile("rb") as stream:
            query = dns.message.from_wire(stream.read(int.from_bytes(stream.read(2), "big")))
        fault = self._note(query)
        if fault == "CUT":
            return
        for packet in self._packets(query, fault, self._answer(query).to_wire(max_size=65535)):
            connection.sendall(len(packet).to_bytes(2, "big") + packet)

    def _note(self, query: dns.message.Message) -> str:
        """Count a question; the fault it meets, or ""."""
        question = query.question[0]
        rdtype = dns.rdatatype.to_text(question.rdtype)
        with self._lock:
            self.asked[question.name.to_text(omit_final_dot=True), rdtype] += 1
            self._news.notify_all()
            return self._faults.get((question.name, rdtype)) or self._faults.get((question.name, "*"), "")

    def _is_first(self, query: dns.message.Message) -> bool:
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True)
        return self.asked[name, dns.rdatatype.to_text(question.rdtype)] == 1

    def _packets(self, query: dns.message.Message, fault: str, true: bytes) -> list[bytes]:
        if fault in ("SERVFAIL", "REFUSED"):
            refusal = dns.message.make_response(query)
            refusal.set_rcode(dns.rcode.from_text(fault))
            return [refusal.to_wire()]
        if fault == "REFERRAL":
            referral = dns.message.make_response(query)
            referral.authority.append(dns.rrset.from_text(".", 86400, "IN", "NS", "a.root-servers.example."))
            return [referral.to_wire()]
        if fault == "STUFFED":
            stuffed = self._answer(query)
            stuffed.answer.append(dns.rrset.from_text("victim.example.", 86400, "IN", "A", FORGED_ADDRESS))
            stuffed.additional.append(dns.rrset.from_text("victim.example.", 86400, "IN", "A", FORGED_ADDRESS))
            return [stuffed.to_wire()]
        if fault == "LOST" and self._is_first(query):
            return []
        if fault == "GARBAGE":
            return [true[:2] + b"\x84\x00\xff\xff\xff\xff\xff\xff\xff\xff" + b"\xff" * 20]
        if fault == "FORGED":
            wrong_id = _forged(query)
            wrong_id.id ^= 1
            other = dns.message.make_query("other.example.", query.question[0].rdtype, id=query.id)
            return [wrong_id.to_wire(), _forged(other).to_wire(), true[:7], true]
        return [] if fault in ("SILENT", "HELD") else [true]

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        """The true answer, CNAMEs followed as a recursive server does."""
        answer = dns.message.make_response(query, recursion_available=True)
        name, rdtype = query.question[0].name, query.question[0].rdtype
        with self._lock:
            for _ in range(20):
                here = self._records.get(name, {})
                if rdtype in here:
                    answer.answer.append(here[rdtype])
                    return answer
                if dns.rdatatype.CNAME not in here:
                    break
                answer.answer.append(here[dns.rdatatype.CNAME])
                name = here[dns.rdatatype.CNAME][0].target
            if not any(known.is_subdomain(name) for known in self._records):
                answer.set_rcode(dns.rcode.NXDOMAIN)
        answer.authority.append(self._soa)
        return answer


def _forged(query: dns.message.Message) -> dns.message.Message:
    """What an attacker would like to be believed."""
    answer = dns.message.make_response(query, recursion_available=True)
    question = query.question[0]
    rdata = FORGED_ADDRESS if question.rdtype == dns.rdatatype.A else "0 forged.example."
    with suppress(dns.exception.DNSException):
        answer.answer.append(dns.rrset.from_text(question.name, 86400, "IN", question.rdtype, rdata))
    return answer


def _sockets(port: int) -> tuple[socket.socket, socket.socket]:
    """UDP and TCP on one port; 0 is a free one."""
    while True:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", port))
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            tcp.bind(udp.getsockname())
        except OSError:
            udp.close()
            tcp.close()
            if port:
                raise
            continue
        tcp.listen(128)
        return udp, tcp
