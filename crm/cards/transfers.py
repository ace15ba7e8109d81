"""Calls that were transferred become cards, also those that a telephone transferred by itself (K3, K4)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, update

from ami_listener.events import TransferEnded
from ami_listener.records import CallRecord
from crm.calls.models import transfers
from crm.cards import ledger, steps
from crm.cards.drafts import target_values
from crm.cards.handovers import HandedOver, card_of, handed_over, line_of
from crm.cards.ledger import SYSTEM, Work, step
from crm.cards.models import card_handovers
from crm.cards.records import Card, HandoverLine, get, handovers_of, the_one_at
from crm.cards.service import Cards, of_call
from crm.cards.states import CardState, Handover, is_with_office
from crm.contacts.service import contact_of_call
from crm.directory import service as directory
from crm.directory.service import UnknownTarget
from crm.directory.targets import Target, TargetKind
from crm.people.numbers import Number
from crm.staff.service import member_at

LOOK_BACK: Final = timedelta(days=2)  # transfers that happened while the service was away
_STEP: Final = {
    Handover.CONNECTED: "picked_up",
    Handover.FAILED: "transfer_failed",
    Handover.CALLER_GONE: "caller_gone",
}
_NOBODY_TOLD: Final = Target(kind=TargetKind.OUTSIDE, key="", name_th="", name_en="", dial=None, known=False)


class TransferBook:
    """Writes what is known of a call's transfers onto cards. Any thread; the same twice changes nothing.

    ``normalise``: a caller's number as it came → its one form. ``settled``: told once of each transfer whose end is
    known, with kind and result.
    """

    def __init__(
        self,
        cards: Cards,
        normalise: Callable[[str | None], Number],
        settled: Callable[[str, str], None] = lambda _kind, _result: None,
    ) -> None:
        self._cards, self._normalise, self._settled = cards, normalise, settled

    def write(
        self, record: CallRecord, ends: Iterable[TransferEnded] = (), consulted: Mapping[str, str] | None = None
    ) -> None:
        """All transfers of one call. ``consulted``: agent → whom that agent called last: of an attended transfer to
        somebody elsewhere, Asterisk tells the trunk's name only."""
        told = [self._named(one, consulted or {}) for one in handed_over(record, ends)]
        if not told:
            return
        ended: list[HandedOver] = []
        with self._cards.working() as work:
            for one in told:
                line = line_of(handovers_of(work.connection, call_id=record.call_id), one)
                if line is None:
                    ended += self._begin(work, record, one)
                elif _is_news(line, one):
                    ended += self._go_on(work, line, one)
        for one in ended:
            self._settled(one.kind, one.result.value)

    def _named(self, one: HandedOver, consulted: Mapping[str, str]) -> HandedOver:
        is_known = one.to is not None and one.to.isdigit()
        if one.kind != "attended" or is_known or one.agent not in consulted:
            return one
        return replace(one, to=consulted[one.agent])

    def _begin(self, work: Work, record: CallRecord, one: HandedOver) -> list[HandedOver]:
        site = self._cards.house.site()
        extensions = frozenset(agent.extension for agent in site.agents)
        card = card_of(of_call(work, record.call_id), one, extensions) or self._new_card(work, record, one)
        work.connection.execute(
            insert(card_handovers).values(
                card_id=card.id,
                call_id=one.call_id,
                agent=one.agent,
                kind=one.kind,
                to=one.to,
                transferred_at=one.at,
                result=one.result,
                reason=one.reason,
                picked_up_at=one.picked_up_at,
            )
        )
        values: dict[str, Any] = {"handover": Handover.RINGING, "reason": None, "mode": one.kind}
        values |= {"transferred_at": one.at, "picked_up_at": None, "agent": card.agent or one.agent}
        card = self._hold(work, ledger.change(work, card, **values), one.at)
        step(work, card, SYSTEM, "transferred", to=one.to, kind=one.kind, transferred_at=one.at.isoformat())
        return self._settle(work, card, one)

    def _go_on(self, work: Work, line: HandoverLine, one: HandedOver) -> list[HandedOver]:
        own = card_handovers.c.id == line.id
        values = {"result": one.result, "reason": one.reason, "picked_up_at": one.picked_up_at}
        work.connection.execute(update(card_handovers).where(own).values(**values))
        lines = handovers_of(work.connection, card_id=line.card_id)
        if lines[-1].id != line.id:
            return []  # another transfer with the same card has followed
        card = get(work.connection, line.card_id)
        if line.result is Handover.FAILED and one.result is Handover.FAILED:
            if card.handover is Handover.FAILED:
                ledger.change(work, card, reason=one.reason)
            return []
        return self._settle(work, card, one)

    def _settle(self, work: Work, card: Card, one: HandedOver) -> list[HandedOver]:
        """What became of the transfer, on the card."""
        if one.result is Handover.RINGING:
            return []
        if one.result is Handover.FAILED and card.state is not CardState.OPEN:
            return [one]  # the office has answered meanwhile
        card = ledger.change(work, card, handover=one.result, reason=one.reason, picked_up_at=one.picked_up_at)
        card = self._hold(work, card, one.at)
        step(work, card, SYSTEM, _STEP[one.result], **({"reason": one.reason.value} if one.reason else {}))
        steps.tell_when_complete(work, self._cards.house, card)
        return [one]

    def _hold(self, work: Work, card: Card, at: datetime) -> Card:
        """Who holds the card now has a time for the next step."""
        if not is_with_office(card.handover):
            card = ledger.change(work, card, handed_over_at=None)
            return steps.due_again(work, self._cards.house, card)
        if card.handed_over_at is not None or card.state is not CardState.OPEN:
            return card
        due_at = self._cards.house.office_due(card.department, at)
        return ledger.change(work, card, handed_over_at=at, due_at=due_at)

    # --- a card that nobody wrote

    def _new_card(self, work: Work, record: CallRecord, one: HandedOver) -> Card:
        connection = work.connection
        target = self._target(connection, one.to)
        number = self._normalise(record.caller_number)
        contact = contact_of_call(connection, record.call_id, one.agent)
        values = {
            "handover": Handover.PLANNED,
            "mode": one.kind,
            "by_event": True,
            "agent": one.agent,
            **self._agent(connection, one.agent),
            "call_id": record.call_id,
            "contact_id": contact.id if contact else None,
            "person_id": the_one_at(connection, number.recognisable),
            "caller_name": "",
            "caller_number": number.number,
            "why": "",
            "question": "",
            "due_at": self._cards.house.agent_due(one.at),
            **target_values(target),
        }
        card = ledger.add(work, self._cards.house.zone, values)
        step(work, card, SYSTEM, "created_by_telephone", to=one.to)
        if target.key:
            directory.chosen(connection, one.agent, target, work.at)
        return card

    def _target(self, connection: Connection, to: str | None) -> Target:
        if to is None:
            return _NOBODY_TOLD
        try:
            return directory.of_dialled(connection, self._cards.house.site(), to)
        except UnknownTarget:  # the name of a trunk: an office elsewhere, by attended transfer
            return _NOBODY_TOLD

    def _agent(self, connection: Connection, extension: str) -> dict[str, Any]:
        person = member_at(connection, extension) if extension else None
        if person is not None:
            names = (person.name_th or person.name_en, person.name_en or person.name_th)
            return {"staff_id": person.id, "agent_name_th": names[0], "agent_name_en": names[1]}
        found = next((one for one in self._cards.house.site().agents if one.extension == extension), None)
        names = (found.name_th or found.name_en, found.name_en or found.name_th) if found else ("", "")
        return {"staff_id": None, "agent_name_th": names[0], "agent_name_en": names[1]}


def unfinished(connection: Connection, now: datetime) -> set[str]:
    """Calls of the last days with transfers that no card tells of, or whose end is not known: after a restart."""
    since = now - LOOK_BACK
    told = (
        select(func.count())
        .select_from(card_handovers)
        .where(card_handovers.c.call_id == transfers.c.call_id)
        .scalar_subquery()
    )
    missing = (
        select(transfers.c.call_id)
        .where(transfers.c.transferred_at >= since)
        .group_by(transfers.c.call_id)
        .having(func.count() > told)
    )
    open_ones = select(card_handovers.c.call_id).where(
        card_handovers.c.transferred_at >= since, card_handovers.c.result == Handover.RINGING
    )
    return {*connection.scalars(missing), *connection.scalars(open_ones)}


def _is_news(line: HandoverLine, one: HandedOver) -> bool:
    if one.result is Handover.RINGING:
        return False
    if line.result is one.result and (one.reason is None or one.reason.value == "unknown"):
        return False  # nothing new, or less than is known
    return (line.result, line.reason) != (one.result, one.reason)
