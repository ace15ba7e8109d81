"""What wallboard and exporter show of now, from memory: floor, today's book, callbacks, health."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from ami_listener.events import AgentState
from ami_listener.floor import FloorState
from crm.wallboard.board import NOTHING_SCORED, AgentNow, BoardData, BoardSettings, QueueNow
from hotline.health import Health
from hotline.settings import Settings
from metrics.book import DayBook
from metrics.snapshot import Snapshot
from metrics.tally import Limits, Tally


def limits_of(settings: Settings) -> Limits:
    """The thresholds of the figures."""
    answering = settings.answering
    return Limits(
        answer_within_seconds=answering.answer_within_seconds,
        short_abandon_seconds=answering.short_abandon_seconds,
    )


def day_start(zone: ZoneInfo) -> Callable[[datetime], datetime]:
    """Local midnight before a moment, aware UTC."""

    def starts_at(moment: datetime) -> datetime:
        return datetime.combine(moment.astimezone(zone).date(), time(), zone).astimezone(UTC)

    return starts_at


def board_settings(settings: Settings) -> BoardSettings:
    """What of the board does not change."""
    return BoardSettings(
        title_th=settings.site.name_th,
        title_en=settings.site.name_en,
        zone=ZoneInfo(settings.site.timezone),
        limits=limits_of(settings),
        default_language=settings.site.languages[0],
    )


class Now:
    """Provider of `BoardData` and of the exporter's `Snapshot`."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        floor: FloorState,
        book: DayBook,
        health: Health,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._floor = floor
        self._book = book
        self._health = health
        self._clock = clock

    def board(self) -> BoardData:
        """For the wallboard."""
        now = self._clock()
        floor = self._floor.snapshot(now)
        quarters = self._book.quarters(now)
        today = self._book.tallies(now)
        empty = Tally(limits=limits_of(self._settings()))
        callbacks, messages, scores = self._health.callbacks(), self._health.messages(), dict(self._health.qa_scores())
        queues = []
        for queue in self._settings().queues:
            waiting = floor.waiting.get(queue.name, ())
            queues.append(
                QueueNow(
                    queue=queue.name,
                    label_th=queue.label_th,
                    label_en=queue.label_en,
                    waiting=len(waiting),
                    waiting_since=waiting[0].arrived_at if waiting else None,
                    callbacks_waiting=callbacks.get(queue.name, 0),
                    messages_waiting=messages.get(queue.name, 0),
                    qa=scores.pop(queue.name, NOTHING_SCORED),
                    today=today.get(queue.name, empty),
                    quarters=quarters.get(queue.name, {}),
                )
            )
        agents = []
        for agent in self._settings().agents:
            known = floor.agents.get(agent.extension)
            agents.append(
                AgentNow(
                    agent=agent.extension,
                    name_th=agent.name_th,
                    name_en=agent.name_en,
                    state=known.state if known else AgentState.OFFLINE,
                    since=known.since if known else None,
                    queues=agent.queues,
                )
            )
        elsewhere = today.get(None, empty)
        return BoardData(
            at=now,
            queues=tuple(queues),
            agents=tuple(agents),
            heard=self._health.ami(),
            elsewhere=elsewhere,
            quarters_elsewhere=quarters.get(None, {}),
            qa_elsewhere=(sum(one[0] for one in scores.values()), sum(one[1] for one in scores.values())),
        )

    def snapshot(self) -> Snapshot:
        """For the exporter."""
        now = self._clock()
        floor = self._floor.snapshot(now)
        states: Counter[tuple[str, str]] = Counter()
        staff: Counter[str] = Counter()
        for agent in self._settings().agents:
            known = floor.agents.get(agent.extension)
            state = known.state if known else AgentState.OFFLINE
            staff[state.value] += 1
            for queue in agent.queues:
                states[queue, state.value] += 1
        served, refused, failed = self._health.agi()
        reconnects, dropped = self._health.stream()
        cards_open, cards_overdue = self._health.cards() or (None, None)
        return Snapshot(
            waiting={queue: len(calls) for queue, calls in floor.waiting.items()},
            longest_wait_seconds={queue: floor.longest_wait_seconds(queue) for queue in floor.waiting},
            agents=states,
            staff=staff,
            callbacks_waiting=self._health.callbacks(),
            messages_waiting=self._health.messages(),
            trunks=self._health.trunks(),
            cards_open=cards_open,
            cards_overdue=cards_overdue,
            qa_scores=self._health.qa_scores(),
            ami_connected=self._health.ami(),
            database_healthy=self._health.database(),
            recorder_backlog=self._health.backlog(),
            journal_gaps=self._health.gaps(),
            ami_reconnects=reconnects,
            ami_dropped=dropped,
            agi_served=served,
            agi_refused=refused,
            agi_failed=failed,
        )
