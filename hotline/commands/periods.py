"""Times and periods as people type them, for every command that takes ``--from`` and ``--to``."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

BUDDHIST = 543  # years that the Buddhist era is ahead
LATEST = 2400  # a later year is one of the Buddhist era


class Moment(click.ParamType[datetime]):
    """A time as people write it: 2026-11-20, 2026-11-20T08:30, with or without zone (then the hotline's own)."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Parses; fails with how to write it, also for a year of the Buddhist era."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time; write it as 2026-11-20 or 2026-11-20T08:30", param, ctx)
        if moment.year >= LATEST:
            meant = f"{moment.year - BUDDHIST}{value[4:]}"
            self.fail(f"{moment.year} is a year of the Buddhist era; write {meant}", param, ctx)
        if moment.tzinfo is None and ctx is not None:
            moment = moment.replace(tzinfo=ZoneInfo(ctx.obj.settings.site.timezone))
        return moment


def check_period(from_at: datetime | None, to_at: datetime | None) -> None:
    """Refuses a period that ends before it begins, in which there would never be anything. Raises UsageError."""
    if from_at is not None and to_at is not None and to_at <= from_at:
        raise click.UsageError(
            f"--to ({to_at:%Y-%m-%d %H:%M}) must be after --from ({from_at:%Y-%m-%d %H:%M}); --to itself is not inside:"
            " the whole of 20 November is --from 2026-11-20 --to 2026-11-21"
        )
