"""What a call tells about each agent who spoke in it. Pure: the same record always tells the same."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ami_listener.records import CallRecord, Conversation
from crm.contacts.models import Direction
from crm.people.numbers import Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One agent's part of one call. ``number``: of the caller, in its one form, None when hidden.

    ``transferred_by``: the extension that handed the call to this agent; ``transferred_to``: where this agent sent it.
    """

    call_id: str
    agent: str
    direction: Direction
    queue: str | None
    number: Number
    language: str | None
    begun_at: datetime
    rang_at: datetime | None = None
    talk_ended_at: datetime | None = None
    survey_asked_at: datetime | None = None
    survey_ended_at: datetime | None = None
    transferred_by: str | None = None
    transferred_to: str | None = None


def talks_of(record: CallRecord, normalise: Callable[[str | None], Number]) -> list[Talk]:
    """Everyone who spoke, in the order of their first words. Who spoke twice in one call has one record of it."""
    by_agent: dict[str, list[Conversation]] = {}
    for conversation in sorted(record.conversations, key=lambda one: one.answered_at):
        by_agent.setdefault(conversation.agent, []).append(conversation)
    last = max(record.conversations, key=lambda one: one.answered_at, default=None)
    number = normalise(record.caller_number)
    return [
        _talk(record, agent, spoken, number, asked_after=last is not None and last.agent == agent)
        for agent, spoken in by_agent.items()
        if agent
    ]


def _talk(record: CallRecord, agent: str, spoken: list[Conversation], number: Number, *, asked_after: bool) -> Talk:
    begun_at = spoken[0].answered_at
    ended = [one.ended_at or record.ended_at for one in spoken]
    survey = record.survey if asked_after else None
    rang = [ring.rang_at for ring in record.rings if ring.agent == agent and ring.answered and ring.rang_at <= begun_at]
    came = [one for one in record.transfers if one.to == agent and one.agent != agent]
    went = [one for one in record.transfers if one.agent == agent and one.transferred_at >= begun_at]
    return Talk(
        call_id=record.call_id,
        agent=agent,
        direction=Direction.OUTBOUND if record.callback_of else Direction.INBOUND,
        queue=spoken[0].queue or record.queue,
        number=number,
        language=record.language,
        begun_at=begun_at,
        rang_at=max(rang, default=None),
        talk_ended_at=None if None in ended else max(filter(None, ended)),
        survey_asked_at=survey.asked_at if survey else None,
        survey_ended_at=(survey.answered_at or record.ended_at) if survey else None,
        transferred_by=came[-1].agent or None if came else None,
        transferred_to=went[-1].to if went else None,
    )
