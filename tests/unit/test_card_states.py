"""Every step of a card's life, and every refusal, as a table (K4)."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.cards.states import (
    NEEDS_REASON,
    Action,
    CardState,
    Handover,
    Part,
    Refusal,
    Refused,
    Result,
    Standing,
    after,
    is_with_office,
    possible,
    turn,
)

OFFICE, AGENT, SUPERVISOR = Part
S, H = CardState, Handover

# state, action, result → state; for everyone named
STEPS = {
    (S.OPEN, Action.ATTEMPT, Result.ANSWERED): (S.ANSWERED, {OFFICE, AGENT, SUPERVISOR}),
    (S.OPEN, Action.ATTEMPT, Result.SATISFIED): (S.SATISFIED, {OFFICE, AGENT, SUPERVISOR}),
    (S.OPEN, Action.ATTEMPT, Result.NOT_SATISFIED): (S.NOT_SATISFIED, {OFFICE, AGENT, SUPERVISOR}),
    (S.OPEN, Action.ATTEMPT, Result.NOT_REACHED): (S.OPEN, {OFFICE, AGENT, SUPERVISOR}),
    (S.ANSWERED, Action.ATTEMPT, Result.ANSWERED): (S.ANSWERED, {OFFICE, AGENT, SUPERVISOR}),
    (S.ANSWERED, Action.ATTEMPT, Result.SATISFIED): (S.SATISFIED, {OFFICE, AGENT, SUPERVISOR}),
    (S.ANSWERED, Action.ATTEMPT, Result.NOT_SATISFIED): (S.NOT_SATISFIED, {OFFICE, AGENT, SUPERVISOR}),
    (S.ANSWERED, Action.ATTEMPT, Result.NOT_REACHED): (S.ANSWERED, {OFFICE, AGENT, SUPERVISOR}),
    (S.NOT_SATISFIED, Action.ATTEMPT, Result.ANSWERED): (S.ANSWERED, {OFFICE, AGENT, SUPERVISOR}),
    (S.NOT_SATISFIED, Action.ATTEMPT, Result.SATISFIED): (S.SATISFIED, {OFFICE, AGENT, SUPERVISOR}),
    (S.NOT_SATISFIED, Action.ATTEMPT, Result.NOT_SATISFIED): (S.NOT_SATISFIED, {OFFICE, AGENT, SUPERVISOR}),
    (S.NOT_SATISFIED, Action.ATTEMPT, Result.NOT_REACHED): (S.NOT_SATISFIED, {OFFICE, AGENT, SUPERVISOR}),
    (S.SATISFIED, Action.REPORT, None): (S.REPORTED, {OFFICE, AGENT, SUPERVISOR}),
    (S.REPORTED, Action.FOLLOW_UP, None): (S.FOLLOWED_UP, {AGENT, SUPERVISOR}),
    (S.FOLLOWED_UP, Action.CLOSE, None): (S.CLOSED, {AGENT, SUPERVISOR}),
    (S.SATISFIED, Action.OBJECT, None): (S.NOT_SATISFIED, {AGENT, SUPERVISOR}),
    (S.REPORTED, Action.OBJECT, None): (S.NOT_SATISFIED, {AGENT, SUPERVISOR}),
    (S.FOLLOWED_UP, Action.OBJECT, None): (S.NOT_SATISFIED, {AGENT, SUPERVISOR}),
    (S.CLOSED, Action.REOPEN, None): (S.OPEN, {SUPERVISOR}),
} | {
    (state, Action.CLOSE_EARLY, None): (S.CLOSED, {SUPERVISOR}) for state in CardState if state is not S.CLOSED
}  # fmt: skip
RESULTS = {action: tuple(Result) if action is Action.ATTEMPT else (None,) for action in Action}
EVERYTHING = [
    (state, action, result, part)
    for state, action, part in product(CardState, Action, Part)
    for result in RESULTS[action]
]


@pytest.mark.parametrize(("state", "action", "result", "part"), EVERYTHING)
def test_every_step_and_every_refusal(state: CardState, action: Action, result: Result | None, part: Part) -> None:
    """K4: a card that the office has. What is not in the table is refused, the rest leads where the table says."""
    card = Standing(state, H.CONNECTED)
    wanted = STEPS.get((state, action, result))
    if wanted is not None and part in wanted[1]:
        assert after(card, action, part, result) is wanted[0]
        assert action in possible(card, part)
    else:
        with pytest.raises(Refused) as refused:
            after(card, action, part, result)
        assert refused.value.refusal in {Refusal.PART, Refusal.STATE, Refusal.HANDED_OVER}
        assert action not in possible(card, part)


@pytest.mark.parametrize(
    ("handover", "attempts", "action", "part", "outcome"),
    [
        # a card that was never handed over, or came back, is the agent's
        (H.PLANNED, 0, Action.WITHDRAW, AGENT, S.CLOSED),
        (H.FAILED, 0, Action.WITHDRAW, AGENT, S.CLOSED),
        (H.FAILED, 0, Action.WITHDRAW, SUPERVISOR, S.CLOSED),
        (H.FAILED, 0, Action.WITHDRAW, OFFICE, Refusal.PART),
        (H.FAILED, 1, Action.WITHDRAW, AGENT, Refusal.ATTEMPTED),
        (H.PLANNED, 0, Action.HAND_OVER, AGENT, S.OPEN),
        (H.FAILED, 0, Action.HAND_OVER, AGENT, S.OPEN),
        (H.FAILED, 0, Action.HAND_OVER, OFFICE, Refusal.PART),
        (H.PLANNED, 0, Action.ATTEMPT, OFFICE, Refusal.NOT_HANDED_OVER),
        (H.FAILED, 0, Action.ATTEMPT, AGENT, Refusal.NOT_HANDED_OVER),
        # one that the office has cannot be taken back
        *((handover, 0, Action.WITHDRAW, AGENT, Refusal.HANDED_OVER)
          for handover in (H.RINGING, H.CONNECTED, H.CALLER_GONE, H.WITHOUT_CALL)),
        *((handover, 0, Action.HAND_OVER, AGENT, Refusal.HANDED_OVER)
          for handover in (H.RINGING, H.CONNECTED, H.CALLER_GONE, H.WITHOUT_CALL)),
        *((handover, 0, Action.ATTEMPT, OFFICE, S.ANSWERED)
          for handover in (H.RINGING, H.CONNECTED, H.CALLER_GONE, H.WITHOUT_CALL)),
    ],
)  # fmt: skip
def test_what_depends_on_the_call(
    handover: Handover, attempts: int, action: Action, part: Part, outcome: CardState | Refusal
) -> None:
    """K3: a transfer that failed returns to the agent."""
    card = Standing(S.OPEN, handover, attempts)
    if isinstance(outcome, CardState):
        assert after(card, action, part, Result.ANSWERED) is outcome
        return
    with pytest.raises(Refused) as refused:
        after(card, action, part, Result.ANSWERED)
    assert refused.value.refusal is outcome


@pytest.mark.parametrize(
    ("state", "handover", "who"),
    [
        (S.OPEN, H.PLANNED, AGENT), (S.OPEN, H.FAILED, AGENT), (S.OPEN, H.RINGING, OFFICE),
        (S.OPEN, H.CONNECTED, OFFICE), (S.OPEN, H.CALLER_GONE, OFFICE), (S.OPEN, H.WITHOUT_CALL, OFFICE),
        (S.ANSWERED, H.CONNECTED, OFFICE), (S.NOT_SATISFIED, H.CONNECTED, OFFICE), (S.SATISFIED, H.CONNECTED, OFFICE),
        (S.REPORTED, H.CONNECTED, AGENT), (S.FOLLOWED_UP, H.CONNECTED, AGENT), (S.CLOSED, H.CONNECTED, None),
    ],
)  # fmt: skip
def test_whose_turn_it_is(state: CardState, handover: Handover, who: Part | None) -> None:
    """K4: the next step is always somebody's, until the card is closed; and that person can do one."""
    card = Standing(state, handover)
    assert turn(card) is who
    if who is not None:
        assert possible(card, who)


def test_no_attempt_without_a_result() -> None:
    with pytest.raises(ValueError, match="result"):
        after(Standing(S.OPEN, H.CONNECTED), Action.ATTEMPT, OFFICE)


def test_closing_without_the_whole_way_needs_a_reason() -> None:
    """K4: never closed silently."""
    closing = {action for (_, action, _), (state, _) in STEPS.items() if state is S.CLOSED} | {Action.WITHDRAW}
    assert closing - {Action.CLOSE} <= NEEDS_REASON
    assert {state for state, action, _ in STEPS if action is Action.CLOSE} == {S.FOLLOWED_UP}


@given(st.lists(st.tuples(st.sampled_from(Action), st.sampled_from([OFFICE, AGENT]), st.sampled_from(Result))))
def test_office_and_agents_close_only_what_was_followed_up(steps: list[tuple[Action, Part, Result]]) -> None:
    """K4: whatever they do in whatever order, between a caller who is satisfied and the end lie all steps."""
    card, walked = Standing(S.OPEN, H.CONNECTED), [S.OPEN]
    for action, part, result in steps:
        try:
            state = after(card, action, part, result)
        except Refused:
            continue
        card = Standing(state, card.handover, card.attempts + (action is Action.ATTEMPT))
        walked.append(state)
    if card.state is S.CLOSED:
        assert walked[-4:] == [S.SATISFIED, S.REPORTED, S.FOLLOWED_UP, S.CLOSED]


def test_the_office_sees_what_it_has() -> None:
    assert {handover for handover in Handover if not is_with_office(handover)} == {H.PLANNED, H.FAILED}
