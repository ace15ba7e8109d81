"""Runs a simulation from the first call to the last: bounded, ends by itself, leaves nothing running."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from dialplan.asterisk.layout import AsteriskFolders
from hotline.simulation.configuration import NetworkPorts, SimulationTarget
from hotline.simulation.network import SimulationError, TelephoneNetwork, longest_call_seconds
from hotline.simulation.observed import Callback, ObservedCall, Observer
from hotline.simulation.plan import Behaviour, CallPlan, plan_calls
from hotline.simulation.progress import Progress, measure

_KEPT_CALLS = 20_000  # of an endless run
_TICK_SECONDS = 0.25


@dataclass(frozen=True)
class Summary:
    """A run when it is over. ``unfinished``: calls that had not ended; ``cpu_seconds``: the network's Asterisk's."""

    calls: tuple[ObservedCall, ...]
    callbacks: tuple[Callback, ...]
    progress: Progress
    seconds: float
    cpu_seconds: float | None
    unfinished: int
    interrupted: bool


@dataclass
class Simulation:
    """Calls a product with ``target.agents`` at their desks. One run each.

    ``folders``: an instance of its own for the network's Asterisk (``AsteriskFolders.for_instance(state, "network")``).
    ``most_running``: later callers get no line while so many are on.
    """

    target: SimulationTarget
    folders: AsteriskFolders
    behaviour: Behaviour = field(default_factory=Behaviour)
    ports: NetworkPorts | None = None
    most_running: int = 400
    settle_seconds: float = 0.3
    _stopping: asyncio.Event = field(default_factory=asyncio.Event, init=False, repr=False)
    _changed: asyncio.Event = field(default_factory=asyncio.Event, init=False, repr=False)

    async def run(
        self,
        calls: int | None,
        rate_per_second: float,
        on_progress: Callable[[Progress], None] = lambda _progress: None,
    ) -> Summary:
        """Makes so many calls (None: until cancelled), Poisson arrivals, and returns when the last has ended.

        Cancelling hangs everything up and raises CancelledError; use ``stop_placing`` for an orderly early end.
        Raises SimulationError or AsteriskError when the network cannot be set up or dies.
        """
        self._observer = Observer()
        self._on_progress = on_progress
        self._network = TelephoneNetwork(
            self.target,
            self.folders,
            self.behaviour,
            observer=self._observer,
            ports=self.ports,
            on_change=self._changed.set,
            settle_seconds=self.settle_seconds,
        )
        try:
            await self._network.start()
            return await self._play(islice(plan_calls(self.behaviour, rate_per_second, self.target.seed), calls), calls)
        finally:
            await asyncio.shield(self._network.stop())

    async def tell_caller(self, name: str, state: str) -> None:
        """See `TelephoneNetwork.tell_caller`. Raises ManagerError."""
        await self._network.tell_caller(name, state)

    def stop_placing(self) -> None:
        """No further calls; those on the line end by themselves, then ``run`` returns."""
        self._stopping.set()
        self._changed.set()

    async def _play(self, plans: Iterator[CallPlan], planned: int | None) -> Summary:
        begun = time.monotonic()
        cpu_before = self._network.cpu_seconds()
        ticking = asyncio.create_task(self._tick(begun, planned))
        try:
            last_end = await self._place_all(plans, begun)
            await self._wait(lambda: not any(self._observer.running), last_end)
        finally:
            ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ticking
        seconds = time.monotonic() - begun
        progress = self._measure(begun, planned)
        self._on_progress(progress)
        cpu_after = self._network.cpu_seconds()
        return Summary(
            calls=tuple(self._observer.calls.values()),
            callbacks=tuple(self._observer.callbacks),
            progress=progress,
            seconds=seconds,
            cpu_seconds=None if cpu_before is None or cpu_after is None else cpu_after - cpu_before,
            unfinished=len(list(self._observer.running)),
            interrupted=self._stopping.is_set(),
        )

    async def _place_all(self, plans: Iterator[CallPlan], begun: float) -> float:
        """Returns when the last call is placed; the monotonic time by which all must have ended."""
        last_end = begun
        for plan in plans:
            due = begun + plan.arrives_seconds
            await self._wait(self._stopping.is_set, due)
            # A caller who is still on the line cannot call again, and the line has only so much room.
            await self._wait(lambda plan=plan: self._stopping.is_set() or self._has_room(plan), due + 300)  # type: ignore[misc]
            if self._stopping.is_set():
                break
            await self._network.place(plan)
            last_end = max(last_end, time.monotonic() + longest_call_seconds(plan))
            self._observer.forget_before(plan.index - _KEPT_CALLS)
        return last_end

    def _has_room(self, plan: CallPlan) -> bool:
        running = sum(1 for _ in self._observer.running)
        return running < self.most_running and not self._observer.is_running(plan.name)

    async def _wait(self, condition: Callable[[], bool], until: float) -> None:
        """Returns when the condition holds or at the monotonic time. Raises SimulationError when the network died."""
        while not condition() and (left := until - time.monotonic()) > 0:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, 0.5)):
                    await self._changed.wait()
            if not self._network.running:
                raise SimulationError("The telephone network's Asterisk died; its log is in its state folder.")

    def _measure(self, begun: float, planned: int | None) -> Progress:
        return measure(
            list(self._observer.calls.values()),
            planned=planned,
            seconds=time.monotonic() - begun,
            now=datetime.now().astimezone(),
            answer_within_seconds=self.target.answer_within_seconds,
            meanings=self.target.survey_meanings,
        )

    async def _tick(self, begun: float, planned: int | None) -> None:
        while True:
            counting = time.monotonic()
            self._on_progress(self._measure(begun, planned))
            spent_seconds = time.monotonic() - counting
            await asyncio.sleep(max(_TICK_SECONDS, 20 * spent_seconds))  # never more than a twentieth of a core
