"""One producer for all viewers: asks for data once, renders each board once, tells each viewer what changed."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from crm.wallboard.board import BoardData, Provider

log = logging.getLogger(__name__)

Parts = Mapping[str, str]
RETRY_MILLISECONDS = 2000


@dataclass(frozen=True, slots=True)
class Variant:
    """One board: a language and a queue (None: all)."""

    language: str
    queue: str | None = None


@dataclass(slots=True)
class _Board:
    """The latest of one variant. ``change`` leads from the version before to ``version``."""

    parts: Parts = field(default_factory=dict)
    version: int = 0
    change: str = ""
    viewers: int = 0


class Producer:
    """Runs only while somebody watches.

    ``provider`` is called on the event loop, so that it may read what lives there, at most every ``interval_seconds``;
    it is quick, or gives an awaitable (such as `asyncio.to_thread` makes of a function that reads a database).
    ``render`` makes the parts of a variant.
    A viewer gets a message on each change and at least every ``heartbeat_seconds``. When the provider fails, messages
    go on with ``fresh`` false, so that the page can say that its figures are old.
    """

    def __init__(
        self,
        provider: Provider,
        render: Callable[[BoardData, Variant], Parts],
        *,
        interval_seconds: float = 0.5,
        heartbeat_seconds: float = 5.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._provider = provider
        self._render = render
        self._interval = interval_seconds
        self._heartbeat = heartbeat_seconds
        self._now = now
        self._data: BoardData | None = None
        self._fresh = True
        self._boards: dict[Variant, _Board] = {}
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def viewers(self) -> int:
        """How many watch."""
        return sum(board.viewers for board in self._boards.values())

    async def data(self) -> BoardData:
        """Data for a page: the producer's own while it runs, else asked for. Raises what the provider raises."""
        if self._task is not None and self._data is not None and self._fresh:
            return self._data
        return await self._ask()

    async def close(self) -> None:
        """End every stream, so that the server can stop."""
        self._closed = True
        self._wake()
        await self._stop()

    async def watch(self, variant: Variant) -> AsyncGenerator[str, None]:
        """Server-sent events of one viewer, until it leaves or the producer is closed."""
        board = self._enter(variant)
        seen, fresh = 0, self._fresh
        try:
            yield f"retry: {RETRY_MILLISECONDS}\n\n"
            while not self._closed:
                if board.version and board.version != seen:
                    # One version behind, as nearly everybody is: the change alone, written once for all.
                    text = board.change if 0 < seen == board.version - 1 else self._message(board.parts)
                    seen, fresh = board.version, self._fresh  # before yielding: a slow viewer stays there for long
                    yield text
                elif fresh != self._fresh:
                    fresh = self._fresh
                    yield self._message({})
                elif not await self._woken():
                    yield self._message({})
        finally:
            board.viewers -= 1
            if not board.viewers:
                self._boards.pop(variant, None)
            if not self.viewers:
                await self._stop()

    async def _ask(self) -> BoardData:
        data = self._provider()
        return data if isinstance(data, BoardData) else await data

    def _enter(self, variant: Variant) -> _Board:
        board = self._boards.setdefault(variant, _Board())
        board.viewers += 1
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="wallboard")
        elif self._data is not None and not board.version:
            self._update(variant, board, self._data)
        return board

    async def _woken(self) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._heartbeat):
                await self._changed.wait()
                return True
        return False

    async def _run(self) -> None:
        while True:
            started = time.monotonic()
            await self._produce()
            await asyncio.sleep(max(self._interval - (time.monotonic() - started), 0.01))

    async def _produce(self) -> None:
        before = self._fresh
        try:
            self._data = await self._ask()
            self._fresh = True
            for variant, board in list(self._boards.items()):
                self._update(variant, board, self._data)
        except Exception:
            self._fresh = False
            if before:
                log.exception("The wallboard gets no data; it goes on asking and shows its figures as old")
        if before != self._fresh:
            self._wake()

    def _update(self, variant: Variant, board: _Board, data: BoardData) -> None:
        parts = self._render(data, variant)
        changed = {name: text for name, text in parts.items() if board.parts.get(name) != text}
        if changed:
            board.parts = parts
            board.version += 1
            board.change = self._message(changed)
            self._wake()

    def _wake(self) -> None:
        """Wake everybody who waits now, and nobody who begins to wait later."""
        self._changed.set()
        self._changed = asyncio.Event()

    def _message(self, parts: Parts) -> str:
        message = {"now": round(self._now(), 3), "fresh": self._fresh, "parts": dict(parts)}
        return f"data: {json.dumps(message, ensure_ascii=False, separators=(',', ':'))}\n\n"

    async def _stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
