"""The daemon: builds every part from the settings, starts, reloads and stops them. The only file that knows all."""

from __future__ import annotations

import asyncio
import signal
import socket
import ssl
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from postduif import log, systemd
from postduif.bounce.classify import classify
from postduif.campaign.beside import companions
from postduif.clock import Clock, SystemClock
from postduif.config.kinds import HostPort
from postduif.config.load import load
from postduif.config.schema import Config, Listener
from postduif.errors import ConfigError, PostduifError, StoreError
from postduif.mta import metrics
from postduif.mta.auth_backoff import Backoff
from postduif.mta.control import Action, Control
from postduif.mta.credentials import Credentials
from postduif.mta.delivery import Delivery
from postduif.mta.dkim import Signer
from postduif.mta.erasures import Erasures
from postduif.mta.health import STALLED, Health, HealthServer
from postduif.mta.injection.door import Door
from postduif.mta.injection.opening import HttpDoor, http_tls
from postduif.mta.last_hour import LastHour
from postduif.mta.leaving_operations import LeavingOperations
from postduif.mta.link_addresses import LinkAddresses
from postduif.mta.live import LiveOperations
from postduif.mta.loop_beats import LoopBeats
from postduif.mta.mailing_operations import MailingOperations
from postduif.mta.mailings import Mailings
from postduif.mta.message_memory import MessageMemory
from postduif.mta.operations import SiteOperations
from postduif.mta.queue_operations import QueueOperations
from postduif.mta.queue_tables import EXTENSIONS
from postduif.mta.resolver import Resolver
from postduif.mta.return_addresses import ReturnAddresses
from postduif.mta.returns import Returns
from postduif.mta.server import SmtpServer, tls_context
from postduif.mta.sites import Sites
from postduif.mta.submission import Submission
from postduif.mta.suppression_operations import SuppressionOperations
from postduif.mta.suppressions import Suppressions
from postduif.mta.unprocessed_operations import UnprocessedOperations
from postduif.mta.webhook_operations import WebhookOperations
from postduif.mta.webhooks import Secrets, Webhooks, read_secrets
from postduif.queue.standing_orders import StandingOrders
from postduif.queue.store import Store
from postduif.queue.stores import Stores
from postduif.reply import Reply

_Place = tuple[HostPort, int]
GRACE = 20.0  # seconds that sessions and transactions under way have to end when we stop
_FIXED = ("hostname", "data_dir", "run_dir")  # settings of [server] that only a restart changes


class App:
    """One daemon. `run` returns when it was told to stop."""

    def __init__(self, path: Path, clock: Clock | None = None, *, accompanied: bool = False) -> None:
        """Reads the settings and opens the queue. Raises ConfigError, StoreError.

        `accompanied`: `run` keeps the campaign's processes alive, too.
        """
        self._path = path
        self._clock = clock or SystemClock()
        self._config = load(path, serving=True)
        log.configure(self._config.server.log_format, self._config.server.log_level)
        self._signer = Signer.load(self._config.dkim, self._clock)
        self._contexts = _contexts(self._config)
        self._http_tls = http_tls(self._config.http)
        self._secrets = read_secrets(self._config)
        self.store = Store.open(self._config.server.data_dir, self._config.queue, self._clock, EXTENSIONS)
        self.stores = Stores(self.store, self._clock)
        self.store.observe_commits(metrics.COMMIT_SECONDS.observe)
        classify(Reply(250, "", ""))  # reads the rules: not while mail waits for the event loop
        self._companions = companions(path, lambda: self._config) if accompanied else ()
        self._hour = LastHour(self._clock)
        self._stop = asyncio.Event()
        self._beat = time.monotonic()
        self._ready = False
        self._errors = 0

    # --- life

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, _nothing_to_reload)
        await self.start()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self.reload)
        delivering = asyncio.create_task(self.delivery.run())
        beating = asyncio.create_task(self._beats())
        stopping = asyncio.create_task(self._stopped())
        dying = asyncio.create_task(self.stores.died())
        tasks = (delivering, beating, stopping, dying)
        accompanying = [asyncio.create_task(one.run()) for one in self._companions]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            failed = [task.exception() for task in tasks[:2] if task.done() and not task.cancelled()]
            await self.stop(0.0 if dying.done() else GRACE)
            died = dying.done()  # perhaps only while we stopped
            alive = (*tasks, *accompanying)
            for task in alive:
                task.cancel()
            await asyncio.gather(*alive, return_exceptions=True)
        if died:  # the exit status tells systemd to start us again
            raise StoreError(self.store.trouble)
        if failed:
            raise PostduifError(f"a part of the daemon failed: {failed[0]!r}; please report this mistake of ours")

    async def _stopped(self) -> None:
        await self._stop.wait()

    async def start(self) -> None:
        """Open every door. Raises OSError when an address is taken."""
        config = self._config
        resolver = Resolver(config.dns, self._clock)
        self._resolver = resolver
        sites = Sites(config, resolver)
        self.suppressions = await Suppressions.load(self.store, config, self._clock)
        addresses = ReturnAddresses.of(config)
        self.mailings = Mailings(self.stores, self.suppressions, config.server.data_dir, config.queue, self._clock)
        self.erasures = Erasures(self.store, self.mailings, self._clock)
        self._returns = addresses and Returns(
            self.store, self.suppressions, addresses, lambda: self._config, self._clock, self.mailings
        )
        self.submission = Submission(
            config, self.store, self._clock, sites.refuses_replies, self.suppressions, addresses
        )
        self.delivery = Delivery(
            config,
            store=self.stores,
            sites=sites,
            signer=self._signer,
            suppressions=self.suppressions,
            returns=self._returns,
            mailings=self.mailings,
            clock=self._clock,
        )
        self.delivery.links = LinkAddresses.of(config)
        self.webhooks = Webhooks(config, self._secrets, store=self.store, resolver=resolver, clock=self._clock)
        await self.webhooks.start()
        self._memory = MessageMemory(config.server.max_message_memory)
        self._credentials = Credentials(config.server.data_dir, Backoff(config.auth, self._clock))
        self.servers = [
            SmtpServer(
                one,
                hostname=config.server.hostname,
                submission=self.submission,
                credentials=self._credentials,
                clock=self._clock,
                tls=self._contexts[place],
                memory=self._memory,
            )
            for place, one in _placed(config).items()
        ]
        given = systemd.listen_sockets()
        for server, one in zip(self.servers, config.listener, strict=True):
            try:
                await server.start(_take(given, one))
            except OSError as error:
                raise ConfigError(
                    f"listener {one.address}: {error.strerror}; `postduif check` says what is in the way"
                ) from None
            log.info("listening", address=_text(server.address), role=one.role, tls=one.tls)
        await self._open_http()
        self._control = Control(config.server.run_dir, self._actions(), self.http.attend)
        await self._control.start()
        self._health = _health_server(config, self)
        self._ready = True
        systemd.notify("READY=1", f"STATUS=serving as {config.server.hostname}")
        self.mailings.look_soon()
        log.info("ready", hostname=config.server.hostname, queued=self.store.stats.queued)

    async def _open_http(self) -> None:
        door = Door(lambda: self._config, self.submission, self.store, self.suppressions, self._memory, self._clock)
        self.http = HttpDoor(door, self._credentials.backoff, self._http_tls)
        try:
            await self.http.open()
        except OSError as error:
            raise ConfigError(f"http.address: {error.strerror}; `postduif check` says what is in the way") from None

    async def stop(self, grace: float = GRACE) -> None:
        """Close every door, let what is under way end, for `grace` seconds, and leave the rest in the queue."""
        if not self._ready:
            return
        self._ready = False
        systemd.notify("STOPPING=1")
        log.info("stopping", grace=grace)
        closing = [*(server.close(grace) for server in self.servers), self.http.close(grace)]
        await asyncio.gather(*closing, self.delivery.close(grace))
        await self._control.close()
        if self._health is not None:
            self._health.close()
        self._signer.close()
        self._credentials.close()
        await self.webhooks.close()
        await self.erasures.close()
        await self.mailings.close()
        await self._resolver.close()
        await self.store.close()
        log.info("stopped")

    def reload(self) -> None:
        """Read the settings again (SIGHUP). When they are wrong, or a key is, the old ones stay as they are."""
        systemd.notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            config = load(self._path, serving=True)
            contexts = _contexts(config)
            self._http_tls = http_tls(config.http)
            secrets = read_secrets(config)
            Signer.load(config.dkim, self._clock).close()
            addresses = ReturnAddresses.of(config)
            links = LinkAddresses.of(config)
        except ConfigError as error:
            metrics.RELOADS.labels("refused").inc()
            for line in str(error).splitlines():
                log.error("reload_refused", problem=line)
        else:
            self._use(config, contexts, secrets)
            self._believe(addresses)
            self.delivery.links = links
            for one in self._companions:
                one.reload()
            metrics.RELOADS.labels("done").inc()
            log.info("reloaded", file=self._path)
        systemd.notify("READY=1")

    def _believe(self, addresses: ReturnAddresses | None) -> None:
        """Take the keys and lifetimes of return addresses as they are now; the rest of them needs a restart."""
        if self._returns is not None and addresses is not None:
            self._returns.addresses = self._returns.addresses._replace(verp=addresses.verp)
            self.submission.returns = self._returns.addresses

    def _use(self, config: Config, contexts: Mapping[_Place, ssl.SSLContext | None], secrets: Secrets) -> None:
        for name in _needing_restart(self._config, config):
            log.warning("reload_needs_restart", setting=name)
        # Who we are and where we keep things stays as it was, everywhere, until then.
        kept = {name: getattr(self._config.server, name) for name in _FIXED}
        config = config.model_copy(update={"server": config.server.model_copy(update=kept)})
        self._config = config
        log.configure(config.server.log_format, config.server.log_level)
        self._signer.reload(config.dkim)
        self._resolver = Resolver(config.dns, self._clock)  # lookups of the old one, for which mail waits, go on
        sites = Sites(config, self._resolver)
        self.submission.reload(config, sites.refuses_replies)
        self._credentials.backoff.settings = config.auth
        self._memory.limit = config.server.max_message_memory
        self.delivery.reload(config, sites, self._signer)
        self.suppressions.reload(config)
        self.webhooks.reload(config, secrets, self._resolver)
        self.http.reload(config.http, self._http_tls)
        known = _placed(config)
        for place, server in zip(self._contexts, self.servers, strict=True):
            if (one := known.get(place)) is not None:
                server.reload(one, contexts[place])

    # --- how it does

    def health(self) -> Health:
        """For probes; called on another thread."""
        alive = time.monotonic() - self._beat < STALLED
        trouble = self.store.trouble or ("" if alive else "the event loop does not turn")
        if not trouble and self.store.full:
            trouble = "the disk reserve is reached: new mail gets 452, deliveries go on"
        return Health(alive, alive and self._ready and self.store.healthy and not self.store.full, trouble)

    def refresh(self) -> None:
        """Bring gauges up to date; called on another thread."""
        stats = self.store.stats
        metrics.MESSAGE_MEMORY.set(self._memory.held)
        metrics.QUEUED.set(self.stores.queued)
        metrics.LEASED.set(self.stores.leased)
        metrics.STORE_ERRORS.inc(stats.errors - self._errors)
        self._errors = stats.errors
        metrics.DISK_FREE.set(stats.disk_free)
        metrics.LOG_DROPPED.set(log.dropped())
        self.webhooks.refresh()
        metrics.OUT_CONNECTIONS.set(sum(len(route.connections) for route in list(self.delivery.routes.values())))

    async def _beats(self) -> None:
        """Measure how late the loop is, and tell systemd's watchdog that it turns."""
        every = systemd.watchdog_seconds()
        told, full = 0.0, False
        beats = LoopBeats(time.monotonic())
        while True:
            await asyncio.sleep(beats.wait(time.monotonic()))
            self._beat = time.monotonic()
            self._hour.look()
            for late in beats.heard(self._beat):
                metrics.LOOP_LAG.observe(late)
                self.delivery.heard(late)
            if self.store.full is not full:
                full = self.store.full
                (log.error if full else log.info)("disk_reserve", reached=full, free=self.store.stats.disk_free)
            if every is not None and self._beat - told >= min(every, 10.0):
                systemd.notify("WATCHDOG=1")
                told = self._beat

    def _actions(self) -> dict[str, Action]:
        parts = (
            SiteOperations(self.delivery),
            QueueOperations(self.stores, StandingOrders(self.stores), self.mailings),
            LiveOperations(self.stores, self.delivery, self._hour, self._clock),
            SuppressionOperations(
                self.suppressions,
                lambda: self.suppressions.thresholds,
                self.suppressions.secret,
                self._clock.time,
                self.erasures.forget,
            ),
            self.erasures,
            UnprocessedOperations(self.store.questions.ask, self.store.do),
            WebhookOperations(self.webhooks),
            MailingOperations(self.mailings),
            LeavingOperations(self.store, self.suppressions, self.mailings),
        )
        return {name: action for part in parts for name, action in part.actions.items()}


def _nothing_to_reload() -> None:
    """Not started yet: the settings are being read anyway."""


def _placed(config: Config) -> dict[_Place, Listener]:
    """Listeners by what a reload knows them by. Port 0 may be there twice: then by the order, too."""
    seen: Counter[HostPort] = Counter()
    found = {}
    for one in config.listener:
        found[one.address, seen[one.address]] = one
        seen[one.address] += 1
    return found


def _contexts(config: Config) -> dict[_Place, ssl.SSLContext | None]:
    return {place: _tls(one) for place, one in _placed(config).items()}


def _tls(listener: Listener) -> ssl.SSLContext | None:
    if listener.tls == "none" or listener.certificate is None:
        return None
    return tls_context(listener.certificate, listener.private_key)


def _take(given: list[socket.socket], listener: Listener) -> socket.socket | None:
    """The socket that systemd opened for this listener, if it did."""
    for one in given:
        name = one.getsockname()
        if isinstance(name, tuple) and name[1] == listener.address.port and listener.address.host in (name[0], "*"):
            given.remove(one)
            return one
    return None


def _text(address: tuple[str, int]) -> str:
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _health_server(config: Config, app: App) -> HealthServer | None:
    address = config.metrics.address
    if address is None:
        return None
    try:
        return HealthServer(address.host, address.port, app.health, app.refresh)
    except OSError as error:
        raise ConfigError(
            f"metrics.address {address}: {error.strerror}; `postduif check` says what is in the way"
        ) from None


def _needing_restart(old: Config, new: Config) -> Iterator[str]:
    """What a reload cannot change."""
    if [(one.address, one.tls == "implicit") for one in old.listener] != [
        (one.address, one.tls == "implicit") for one in new.listener
    ]:
        yield "listener.address, or implicit TLS on or off"
    if (old.http.address, old.http.certificate is None) != (new.http.address, new.http.certificate is None):
        yield "http.address, or TLS of [http] on or off"
    for name in _FIXED:
        if getattr(old.server, name) != getattr(new.server, name):
            yield f"server.{name}"
    for name in ("domain", "sign_submitted"):
        if getattr(old.bounce, name) != getattr(new.bounce, name):
            yield f"bounce.{name}"
    for name in ("queue", "metrics"):
        if getattr(old, name) != getattr(new, name):
            yield name
