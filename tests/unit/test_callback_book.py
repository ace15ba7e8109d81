"""What follows from what is known of callbacks: one placeholder for each who waits, never two ("The call" no. 2)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import pytest

import dialplan
from ami_listener.events import CallAnswered, CallArrived, CallbackTried, CallEnded
from crm.callbacks.book import ASKED_SECONDS, REMEMBER_SECONDS, SETTLE_SECONDS, CallbackBook, after_try
from crm.callbacks.placeholder import placeholder
from crm.callbacks.service import CallbackRequest
from crm.calls.models import CallbackState
from crm.calls.store import CallbackPolicy

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
POLICY = CallbackPolicy(tries=3, retry_seconds=300)
ASKED = CallbackRequest(
    call_id="main-1.1",
    number="+66812345678",
    queue="enquiries",
    called_number="1169",
    language="en",
    arrived_at=NOON - timedelta(seconds=60, microseconds=1),
    requested_at=NOON,
)


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def tried(number: int, result: str, seconds: float = 30, call: str = "main-1.1") -> CallbackTried:
    return CallbackTried(
        event_id=f"{call}-{number}-{result}",
        occurred_at=later(seconds),
        call_id=call,
        request_call_id=call,
        number=None,
        try_number=number,
        result=result,
    )


def arrived(call_id: str = "p-1", request: str = "main-1.1", seconds: float = 0) -> CallArrived:
    return CallArrived(
        event_id=f"arrived-{call_id}",
        occurred_at=later(seconds),
        call_id=call_id,
        caller_number=None,
        called_number="1169",
        trunk="callback",
        callback_of=request,
    )


def ended(call_id: str = "p-1", seconds: float = 40) -> CallEnded:
    return CallEnded(event_id=f"ended-{call_id}", occurred_at=later(seconds), call_id=call_id)


@pytest.mark.parametrize(
    ("before", "told", "state", "tries", "next_try"),
    [
        (ASKED, tried(1, "calling"), CallbackState.CALLING, 1, None),
        (ASKED, tried(1, "no_answer"), CallbackState.WAITING, 1, 330),  # the begin was never told
        (ASKED, tried(1, "connected"), CallbackState.DONE, 1, None),
        (ASKED, tried(3, "busy"), CallbackState.GIVEN_UP, 3, None),
        (replace(ASKED, tries=1, state=CallbackState.CALLING), tried(1, "busy"), CallbackState.WAITING, 1, 330),
        (replace(ASKED, tries=2, state=CallbackState.CALLING), tried(1, "busy"), CallbackState.CALLING, 2, None),
        (replace(ASKED, tries=1), tried(1, "calling"), CallbackState.WAITING, 1, None),  # the result was there first
        (replace(ASKED, tries=1, state=CallbackState.DONE), tried(2, "busy"), CallbackState.DONE, 1, None),
    ],
)
def test_one_try(
    before: CallbackRequest, told: CallbackTried, state: CallbackState, tries: int, next_try: float | None
) -> None:
    after = after_try(before, told, POLICY)
    assert (after.state, after.tries) == (state, tries)
    assert after.next_try_at == (later(next_try) if next_try else None)


def test_tries_may_be_told_in_any_order_and_more_than_once() -> None:
    facts = [tried(1, "calling", 20), tried(1, "no_answer", 50), tried(2, "calling", 400), tried(2, "busy", 410)]
    for order in permutations(facts):
        book = CallbackBook(POLICY)
        for fact in (*order, *order):
            book.apply(fact, NOON)
        stand = book.stand(ASKED)
        assert (stand.state, stand.tries, stand.next_try_at) == (CallbackState.WAITING, 2, later(710))


def missing_at(book: CallbackBook, request: CallbackRequest, seconds: float) -> bool:
    return bool(book.decide([request], later(seconds)).missing)


def test_the_dialplan_gets_a_moment_to_make_the_first_placeholder_itself() -> None:
    book = CallbackBook(POLICY)
    assert not missing_at(book, ASKED, ASKED_SECONDS - 0.1)
    assert missing_at(book, ASKED, ASKED_SECONDS)
    book.apply(arrived(), later(1))
    assert not missing_at(book, ASKED, 3600)


def test_a_placeholder_that_ended_without_a_try_is_made_again() -> None:
    book = CallbackBook(POLICY)
    book.apply(arrived(), later(1))
    book.apply(ended(seconds=14400), later(14400))
    assert not missing_at(book, ASKED, 14400 + SETTLE_SECONDS - 1)
    assert missing_at(book, ASKED, 14400 + SETTLE_SECONDS)


def test_what_was_just_asked_for_is_not_asked_for_again() -> None:
    book = CallbackBook(POLICY)
    book.made(ASKED.call_id, later(100))
    assert not missing_at(book, ASKED, 100 + SETTLE_SECONDS - 1)
    assert missing_at(book, ASKED, 100 + SETTLE_SECONDS)


def test_after_a_failed_try_the_next_waits_its_time() -> None:
    book = CallbackBook(POLICY)
    for fact in (arrived(), tried(1, "calling", 20), tried(1, "no_answer", 50), ended(seconds=55)):
        book.apply(fact, fact.occurred_at)
    assert not missing_at(book, ASKED, 349)
    assert missing_at(book, ASKED, 350)
    assert book.decide([ASKED], later(350)).missing[0].tries == 1


def test_after_the_last_try_and_after_success_nothing_is_made() -> None:
    for last in (tried(3, "no_answer"), tried(1, "connected")):
        book = CallbackBook(POLICY)
        book.apply(last, NOON)
        assert book.decide([ASKED], later(86_400)).missing == ()


def test_a_try_whose_placeholder_is_gone_without_a_result_has_failed() -> None:
    """The agent hung up while the caller's telephone rang, or Asterisk died."""
    book = CallbackBook(POLICY)
    for fact in (arrived(), tried(1, "calling", 20), ended(seconds=30)):
        book.apply(fact, fact.occurred_at)
    assert book.decide([ASKED], later(30 + SETTLE_SECONDS - 1)).lost == ()
    [lost] = book.decide([ASKED], later(30 + SETTLE_SECONDS)).lost
    assert (lost.request_call_id, lost.try_number, lost.result) == ("main-1.1", 1, "failed")
    book.apply(lost, lost.occurred_at)
    assert book.decide([ASKED], later(31 + SETTLE_SECONDS)).lost == ()
    assert book.stand(ASKED).next_try_at == lost.occurred_at + timedelta(seconds=300)


def test_two_requests_of_one_number_are_one_callback() -> None:
    second = replace(ASKED, call_id="main-9.9", arrived_at=NOON, requested_at=later(5))
    decisions = CallbackBook(POLICY).decide([second, ASKED], later(60))
    assert [request.call_id for request in decisions.missing] == ["main-1.1"]  # who came first keeps the place
    assert [request.call_id for request in decisions.superseded] == ["main-9.9"]


def test_what_asterisk_lists_counts_more_than_what_was_heard() -> None:
    book = CallbackBook(POLICY)
    book.apply(arrived(), later(1))
    book.live({}, later(100))  # Asterisk was started again
    assert missing_at(book, ASKED, 120)
    book.apply(arrived("p-0", seconds=2), later(121))  # the journal tells of one that had died with it
    assert missing_at(book, ASKED, 140)
    book.apply(arrived("p-2", seconds=101), later(141))
    assert not missing_at(book, ASKED, 200)
    book.live({"p-2": "main-1.1"}, later(210))
    assert not missing_at(book, ASKED, 220)


def test_who_reached_the_caller_is_known_and_what_is_over_is_forgotten() -> None:
    book = CallbackBook(POLICY)
    book.apply(arrived(), later(1))
    answered = CallAnswered(event_id="a", occurred_at=later(9), call_id="p-1", queue="enquiries", agent="1001")
    for fact in (answered, tried(1, "calling", 10), tried(1, "connected", 20), ended(seconds=90)):
        book.apply(fact, fact.occurred_at)
    book.forget([], later(100))
    assert book.reached_by == {"main-1.1": "1001"}  # the database may not have it yet
    book.finished("main-1.1")
    book.forget([], later(101))
    assert (book.tries, book.changed_at, book.reached_by, book.tried_at) == ({}, {}, {}, {})


def test_a_request_that_is_never_written_down_is_let_go() -> None:
    book = CallbackBook(POLICY)
    book.apply(tried(1, "connected"), NOON)
    book.forget([], later(REMEMBER_SECONDS))
    assert book.tries
    book.forget([], later(REMEMBER_SECONDS + 1))
    assert not book.tries


def test_the_placeholder_is_made_like_the_dialplans_own() -> None:
    headers = placeholder(replace(ASKED, tries=1), "th").to_headers()
    assert ("Channel", "Local/s@hotline-callback/n") in headers
    assert [value for name, value in headers if name in ("Context", "Exten", "Priority", "Async")] == [
        "hotline-callback-dial",
        "s",
        "1",
        "true",
    ]
    variables = dict(value.split("=", 1) for name, value in headers if name == "Variable")
    assert variables == {
        "__HOTLINE_CALLBACK_OF": "main-1.1",
        "__HOTLINE_CALLBACK_NUMBER": "+66812345678",
        "__HOTLINE_CALLBACK_TRY": "2",
        "__HOTLINE_ARRIVED": f"{int(NOON.timestamp()) - 61}.999999",  # the first arrival: the place is kept
        "__HOTLINE_QUEUE": "enquiries",
        "__HOTLINE_NUMBER": "1169",
        "__HOTLINE_LANG": "en",
    }


def test_the_placeholder_has_every_variable_that_the_dialplan_gives_its_own() -> None:
    text = (Path(dialplan.__file__).parent / "templates/callback.conf.j2").read_text("utf-8")
    options = text.split("20,av(", 1)[1].split("))", 1)[0]
    theirs = {pair.partition("=")[0] for pair in options.split("^")}
    assert theirs == set(placeholder(ASKED, "th").variables)
