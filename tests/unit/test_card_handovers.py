"""What became of a transfer, out of a call's record; and whose card it is (K3, K4)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ami_listener.events import TransferEnded, TransferResult
from ami_listener.records import CallRecord, Conversation, QueuePass, Transfer
from crm.cards.handovers import HandedOver, card_of, handed_over, line_of, told_before
from crm.cards.models import Reason
from crm.cards.records import Card, HandoverLine
from crm.cards.states import CardState, Handover
from crm.directory.targets import TargetKind

T = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
CALL = "main-1.1"


def at(seconds: float) -> datetime:
    return T + timedelta(seconds=seconds)


def record(*transfers: Transfer, talks: tuple[tuple[str, float], ...] = (), **more: Any) -> CallRecord:
    made = CallRecord(CALL, at(-60), "+66812345678", "1169", "provider", **more)
    made.passes = [QueuePass("q", 1, at(-60), left_at=at(-50))]
    made.conversations = [
        Conversation("q", "1001", at(-50)),
        *(Conversation(None, who, at(when)) for who, when in talks),
    ]
    made.transfers = list(transfers)
    return made


def blind(to: str = "701", when: float = 0, agent: str = "1001") -> Transfer:
    return Transfer("blind", agent, to, at(when))


def end(result: TransferResult, when: float = 20, to: str = "701") -> TransferEnded:
    return TransferEnded(event_id=f"e{when}", occurred_at=at(when), call_id=CALL, to=to, result=result)


def back(call: CallRecord, when: float) -> CallRecord:
    call.passes.append(QueuePass("q", 4, at(when)))
    return call


@pytest.mark.parametrize(
    ("call", "ends", "results"),
    [
        (record(), [], []),
        (record(blind()), [], [(Handover.RINGING, None)]),
        (record(blind(), talks=(("carrier", 5),)), [], [(Handover.CONNECTED, None)]),
        (record(blind(), talks=(("carrier", 5),)), [end(TransferResult.ANSWERED, 90)], [(Handover.CONNECTED, None)]),
        (record(blind()), [end(TransferResult.ANSWERED, 90)], [(Handover.CONNECTED, None)]),
        (record(blind()), [end(TransferResult.BUSY)], [(Handover.FAILED, Reason.BUSY)]),
        (record(blind()), [end(TransferResult.NO_ANSWER)], [(Handover.FAILED, Reason.NO_ANSWER)]),
        (record(blind()), [end(TransferResult.UNREACHABLE)], [(Handover.FAILED, Reason.UNREACHABLE)]),
        # nobody told why, but the caller was in the queue again; who answers there is not who it was meant for
        (back(record(blind()), 20), [], [(Handover.FAILED, Reason.UNKNOWN)]),
        (back(record(blind(), talks=(("1002", 30),)), 20), [], [(Handover.FAILED, Reason.UNKNOWN)]),
        (back(record(blind(), talks=(("carrier", 5),)), 90), [], [(Handover.CONNECTED, None)]),
        # hung up while it rang there
        (record(blind(), ended_at=at(8)), [], [(Handover.CALLER_GONE, None)]),
        (record(blind(), talks=(("carrier", 5),), ended_at=at(60)), [], [(Handover.CONNECTED, None)]),
        # joined by the agent: somebody is there
        (record(Transfer("attended", "1001", "1002", at(0))), [], [(Handover.CONNECTED, None)]),
        # one after the other
        (
            record(blind("1002"), blind("701", 60, "1002"), talks=(("1002", 4), ("carrier", 65))), [],
            [(Handover.CONNECTED, None), (Handover.CONNECTED, None)],
        ),
        (
            back(record(blind(), blind("702", 60, "1002"), talks=(("1002", 30), ("carrier", 70))), 21),
            [end(TransferResult.BUSY)],
            [(Handover.FAILED, Reason.BUSY), (Handover.CONNECTED, None)],
        ),
        (
            back(record(blind(), blind("701", 60), talks=(("1001", 30), ("carrier", 66))), 21),
            [end(TransferResult.BUSY), end(TransferResult.ANSWERED, 90)],
            [(Handover.FAILED, Reason.BUSY), (Handover.CONNECTED, None)],
        ),
        # the agent's own answer, in the same cut second as the transfer, is no pick-up
        (record(blind(when=-50.4)), [], [(Handover.RINGING, None)]),
    ],
)  # fmt: skip
def test_what_became_of_each_transfer(
    call: CallRecord, ends: list[TransferEnded], results: list[tuple[Handover, Reason | None]]
) -> None:
    """K3."""
    assert [(one.result, one.reason) for one in handed_over(call, ends)] == results


def card(number: int = 1, **more: Any) -> Card:
    values: dict[str, Any] = dict.fromkeys(Card.__dataclass_fields__)
    values |= {
        "id": number, "number": f"T-2569-{number:06}", "state": CardState.OPEN, "handover": Handover.PLANNED,
        "mode": "blind", "by_event": False, "created_at": at(-5), "updated_at": at(-5), "agent": "1001",
        "to_kind": TargetKind.DEPARTMENT, "to_key": "legal", "to_dial": "701", "why": "w", "question": "q",
        "outcome": "", "attempts": 0, "caller_name": "", "link_key": "k",
    }  # fmt: skip
    return Card(**{**values, **more})


def moved(**more: Any) -> HandedOver:
    values: dict[str, Any] = {"call_id": CALL, "kind": "blind", "agent": "1001", "to": "701", "at": T,
                              "result": Handover.RINGING}  # fmt: skip
    return HandedOver(**{**values, **more})


OURS = frozenset({"1001", "1002", "1003"})
ATTENDED = card(mode="attended")
FAILED = card(handover=Handover.FAILED)


@pytest.mark.parametrize(
    ("cards", "one", "found"),
    [
        ([], moved(), None),
        ([card()], moved(), 1),
        ([card()], moved(to=None), 1),
        ([card()], moved(to="702"), None),  # meant for somebody else
        ([card()], moved(agent="1002"), None),  # another agent's
        ([card()], moved(at=at(3600)), None),  # a dialog left standing
        ([card(created_at=at(120), updated_at=at(120))], moved(), None),  # written for a later transfer
        ([card(created_at=at(2), updated_at=at(2))], moved(), 1),  # the dialog and the telephone at once
        ([card(state=CardState.CLOSED)], moved(), None),
        ([card(handover=Handover.CONNECTED)], moved(), None),
        ([card(1), card(2, updated_at=at(-1))], moved(), 2),
        ([card(1, to_dial="702"), card(2)], moved(), 2),
        # attended: an office elsewhere is told by the trunk's name
        ([ATTENDED], moved(kind="attended", to="carrier"), 1),
        ([ATTENDED], moved(kind="attended", to="701"), 1),
        ([ATTENDED], moved(kind="attended", to=None), 1),
        ([ATTENDED], moved(kind="attended", to="1002"), None),
        ([card()], moved(kind="attended", to="carrier"), None),  # planned as blind, to there
        ([card(1, mode="attended", to_dial="702"), card(2, mode="attended")], moved(kind="attended", to="701"), 2),
        # again to where it failed
        ([FAILED], moved(), 1),
        ([FAILED], moved(to=None), None),
        ([FAILED], moved(to="702"), None),
        ([card(1, handover=Handover.FAILED), card(2, to_dial="701")], moved(), 2),
    ],
)
def test_the_card_that_was_written_for_it(cards: list[Card], one: HandedOver, found: int | None) -> None:
    """K4: no double, and nobody else's."""
    result = card_of(cards, one, OURS)
    assert (result.id if result else None) == found


def line(**more: Any) -> HandoverLine:
    values: dict[str, Any] = {
        "id": 1, "card_id": 1, "call_id": CALL, "agent": "1001", "kind": "blind", "to": "701", "transferred_at": T,
        "result": Handover.RINGING, "reason": None, "picked_up_at": None,
    }  # fmt: skip
    return HandoverLine(**{**values, **more})


@pytest.mark.parametrize(
    ("lines", "one", "found"),
    [
        ([line()], moved(), True),
        ([line()], moved(at=at(0.8)), True),
        ([line()], moved(at=at(-0.9)), True),  # cut to the second
        ([line()], moved(at=at(30)), False),
        ([line()], moved(agent="1002"), False),
        ([line(agent="")], moved(), True),
        ([line()], moved(agent=""), True),
        ([line(kind="attended")], moved(), False),
    ],
)
def test_the_same_transfer_told_again(lines: list[HandoverLine], one: HandedOver, found: bool) -> None:
    assert (line_of(lines, one) is not None) == found


BY_EVENT = card(by_event=True, why="", question="", handover=Handover.CONNECTED)


@pytest.mark.parametrize(
    ("cards", "dial", "found"),
    [
        ([], "701", None),
        ([BY_EVENT], "701", 1),
        ([BY_EVENT], "702", None),
        ([card(by_event=True, why="", question="", to_dial=None, to_key="")], "702", 1),
        ([card(by_event=True, why="filled", question="", handover=Handover.CONNECTED)], "701", None),
        ([card(by_event=True, why="", question="", created_at=at(-600), handover=Handover.CONNECTED)], "701", None),
        ([card()], "701", 1),
        ([FAILED], "701", 1),
        ([FAILED], "702", None),
        ([card(agent="1002")], "701", None),
        ([card(handover=Handover.CONNECTED)], "701", None),  # another transfer to the same office is another card
        ([card(state=CardState.CLOSED)], "701", None),
    ],
)
def test_a_card_that_the_dialog_fills_in(cards: list[Card], dial: str, found: int | None) -> None:
    """K4."""
    result = told_before(cards, "1001", dial, T)
    assert (result.id if result else None) == found
