"""Keeps a child process running: starts it again when it dies, waiting longer each time it dies soon."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from dialplan.asterisk.errors import AsteriskError


class Child(Protocol):
    """A started process, as AsteriskProcess is."""

    def wait(self) -> int | None:
        """Exit status, once it is over."""

    def stop(self) -> int | None:
        """Ends it in an orderly way, from another thread than the one that waits."""


class Supervisor:
    """Restarts what ``start`` makes, until ``stop``.

    ``backoff_seconds``: first and longest wait before a restart; doubled each time, back to the first after the child
    lived for ``healthy_seconds``. ``on_died`` gets the exit status (negative: signal; None: it could not even be
    started, ``on_failed`` gets the error then), ``on_restarted`` follows when it is up again. ``clock`` is monotonic
    seconds; ``sleep`` gets seconds and returns True when a stop was asked for meanwhile. Callbacks run in the
    supervisor's thread.
    """

    def __init__(
        self,
        start: Callable[[], Child],
        *,
        backoff_seconds: tuple[float, float] = (0.5, 30.0),
        healthy_seconds: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], bool] | None = None,
        on_died: Callable[[int | None], None] = lambda _status: None,
        on_restarted: Callable[[], None] = lambda: None,
        on_failed: Callable[[AsteriskError], None] = lambda _error: None,
    ) -> None:
        self._start_child = start
        self._shortest_seconds, self._longest_seconds = backoff_seconds
        self._healthy_seconds = healthy_seconds
        self._clock = clock
        self._stopping = threading.Event()
        self._sleep = sleep or self._stopping.wait
        self._on_died = on_died
        self._on_restarted = on_restarted
        self._on_failed = on_failed
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Starts the child now and watches it from a thread of its own.

        The first start's error is raised here: what never worked is told at once instead of tried for ever.
        """
        started_at = self._clock()
        child = self._start_child()
        self._adopt(child)
        self._thread = threading.Thread(
            target=self._watch, args=(child, started_at), name="asterisk-supervisor", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Ends the child and does not start it again; returns when it is over."""
        self._stopping.set()
        with self._lock:
            child = self._child
        if child is not None:
            child.stop()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def join(self, timeout_seconds: float | None = None) -> bool:
        """Waits until the supervisor has ended; whether it has."""
        if self._thread is not None:
            self._thread.join(timeout_seconds)
        return self._thread is None or not self._thread.is_alive()

    def _watch(self, child: Child, started_at: float) -> None:
        delay_seconds = self._shortest_seconds
        running: Child | None = child
        while True:
            status = running.wait() if running is not None else None
            if self._stopping.is_set():
                return
            if running is not None and self._clock() - started_at >= self._healthy_seconds:
                delay_seconds = self._shortest_seconds
            self._on_died(status)
            if self._sleep(delay_seconds) or self._stopping.is_set():
                return
            delay_seconds = min(delay_seconds * 2, self._longest_seconds)
            started_at = self._clock()
            running = self._restart()

    def _restart(self) -> Child | None:
        try:
            child = self._start_child()
        except AsteriskError as error:
            self._on_failed(error)
            return None
        if self._adopt(child):
            self._on_restarted()
        return child

    def _adopt(self, child: Child) -> bool:
        with self._lock:
            self._child = child
        if self._stopping.is_set():  # asked for while the child was starting: stop() saw the one before
            child.stop()
            return False
        return True
