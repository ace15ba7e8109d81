"""Steps in the database: marks are taken, and the times worked out anew from all that is known."""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select

from crm.contacts.models import Contact, contact_marks, contact_steps
from crm.contacts.steps import Facts, Mark, StepTime, current_step, next_step, steps_of
from crm.standards.judging import judge
from crm.standards.models import PLANS, StandardSet
from crm.standards.service import standards_on

LONGEST_AGO: Final = timedelta(hours=12)  # a key pressed while the network was away


class StepProblem(ValueError):
    """This step cannot be taken. ``code``: a key of `crm.contacts.words`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def facts_of(contact: Contact) -> Facts:
    """What is known of a contact without the agent's marks."""
    return Facts(
        begun_at=contact.begun_at,
        rang_at=contact.rang_at,
        talk_ended_at=contact.talk_ended_at,
        survey_asked_at=contact.survey_asked_at,
        survey_ended_at=contact.survey_ended_at,
        finished_at=contact.finished_at,
        has_call=contact.call_id is not None,
    )


def mark_step(connection: Connection, contact: Contact, step: str, at: datetime, zone: tzinfo) -> list[StepTime]:
    """The agent went on, or back, to ``step`` at ``at``. Raises StepProblem."""
    standards = standards_of(connection, contact, zone)
    if contact.channel.steps is None or standards is None or step not in standards.standards:
        raise StepProblem("no_step")
    plan = PLANS[contact.channel.steps]
    if step in (plan.ring, plan.survey) or (step == plan.after and contact.call_id is not None):
        raise StepProblem("step_by_itself")
    ordinal = marks_made(connection, contact.id)
    connection.execute(insert(contact_marks).values(contact_id=contact.id, ordinal=ordinal, step=step, marked_at=at))
    return work_out(connection, contact)


def marks_made(connection: Connection, contact_id: int) -> int:
    """How many keys the agent has pressed so far."""
    last = connection.scalar(select(func.max(contact_marks.c.ordinal)).where(contact_marks.c.contact_id == contact_id))
    return 0 if last is None else last + 1


def marked_at(now: datetime, ago_seconds: float | None) -> datetime:
    """When the key was pressed: pages know how long ago, and their clocks may be wrong."""
    ago = timedelta(seconds=min(max(ago_seconds or 0.0, 0.0), LONGEST_AGO.total_seconds()))
    return now - ago


def work_out(connection: Connection, contact: Contact) -> list[StepTime]:
    """Writes the step times of a contact as they follow from all that is known now."""
    if contact.channel.steps is None:
        return []
    rows = connection.execute(
        select(contact_marks.c.step, contact_marks.c.marked_at)
        .where(contact_marks.c.contact_id == contact.id)
        .order_by(contact_marks.c.ordinal)
    )
    stays = steps_of(PLANS[contact.channel.steps], facts_of(contact), [Mark(*row) for row in rows])
    if stays != read_steps(connection, contact.id):
        connection.execute(delete(contact_steps).where(contact_steps.c.contact_id == contact.id))
        connection.execute(
            insert(contact_steps),
            [
                {
                    "contact_id": contact.id,
                    "ordinal": ordinal,
                    "step": stay.step,
                    "started_at": stay.started_at,
                    "ended_at": stay.ended_at,
                    "measured": stay.measured,
                }
                for ordinal, stay in enumerate(stays)
            ],
        )
    return stays


def read_steps(connection: Connection, contact_id: int) -> list[StepTime]:
    """The stored step times, in order."""
    columns = (contact_steps.c.step, contact_steps.c.started_at, contact_steps.c.ended_at, contact_steps.c.measured)
    rows = connection.execute(
        select(*columns).where(contact_steps.c.contact_id == contact_id).order_by(contact_steps.c.ordinal)
    )
    return [StepTime(*row) for row in rows]


def standards_of(connection: Connection, contact: Contact, zone: tzinfo) -> StandardSet | None:
    """The standards in force on the day the contact began; None for a channel without steps."""
    if contact.channel.steps is None:
        return None
    return standards_on(connection, contact.channel.steps, contact.begun_at.astimezone(zone).date())


def timeline(contact: Contact, standards: StandardSet | None, stays: Sequence[StepTime], now: datetime) -> list[Any]:
    """The steps as pages draw them: every step of the channel, with its standard, its time so far and the verdict.

    ``started_at``, ``ended_at``: of the last stay; ``before_seconds``: of the stays before it, so that a page can count
    on by itself.
    """
    if standards is None or contact.channel.steps is None:
        return []
    plan = PLANS[contact.channel.steps]
    current = current_step(plan, stays)
    order = list(standards.standards)
    following = next_step(order, plan, current)
    drawn = []
    for standard in standards.standards.values():
        mine = [stay for stay in stays if stay.step == standard.step]
        seconds = sum(stay.seconds(now) for stay in mine) if mine else None
        last = mine[-1] if mine else None
        measured = all(stay.measured for stay in mine)
        drawn.append(
            {
                "step": standard.step,
                "name_th": standard.name_th,
                "name_en": standard.name_en,
                "min_seconds": standard.min_seconds,
                "max_seconds": standard.max_seconds,
                "standard_seconds": standard.max_seconds,
                "counted": standard.counted,
                "by_itself": standard.step in (plan.ring, plan.survey)
                or (standard.step == plan.after and contact.call_id is not None),
                "seconds": None if seconds is None else round(seconds, 3),
                "before_seconds": round(sum(stay.seconds(now) for stay in mine[:-1]), 3),
                "started_at": last.started_at.isoformat() if last else None,
                "ended_at": last.ended_at.isoformat() if last and last.ended_at else None,
                "current": standard.step == current,
                "next": standard.step == following,
                "verdict": judge(standard, seconds, ended=bool(last and last.ended_at), measured=measured),
            }
        )
    return drawn
