"""Time passes: the office is reminded once, then told that it is late, and the supervisors with it (K4)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from card_office import CardOffice
from cards_written import written
from sqlalchemy import Engine

from crm.cards.drafts import AttemptDraft
from crm.cards.keeper import PATIENCE, CardKeeper
from crm.cards.service import actor_of
from crm.cards.states import Action, Handover, Result


@pytest.fixture
def office(engine: Engine, tmp_path: Path) -> Iterator[CardOffice]:
    made = CardOffice(engine, tmp_path)
    yield made
    made.close()


def kinds(office: CardOffice) -> list[tuple[str, str]]:
    return [(letter.kind.removeprefix("card."), letter.recipient.partition("@")[0]) for letter in office.letters()]


def test_reminded_then_overdue_each_once(office: CardOffice) -> None:
    """K4: due Friday 18:30; two hours before a letter, at the time another, and one to the supervisor."""
    card = written(office)
    keeper, news = CardKeeper(office.cards), office.listening("cards")
    assert keeper.look() == 0
    office.clock.now = card.due_at - (card.due_at - card.due_at)  # type: ignore[operator,assignment]
    office.clock.forward(hours=-2, seconds=-1)
    assert keeper.look() == 0
    office.clock.forward(seconds=1)
    assert keeper.look() == 1
    assert CardKeeper(office.cards).look() == 0  # another process, or after a restart: not again
    assert kinds(office) == [("new", "legal"), ("due", "legal")]
    office.clock.forward(hours=2)
    assert keeper.look() == 1
    assert keeper.look() == 0
    assert kinds(office)[2:] == [("overdue", "legal"), ("overdue_supervisor", "mali")]
    assert [message["what"] for message in office.heard(news)] == ["due", "letter", "overdue", "letter"]
    assert office.story(card)[-4:] == ["due", "letter", "overdue", "letter"]


def test_another_due_time_is_told_of_anew(office: CardOffice) -> None:
    """K4: not satisfied means another attempt with its own time."""
    card = written(office)
    keeper = CardKeeper(office.cards)
    office.clock.forward(days=2)
    assert keeper.look() == 1
    niti = actor_of(office.visitor("niti"))
    office.cards.attempt(card.id, niti, AttemptDraft(result=Result.NOT_SATISFIED, answer="x"))
    assert keeper.look() == 0
    office.clock.forward(days=3)
    assert keeper.look() == 1
    assert [kind for kind, _ in kinds(office)].count("overdue") == 2


def test_when_it_is_the_agent_s_turn_the_office_is_left_alone(office: CardOffice) -> None:
    card = written(office)
    niti = actor_of(office.visitor("niti"))
    office.cards.attempt(card.id, niti, AttemptDraft(result=Result.SATISFIED, answer="x"))
    office.clock.forward(days=5)
    own = office.listening("agent/1001")
    assert CardKeeper(office.cards).look() == 1
    assert [message["what"] for message in office.heard(own)] == ["overdue"]
    assert kinds(office) == [("new", "legal"), ("overdue_supervisor", "mali")]


def test_an_incomplete_card_reaches_the_office_all_the_same(office: CardOffice) -> None:
    """K4: after some patience with the agent."""
    record = office.call()
    office.transfer(record, "701", picked_up_by="carrier")
    keeper = CardKeeper(office.cards)
    assert keeper.look() == 0
    office.clock.now += PATIENCE
    assert keeper.look() == 1
    assert keeper.look() == 0
    assert kinds(office) == [("new", "legal")]


def test_closed_cards_are_left_alone(office: CardOffice) -> None:
    card = written(office)
    office.cards.act(card.id, actor_of(office.visitor("mali")), Action.CLOSE_EARLY, "x")
    office.clock.forward(days=30)
    assert CardKeeper(office.cards).look() == 0


def test_a_weekend_away_is_told_once(office: CardOffice) -> None:
    """The service was down: everything overdue is told when it is back, and not its reminder as well."""
    for _ in range(3):
        written(office)
    office.clock.forward(days=4)
    assert CardKeeper(office.cards).look() == 3
    assert [kind for kind, _ in kinds(office)[3:]] == ["overdue", "overdue_supervisor"] * 3


def test_a_prepared_card_that_nobody_transferred_is_not_forgotten(office: CardOffice) -> None:
    card = written(office, without_call=False)
    assert card.handover is Handover.PLANNED
    office.clock.forward(days=2)
    assert CardKeeper(office.cards).look() == 1
    assert kinds(office) == [("overdue_supervisor", "mali")]
