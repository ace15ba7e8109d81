"""Compares what was counted of days with their calls."""

from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Engine, select

from crm.calls.models import calls
from crm.reports.agents import agents_between
from crm.reports.counting import Wanted, count, count_agents
from crm.reports.queries import facts_between
from crm.reports.sealed import Frame, sealed, snapshot
from metrics.tally import tally_by


@dataclass(slots=True)
class Checked:
    """How many days, and which of them differ."""

    days: int = 0
    different: list[date] = field(default_factory=list)


def check(engine: Engine, frame: Frame) -> Checked:
    """Every day that is counted, each of one state of the database."""
    checked = Checked()
    with snapshot(engine) as connection:
        until = sealed(connection, frame).until
        first = connection.scalar(select(calls.c.arrived_at).order_by(calls.c.arrived_at).limit(1))
    at = first
    while at is not None and until is not None and at < until:
        day = frame.day(at)
        with snapshot(engine) as connection:
            wanted = Wanted(start_at=day.start_at, end_at=day.end_at)
            counted = count(connection, wanted, frame)
            said = tally_by(facts_between(connection, day.start_at, day.end_at), lambda fact: fact.queue, frame.limits)
            agents = agents_between(connection, day.start_at, day.end_at)
            same = counted.by_queue == said and count_agents(connection, wanted, frame) == agents
        checked.days += 1
        if not same:
            checked.different.append(day.start_at.astimezone(frame.zone).date())
        at = day.end_at
    return checked
