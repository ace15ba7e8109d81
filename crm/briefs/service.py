"""What a brief says: figures of a day against the targets, what waits, what is closed, which ratings to look at.

No caller is named: letters leave the house.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, select

from crm.calendar.service import HolidayLine, list_holidays
from crm.calls.models import calls
from crm.cards.lists import open_and_overdue
from crm.cards.models import transfer_cards
from crm.cards.records import Card, card_of, select_cards
from crm.cards.states import CardState
from crm.closure.models import closures
from crm.closure.service import Closure, current_closures
from crm.outbox import service as outbox
from crm.outbox.service import Draft
from crm.quality.figures import PERIOD, QaFigures, qa_by_queue
from crm.reports.counting import Wanted, count
from crm.reports.queries import open_work
from crm.reports.sealed import Frame
from crm.staff.models import Role, staff
from dialplan.sections import Hours
from metrics import kpi
from metrics.facts import NOT_SATISFIED
from metrics.kpi import Kpi
from metrics.tally import Tally

LOOK_BACK_DAYS: Final = 14  # for the last day that was open
HOLIDAYS_AHEAD_DAYS: Final = 14
MOST_RATINGS: Final = 10
MOST_CARDS: Final = 10
SHOWN: Final = (
    kpi.offered,
    kpi.answered_rate_strict,
    kpi.answered_within,
    kpi.abandon_rate,
    kpi.average_speed_of_answer,
    kpi.average_handling_time,
    kpi.satisfaction,
    kpi.survey_response_rate,
)
FIGURES: Final[Sequence[Kpi]] = tuple(one for function in SHOWN for one in kpi.KPIS if one.function is function)


class Kind(StrEnum):
    """Which of the two."""

    MORNING = "morning"  # of the last open day, for the day that begins
    EVENING = "evening"  # of the day that ends


@dataclass(frozen=True, slots=True)
class LowRating:
    """A call whose caller was not satisfied."""

    call_id: str
    arrived_at: datetime
    queue: str | None
    agent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """One brief. ``day``: for which it is; ``of_day``: whose figures; ``qa``: scores of the talks of the 30 days to
    its end (L1, D20); ``closed_then``: closures during that day."""

    kind: Kind
    day: date
    of_day: date
    made_at: datetime
    total: Tally
    by_queue: Mapping[str | None, Tally]
    qa: Mapping[str | None, QaFigures]
    callbacks: int
    messages: int
    cards_open: int
    cards_overdue: int
    cards_due: Sequence[Card]
    closed_now: Sequence[Closure]
    closed_then: Sequence[Closure]
    holidays: Sequence[HolidayLine]
    low_ratings: Sequence[LowRating]
    low_ratings_in_all: int


def is_open_day(connection: Connection, day: date, hours: Hours) -> bool:
    """Whether the hotline has opening hours on ``day`` at all."""
    if hours.always_open:
        return True
    return bool(hours.spans(day.weekday())) and not list_holidays(connection, day, day)


def last_open_day(connection: Connection, before: date, hours: Hours) -> date:
    """The last day before ``before`` with opening hours; the day before when there was none for two weeks."""
    days = [before - timedelta(days=back) for back in range(1, LOOK_BACK_DAYS + 1)]
    return next((day for day in days if is_open_day(connection, day, hours)), days[0])


def compose(connection: Connection, kind: Kind, day: date, now: datetime, frame: Frame, hours: Hours) -> Brief:
    """The brief of ``day``; what waits and what is closed is as it is ``now``. Figures are those of the reports."""
    of_day = day if kind is Kind.EVENING else last_open_day(connection, day, hours)
    start_at = datetime.combine(of_day, time(), frame.zone)
    end_at = datetime.combine(of_day + timedelta(days=1), time(), frame.zone)
    counted = count(connection, Wanted(start_at=start_at, end_at=end_at), frame)
    work = open_work(connection).values()
    still_open, overdue = open_and_overdue(connection, now)
    low = _low_ratings(connection, start_at, end_at)
    return Brief(
        kind=kind,
        day=day,
        of_day=of_day,
        made_at=now,
        total=counted.total,
        by_queue=counted.by_queue,
        qa=qa_by_queue(connection, min(now, end_at) - PERIOD, min(now, end_at)),
        callbacks=sum(one.callbacks for one in work),
        messages=sum(one.messages for one in work),
        cards_open=still_open,
        cards_overdue=overdue,
        cards_due=_cards_due(connection, datetime.combine(day + timedelta(days=1), time(), frame.zone)),
        closed_now=current_closures(connection),
        closed_then=_closed_between(connection, start_at, end_at),
        holidays=list_holidays(connection, day, day + timedelta(days=HOLIDAYS_AHEAD_DAYS)),
        low_ratings=low[:MOST_RATINGS],
        low_ratings_in_all=len(low),
    )


def _low_ratings(connection: Connection, start_at: datetime, end_at: datetime) -> list[LowRating]:
    columns = (calls.c.call_id, calls.c.arrived_at, calls.c.queue, calls.c.agent)
    query = select(*columns).where(
        calls.c.arrived_at >= start_at, calls.c.arrived_at < end_at, calls.c.survey_meaning == NOT_SATISFIED
    )
    return [LowRating(*row) for row in connection.execute(query.order_by(calls.c.arrived_at.desc()))]


def _cards_due(connection: Connection, until: datetime) -> list[Card]:
    c = transfer_cards.c
    query = select_cards().where(c.state != CardState.CLOSED, c.due_at < until)
    return [card_of(row) for row in connection.execute(query.order_by(c.due_at, c.id).limit(MOST_CARDS))]


def _closed_between(connection: Connection, start_at: datetime, end_at: datetime) -> list[Closure]:
    c = closures.c
    lasted = c.reopened_at.is_(None) | (c.reopened_at > start_at)
    query = select(closures).where(c.closed_at < end_at, lasted).order_by(c.closed_at)
    return [Closure(**row) for row in connection.execute(query).mappings()]


def team(connection: Connection) -> list[str]:
    """Addresses of everybody here whose account has one; officers of other departments are not the team."""
    ours = (Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR)
    query = select(staff.c.email).where(staff.c.active, staff.c.role.in_(ours), staff.c.email.is_not(None))
    return sorted({email for email in connection.scalars(query) if email and outbox.is_address(email)})


def about(kind: Kind, day: date) -> str:
    """What its letters are about."""
    return f"brief/{kind.value}/{day.isoformat()}"


def is_sent(connection: Connection, kind: Kind, day: date) -> bool:
    """Whether its letters have been written."""
    return bool(outbox.letters_about(connection, about(kind, day)))


def send(
    connection: Connection, brief: Brief, subject: str, text: str, recipients: Sequence[str], html: str | None = None
) -> int:
    """Letters to all, once: nothing when they were written before. ``html``: the text as a page. Returns how many."""
    if is_sent(connection, brief.kind, brief.day):
        return 0
    for address in recipients:
        draft = Draft(
            kind=f"brief.{brief.kind.value}",
            recipient=address,
            subject=subject,
            text=text,
            html=html,
            about=about(brief.kind, brief.day),
            useless_after=brief.made_at + timedelta(hours=12),
        )
        outbox.put(connection, draft, brief.made_at)
    return len(recipients)
