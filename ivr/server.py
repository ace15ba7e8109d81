"""FastAGI server: one thread a call, a bound on calls, a deadline on each, and a dialplan that always goes on."""

import contextlib
import logging
import selectors
import socket
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Self

from ivr.agi import Agi, HungUp, NotAgi
from ivr.session import AgiSession, CallSession
from ivr.settings import IvrSettings

log = logging.getLogger(__name__)

Flow = Callable[[CallSession], None]


@dataclass(frozen=True)
class FlowRoute:
    """What runs under a route, and for how long at most, from the connection on."""

    flow: Flow
    deadline_seconds: float


@dataclass(frozen=True)
class RouteCounters:
    """Of one route since the start. Each call is in exactly one of served, hung_up, failed."""

    served: int = 0
    hung_up: int = 0  # the caller left while the flow ran
    failed: int = 0  # the flow raised or was overdue; the dialplan went on by itself
    overdue: int = 0  # of the failed: cut off at the deadline
    seconds: float = 0.0  # spent in the flow, all calls together


@dataclass(frozen=True)
class Counters:
    """What the server did since it started, and does now."""

    routes: Mapping[str, RouteCounters]
    accepted: int = 0
    refused: int = 0  # closed at once because all places were taken
    probes: int = 0  # connections that were no AGI
    unknown_route: int = 0
    running: int = 0
    threads: int = 0

    @property
    def served(self) -> int:
        return sum(route.served for route in self.routes.values())

    @property
    def failed(self) -> int:
        return sum(route.failed for route in self.routes.values()) + self.unknown_route

    @property
    def seconds(self) -> float:
        return sum(route.seconds for route in self.routes.values())


@dataclass(eq=False)
class _Call:
    connection: socket.socket
    started_at: float
    ends_at: float
    route: str = ""
    call_id: str = ""
    overdue: bool = False


@dataclass
class _Tally:
    routes: dict[str, RouteCounters] = field(default_factory=dict)
    accepted: int = 0
    refused: int = 0
    probes: int = 0
    unknown_route: int = 0


class FastAgiServer:
    """Listens from `start` to `stop`; also a context manager.

    A new thread for each call costs more than handing the call to one that waits, so threads are kept; there are never
    more than `calls_at_most`. One further thread accepts, and cuts off who is overdue: a flow that waits for a stuck
    database cannot be interrupted, but its connection can, and then the caller goes on (the place stays taken until
    the flow returns).
    """

    def __init__(
        self, settings: IvrSettings, routes: Mapping[str, FlowRoute], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._routes = dict(routes)
        self._clock = clock
        self._handoff: SimpleQueue[_Call | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._empty = threading.Condition(self._lock)
        self._running: set[_Call] = set()
        self._threads: list[threading.Thread] = []
        self._tally = _Tally(routes={name: RouteCounters() for name in self._routes})
        self._stopping = False
        self._listener: socket.socket | None = None
        self._acceptor: threading.Thread | None = None
        self._wake_reader: socket.socket
        self._wake_writer: socket.socket

    @property
    def address(self) -> tuple[str, int]:
        """Host and port we listen on; the port is a free one when the setting was 0."""
        if self._listener is None:
            raise RuntimeError("the server does not listen: start it first")
        host, port = self._listener.getsockname()[:2]
        return host, port

    def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        family = socket.AF_INET6 if ":" in self._settings.host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self._settings.host, self._settings.port))
            listener.listen(self._settings.backlog)
            listener.setblocking(False)
        except OSError:
            listener.close()
            raise
        self._listener = listener
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._acceptor = threading.Thread(target=self._accept_calls, name="fastagi", daemon=True)
        self._acceptor.start()

    def stop(self) -> None:
        """Accept no more, wait `stop_seconds` for running flows, cut off the rest."""
        if self._acceptor is None or self._stopping:
            return
        self._stopping = True
        self._wake_writer.send(b"x")
        self._acceptor.join()
        with self._lock:
            self._empty.wait_for(lambda: not self._running, self._settings.stop_seconds)
            for call in self._running:
                _cut(call.connection)
            threads = list(self._threads)
        for _ in threads:
            self._handoff.put(None)
        give_up_at = self._clock() + 0.5
        for thread in threads:  # one that waits for a stuck database is left: it is a daemon
            thread.join(max(0.0, give_up_at - self._clock()))
        self._wake_reader.close()
        self._wake_writer.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def counters(self) -> Counters:
        """A snapshot; every route is in it from the start."""
        with self._lock:
            tally = self._tally
            return Counters(
                routes=dict(tally.routes),
                accepted=tally.accepted,
                refused=tally.refused,
                probes=tally.probes,
                unknown_route=tally.unknown_route,
                running=len(self._running),
                threads=len(self._threads),
            )

    # -- the accepting thread

    def _accept_calls(self) -> None:
        assert self._listener is not None  # noqa: S101 - set by start
        with selectors.DefaultSelector() as selector, self._listener as listener:
            selector.register(listener, selectors.EVENT_READ)
            selector.register(self._wake_reader, selectors.EVENT_READ)
            while not self._stopping:
                selector.select(self._settings.check_seconds if self._running else None)
                self._cut_overdue()
                if not self._accept_waiting(listener):
                    self._pause(self._settings.check_seconds)

    def _accept_waiting(self, listener: socket.socket) -> bool:
        """Take all that wait; False when the system gives no more connections (file limit)."""
        for _ in range(self._settings.backlog):
            try:
                connection, _ = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return True
            except OSError as error:
                log.error("cannot accept FastAGI connections: %s", error.strerror)
                return False
            self._take(connection)
        return True

    def _pause(self, seconds: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake_reader, selectors.EVENT_READ)
            selector.select(seconds)

    def _take(self, connection: socket.socket) -> None:
        now = self._clock()
        call = _Call(connection, now, now + self._settings.header_seconds)
        with self._lock:
            self._tally.accepted += 1
            if full := len(self._running) >= self._settings.calls_at_most:
                self._tally.refused += 1
            else:
                self._running.add(call)
            more = not full and len(self._running) > len(self._threads)
        if full:
            connection.close()  # the dialplan goes on with its defaults; AGISTATUS may well be SUCCESS
            return
        if more:
            self._add_thread()
        self._handoff.put(call)

    def _add_thread(self) -> None:
        thread = threading.Thread(target=self._work, name=f"fastagi-{len(self._threads) + 1}", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the system gives no more threads: the call waits for one of ours
            log.error("no more threads for FastAGI: lower calls_at_most below %d", len(self._threads) + 1)
            return
        with self._lock:
            self._threads.append(thread)

    def _cut_overdue(self) -> None:
        if not self._running:
            return
        now = self._clock()
        with self._lock:
            overdue = [call for call in self._running if call.ends_at <= now and not call.overdue]
            for call in overdue:
                call.overdue = True
                _cut(call.connection)
        for call in overdue:
            log.warning("FastAGI flow overdue, call goes on without it: route=%r call=%r", call.route, call.call_id)

    # -- the threads that run flows

    def _work(self) -> None:
        while (call := self._handoff.get()) is not None:
            try:
                outcome = self._serve(call)
            except Exception as error:  # a flow of ours must never end a thread
                outcome = "failed"
                self._report(call, error)
            self._end(call, outcome)

    def _serve(self, call: _Call) -> str:
        try:
            call.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            agi = Agi(
                call.connection,
                header_seconds=self._settings.header_seconds,
                reply_seconds=self._settings.reply_seconds,
                clock=self._clock,
            )
        except (NotAgi, OSError):
            return "probe"
        session = AgiSession(agi)
        call.call_id = session.call_id[:64]
        route = self._routes.get(session.route)
        if route is None:
            log.error("no FastAGI route %.40r: is the dialplan of another version? render and apply it", session.route)
            return "unknown"
        call.route, call.ends_at = session.route, call.started_at + route.deadline_seconds
        try:
            route.flow(session)
        except HungUp:
            return "failed" if call.overdue else "hung_up"
        return "failed" if call.overdue else "served"

    def _report(self, call: _Call, error: Exception) -> None:
        # Type and place only: the text of an error may hold a caller's number or name.
        where = " < ".join(
            f"{Path(step.filename).name}:{step.lineno} {step.name}"
            for step in reversed(traceback.extract_tb(error.__traceback__)[-4:])
        )
        kind = f"{type(error).__module__}.{type(error).__qualname__}"
        log.error("FastAGI flow failed: route=%r call=%r %s at %s", call.route, call.call_id, kind, where)

    def _end(self, call: _Call, outcome: str) -> None:
        with self._lock:
            self._running.discard(call)
            self._count(call, outcome)
            call.connection.close()  # within the lock: a number that is used again must not be cut off
            if not self._running:
                self._empty.notify_all()

    def _count(self, call: _Call, outcome: str) -> None:
        if outcome == "probe":
            self._tally.probes += 1
        elif outcome == "unknown" or not call.route:
            self._tally.unknown_route += 1
        else:
            was = self._tally.routes[call.route]
            self._tally.routes[call.route] = replace(
                was,
                served=was.served + (outcome == "served"),
                hung_up=was.hung_up + (outcome == "hung_up"),
                failed=was.failed + (outcome == "failed"),
                overdue=was.overdue + call.overdue,
                seconds=was.seconds + self._clock() - call.started_at,
            )


def _cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
