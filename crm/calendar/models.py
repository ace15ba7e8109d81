"""Table of holidays. One row a day; a day taken away stays as a row, so that seeding does not bring it back."""

from enum import StrEnum
from typing import Final

from sqlalchemy import Boolean, Column, Date, Table, Text, false

from crm.database import Instant, metadata, one_of


class HolidaySource(StrEnum):
    """Where a holiday comes from."""

    SEED = "seed"  # the calendar of the country
    MANUAL = "manual"  # an administrator


holidays: Final = Table(
    "holidays",
    metadata,
    Column("date", Date, primary_key=True),  # of the site's own time zone
    Column("name_th", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("removed", Boolean, nullable=False, server_default=false()),
    Column("changed_at", Instant, nullable=False),
    one_of("source", HolidaySource),
)
