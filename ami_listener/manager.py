"""panoramisk's manager with its faults guarded: login, requests, pings and reconnection of one AMI account.

What panoramisk 1.4 does on its own and must not: decode each TCP read alone, end the connection for an unexpected
message or a failing callback, hang for ever on some answers, send unanswered requests again after a reconnection (two
calls made for one Originate), not notice a frozen Asterisk, ask a refused password for ever, reconnect after close().
"""

import asyncio
import itertools
import logging
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, Protocol

from panoramisk import actions as panoramisk_actions
from panoramisk import manager as panoramisk_manager
from panoramisk.ami_protocol import AMIProtocol

from ami_listener.actions import AmiDown, Answer, Headers
from ami_listener.protocol import Decoder, DecoderCounters, Message, MessageTooLong
from ami_listener.reading import Pace
from ami_listener.settings import AmiSettings

logger = logging.getLogger(__name__)

BOOTED: Final = "FullyBooted"
# Broadcast to every account, whoever asked: facts of their own, also when they carry one of our ActionIDs.
BROADCAST: Final = frozenset({"OriginateResponse", "UserEvent"})

_get = dict.get  # exact spelling, no Python call: this runs for every event


@dataclass(frozen=True, slots=True)
class Answered:
    """A complete answer: the response, and the events that belong to it."""

    response: Message
    events: tuple[Message, ...]

    @property
    def succeeded(self) -> bool:
        return self.response.first("Response") in {"Success", "Follows", "Goodbye"}


class PendingAction(panoramisk_actions.Action):  # type: ignore[misc]
    """A request under way; its future ends with :class:`Answered` or :class:`AmiDown`."""

    def __init__(self, headers: Headers, answer: Answer = Answer.ONE) -> None:
        merged: dict[str, str | list[str]] = {}
        for key, value in headers:
            before = merged.get(key)
            if before is None:
                merged[key] = value
            else:
                merged[key] = [*before, value] if isinstance(before, list) else [before, value]
        super().__init__(merged)
        self.answer = answer
        self.response: Message | None = None
        self.events: list[Message] = []

    def wants(self, event: str) -> bool:
        """Whether an event with our ActionID is part of the answer. (Our own UserEvents carry it too.)"""
        if self.answer is Answer.OUTCOME:
            return event == "OriginateResponse"
        return self.answer is Answer.LIST and event not in BROADCAST

    def add_message(self, message: Message) -> bool:
        """Takes one part of the answer; True when it is complete."""
        if message.event is None:
            self.response = message
        elif message.first("EventList") not in {"Complete", "Cancelled"}:
            self.events.append(message)
        if self.response is None or not self._complete(message):
            return False
        if not self.future.done():
            self.future.set_result(Answered(self.response, tuple(self.events)))
        return True

    def _complete(self, last: Message) -> bool:
        response = self.response
        if response is None:
            return False
        if self.answer is Answer.ONE or response.first("Response") != "Success":
            return True
        if self.answer is Answer.OUTCOME:
            return bool(self.events)
        if last is response:  # no list follows when Asterisk does not announce one
            return response.first("EventList") != "start"
        return last.first("EventList") in {"Complete", "Cancelled"}

    def fail(self, error: Exception) -> None:
        """End unanswered. Nobody has to be waiting: pings and logins are not."""
        if not self.future.done():
            self.future.set_exception(error)
            self.future.exception()


class Listener(Protocol):
    """Who is told what the connection brings. Called in order, must not block."""

    def event(self, message: Message) -> None: ...
    def batch_done(self, *, busy: bool) -> None: ...
    def logged_in(self) -> None: ...
    def booted(self) -> None: ...
    def lost(self, reason: str) -> None: ...


@dataclass(slots=True)
class ConnectionCounters:
    """What happened to the connection."""

    logins: int = 0
    refused_logins: int = 0
    orphan_answers: int = 0  # came after we had stopped waiting


class GuardedProtocol(AMIProtocol):  # type: ignore[misc]
    """One connection: bytes to messages, answers to their requests, everything else to the listener."""

    def __init__(self, manager: "GuardedManager") -> None:
        self.manager = manager
        self.responses: dict[str, PendingAction] = {}
        self.reason: str | None = None
        self.gone = asyncio.Event()
        self.heard_at = manager.loop.time()
        self.pace = Pace()
        self.decoder = Decoder(manager.parsed_events, manager.decoder_counters)

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.factory = self.manager
        self.heard_at = self.manager.loop.time()
        self.manager.live = self

    def send(self, data: Any, as_list: Any = None) -> "asyncio.Future[Answered]":
        """Sends once. ``data``: a PendingAction, or a dict from panoramisk's own login and ping."""
        pending = data if isinstance(data, PendingAction) else PendingAction(list(data.items()))
        self.responses[pending.id] = pending
        self.transport.write(str(pending).encode())
        future: asyncio.Future[Answered] = pending.future
        return future

    def data_received(self, data: bytes) -> None:
        manager = self.manager
        self.heard_at = manager.loop.time()
        manager.record(data)
        try:
            messages = self.decoder.feed(data)
        except MessageTooLong as error:
            self.drop(str(error))
            return
        for message in messages:
            if _get(message, "ActionID") is None and _get(message, "Event") is not None:
                manager.event(message)
            else:
                self.handle_message(message)
        # Asterisk writes event by event, some hundreds a second: what comes now is read together.
        self.transport.pause_reading()
        manager.loop.call_later(self.pace.rest_after(len(messages), self.heard_at), self.transport.resume_reading)
        manager.listener.batch_done(busy=self.pace.busy)

    def handle_message(self, message: Message) -> None:
        """An answer, a part of one, or somebody else's event with an ActionID."""
        event, action_id = message.event, message.first("ActionID") or ""
        pending = self.responses.get(action_id)
        if pending is not None and (event is None or pending.wants(event)):
            if pending.add_message(message):
                self.responses.pop(action_id, None)
                self.manager.login(pending.future)
        elif event is None or (event not in BROADCAST and action_id.startswith(self.manager.session)):
            self.manager.counters.orphan_answers += 1
            return
        if event is not None and (event in BROADCAST or pending is None):
            self.manager.event(message, checked=False)

    def drop(self, reason: str) -> None:
        """End the connection without waiting for the peer, which may be frozen."""
        self.reason = self.reason or reason
        self.transport.abort()

    def close(self) -> None:
        self.drop("closed by us")

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        reason = self.reason or (f"{type(exc).__name__}: {exc}" if exc else "closed by Asterisk")
        for pending in list(self.responses.values()):
            name = pending["action"]
            pending.fail(AmiDown(f"{name}: connection lost ({reason}), it may have run", may_have_run=True))
        self.responses.clear()
        self.gone.set()
        self.manager.connection_lost(reason)


class GuardedManager(panoramisk_manager.Manager):  # type: ignore[misc]
    """Keeps one connection alive until closed. Must be made inside a running event loop."""

    pinger: asyncio.TimerHandle | None
    authenticated_future: "asyncio.Future[Answered] | None"

    def __init__(
        self,
        settings: AmiSettings,
        listener: Listener,
        *,
        interesting: Iterable[str] | None = None,
        record_to: BinaryIO | None = None,
    ) -> None:
        super().__init__(
            host=settings.host,
            port=settings.port,
            username=settings.username,
            secret=settings.secret,
            protocol_factory=lambda: GuardedProtocol(self),
            loop=asyncio.get_running_loop(),
            log=logger,
        )
        self.callbacks.clear()  # no regular expression for every event, no sending again of old requests
        self.patterns.clear()
        self.ping_delay = self.ping_interval = settings.ping_interval_seconds
        self.settings, self.listener, self.record_to = settings, listener, record_to
        self.interesting = None if interesting is None else frozenset(interesting)
        self.parsed_events = None if self.interesting is None else self.interesting | {BOOTED}
        self.decoder_counters, self.counters = DecoderCounters(), ConnectionCounters()
        self.session = f"{uuid.uuid4().hex[:12]}-"
        self.numbers = itertools.count(1)
        self.live: GuardedProtocol | None = None
        self.stopped = False
        self.refused = 0
        self.retry_seconds = settings.reconnect_first_seconds
        self.connecting: asyncio.Task[Any] | None = None
        self.retry: asyncio.TimerHandle | None = None

    # --- connecting ---

    def connect(self, *_: object, **__: object) -> None:
        if self.stopped:
            return
        self.connecting = self.loop.create_task(self._connection())
        self.connecting.add_done_callback(self.connection_made)

    async def _connection(self) -> Any:
        settings = self.settings
        async with asyncio.timeout(settings.connect_timeout_seconds):
            return await self.loop.create_connection(self.config["protocol_factory"], settings.host, settings.port)

    def connection_made(self, future: "asyncio.Future[Any]") -> None:
        self.connecting = None
        if future.cancelled():
            return
        error = future.exception()
        if error is not None:
            self._retry(f"cannot connect: {type(error).__name__}: {error}")
        elif self.stopped:
            future.result()[1].close()
        elif not future.result()[1].closed:  # else it was lost before this call, and a retry is on its way
            super().connection_made(future)

    def send_action(self, action: Any, as_list: Any = None, **kwargs: Any) -> "asyncio.Future[Answered]":
        """Gives the request an ActionID of this session, so that late answers are known as such, and sends it."""
        action["ActionID"] = f"{self.session}{next(self.numbers)}"
        future: asyncio.Future[Answered] = super().send_action(action, as_list=as_list, **kwargs)
        return future

    def login(self, future: "asyncio.Future[Answered]") -> None:
        """Called at once, not when the loop comes round to it: events follow the answer in the same read."""
        if future is not self.authenticated_future or not future.done():
            return
        self.authenticated_future = None
        if future.cancelled() or future.exception() is not None or self.stopped:
            return
        answer = future.result()
        if answer.succeeded:
            self.refused = 0
            self.authenticated = True
            self.counters.logins += 1
            logger.info("AMI: logged in at %s:%s", self.settings.host, self.settings.port)
            self.listener.logged_in()
            return
        self.counters.refused_logins += 1
        if self.refused == 0:
            logger.critical(
                "Asterisk at %s:%s refuses the AMI account %r (%s): nothing is heard until name, secret and permit "
                "lines in its manager.conf agree with the settings; trying again every %g s",
                self.settings.host, self.settings.port, self.settings.username,
                answer.response.first("Message"), self.settings.refused_max_seconds,
            )  # fmt: skip
        self.refused += 1
        if self.protocol is not None:
            self.protocol.drop("login refused")

    def connection_lost(self, reason: object) -> None:
        was_logged_in, self.authenticated = self.authenticated, False
        if self.pinger is not None:
            self.pinger.cancel()
            self.pinger = None
        if was_logged_in:
            self.listener.lost(str(reason))
        self._retry(str(reason))

    def _retry(self, reason: str) -> None:
        if self.stopped or self.retry is not None:
            return
        settings = self.settings
        if self.refused:
            doubled = settings.refused_first_seconds * 2.0 ** min(self.refused - 1, 16)
            delay = min(doubled, settings.refused_max_seconds)
        else:
            delay = self.retry_seconds
            self.retry_seconds = min(delay * 2, settings.reconnect_max_seconds)
        level = logging.WARNING if delay < settings.reconnect_max_seconds else logging.DEBUG
        logger.log(level, "no AMI connection (%s); trying again in %.1f s", reason, delay)
        self.retry = self.loop.call_later(delay, self._try_again)

    def _try_again(self) -> None:
        self.retry = None
        self.connect()

    def settled(self) -> None:
        """All is well again: the next loss starts with the shortest wait."""
        self.retry_seconds = self.settings.reconnect_first_seconds

    # --- connected ---

    def ping(self) -> None:
        """One ping per interval; hangs up on a peer that has been silent for too long."""
        protocol, interval = self.protocol, self.ping_interval
        limit = interval * self.settings.silent_after_intervals
        silent = self.loop.time() - protocol.heard_at
        if silent >= limit:
            protocol.drop(f"nothing heard for {silent:.1f} s")
            return
        self.pinger = self.loop.call_later(min(interval, limit - silent), self.ping)
        if self.authenticated:
            self.send_action({"Action": "Ping"})

    def event(self, message: Message, *, checked: bool = True) -> None:
        """``checked``: the decoder has already left out what is not interesting."""
        if message["Event"] == BOOTED:
            self.listener.booted()
            checked = False
        if checked or self.interesting is None or message.event in self.interesting:
            self.listener.event(message)

    def record(self, data: bytes) -> None:
        if self.record_to is None:
            return
        try:
            self.record_to.write(data)
        except (OSError, ValueError):  # the disk is full or the file closed: listening matters more
            self.record_to = None
            logger.exception("the raw recording ends here")

    async def aclose(self) -> None:
        """End, for good: no connection, no timer, nothing under way when this returns."""
        self.stopped = True
        for timer in (self.pinger, self.retry):
            if timer is not None:
                timer.cancel()
        if self.connecting is not None:
            self.connecting.cancel()
            await asyncio.wait([self.connecting])
        if self.live is not None and not self.live.gone.is_set():
            self.live.close()
            await self.live.gone.wait()
