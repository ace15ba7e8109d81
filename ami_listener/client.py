"""The listener's connection to Asterisk: every message once and in order, every request answered or failed.

One worker calls the handler, so a slow or failing handler neither reorders nor ends anything. Whenever messages may
have been missed (a new connection, a full queue) the state is read again before any later message is delivered.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import BinaryIO, Final

from ami_listener.actions import Action, ActionFailed, AmiDown, AmiError, AmiRefused, Answer, Originate, Reply
from ami_listener.manager import Answered, ConnectionCounters, GuardedManager, PendingAction
from ami_listener.protocol import DecoderCounters, Message, check_headers
from ami_listener.settings import AmiSettings

__all__ = ["ActionFailed", "AmiClient", "AmiCounters", "AmiDown", "AmiError", "AmiRefused", "Message"]

logger = logging.getLogger(__name__)

SLICE: Final = 100  # messages handled before the event loop gets a turn
DRAIN_SECONDS: Final = 2.0  # close() delivers what has already come, for so long

OnMessage = Callable[[Message], Awaitable[None] | None]
OnConnected = Callable[[], Awaitable[None]]
OnLost = Callable[[str], Awaitable[None] | None]


@dataclass(frozen=True, slots=True)
class AmiCounters:
    """Figures since the start, for ``/metrics`` and the doctor."""

    bytes: int
    messages: int  # parsed: events and answers
    skipped: int  # events not interesting
    malformed: int
    invalid_utf8: int
    delivered: int
    handler_errors: int
    overflow: int  # messages dropped because the handler was too slow
    resyncs: int
    reconnects: int
    refused_logins: int
    orphan_answers: int
    waiting: int  # in the queue now


@dataclass(slots=True)
class _Session:
    """One login."""

    booted: asyncio.Event
    ended: bool = False
    announced: bool = False


@dataclass(frozen=True, slots=True)
class _Connected:
    session: _Session


@dataclass(frozen=True, slots=True)
class _Resync:
    session: _Session


@dataclass(frozen=True, slots=True)
class _Lost:
    session: _Session
    reason: str


@dataclass(frozen=True, slots=True)
class _Mark:
    reached: asyncio.Event


@dataclass(frozen=True, slots=True)
class _Stop:
    pass


_Item = Message | _Connected | _Resync | _Lost | _Mark | _Stop


class AmiClient:
    """One AMI account, kept connected from :meth:`start` to :meth:`close`.

    ``on_message``: gets every message that is not an answer, one at a time, in order. Errors are logged and counted.
    ``on_connected``: reads the state (QueueStatus, CoreShowChannels) after each login and after each overflow, when
    Asterisk is fully booted. Requests work meanwhile; messages wait, and some are older than what was read: applying
    them must change nothing. When it raises, the connection is dropped and made anew.
    ``on_lost``: the messages before it are delivered first. Not called for :meth:`close`.
    ``on_read``: what a busy connection had to tell is delivered, and the next read is some milliseconds away.
    ``interesting``: names of the events wanted, None for all. ``record_to``: gets every byte received.
    """

    def __init__(
        self,
        settings: AmiSettings,
        on_message: OnMessage,
        on_connected: OnConnected | None = None,
        on_lost: OnLost | None = None,
        *,
        on_read: Callable[[], None] | None = None,
        interesting: Iterable[str] | None = None,
        record_to: BinaryIO | None = None,
    ) -> None:
        self._settings = settings
        self._on_read = on_read
        self._busy = False
        self._on_message, self._on_connected, self._on_lost = on_message, on_connected, on_lost
        self._interesting = None if interesting is None else frozenset(interesting)
        self._record_to = record_to
        self._queue: deque[_Item] = deque()
        self._wake = asyncio.Event()
        self._ready = asyncio.Event()
        self._manager: GuardedManager | None = None
        self._worker: asyncio.Task[None] | None = None
        self._session: _Session | None = None
        self._closed = False
        self._must_resync = False
        self._delivered = self._handler_errors = self._overflow = self._resyncs = 0

    # --- for users ---

    @property
    def connected(self) -> bool:
        """Logged in: requests can be sent."""
        return self._session is not None

    @property
    def ready(self) -> bool:
        """Connected, and the state read since the last gap."""
        return self._ready.is_set()

    @property
    def must_resync(self) -> bool:
        """Messages were dropped, and the state has not been read again yet."""
        return self._must_resync

    @property
    def counters(self) -> AmiCounters:
        decoder = self._manager.decoder_counters if self._manager else DecoderCounters()
        connection = self._manager.counters if self._manager else ConnectionCounters()
        return AmiCounters(
            bytes=decoder.received_bytes,
            messages=decoder.messages,
            skipped=decoder.skipped,
            malformed=decoder.malformed,
            invalid_utf8=decoder.invalid_utf8,
            delivered=self._delivered,
            handler_errors=self._handler_errors,
            overflow=self._overflow,
            resyncs=self._resyncs,
            reconnects=max(0, connection.logins - 1),
            refused_logins=connection.refused_logins,
            orphan_answers=connection.orphan_answers,
            waiting=len(self._queue),
        )

    @property
    def last_malformed(self) -> tuple[bytes, ...]:
        """The last 20 blocks that were not valid, as they came. May hold personal data: never log them."""
        return tuple(self._manager.decoder_counters.last_raw) if self._manager else ()

    async def start(self) -> None:
        """Begin to connect, and return: Asterisk need not be there yet."""
        if self._manager is not None or self._closed:
            raise RuntimeError("an AmiClient is started once; make a new one")
        self._manager = GuardedManager(self._settings, self, interesting=self._interesting, record_to=self._record_to)
        self._worker = asyncio.create_task(self._work(), name="ami-listener")
        self._manager.connect()

    async def wait_ready(self, timeout_seconds: float | None = None) -> None:
        """Until :attr:`ready`. Raises TimeoutError."""
        async with asyncio.timeout(timeout_seconds):
            await self._ready.wait()

    async def caught_up(self) -> bool:
        """Until everything that has come so far is handled; False when some of it was lost meanwhile: the connection
        was made anew, or messages were dropped."""
        if self._closed:
            return False
        resyncs = self._resyncs
        mark = _Mark(asyncio.Event())
        self._put(mark)
        await mark.reached.wait()
        return self.ready and not self._must_resync and resyncs == self._resyncs

    async def close(self) -> None:
        """End for good. What has already come is still delivered; requests under way fail with :class:`AmiDown`."""
        if self._closed:
            return
        self._closed = True
        self._session = None
        self._ready.clear()
        if self._manager is not None:
            await self._manager.aclose()
        self._put(_Stop())
        worker = self._worker
        if worker is None or worker is asyncio.current_task():  # a handler may close its own client
            return
        await asyncio.wait([worker], timeout=DRAIN_SECONDS)
        worker.cancel()
        await asyncio.wait([worker])

    async def send(self, action: Action, timeout: float | None = None) -> Reply:
        """Send once and wait for the answer, ``timeout`` seconds at most (settings; calls with an outcome longer).

        Raises :class:`ActionFailed`, :class:`AmiRefused`, and :class:`AmiDown` when there is no connection, it is
        lost, or time is up.
        """
        headers = action.to_headers()
        check_headers(headers)
        if self._manager is None or not self.connected:
            raise AmiDown(f"{action.name}: not connected to Asterisk, not sent", may_have_run=False)
        if timeout is None:
            timeout = self._settings.action_timeout_seconds
            if isinstance(action, Originate) and action.wait_for_outcome:
                timeout += action.timeout_seconds
        answered = await self._answer(PendingAction(headers, action.answer), timeout)
        if not answered.succeeded:
            raise ActionFailed(action, answered.response.first("Message") or "refused without a reason")
        reply = Reply(answered.response, answered.events)
        if action.answer is Answer.OUTCOME:
            outcome = answered.events[-1]
            if outcome.first("Response") != "Success":
                raise ActionFailed(action, f"the call was not answered (reason {outcome.first('Reason')})")
        return reply

    async def _answer(self, pending: PendingAction, timeout_seconds: float) -> Answered:
        manager = self._manager
        if manager is None:
            raise AmiDown("not started", may_have_run=False)
        protocol = manager.protocol
        future = manager.send_action(pending)
        try:
            async with asyncio.timeout(timeout_seconds):
                return await future
        except TimeoutError as error:
            text = f"{pending['action']}: no answer within {timeout_seconds:g} s, it may have run"
            raise AmiDown(text, may_have_run=True) from error
        finally:
            protocol.responses.pop(pending.id, None)

    # --- from the connection (never blocks) ---

    def event(self, message: Message) -> None:
        """Queue it; when the queue is full, drop it and have the state read again."""
        if len(self._queue) < self._settings.queue_limit:
            self._queue.append(message)
            return
        self._overflow += 1
        if not self._must_resync and self._session is not None:
            self._must_resync = True
            logger.error("the handler is too slow: %d messages wait, more are dropped", len(self._queue))
            # What is dropped from now on until this item's turn is older than the state that will be read then.
            self._queue.append(_Resync(self._session))

    def batch_done(self, *, busy: bool) -> None:
        self._busy = busy
        self._wake.set()

    def logged_in(self) -> None:
        self._session = _Session(asyncio.Event())
        self._put(_Connected(self._session))

    def booted(self) -> None:
        if self._session is None:
            return
        if self._session.announced and not self._session.booted.is_set():  # later than we had patience for
            self._put(_Resync(self._session))
        self._session.booted.set()

    def lost(self, reason: str) -> None:
        session, self._session = self._session, None
        self._ready.clear()
        self._must_resync = False
        if session is not None:
            session.ended = True
            session.booted.set()
            self._put(_Lost(session, reason))

    def _put(self, item: _Item) -> None:
        self._queue.append(item)
        self._wake.set()

    # --- the worker ---

    async def _work(self) -> None:
        queue = self._queue
        while True:
            if not queue:
                self._wake.clear()
                await self._wake.wait()
            for _ in range(min(SLICE, len(queue))):
                item = queue.popleft()
                if isinstance(item, Message):
                    waits = self._deliver(item)
                    if waits is not None:
                        await self._deliver_slowly(item, waits)
                elif isinstance(item, _Mark):
                    item.reached.set()
                elif isinstance(item, _Stop):
                    return
                else:
                    await self._turn(item)
            if self._busy and not queue:
                self._read_done()
            await asyncio.sleep(0)

    def _deliver(self, message: Message) -> Awaitable[None] | None:
        self._delivered += 1
        try:
            return self._on_message(message)
        except (Exception, asyncio.CancelledError) as error:
            self._handler_failed(message, error)
            return None

    async def _deliver_slowly(self, message: Message, handler: Awaitable[None]) -> None:
        try:
            await handler
        except (Exception, asyncio.CancelledError) as error:
            self._handler_failed(message, error)

    def _handler_failed(self, message: Message, error: BaseException) -> None:
        _raise_if_ended(error)
        self._handler_errors += 1
        logger.error("the handler failed on an event %s", message.event, exc_info=error)

    def _read_done(self) -> None:
        if self._on_read is None:
            return
        try:
            self._on_read()
        except Exception:
            logger.exception("the on_read callback failed")

    async def _turn(self, item: _Connected | _Resync | _Lost) -> None:
        try:
            if isinstance(item, _Lost):
                if item.session.announced and self._on_lost is not None:
                    result = self._on_lost(item.reason)
                    if result is not None:
                        await result
            else:
                if isinstance(item, _Connected):
                    await self._wait_booted(item.session)
                await self._resync(item.session)
        except (Exception, asyncio.CancelledError) as error:
            _raise_if_ended(error)
            logger.exception("the on_lost callback failed")

    async def _wait_booted(self, session: _Session) -> None:
        try:
            async with asyncio.timeout(self._settings.booted_wait_seconds):
                await session.booted.wait()
        except TimeoutError:
            logger.warning(
                "Asterisk has not said FullyBooted within %g s; if this comes back at every start, the AMI account "
                "lacks the read class `system`",
                self._settings.booted_wait_seconds,
            )

    async def _resync(self, session: _Session) -> None:
        if session.ended or self._closed:
            return
        self._ready.clear()
        self._must_resync = False
        session.announced = True
        self._resyncs += 1
        try:
            if self._on_connected is not None:
                await self._on_connected()
        except (Exception, asyncio.CancelledError) as error:
            _raise_if_ended(error)
            if not session.ended and not self._closed:
                logger.exception("the state could not be read: connecting anew")
                self._drop("the state could not be read")
            return
        if not session.ended and not self._closed:
            self._ready.set()
            if self._manager is not None:
                self._manager.settled()

    def _drop(self, reason: str) -> None:
        if self._manager is not None and self._manager.protocol is not None:
            self._manager.protocol.drop(reason)


def _raise_if_ended(error: BaseException) -> None:
    """Passes on the end of this task. (A handler may also bring a CancelledError of a task of its own.)"""
    task = asyncio.current_task()
    if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
        raise error
