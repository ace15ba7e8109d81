"""Days of calls to make reports of: made up, always the same, like those of a real hotline."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import Engine

from ami_listener.events import EndedBy, LeaveStatus, PickUpReason
from ami_listener.records import (
    Callback,
    CallRecord,
    Conversation,
    Hold,
    MenuKey,
    Outcome,
    QueuePass,
    Ring,
    Survey,
    Transfer,
)
from crm.calls.rows import rows_of
from crm.calls.store import Batch, CallStore
from crm.people.numbers import normalise

AGENTS = ("1001", "1002")
QUEUES = ("enquiries", "english")


def days_of_calls(
    first: datetime, days: int, a_day: int, *, agents: tuple[str, ...] = AGENTS, queues: tuple[str, ...] = QUEUES
) -> Iterator[CallRecord]:
    """``a_day`` calls on each of ``days`` days from ``first`` (local midnight), most of them from 08:30 to 18:30."""
    dice = Random(1169)
    for day in range(days):
        midnight = first + timedelta(days=day)
        for number in range(a_day):
            hours = 8.5 + 10 * (number + dice.random()) / a_day
            if number % 40 == 39:
                hours = 19 + 4 * dice.random()
            yield one_call(f"main-{day}.{number}", midnight + timedelta(hours=hours), dice, agents, queues)


def one_call(
    call_id: str, arrived_at: datetime, dice: Random, agents: tuple[str, ...] = AGENTS, queues: tuple[str, ...] = QUEUES
) -> CallRecord:
    """Of any kind, the usual kinds most."""
    queue = queues[0] if dice.random() < 0.8 else dice.choice(queues)
    number = f"08{dice.randrange(10_000_000, 99_999_999)}"
    call = CallRecord(call_id, arrived_at, number, "1169", "provider", queue=queue, language="th")

    def later(seconds: float) -> datetime:
        return arrived_at + timedelta(seconds=seconds)

    if arrived_at.hour * 60 + arrived_at.minute >= 11 * 60 + 30 and arrived_at.hour < 17:  # 18:30 – 24:00 in Bangkok
        call.queue, call.closed_reason, call.outcome = None, "hours", Outcome.CLOSED
        call.ended_at, call.ended_by = later(22), EndedBy.CALLER
        return call
    call.passes = [QueuePass(queue, 1, later(0.02), 1)]
    wait = round(dice.expovariate(1 / 3.2), 3) + 0.6
    if wait > 9:
        call.assistant_answered_at, call.assistant_reason = later(9.01), PickUpReason.GUARD
    kind = dice.random()
    if kind < 0.045:
        call.outcome, call.ended_by, call.ended_at = Outcome.ABANDONED, EndedBy.CALLER, later(wait + 6 * dice.random())
        call.passes[0].left_at, call.passes[0].status = call.ended_at, LeaveStatus.ABANDONED
        return call
    if kind < 0.055:
        call.outcome, call.ended_by, call.ended_at = Outcome.CALLBACK, EndedBy.SYSTEM, later(40)
        call.menu_keys = [MenuKey("waiting", "1", "callback", later(31))]
        call.callback = Callback(queue, normalise(number).number or number, later(33))
        call.passes[0].left_at, call.passes[0].status = later(31), LeaveStatus.KEY
        return call
    talk = round(40 + dice.expovariate(1 / 160), 3)
    agent = dice.choice(agents)
    call.rings = [Ring(queue, agent, later(0.1), later(wait), True)]
    call.passes[0].left_at, call.passes[0].status = later(wait), LeaveStatus.ANSWERED
    call.conversations = [Conversation(queue, agent, later(wait), later(wait + talk), EndedBy.AGENT)]
    end = wait + talk
    if dice.random() < 0.2:
        call.holds = [Hold(agent, later(wait + talk / 3), later(wait + talk / 2))]
    if dice.random() < 0.08:
        other = next(one for one in agents if one != agent)
        call.conversations[0].ended_by = EndedBy.TRANSFER
        call.transfers = [Transfer("blind", agent, other, later(end))]
        call.conversations.append(Conversation(None, other, later(end + 4), later(end + 94), EndedBy.CALLER))
        end += 94
    call.outcome, call.ended_by, call.ended_at = Outcome.ANSWERED, EndedBy.CALLER, later(end + 14)
    if dice.random() < 0.9:
        call.survey = Survey("scale-123", later(end + 1))
        if dice.random() < 0.6:
            key = dice.choices("123", (52, 36, 12))[0]
            call.survey.key, call.survey.answered_at = key, later(end + 8)
            call.survey.meaning = {"1": "impressed", "2": "satisfied", "3": "not_satisfied"}[key]
    return call


def write_days(engine: Engine, first: datetime, days: int, a_day: int, until: datetime) -> list[CallRecord]:
    """Writes them as the recorder does, those that arrived before ``until``; returns them."""
    made = [call for call in days_of_calls(first, days, a_day) if call.arrived_at < until]
    with closing(CallStore(engine, lambda: until)) as store:
        for start in range(0, len(made), 500):
            store.write(Batch(calls=[rows_of(call, normalise) for call in made[start : start + 500]]))
    return made
