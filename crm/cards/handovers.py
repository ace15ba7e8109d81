"""What became of each transfer of a call, and which card it belongs to. Pure: a function of the call's record, so that
hearing it twice, late, or after a restart changes nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ami_listener.calls_times import NEAR
from ami_listener.events import TransferEnded, TransferResult
from ami_listener.records import CallRecord, Transfer
from crm.cards.models import Reason
from crm.cards.records import Card, HandoverLine
from crm.cards.states import CardState, Handover

PLAN_HOLDS: Final = timedelta(minutes=30)  # a dialog that was left standing for longer meant another call
WRITTEN_MEANWHILE: Final = timedelta(minutes=1)  # the dialog sends card and transfer at once
LATE_DIALOG: Final = timedelta(minutes=5)  # a card written after the telephone had transferred already
_Fate = tuple[Handover, Reason | None, datetime | None]
_REASONS: Final = {
    TransferResult.BUSY: Reason.BUSY,
    TransferResult.NO_ANSWER: Reason.NO_ANSWER,
    TransferResult.UNREACHABLE: Reason.UNREACHABLE,
}


@dataclass(frozen=True, slots=True)
class HandedOver:
    """One transfer of a call as far as it is known. ``to``: what was dialled or who was joined, None: not told."""

    call_id: str
    kind: str
    agent: str
    to: str | None
    at: datetime
    result: Handover
    reason: Reason | None = None
    picked_up_at: datetime | None = None


def handed_over(record: CallRecord, ends: Iterable[TransferEnded] = ()) -> list[HandedOver]:
    """All transfers of a call, in order. ``ends``: what the dialplan said of them."""
    transfers = sorted(record.transfers, key=lambda transfer: transfer.transferred_at)
    known = list(ends)
    return [
        _handed_over(record, transfer, _next_at(transfers, number), known) for number, transfer in enumerate(transfers)
    ]


def _next_at(transfers: Sequence[Transfer], number: int) -> datetime | None:
    return transfers[number + 1].transferred_at if number + 1 < len(transfers) else None


def _handed_over(
    record: CallRecord, transfer: Transfer, until: datetime | None, ends: Iterable[TransferEnded]
) -> HandedOver:
    at = transfer.transferred_at
    fate: _Fate = (
        (Handover.CONNECTED, None, at) if transfer.kind == "attended" else _blind(record, transfer, until, ends)
    )
    return HandedOver(record.call_id, transfer.kind, transfer.agent, transfer.to, at, *fate)


def _blind(record: CallRecord, transfer: Transfer, until: datetime | None, ends: Iterable[TransferEnded]) -> _Fate:
    at = transfer.transferred_at

    def within(moment: datetime) -> bool:
        return moment >= at and (until is None or moment < until)

    for end in ends:
        if within(end.occurred_at) and end.result in _REASONS:
            return Handover.FAILED, _REASONS[end.result], None
    back_at = min((one.joined_at for one in record.passes if within(one.joined_at)), default=None)
    others = [talk for talk in record.conversations if talk.agent != transfer.agent]
    picked_up_at = min((talk.answered_at for talk in others if within(talk.answered_at)), default=None)
    if picked_up_at is not None and (back_at is None or picked_up_at <= back_at):
        return Handover.CONNECTED, None, picked_up_at
    if any(within(end.occurred_at) for end in ends):
        return Handover.CONNECTED, None, None
    if back_at is not None:
        return Handover.FAILED, Reason.UNKNOWN, None
    if record.ended_at is not None and record.ended_at >= at:
        return Handover.CALLER_GONE, None, None
    return Handover.RINGING, None, None


def line_of(lines: Iterable[HandoverLine], one: HandedOver) -> HandoverLine | None:
    """The line that tells of the same transfer already."""
    same = [line for line in lines if line.kind == one.kind and abs(line.transferred_at - one.at) <= NEAR]
    same = [line for line in same if not (line.agent and one.agent) or line.agent == one.agent]
    return min(same, key=lambda line: abs(line.transferred_at - one.at), default=None)


def card_of(cards: Iterable[Card], one: HandedOver, extensions: frozenset[str]) -> Card | None:
    """The card that was written for this transfer: planned in the dialog, or of one to the same place that failed.

    ``extensions``: of our own telephones. An attended transfer to an office elsewhere is told by the trunk's name, not
    by the number, and so fits any card of the agent that is planned as attended.
    """
    mine = [card for card in cards if card.state is CardState.OPEN and card.agent in {one.agent, ""}]
    mine = [card for card in mine if card.created_at <= one.at + WRITTEN_MEANWHILE]
    for handover in (Handover.PLANNED, Handover.FAILED):
        fitting = [
            card
            for card in mine
            if card.handover is handover
            and one.at - card.updated_at <= PLAN_HOLDS
            and _fits(card, one, extensions, exactly=handover is Handover.FAILED)
        ]
        if fitting:
            return max(fitting, key=lambda card: (card.to_dial == one.to, card.updated_at, card.id))
    return None


def _fits(card: Card, one: HandedOver, extensions: frozenset[str], *, exactly: bool) -> bool:
    if one.to is not None and card.to_dial == one.to:
        return True
    is_vague = one.to is None or (one.kind == "attended" and one.to not in extensions)
    return is_vague and not exactly and card.mode in {one.kind, None}


def told_before(cards: Iterable[Card], agent: str, dial: str | None, now: datetime) -> Card | None:
    """A card that need not be written again: made by the telephone's transfer a moment ago, or planned or failed to
    the same place. The dialog fills it in."""
    mine = [card for card in cards if card.agent == agent and card.state is CardState.OPEN]
    same = [card for card in mine if card.to_dial == dial and card.handover in {Handover.PLANNED, Handover.FAILED}]
    if same:
        return max(same, key=lambda card: card.updated_at)
    by_event = [
        card
        for card in mine
        if card.by_event
        and not card.why
        and not card.question
        and now - card.created_at <= LATE_DIALOG
        and card.to_dial in {dial, None}
    ]
    return max(by_event, key=lambda card: card.created_at, default=None)
