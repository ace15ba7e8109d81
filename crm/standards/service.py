"""Reading and setting standard times."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, RowMapping, delete, func, insert, select

from crm.audit.service import Doer, note
from crm.standards.models import Standard, StandardSet, StepChannel, step_standards

_FIELDS: Final = tuple(field.name for field in fields(Standard))


class StandardProblem(ValueError):
    """What was asked for cannot be. ``code``: a key of `crm.standards.words`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def standards_on(connection: Connection, channel: StepChannel, day: date) -> StandardSet:
    """The standards of a channel in force on ``day``; before the first set, the first one. Raises StandardProblem."""
    mine = step_standards.c.channel == channel
    latest = select(func.max(step_standards.c.valid_from)).where(mine, step_standards.c.valid_from <= day)
    valid_from = connection.scalar(latest) or connection.scalar(
        select(func.min(step_standards.c.valid_from)).where(mine)
    )
    if valid_from is None:
        raise StandardProblem("no_standards")
    rows = connection.execute(
        select(step_standards)
        .where(mine, step_standards.c.valid_from == valid_from)
        .order_by(step_standards.c.ordinal, step_standards.c.step)
    ).mappings()
    return StandardSet(channel, valid_from, {row["step"]: _standard(row) for row in rows})


def all_standards(connection: Connection, channel: StepChannel) -> list[StandardSet]:
    """Every set of a channel, the earliest first."""
    rows = connection.execute(
        select(step_standards)
        .where(step_standards.c.channel == channel)
        .order_by(step_standards.c.valid_from, step_standards.c.ordinal, step_standards.c.step)
    ).mappings()
    sets: dict[date, dict[str, Standard]] = {}
    for row in rows:
        sets.setdefault(row["valid_from"], {})[row["step"]] = _standard(row)
    return [StandardSet(channel, valid_from, standards) for valid_from, standards in sets.items()]


def set_standards(
    connection: Connection,
    channel: StepChannel,
    valid_from: date,
    standards: Sequence[Standard],
    at: datetime,
    doer: Doer | None,
) -> None:
    """Puts a whole set in force from a day on, in place of one of that same day. Raises StandardProblem."""
    if not standards or len({one.step for one in standards}) < len(standards):
        raise StandardProblem("each_step_once")
    for one in standards:
        lowest, highest = one.min_seconds or 0, one.max_seconds
        if lowest < 0 or (highest is not None and highest < lowest) or (one.min_seconds and highest is None):
            raise StandardProblem("bad_range")
        if one.target_share is not None and not 0 <= one.target_share <= 1:
            raise StandardProblem("bad_share")
    this = (step_standards.c.channel == channel) & (step_standards.c.valid_from == valid_from)
    connection.execute(delete(step_standards).where(this))
    rows = [asdict(one) | {"channel": channel, "valid_from": valid_from} for one in standards]
    connection.execute(insert(step_standards), rows)
    times = {one.step: [one.min_seconds, one.max_seconds, one.counted] for one in standards}
    note(connection, at, doer, "standards.set", f"standards/{channel}/{valid_from}", times=times)


def _standard(row: RowMapping) -> Standard:
    return Standard(**{name: row[name] for name in _FIELDS})
