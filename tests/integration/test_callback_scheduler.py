"""Callbacks over the lives of the service and of Asterisk: a place is kept once, whatever dies ("The call" no. 2)."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from fake_pbx import FakePbx
from sqlalchemy import Engine

from ami_listener.events import CallAnswered, CallArrived, CallbackRequested, CallbackTried, CallEnded, StreamResumed
from ami_listener.records import Callback, CallRecord
from crm.callbacks.book import ASKED_SECONDS, SETTLE_SECONDS, after_try
from crm.callbacks.scheduler import GIVEN_UP_SECONDS, LIST_SECONDS, CallbackScheduler
from crm.callbacks.service import (
    CallbackRequest,
    UnknownCallback,
    give_up,
    list_callbacks,
    note_answered_by,
    open_requests,
)
from crm.calls.models import CallbackState
from crm.calls.rows import rows_of
from crm.calls.store import Batch, CallbackPolicy, CallStore
from crm.database import reading, writing
from crm.people.numbers import normalise
from dialplan.names import Store

NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
POLICY = CallbackPolicy(tries=3, retry_seconds=300)
ASKED = "main-1.1"
NUMBER = "+66812345678"


class World:
    """Database, Asterisk, recorder and clock, which outlive any scheduler."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.pbx = FakePbx()
        self.now = NOON
        self.open = True
        self.store = CallStore(engine, lambda: self.now, POLICY)
        self.scheduler = self.new_service()

    def new_service(self) -> CallbackScheduler:
        self.scheduler = CallbackScheduler(
            self.engine, self.pbx.send, self, POLICY, self.record, clock=lambda: self.now
        )
        return self.scheduler

    def is_open(self, now: datetime, number: str | None = None) -> bool:
        assert number == "1169"
        return self.open

    def record(self, tried: CallbackTried) -> None:
        self.store.write(Batch(callback_tries=[tried]))

    def login(self) -> None:
        resumed = StreamResumed(event_id="resumed", occurred_at=self.now, live_calls=frozenset())
        self.scheduler.apply(resumed)

    def look(self, seconds: float = 0) -> None:
        self.now += timedelta(seconds=seconds)
        asyncio.run(self.scheduler.look())

    def ask(self, call_id: str = ASKED, number: str = NUMBER, told: bool = True) -> None:
        """The caller presses 1; what the dialplan does besides is `dialplan_places`."""
        record = CallRecord(call_id, self.now - timedelta(seconds=60), number, "1169", "provider", language="en")
        record.callback = Callback("enquiries", number, self.now)
        self.store.write(Batch(calls=[rows_of(record, normalise)]))
        self.pbx.database.setdefault(f"{Store.CALLBACK}/{number}", call_id)
        if told:
            wish = CallbackRequested(
                event_id=call_id, occurred_at=self.now, call_id=call_id, queue="enquiries", number=number
            )
            self.scheduler.apply(wish)

    def dialplan_places(self, call_id: str = "main-2.2", request: str = ASKED) -> None:
        self.pbx.channels[call_id] = {"HOTLINE_CALLBACK_OF": request}

    def hear_arrived(self, call_id: str, request: str = ASKED) -> None:
        self.scheduler.apply(
            CallArrived(
                event_id=f"arrived-{call_id}",
                occurred_at=self.now,
                call_id=call_id,
                caller_number=NUMBER,
                called_number="1169",
                trunk="callback",
                callback_of=request,
            )
        )

    def hear_ended(self, call_id: str) -> None:
        self.pbx.channels.pop(call_id, None)
        self.scheduler.apply(CallEnded(event_id=f"ended-{call_id}", occurred_at=self.now, call_id=call_id))

    def try_(self, number: int, *results: str) -> None:
        for result in results:
            tried = CallbackTried(
                event_id=f"{number}-{result}",
                occurred_at=self.now,
                call_id=ASKED,
                request_call_id=ASKED,
                number=None,
                try_number=number,
                result=result,
            )
            self.scheduler.apply(tried)
            self.record(tried)

    def request(self, call_id: str = ASKED) -> CallbackRequest:
        with reading(self.engine) as connection:
            return next(one for one in list_callbacks(connection) if one.call_id == call_id)


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    world = World(engine)
    yield world
    world.store.close()


def test_the_dialplans_own_placeholder_is_enough(world: World) -> None:
    world.login()
    world.ask()
    world.dialplan_places()  # its arrival is never heard
    for seconds in (0, SETTLE_SECONDS + 1, 60, 3600):
        world.look(seconds)
    assert world.pbx.made == 0


def test_three_tries_and_no_more(world: World) -> None:
    world.login()
    world.ask()
    world.dialplan_places("main-2.2")
    world.hear_arrived("main-2.2")
    waiting = "main-2.2"
    for number in (1, 2, 3):
        world.try_(number, "calling", "no_answer")
        world.hear_ended(waiting)
        world.look(SETTLE_SECONDS + 1)
        assert world.pbx.made == number - 1
        world.look(POLICY.retry_seconds)
        waiting = f"placeholder-{number}"
        if number < 3:
            assert world.pbx.placeholders_of(ASKED) == [waiting]
            assert world.pbx.channels[waiting]["HOTLINE_CALLBACK_TRY"] == str(number + 1)
            world.hear_arrived(waiting)
            assert world.pbx.family(Store.CALLBACK) == {NUMBER: ASKED}
    world.look(86_400)
    assert world.pbx.made == 2
    assert (world.request().state, world.request().tries) == (CallbackState.GIVEN_UP, 3)
    assert world.pbx.family(Store.CALLBACK) == {}  # the number may ask again


def test_who_was_reached_is_done_and_by_whom(world: World) -> None:
    world.login()
    world.ask()
    world.dialplan_places()
    world.hear_arrived("main-2.2")
    answered = CallAnswered(event_id="a", occurred_at=world.now, call_id="main-2.2", queue="enquiries", agent="1001")
    world.scheduler.apply(answered)
    world.try_(1, "calling", "connected")
    world.look(1)
    assert (world.request().state, world.request().answered_by) == (CallbackState.DONE, "1001")
    assert world.pbx.family(Store.CALLBACK) == {}
    world.hear_ended("main-2.2")
    world.look(86_400)
    assert world.pbx.made == 0


def test_asterisk_was_started_again(world: World) -> None:
    world.login()
    world.ask()
    world.dialplan_places()
    world.hear_arrived("main-2.2")
    world.look(20)
    world.pbx.channels.clear()
    world.pbx.database.clear()
    world.login()
    world.look()
    assert world.pbx.family(Store.CALLBACK) == {NUMBER: ASKED}
    for seconds in (SETTLE_SECONDS, 1, SETTLE_SECONDS, 60, 3600):
        world.look(seconds)
    assert world.pbx.made == 1
    assert world.pbx.placeholders_of(ASKED) == ["placeholder-1"]
    variables = world.pbx.channels["placeholder-1"]
    assert variables["HOTLINE_ARRIVED"] == f"{int(NOON.timestamp()) - 60}.000000"  # before all who came later
    assert variables["HOTLINE_CALLBACK_TRY"] == "1"


@pytest.mark.parametrize("alive", [True, False])
def test_the_service_was_away(world: World, alive: bool) -> None:
    """Asked while nobody listened; the journal brought the request, not the placeholder."""
    world.ask(told=False)
    if alive:
        world.dialplan_places()
    world.now += timedelta(seconds=30)
    world.new_service()
    world.look()
    assert world.pbx.sent == []  # nothing before Asterisk is heard
    world.login()
    for seconds in (0, 1, 60):
        world.look(seconds)
    assert world.pbx.made == (0 if alive else 1)
    assert len(world.pbx.placeholders_of(ASKED)) == 1


def test_every_restart_in_a_row_makes_none_too_many(world: World) -> None:
    world.ask()
    for n in range(6):
        world.now += timedelta(seconds=60)
        if n % 3 == 2:
            world.pbx.channels.clear()
        world.new_service()
        world.login()
        world.look()
        world.look(1)
        assert len(world.pbx.placeholders_of(ASKED)) == 1
    assert world.pbx.made == 3


def test_a_wish_without_an_answer_is_not_made_twice(world: World) -> None:
    world.login()
    world.ask()
    world.pbx.deaf = True  # done, but never answered
    for seconds in (SETTLE_SECONDS, 1, SETTLE_SECONDS, SETTLE_SECONDS, LIST_SECONDS + 1):
        world.look(seconds)
    assert world.pbx.made == 1


def test_nobody_is_called_while_the_doors_are_closed(world: World) -> None:
    world.login()
    world.ask()
    world.open = False
    world.look(3600)
    assert world.pbx.made == 0
    assert world.request().state is CallbackState.WAITING
    world.open = True
    world.look(1)
    assert world.pbx.made == 1


def test_a_try_that_died_with_asterisk_counts_and_is_followed_by_the_next(world: World) -> None:
    world.login()
    world.ask()
    world.dialplan_places()
    world.hear_arrived("main-2.2")
    world.try_(1, "calling")
    world.pbx.channels.clear()
    world.login()
    world.look()
    world.look(SETTLE_SECONDS)
    assert (world.request().state, world.request().tries) == (CallbackState.WAITING, 1)
    world.look(POLICY.retry_seconds)
    assert world.pbx.channels["placeholder-1"]["HOTLINE_CALLBACK_TRY"] == "2"


def test_two_requests_of_one_number_are_one_callback(world: World) -> None:
    """Asterisk had lost its database in between."""
    world.login()
    world.ask()
    world.ask("main-5.5")
    world.look(ASKED_SECONDS)
    world.look(ASKED_SECONDS)
    assert (world.pbx.made, len(world.pbx.placeholders_of(ASKED))) == (1, 1)
    assert world.request("main-5.5").state is CallbackState.GIVEN_UP
    assert world.request().state is CallbackState.WAITING


def test_what_was_finished_meanwhile_is_taken_out_of_asterisk_and_the_unknown_stays(world: World) -> None:
    world.ask()
    world.try_(1, "connected")
    world.pbx.database[f"{Store.CALLBACK}/+66899999999"] = "main-7.7"  # asked just now, not written down yet
    world.new_service()
    world.login()
    world.look()
    assert world.pbx.family(Store.CALLBACK) == {"+66899999999": "main-7.7"}


def test_what_a_person_gives_up_loses_its_place(world: World) -> None:
    world.login()
    world.ask()
    world.dialplan_places()
    world.hear_arrived("main-2.2")
    world.look(1)
    with writing(world.engine) as connection:
        give_up(connection, ASKED, world.now)
        with pytest.raises(UnknownCallback, match=r"main-1\.1"):
            give_up(connection, ASKED, world.now)
    world.look(GIVEN_UP_SECONDS + LIST_SECONDS)
    assert world.pbx.channels == {}
    world.look(86_400)
    assert world.pbx.made == 0


def test_a_call_being_spoken_is_never_ended(world: World) -> None:
    world.login()
    world.ask()
    world.dialplan_places()
    world.hear_arrived("main-2.2")
    world.try_(1, "calling", "connected")
    for _ in range(5):
        world.look(LIST_SECONDS + 1)
    assert world.pbx.placeholders_of(ASKED) == ["main-2.2"]


def test_faults_are_waited_out(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.login()
    world.ask()
    world.pbx.down = True
    world.now += timedelta(seconds=60)
    for _ in range(3):
        assert not asyncio.run(world.scheduler.look_safely())
    assert len([line for line in caplog.messages if "callbacks wait" in line]) == 1
    world.pbx.down = False
    assert asyncio.run(world.scheduler.look_safely())
    assert world.pbx.made == 1


def test_it_runs_by_itself_and_wakes_on_facts(world: World) -> None:
    async def story() -> None:
        running = asyncio.create_task(world.scheduler.run())
        world.ask()
        world.now += timedelta(seconds=60)
        world.login()
        async with asyncio.timeout(5):
            while not world.pbx.made:
                await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(story())
    assert world.pbx.made == 1


def test_the_rule_of_tries_is_the_recorders_rule(world: World) -> None:
    stories = [
        [(1, "calling"), (1, "no_answer"), (2, "calling"), (2, "busy"), (3, "calling"), (3, "failed")],
        [(1, "no_answer"), (1, "calling"), (2, "connected"), (2, "calling"), (3, "calling")],
        [(2, "calling"), (1, "busy"), (2, "failed"), (2, "connected"), (3, "connected")],
    ]
    for n, story in enumerate(stories):
        call_id = f"main-{n}.9"
        world.ask(call_id, f"+6681234567{n}")
        expected = world.request(call_id)
        for number, result in story:
            world.now += timedelta(seconds=10)
            tried = CallbackTried(
                event_id=f"{n}{number}{result}",
                occurred_at=world.now,
                call_id=call_id,
                request_call_id=call_id,
                number=None,
                try_number=number,
                result=result,
            )
            world.record(tried)
            expected = after_try(expected, tried, POLICY)
            assert world.request(call_id) == expected


def test_lists_show_who_waits_first_and_all_by_state(world: World) -> None:
    world.ask("main-1.9", "+66811111111")
    world.now += timedelta(seconds=5)
    world.ask()
    world.try_(1, "calling", "connected")
    with writing(world.engine) as connection:
        assert note_answered_by(connection, ASKED, "1001")
        assert not note_answered_by(connection, "main-0.0", "1001")
        assert [one.call_id for one in open_requests(connection)] == ["main-1.9"]
        assert [one.call_id for one in list_callbacks(connection)] == [ASKED, "main-1.9"]
        [done] = list_callbacks(connection, CallbackState.DONE)
    assert (done.answered_by, done.called_number, done.language) == ("1001", "1169", "en")
