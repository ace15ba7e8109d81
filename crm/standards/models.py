"""The table of standard times, and what a standard is in Python."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from sqlalchemy import Boolean, CheckConstraint, Column, Date, Float, Integer, PrimaryKeyConstraint, Table, Text

from crm.database import metadata


class StepChannel(StrEnum):
    """Ways of serving that have steps of their own."""

    HOTLINE = "hotline"
    CHAT = "chat"
    COUNTER = "counter"


step_standards: Final = Table(
    "step_standards",
    metadata,
    Column("channel", Text, nullable=False),
    Column("valid_from", Date, nullable=False),  # of the whole set of that channel
    Column("step", Text, nullable=False),  # H1 … H9, L1 … L8, W1 … W9
    Column("ordinal", Integer, nullable=False),
    Column("name_th", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("min_seconds", Integer),
    Column("max_seconds", Integer),  # NULL: no time is set
    Column("counted", Boolean, nullable=False),  # False: outside the agent's control
    Column("target_share", Float),  # of contacts that should be within; NULL: none is set
    PrimaryKeyConstraint("channel", "valid_from", "step"),
    CheckConstraint("min_seconds <= max_seconds", name="order"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """A step and the time that is allowed for it. ``max_seconds`` None: no time is set."""

    step: str
    ordinal: int
    name_th: str
    name_en: str
    min_seconds: int | None = None
    max_seconds: int | None = None
    counted: bool = True
    target_share: float | None = None

    def name(self, language: str) -> str:
        """Its name."""
        return self.name_th if language == "th" else self.name_en


@dataclass(frozen=True, slots=True)
class Plan:
    """Which steps come by themselves. ``ring``: from ringing to the answer; ``first``: from the answer on; ``survey``:
    while the caller is asked; ``after``: from the end of the talk until the record is finished."""

    first: str
    ring: str | None = None
    survey: str | None = None
    after: str | None = None


PLANS: Final[Mapping[StepChannel, Plan]] = {
    StepChannel.HOTLINE: Plan("H2", ring="H1", survey="H8", after="H9"),
    StepChannel.CHAT: Plan("L1", after="L8"),
    StepChannel.COUNTER: Plan("W1"),
}


@dataclass(frozen=True, slots=True)
class StandardSet:
    """The standards of a channel that are in force from a day on, in the order of the steps."""

    channel: StepChannel
    valid_from: date
    standards: Mapping[str, Standard]
