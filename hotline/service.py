"""The composition root: every part is made here and told of the others; nowhere else.

Nothing in a call's path waits for this process. When it is away, Asterisk goes on alone, and what happened meanwhile is
read from the journal when it is back.
"""

import asyncio
import logging
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from ami_listener.client import AmiClient
from ami_listener.events import AgentStateChanged, CallAnswered, CallbackTried, Event, StreamInterrupted, StreamResumed
from ami_listener.floor import FloorSnapshot
from ami_listener.journal import Position
from ami_listener.missed import MissedRings
from ami_listener.records import CallRecord
from ami_listener.settings import AmiSettings
from ami_listener.telling import Telling, hears
from crm import database
from crm.agents.missed import MissedRingEnforcer
from crm.agents.wrap_up import WrapUpKeeper
from crm.calendar.keeper import CalendarKeeper
from crm.calendar.service import CalendarService
from crm.callbacks.scheduler import CallbackScheduler
from crm.calls.store import CallbackPolicy, CallStore, StreamGap
from crm.checkpoints import Checkpoints
from crm.closure.service import ClosureService
from crm.ivr_adapters import CallerDirectory, NumberPlan, Pace, QueueView
from crm.recorder import Recorder
from crm.reports.facts import fact_of
from dialplan.prompts import numbers as voice
from dialplan.render import RECORDED_EVENT, WANTED_EVENTS
from dialplan.secrets import Secrets
from hotline import garbage
from hotline.board import Now, day_start, limits_of
from hotline.front import Front
from hotline.health import health_of
from hotline.kept_calls import KeptCalls, position_text
from hotline.listening import Listener, Sinks
from hotline.office.composition import Office
from hotline.our_numbers import OurNumbers
from hotline.people import People
from hotline.settings import Settings
from hotline.standing import Standing
from hotline.surroundings import Surroundings
from hotline.trunks import TrunkWatch
from hotline.version import product_version
from ivr.routes import Ports, routes
from ivr.server import FastAgiServer
from ivr.settings import IvrSettings
from metrics.book import DayBook
from metrics.exporter import Exporter
from metrics.wrap_ups import WrapUps

log = logging.getLogger(__name__)
FIRST_LISTEN_SECONDS = 2.0
THREAD_TURN_SECONDS = 0.0005  # Python's own 5 ms, several times a call, is heard at 30 calls a second
LOOKUP_SECONDS = 0.2  # a caller's name is not worth more of the nine seconds


class ServiceError(Exception):
    """The service cannot start; says what to do."""


class Service:
    """The running product, without Asterisk itself. Make it inside a running event loop."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.settings = settings
        self.clock = clock
        self.zone = ZoneInfo(settings.site.timezone)
        self._loop = asyncio.get_running_loop()
        self._tasks: list[asyncio.Task[None]] = []
        self._gap: StreamGap | None = None
        self._tries_counted: set[str] = set()
        self._tell = Telling()

        self.engine = self._open(settings.database.busy_timeout_seconds)
        self.lookup_engine = self._open(LOOKUP_SECONDS)
        self.callers = CallerDirectory(self.lookup_engine)
        self.kept = KeptCalls(self.engine, self.lookup_engine)
        self.calendar = CalendarService(self.engine, settings, clock)
        self.pace = Pace(clock)
        self.agi = self._agi_server()

        self.recorder = self._recorder()
        self.listener = self._listener()
        self.ami = self._ami_client()
        self.trunks = TrunkWatch(settings.trunks, self.ami.send)
        self.people = self._people()
        self.closures = ClosureService(self.engine, [number.number for number in settings.numbers], self.ami.send)
        self.office = self._office()

        self.keeper = CalendarKeeper(self.calendar, self.closures, self.ami.send, clock)
        self.callbacks = self._callbacks()
        self.missed = self._missed_rings()
        self.wrap_ups = self._wrap_ups()

        self.book = DayBook(day_start(self.zone), limits_of(settings))
        self.worked = WrapUps()
        self.standing = Standing(self.engine, clock)
        health = health_of(self.ami, self.agi, self.recorder, self.listener, self.standing, self.trunks)
        self.now = Now(lambda: self.people.settings, self.listener.floor, self.book, health, clock)
        self.registry = CollectorRegistry()
        self.exporter = self._exporter()
        self.pages = self._front()
        self._tell.add(self.callbacks.apply, self.missed.apply, self.office.happened, self._note)

    # -- life

    async def start(self) -> None:
        """Starts everything. Raises ServiceError when a port is taken; waits for a database that is away."""
        # A caller waits for the thread that looks up the name, which takes turns with the recording: short turns.
        sys.setswitchinterval(THREAD_TURN_SECONDS)
        self._listen_to_callers()
        self.pages.bind()
        await self.kept.wait_for_database(self._take_up)
        await self.ami.start()
        with suppress(TimeoutError):  # so that the first scrape is right; with Asterisk away the pages say so
            await self.ami.wait_ready(FIRST_LISTEN_SECONDS)
        await self.pages.start()
        self._tasks += [
            asyncio.create_task(self.listener.follow_position(self.ami), name="journal-position"),
            asyncio.create_task(self.standing.follow(), name="standing"),
            asyncio.create_task(Checkpoints(self.engine).run(), name="checkpoints"),
            asyncio.create_task(self.trunks.follow(), name="trunks"),
            asyncio.create_task(self.keeper.run(), name="calendar"),
            asyncio.create_task(self.people.follow(), name="people"),
            asyncio.create_task(self.callbacks.run(), name="callbacks"),
            asyncio.create_task(self.missed.run(), name="missed-rings"),
            asyncio.create_task(self.wrap_ups.run(), name="wrap-ups"),
            asyncio.create_task(garbage.collect(lambda: not self.listener.calls.open_calls()), name="garbage"),
        ]
        self.office.start()

    async def _take_up(self) -> None:
        """Reads back what the last run left open, and begins to write."""
        last = await asyncio.to_thread(self.kept.last_run, day_start(self.zone)(self.clock()))
        self.listener.start_from(last.position)
        for record in last.open_calls:
            self.listener.calls.load(record)
        self.book.put_all(fact_of(record) for record in last.today)
        self.recorder.start()

    async def stop(self) -> None:
        """Ends everything in order: no new work, then what was heard is written, then the end."""
        running = set(self._tasks)
        while running:  # a cancellation that meets an answer in the same moment is lost in wait_for (Python 3.11)
            for task in running:
                task.cancel()
            _, running = await asyncio.wait(running, timeout=0.5)
        await self.pages.stop()
        await self.ami.close()
        self.listener.flush()
        await self.recorder.close()
        await asyncio.to_thread(self.agi.stop)
        self.callers.close()
        self.engine.dispose()
        self.lookup_engine.dispose()

    # -- what the parts tell each other

    @hears(AgentStateChanged, CallAnswered, CallbackTried, StreamInterrupted)
    def _note(self, event: Event) -> None:
        if worked := self.worked.apply(event):
            self.exporter.observe_wrap_up(*worked)
        if isinstance(event, AgentStateChanged):
            self.recorder.agent_changed(event)
        elif isinstance(event, CallbackTried):
            self.recorder.callback_tried(event)
            self._count_try(event)
        elif isinstance(event, CallAnswered):
            self.pace.answered(event.queue, event.occurred_at)
        elif isinstance(event, StreamInterrupted):
            self._gap = StreamGap(event.occurred_at, event.reason)
            self.recorder.gap(self._gap)

    def _changed(self, record: CallRecord, changed_at: datetime) -> None:
        self.recorder.mark(record, changed_at)
        fact = fact_of(record)
        self.book.put(fact)
        self.exporter.observe_call(fact)

    def _recorded(self, _records: list[CallRecord], lags_seconds: list[float]) -> None:
        for lag_seconds in lags_seconds:
            self.exporter.observe_lag(lag_seconds)

    def _read_up_to(self, position: Position) -> None:
        self.recorder.read_up_to(position_text(position))

    async def _resumed(self, resumed: StreamResumed) -> None:
        if self._gap is not None:
            self.recorder.gap(StreamGap(self._gap.from_at, self._gap.reason, resumed.occurred_at))
            self._gap = None
        self.keeper.logged_in()
        self.missed.logged_in()

    def _called_by_hand(self, call_id: str) -> None:
        self.callbacks.by_hand(call_id)

    def _count_try(self, event: CallbackTried) -> None:
        if event.event_id in self._tries_counted:
            return  # the journal tells it again
        self._tries_counted.add(event.event_id)
        request = self.listener.calls.find(event.request_call_id)
        self.exporter.observe_callback_try(request.queue if request else None, event.result)

    def _transferred(self, kind: str, result: str) -> None:
        """From a thread; the exporter belongs to the loop."""
        self._loop.call_soon_threadsafe(self.exporter.observe_transfer, kind, result)

    # -- parts

    def _open(self, busy_timeout_seconds: float) -> Engine:
        self.settings.make_state()
        return database.open_engine(
            self.settings.database_url,
            busy_timeout_seconds=busy_timeout_seconds,
            pool_size=self.settings.database.pool_size,
        )

    def _callback_policy(self) -> CallbackPolicy:
        answering = self.settings.answering
        return CallbackPolicy(answering.callback_tries, answering.callback_retry_seconds)

    def _recorder(self) -> Recorder:
        return Recorder(
            CallStore(self.engine, self.clock, self._callback_policy()),
            clock=self.clock,
            normalise_number=OurNumbers(lambda: self.people.settings),
            on_recorded=self._recorded,
            gather_seconds=2 * self.settings.recorder.gather_seconds,  # an agent's state waits for its call
            batch_calls=self.settings.recorder.batch_calls,
        )

    def _listener(self) -> Listener:
        return Listener(
            self.settings.asterisk_folders().log,
            Sinks(self._tell, self._changed, self._read_up_to, self._resumed, self.kept.known, self.kept.find),
            self.clock,
            self.settings.recorder.gather_seconds,
        )

    def _floor_now(self) -> FloorSnapshot:
        return self.listener.floor.snapshot(self.clock())

    def _people(self) -> People:
        return People(
            self.settings,
            self.engine,
            self.ami.send,
            self._floor_now,
            lambda: self.listener.reread_queues(self.ami),
            self.clock,
        )

    def _office(self) -> Office:
        return Office(
            Surroundings(
                current=lambda: self.people.settings,
                people=self.people,
                engine=self.engine,
                send=self.ami.send,
                floor=self._floor_now,
                agent_now=self.listener.floor.agent,
                find_call=self.listener.calls.find,
                calendar=self.calendar,
                closures=self.closures,
                clock=self.clock,
                called_by_hand=self._called_by_hand,
                transferred=self._transferred,
                version=product_version(),
            )
        )

    def _callbacks(self) -> CallbackScheduler:
        return CallbackScheduler(
            self.engine,
            self.ami.send,
            self.calendar,
            self._callback_policy(),
            self.recorder.callback_tried,
            default_language=self.settings.site.languages[0],
            clock=self.clock,
        )

    def _wrap_ups(self) -> WrapUpKeeper:
        longest_seconds = max(queue.wrap_up_seconds for queue in self.settings.queues)
        return WrapUpKeeper(lambda: self._floor_now().agents, longest_seconds, self.ami.send, self.clock)

    def _exporter(self) -> Exporter:
        return Exporter(
            self.registry,
            [queue.name for queue in self.settings.queues],
            self.now.snapshot,
            limits=limits_of(self.settings),
            version=product_version(),
        )

    def _front(self) -> Front:
        return Front(
            self.settings,
            self.office,
            self.now.board,
            ready=self._ready,
            metrics=self.exporter.text,
            version=product_version(),
        )

    def _agi_server(self) -> FastAgiServer:
        ivr = IvrSettings(port=self.settings.ports.agi, calls_at_most=self.settings.service.agi_calls)
        ports = Ports(
            numbers=NumberPlan(),
            directory=self.callers,
            queues=QueueView(self._waiting, self.pace.seconds),
            calendar=self.calendar,
            voice=voice,
            clock=self.clock,
        )
        return FastAgiServer(ivr, routes(ivr, ports, self.zone, self.settings.site.country))

    def _ami_client(self) -> AmiClient:
        secrets = Secrets.load(self.settings.state, self.settings)
        account = AmiSettings(username="hotline", secret=secrets.ami, port=self.settings.ports.ami)
        return AmiClient(
            account,
            self.listener.heard,
            lambda: self.listener.connected(self.ami),
            self.listener.lost,
            on_read=self.listener.flush,
            interesting=(*WANTED_EVENTS, RECORDED_EVENT),
        )

    def _missed_rings(self) -> MissedRingEnforcer:
        answering = self.settings.answering
        policy = MissedRings(
            answering.missed_limit,
            answering.missed_rest_seconds,
            {queue.name: queue.ring_seconds for queue in self.settings.queues},
        )
        return MissedRingEnforcer(
            policy,
            self.ami.send,
            answering.missed_rest_seconds,
            lambda missed: self.exporter.observe_missed_ring(missed.queue),
            self.clock,
        )

    def _waiting(self, queue: str) -> list[str]:
        return [call.call_id for call in self._floor_now().waiting.get(queue, ())]

    def _ready(self) -> Mapping[str, bool]:
        return {"asterisk": self.ami.ready, "database": self.recorder.healthy}

    def _listen_to_callers(self) -> None:
        port = self.settings.ports.agi
        try:
            self.agi.start()
        except OSError as error:
            raise ServiceError(
                f"port {port} cannot be used ({error.strerror}): another program has it, perhaps another hotline run."
                " End that, or set another agi in [ports]."
            ) from error
