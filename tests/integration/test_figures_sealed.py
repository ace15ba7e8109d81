"""What was counted and kept is what the calls say, whatever comes, in whatever order, however late (H1, R8)."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

from ami_listener.events import AgentState, AgentStateChanged, EndedBy, LeaveStatus
from ami_listener.records import (
    Callback,
    CallRecord,
    Conversation,
    Hold,
    Message,
    Outcome,
    QueuePass,
    Ring,
    Survey,
    Transfer,
)
from crm.calls.models import late_half_hours
from crm.calls.rows import rows_of
from crm.calls.store import Batch, CallStore
from crm.database import open_engine, reading
from crm.people.numbers import normalise
from crm.reports import sealing
from crm.reports.agents import agents_between
from crm.reports.counting import Wanted, count, count_agents, half_hours, total
from crm.reports.models import figures_day, figures_half_hour
from crm.reports.queries import facts_between
from crm.reports.sealed import Frame, sealed, snapshot
from crm.reports.sealing import Sealer
from metrics.intervals import Step, period_of
from metrics.tally import Limits, tally, tally_by

BANGKOK = ZoneInfo("Asia/Bangkok")
START = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)  # midnight in Bangkok
QUEUES = ("enquiries", "english", None)
AGENTS = ("1001", "1002", "1003")


class World:
    """A database, its one writer, and a clock."""

    def __init__(self, engine: Engine, zone: ZoneInfo = BANGKOK) -> None:
        self.engine = engine
        self.now = START
        self.frame = Frame(zone, Limits())
        self.store = CallStore(engine, lambda: self.now)
        self.sealer = Sealer(engine, lambda: self.frame, lambda: self.now)
        self.calls: dict[str, CallRecord] = {}

    def write(self, *records: CallRecord, states: tuple[AgentStateChanged, ...] = ()) -> None:
        self.calls |= {one.call_id: one for one in records}
        self.store.write(Batch(calls=[rows_of(one, normalise) for one in records], agent_states=states))

    def agree(self, start_at: datetime, end_at: datetime, step: Step = Step.DAY) -> None:
        """Everything that reports can ask for is what the calls say."""
        zone, limits = self.frame.zone, self.frame.limits
        with snapshot(self.engine) as connection:
            all_facts = list(facts_between(connection, start_at, end_at))
            for queue in (None, "enquiries"):
                for open_only in (False, True):
                    wanted = Wanted(start_at=start_at, end_at=end_at, queue=queue, open_only=open_only)
                    facts = [fact for fact in all_facts if wanted.takes(fact)]
                    counted = count(connection, wanted, self.frame, step)
                    assert counted.total == tally(facts, limits)
                    assert total(connection, wanted, self.frame) == counted.total
                    by_period = tally_by(facts, lambda f: period_of(f.arrived_at, step, zone).start_at, limits)
                    assert counted.by_period == by_period
                    hours = [fact for fact in all_facts if not (open_only and fact.out_of_hours)]
                    assert counted.by_queue == tally_by(hours, lambda f: f.queue, limits)
            wanted = Wanted(start_at=start_at, end_at=end_at)
            assert count_agents(connection, wanted, self.frame) == agents_between(connection, start_at, end_at)


@contextmanager
def world(template: Path, zone: ZoneInfo = BANGKOK) -> Iterator[World]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hotline.sqlite3"
        shutil.copyfile(template, path)
        engine = open_engine(f"sqlite:///{path}")
        made = World(engine, zone)
        with closing(made.store):
            yield made
        engine.dispose()


def story(number: int, arrived_at: datetime, kind: str, length: float, queue: str | None) -> CallRecord:
    """A call of some kind; ``length`` of its talk in seconds."""
    call = CallRecord(f"main-{number}.1", arrived_at, "0812345678", "1169", "provider", queue=queue)

    def later(seconds: float) -> datetime:
        return arrived_at + timedelta(seconds=seconds)

    if kind == "waiting":
        return call
    call.ended_at, call.ended_by = later(length + 20), EndedBy.CALLER
    first, second = AGENTS[number % 3], AGENTS[(number + 1) % 3]
    if kind in {"answered", "transferred", "talking", "called back"}:
        call.outcome = Outcome.ANSWERED
        call.callback_of = "main-0.1" if kind == "called back" else None
        call.rings = [
            Ring(queue or "", first, later(0.1), later(4), True),
            Ring(queue or "", second, later(0.1), later(4)),
        ]
        call.conversations = [Conversation(queue, first, later(4), later(4 + length))]
        call.holds = [Hold(first, later(5), later(5.5)), Hold(first, later(4 + length / 2), None)]
        call.survey = Survey(
            "scale-123", later(length + 5), later(length + 8), "1", ("impressed", "not_satisfied")[number % 2]
        )
    if kind == "talking":
        call.ended_at = call.ended_by = call.outcome = call.survey = None
        call.conversations[0].ended_at = None
    if kind == "transferred":
        call.transfers = [Transfer("blind", first, second, later(4 + length))]
        call.conversations.append(Conversation(None, second, later(6 + length), later(15 + length)))
    if kind == "abandoned":
        call.outcome, call.ended_at = Outcome.ABANDONED, later(length / 40)
    if kind == "closed":
        call.outcome, call.closed_reason = Outcome.CLOSED, ("hours", "emergency", "holiday")[number % 3]
    if kind == "callback":
        call.outcome = Outcome.CALLBACK
        call.callback = Callback(queue or "enquiries", "+66812345678", later(12))
        call.passes = [QueuePass(queue or "enquiries", 1, arrived_at, 1, later(11), LeaveStatus.KEY)]
    if kind == "message":
        call.outcome, call.message = Outcome.MESSAGE, Message("m.wav", 5.0, later(20), queue)
    return call


KINDS = ("answered", "transferred", "talking", "called back", "abandoned", "closed", "callback", "message", "waiting")
HOUR = 3600.0
writes = st.tuples(
    st.just("write"),
    st.integers(0, 11),
    st.floats(0, 30 * HOUR),  # ago
    st.sampled_from(KINDS),
    st.sampled_from((1.0, 77.5, 3 * HOUR)),
    st.sampled_from(QUEUES),
)
works = st.tuples(st.just("work"), st.integers(0, 11), st.floats(0, 6 * HOUR), st.booleans())
steps = st.one_of(
    writes,
    works,
    st.tuples(st.just("wait"), st.floats(0.1 * HOUR, 20 * HOUR)),
    st.tuples(st.just("seal")),
    st.tuples(
        st.just("check"), st.integers(0, 100), st.integers(1, 100), st.sampled_from((Step.DAY, Step.HOUR, Step.WEEK))
    ),
)


def perform(made: World, step: tuple[Any, ...]) -> None:
    if step[0] == "write":
        _, number, ago, kind, length, queue = step
        known = made.calls.get(f"main-{number}.1")
        arrived_at = known.arrived_at if known else made.now - timedelta(seconds=ago)
        made.write(story(number, arrived_at, kind, length, queue))
    elif step[0] == "work":
        work_after_a_talk(made, *step[1:])
    elif step[0] == "wait":
        made.now += timedelta(seconds=step[1])
    elif step[0] == "seal":
        made.sealer.all()
    else:
        start_at = START - timedelta(hours=30) + timedelta(hours=step[1])
        made.agree(start_at, start_at + timedelta(hours=step[2]), step[3])


def work_after_a_talk(made: World, number: int, seconds: float, goes_on: bool) -> None:
    """Wrap-up of an agent after a talk that is on record; told in time when it was not long ago, else late."""
    call = made.calls.get(f"main-{number}.1")
    if call is None or not call.conversations or call.conversations[0].ended_at is None:
        return
    talk, ended_at = call.conversations[0], call.conversations[0].ended_at
    begins = AgentStateChanged(event_id=f"w{number}", occurred_at=ended_at, agent=talk.agent, state=AgentState.WRAP_UP)
    ends = AgentStateChanged(
        event_id=f"f{number}",
        occurred_at=ended_at + timedelta(seconds=seconds),
        agent=talk.agent,
        state=AgentState.AVAILABLE,
    )
    made.now = max(made.now, ended_at)
    made.write(states=(begins,))
    if not goes_on:
        made.now = max(made.now, ends.occurred_at)
        made.write(states=(ends,))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, min_size=3, max_size=25))
def test_the_same_digits_as_counting_the_calls(migrated_sqlite: Path, played: list[tuple[Any, ...]]) -> None:
    with world(migrated_sqlite) as made:
        for step in played:
            perform(made, step)
        made.agree(START - timedelta(days=3), made.now + timedelta(days=1))
        made.now += timedelta(days=4)
        made.sealer.all()
        made.agree(START - timedelta(days=3), made.now, Step.MONTH)


def filled(engine: Engine, zone: ZoneInfo = BANGKOK) -> World:
    """Three days with calls of all kinds, and two more days that have passed."""
    made = World(engine, zone)
    kinds = ("answered", "transferred", "called back", "abandoned", "closed", "callback", "message")
    for number in range(63):
        arrived_at = START + timedelta(hours=number * 72 / 63, seconds=number)
        made.now = max(made.now, arrived_at + timedelta(seconds=100))
        made.write(story(number, arrived_at, kinds[number % 7], 60.0, QUEUES[number % 3]))
    made.now = START + timedelta(days=5)
    return made


def rows(engine: Engine) -> tuple[int, int, int]:
    with reading(engine) as connection:
        days, halves, late = (
            connection.scalar(select(func.count()).select_from(table))
            for table in (figures_day, figures_half_hour, late_half_hours)
        )
    return int(days or 0), int(halves or 0), int(late or 0)


def test_days_are_counted_once_and_again_when_something_is_written(engine: Engine) -> None:
    made = filled(engine)
    with closing(made.store):
        assert made.sealer.all() == 4  # the fifth is not over since two hours
        days, halves, late = rows(engine)
        assert days > 3
        assert halves > 30
        assert late == 0
        for step in Step:
            if step is not Step.QUARTER:
                made.agree(START - timedelta(days=1), made.now, step)
        made.agree(START + timedelta(hours=5, minutes=7), START + timedelta(hours=60, seconds=3))
        made.write(story(3, made.calls["main-3.1"].arrived_at, "answered", 60.0, "english"))  # after all
        assert rows(engine)[2] == 1
        made.agree(START, made.now)
        assert made.sealer.step()
        assert rows(engine)[2] == 0
        made.agree(START, made.now)
        assert made.sealer.all() == 0


def test_a_call_of_this_hour_costs_no_statement(engine: Engine) -> None:
    """The recorder's way is not slower for it."""
    made = filled(engine)
    with closing(made.store):
        made.sealer.all()
        made.write(story(99, made.now - timedelta(minutes=29), "answered", 60.0, "enquiries"))
        assert rows(engine)[2] == 0


def test_a_day_in_which_somebody_still_talks_waits(engine: Engine) -> None:
    made = filled(engine)
    with closing(made.store):
        call = story(70, START + timedelta(hours=1), "talking", 60.0, "enquiries")
        made.write(call)
        made.sealer.all()
        made.agree(START, made.now)
        assert rows(engine)[2] > 0
        made.write(story(70, call.arrived_at, "answered", 60.0, "enquiries"))
        made.agree(START, made.now)
        made.sealer.all()
        assert rows(engine)[2] == 0
        made.agree(START, made.now)


def test_work_after_a_talk_that_is_told_late_or_lasts(engine: Engine) -> None:
    """H9: a wrap-up belongs to its call, however late it is told and however long it lasts."""
    made = filled(engine)
    with closing(made.store):
        made.sealer.all()
        work_after_a_talk(made, 0, 45.0, False)  # read from the journal, days later
        assert rows(engine)[2] == 1
        made.agree(START, made.now)
        made.sealer.all()
        work_after_a_talk(made, 7, 0.0, True)
        made.sealer.all()
        assert rows(engine)[2] == 1  # waits for its end
        work_after_a_talk(made, 7, 6 * HOUR, False)
        made.agree(START, made.now)
        made.sealer.all()
        assert rows(engine)[2] == 0
        made.agree(START, made.now)


def test_other_thresholds_are_counted_anew(engine: Engine) -> None:
    made = filled(engine)
    with closing(made.store):
        made.sealer.all()
        made.frame = Frame(BANGKOK, Limits(answer_within_seconds=3.0))
        with snapshot(engine) as connection:
            assert sealed(connection, made.frame).until is None
        made.agree(START, made.now)
        assert made.sealer.all() == 4
        made.agree(START, made.now)


def test_what_is_written_while_a_day_is_counted_is_not_lost(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    made = filled(engine)
    with closing(made.store):
        made.sealer.all()
        made.write(story(3, made.calls["main-3.1"].arrived_at, "answered", 60.0, "english"))
        count_day = sealing._count

        def written_meanwhile(*given: Any) -> Any:
            counted = count_day(*given)
            made.write(story(3, made.calls["main-3.1"].arrived_at, "abandoned", 60.0, "english"))
            return counted

        monkeypatch.setattr(sealing, "_count", written_meanwhile)
        assert not made.sealer.step()
        monkeypatch.setattr(sealing, "_count", count_day)
        made.agree(START, made.now)
        assert made.sealer.all() == 1
        made.agree(START, made.now)


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Europe/Berlin", "Australia/Lord_Howe"])
def test_days_of_other_places(sqlite_engine: Engine, zone: str) -> None:
    """Where midnight is not on a half hour by UTC the calls are counted each time; everywhere the figures agree."""
    made = filled(sqlite_engine, ZoneInfo(zone))
    with closing(made.store):
        made.sealer.all()
        made.agree(START - timedelta(days=2), made.now)
        made.agree(START - timedelta(days=2), made.now, Step.HOUR)


def test_half_hours_for_whoever_forecasts(sqlite_engine: Engine) -> None:
    made = filled(sqlite_engine)
    with closing(made.store):
        made.sealer.all()
        with snapshot(sqlite_engine) as connection:
            wanted = Wanted(start_at=START, end_at=made.now)
            found = list(half_hours(connection, wanted, made.frame))
    assert [at for at, _ in found] == sorted(at for at, _ in found)
    assert sum(one.offered for _, one in found) == sum(
        one.callback_of is None and one.closed_reason is None for one in made.calls.values()
    )


def test_all_can_be_thrown_away_and_counted_anew(sqlite_engine: Engine) -> None:
    made = filled(sqlite_engine)
    with closing(made.store):
        made.sealer.all()
        before = rows(sqlite_engine)
        made.sealer.forget()
        assert rows(sqlite_engine) == (0, 0, 0)
        made.sealer.all()
        assert rows(sqlite_engine) == before
