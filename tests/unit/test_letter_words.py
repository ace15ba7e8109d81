"""What servers say of a letter, and letters that come back, are understood."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from bounced_letters import FORMS, HARMLESS, report
from hypothesis import given
from hypothesis.strategies import binary, integers, sampled_from

from crm.outbox.bounces import LONGEST, read_bounce
from crm.outbox.models import LetterState
from crm.outbox.reasons import Reason, reason_for, reason_of
from crm.outbox.sender import TOO_LATE
from crm.outbox.service import Letter

OURS = "0123456789abcdef0123456789abcdef"
THEN = datetime(2026, 11, 20, tzinfo=UTC)


def letter_of(**more: Any) -> Letter:
    """A letter that a server has taken."""
    values = {
        "id": 1, "message_id": OURS, "kind": "basket", "about": "contact/1", "recipient": "a@b.test", "subject": "x",
        "text": "x", "state": LetterState.SENT, "created_at": THEN, "useless_after": None, "tries": 1,
        "first_tried_at": THEN, "next_try_at": THEN, "settled_at": THEN, "answer": "250 OK",
    }  # fmt: skip
    return Letter(**{**values, **more})


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("550 5.1.1 <a@b.test>: Recipient address rejected: User unknown", Reason.NO_MAILBOX),
        ("550 no such user", Reason.NO_MAILBOX),
        ("550 5.1.2 Host unknown", Reason.NO_DOMAIN),
        ("450 4.2.2 mailbox over quota", Reason.FULL),
        ("552 5.3.4 Message size exceeds fixed limit", Reason.TOO_BIG),
        ("554 5.7.1 looks like spam", Reason.UNWANTED),
        ("550 relay not permitted", Reason.NOT_OURS),
        ("503 5.7.1 Relay not allowed", Reason.NOT_OURS),
        ("535 5.7.8 Error: authentication failed", Reason.NOT_OURS),
        ("451 not now", Reason.AWAY),
        ("[Errno 111] Connect call failed ('127.0.0.1', 25)", Reason.AWAY),
        (TOO_LATE, Reason.LATE),
        ("a file of this letter is not there any more", Reason.FILE_GONE),
        ("554 no", Reason.OTHER),
    ],
)
def test_refusals_are_told_in_words(answer: str, reason: Reason) -> None:
    """H6: the agent reads what to do, not a number."""
    assert reason_for(answer) is reason


@pytest.mark.parametrize("form", FORMS)
def test_reports_of_all_servers_name_the_letter_and_the_reason(form: str) -> None:
    """H6: Postfix, Exchange, Gmail, Exim, qmail, with several recipients, in Thai and English."""
    bounce = read_bounce(report(form, OURS))
    assert bounce is not None
    assert bounce.message_ids == (OURS,)
    assert bounce.why
    came_back = letter_of(bounced_at=datetime(2026, 11, 26, tzinfo=UTC), bounce=bounce.why)
    assert reason_of(came_back) == FORMS[form][1], bounce.why


@pytest.mark.parametrize("form", HARMLESS)
def test_other_letters_bring_nothing_back(form: str) -> None:
    """Absence notices have no sender on their envelope either, and name our letter."""
    assert read_bounce(HARMLESS[form].replace("OURS", OURS).encode()) is None


def test_the_servers_words_are_kept() -> None:
    bounce = read_bounce(report("postfix", OURS))
    assert bounce is not None
    assert bounce.why == "550 5.1.1 <somchai@example.test>: Recipient address rejected: User unknown"


@pytest.mark.parametrize("form", FORMS)
def test_a_report_whose_end_is_missing_is_understood(form: str) -> None:
    """Only the beginning of a long letter is read."""
    whole = report(form, OURS)
    end = whole.index(OURS.encode()) + 80
    assert read_bounce(whole[:end]) == read_bounce(whole)


@given(binary(max_size=400), sampled_from(sorted(FORMS)), integers(0, 1500))
def test_no_letter_is_too_broken(noise: bytes, form: str, place: int) -> None:
    """Anybody can write to the mailbox."""
    whole = report(form, OURS)
    for raw in (noise, whole[:place], whole[:place] + noise + whole[place:]):
        found = read_bounce(raw)
        assert found is None or len(found.why) <= LONGEST


def test_a_letter_that_was_given_up_is_not_said_to_be_tried_again() -> None:
    waits = letter_of(state=LetterState.QUEUED, answer="[Errno 111] Connect call failed")
    assert reason_of(waits) is Reason.AWAY
    assert reason_of(replace(waits, state=LetterState.REFUSED)) is Reason.NEVER_REACHED
