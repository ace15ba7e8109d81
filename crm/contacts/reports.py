"""How often the steps were done in their standard time: the share of contacts, by step (H1 to H9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from sqlalchemy import Connection, Float, case, func, select

from crm.contacts.models import Channel, contact_steps, contacts
from crm.database import seconds_between
from crm.standards.models import Standard, StandardSet
from crm.standards.service import all_standards


@dataclass(frozen=True, slots=True)
class StepShare:
    """One step over a time. ``judged``: contacts that were in it, measured, ended, with a standard that counts;
    ``in_time``: of these; ``done``: all contacts that were in it; ``mean_seconds``: of those measured, None without."""

    standard: Standard
    done: int = 0
    judged: int = 0
    in_time: int = 0
    mean_seconds: float | None = None

    @property
    def share(self) -> float | None:
        """In time of judged, 0–1; None when none was judged."""
        return self.in_time / self.judged if self.judged else None


def step_shares(
    connection: Connection,
    channel: Channel,
    from_at: datetime,
    to_at: datetime,
    zone: tzinfo,
    agents: Sequence[str] | None = None,
) -> list[StepShare]:
    """The steps of a channel's contacts that began from ``from_at`` (inside) to ``to_at`` (outside), each judged by the
    standards in force on its own day. ``agents``: of these extensions only."""
    if channel.steps is None:
        return []
    found: dict[str, StepShare] = {}
    sets = all_standards(connection, channel.steps)
    for number, standards in enumerate(sets):
        since = from_at if number == 0 else max(from_at, _midnight(standards.valid_from, zone))
        until = to_at if number + 1 == len(sets) else min(to_at, _midnight(sets[number + 1].valid_from, zone))
        if since < until:
            for share in _shares(connection, channel, standards, since, until, agents):
                found[share.standard.step] = _together(found.get(share.standard.step), share)
    return sorted(found.values(), key=lambda share: share.standard.ordinal)


def _shares(
    connection: Connection,
    channel: Channel,
    standards: StandardSet,
    since: datetime,
    until: datetime,
    agents: Sequence[str] | None,
) -> list[StepShare]:
    """One set of standards. The stays of one contact in one step count together."""
    each = (
        select(
            contact_steps.c.step,
            func.sum(seconds_between(contact_steps.c.started_at, contact_steps.c.ended_at)).label("seconds"),
            func.min(case((contact_steps.c.measured & contact_steps.c.ended_at.is_not(None), 1), else_=0)).label(
                "known"
            ),
        )
        .join(contacts, contacts.c.id == contact_steps.c.contact_id)
        .where(contacts.c.channel == channel, contacts.c.begun_at >= since, contacts.c.begun_at < until)
        .group_by(contact_steps.c.contact_id, contact_steps.c.step)
    )
    if agents is not None:
        each = each.where(contacts.c.agent.in_(agents))
    stays = each.subquery()
    limits = {step: one.max_seconds for step, one in standards.standards.items() if one.counted and one.max_seconds}
    limit = case(limits, value=stays.c.step, else_=None)
    judged = (stays.c.known == 1) & limit.is_not(None)
    rows = connection.execute(
        select(
            stays.c.step,
            func.count(),
            func.sum(case((judged, 1), else_=0)),
            func.sum(case((judged & (stays.c.seconds <= limit), 1), else_=0)),
            func.avg(case((stays.c.known == 1, stays.c.seconds), else_=None), type_=Float),
        ).group_by(stays.c.step)
    )
    counted = {row[0]: row[1:] for row in rows}
    return [
        StepShare(one, done, int(judged_), int(in_time), mean)
        for step, one in standards.standards.items()
        for done, judged_, in_time, mean in [counted.get(step, (0, 0, 0, None))]
    ]


def _together(earlier: StepShare | None, later: StepShare) -> StepShare:
    """Two times with different standards; the later one's are shown."""
    if earlier is None:
        return later
    weights = [(share.mean_seconds, share.done) for share in (earlier, later) if share.mean_seconds is not None]
    whole = sum(done for _mean, done in weights)
    mean = sum(mean * done for mean, done in weights) / whole if whole else None
    return StepShare(
        later.standard,
        earlier.done + later.done,
        earlier.judged + later.judged,
        earlier.in_time + later.in_time,
        mean,
    )


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone)


def day_range(first: date, last: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """From the beginning of ``first`` to the end of ``last``, local days."""
    return _midnight(first, zone), _midnight(last + timedelta(days=1), zone)
