"""Made-up calls of many weeks, as the recorder leaves them: weekdays, half hours, patience and handling are known, so
that what is learnt from them can be compared with the truth."""

import math
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, insert

from ami_listener.events import AgentState, LeaveStatus, Precision
from ami_listener.records import Outcome
from crm.calls.models import agent_states, calls, conversations, queue_passes, rings
from crm.database import writing
from metrics.queue_simulation import Caller, simulate

ZONE = ZoneInfo("Asia/Bangkok")
SLOTS = range(510, 1110, 30)  # 08:30 to 18:30
SHAPE = [0.4, 0.9, 1.3, 1.5, 1.4, 1.2, 0.9, 0.7, 0.9, 1.1, 1.2, 1.2, 1.1, 1.0, 0.9, 0.8, 0.6, 0.5, 0.3, 0.2]
WEEKDAYS = [1.3, 1.1, 1.0, 0.9, 0.8]
HANDLING, WRAP_UP, RING, PATIENCE = 240.0, 30.0, 3.0, 75.0
EARLY = 0.02
QUEUE = "enquiries"
AGENTS = [str(1001 + number) for number in range(14)]


def fill(
    engine: Engine, today: date, *, weeks: int = 10, calls_a_day: float = 260, team: int = 7, seed: int = 1169,
    after_holiday: float = 1.0, holidays: frozenset[date] = frozenset(),
) -> int:  # fmt: skip
    """Writes the calls of the weeks before ``today``; returns how many."""
    chance = random.Random(seed)
    rows: dict[Any, list[dict[str, Any]]] = {
        table: [] for table in (calls, queue_passes, rings, conversations, agent_states)
    }
    for back in range(7 * weeks, 0, -1):
        day = today - timedelta(days=back)
        if day.weekday() > 4 or day in holidays:
            continue
        mean = calls_a_day * WEEKDAYS[day.weekday()]
        mean *= after_holiday if day - timedelta(days=1) in holidays else 1.0
        for row in _day(chance, day, mean, team):
            for table, values in row:
                rows[table].append(values)
    with writing(engine) as connection:
        for table, written in rows.items():
            for start in range(0, len(written), 500):
                connection.execute(insert(table), written[start : start + 500])
    return len(rows[calls])


def _day(chance: random.Random, day: date, mean: float, team: int) -> Iterator[list[tuple[Any, dict[str, Any]]]]:
    midnight = datetime.combine(day, time(0), ZONE).astimezone(UTC)
    arrivals = sorted(
        60.0 * slot + 1800 * chance.random()
        for slot, share in zip(SLOTS, SHAPE, strict=True)
        for _ in range(poisson(chance, mean * share / sum(SHAPE)))
    )
    callers = [
        Caller(at, RING + WRAP_UP + chance.expovariate(1 / HANDLING), chance.expovariate(1 / PATIENCE))
        for at in arrivals
    ]
    for number, (caller, fate) in enumerate(zip(callers, simulate(callers, [(0, team)]), strict=True)):
        arrived = midnight + timedelta(seconds=caller.arrives)
        answered = fate.answered and chance.random() > EARLY  # some hang up while it rings
        wait = fate.wait + RING if answered else chance.uniform(0, RING) if fate.answered else fate.wait + RING
        yield _rows(f"made-{day.isoformat()}-{number}", arrived, wait, caller, answered, chance.choice(AGENTS))


def _rows(
    call: str, arrived: datetime, wait: float, caller: Caller, answered: bool, agent: str
) -> list[tuple[Any, dict[str, Any]]]:
    until = arrived + timedelta(seconds=wait)
    talk = timedelta(seconds=max(1.0, caller.handling - RING - WRAP_UP))
    ended = until + talk if answered else until
    found: list[tuple[Any, dict[str, Any]]] = [
        (calls, {
            "call_id": call, "arrived_at": arrived, "called_number": "1169", "trunk": "carrier", "queue": QUEUE,
            "agent_answered_at": until if answered else None, "agent": agent if answered else None, "ended_at": ended,
            "outcome": Outcome.ANSWERED if answered else Outcome.ABANDONED, "precision": Precision.MICROSECOND,
            "updated_at": ended,
        }),
        (queue_passes, {
            "call_id": call, "ordinal": 0, "queue": QUEUE, "pass_number": 1, "joined_at": arrived, "left_at": until,
            "status": LeaveStatus.ANSWERED if answered else LeaveStatus.ABANDONED,
        }),
    ]  # fmt: skip
    if answered:
        rang = until - timedelta(seconds=RING)
        found += [
            (rings, {"call_id": call, "ordinal": 0, "queue": QUEUE, "agent": agent, "rang_at": rang, "ended_at": until,
                     "answered": True, "precision": Precision.MICROSECOND}),
            (conversations, {"call_id": call, "ordinal": 0, "queue": QUEUE, "agent": agent, "answered_at": until,
                             "ended_at": ended}),
            (agent_states, {"agent": f"{agent}-{call}", "since": ended, "until": ended + timedelta(seconds=WRAP_UP),
                            "state": AgentState.WRAP_UP}),
        ]  # fmt: skip
    return found


def poisson(chance: random.Random, mean: float) -> int:
    """A count by chance."""
    if mean <= 0:
        return 0
    count, at, limit = 0, 1.0, math.exp(-mean)
    while (at := at * chance.random()) > limit:
        count += 1
    return count
