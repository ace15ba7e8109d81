"""Score cards as pure functions (L1, D20): weights, fatal items, what does not apply; drawing; trends; calibration."""

import random
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.quality.figures import QaFigures, together
from crm.quality.forms import BadForm, Form, FormSection, Item, answers_of, checked, first_form, missing, score
from crm.quality.sampling import Talk, pick
from crm.quality.trends import ItemSpread, Trend, agreement, of_teams, week_starts

AT = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)


def card() -> Form:
    """Two sections of 30 and 70; the answer must be correct."""
    return Form(
        sections=(
            FormSection(th="ทักทาย", en="Greeting", weight=30, items=(
                Item(key="script", th="บท", en="Script", points=2), Item(key="tone", th="เสียง", en="Tone", points=2),
            )),
            FormSection(th="ตอบ", en="Answer", weight=70, items=(
                Item(key="correct", th="ถูก", en="Correct", points=5, fatal=True),
                Item(key="complete", th="ครบ", en="Complete", points=5),
            )),
        )
    )  # fmt: skip


ALL = {"script": 2, "tone": 2, "correct": 5, "complete": 5}


@pytest.mark.parametrize(
    ("changes", "share", "fatal"),
    [
        ({}, 1.0, False),
        ({"tone": 0}, 0.3 * 0.5 + 0.7, False),
        ({"complete": 0}, 0.3 + 0.7 * 0.5, False),
        ({"correct": 1}, 0.3 + 0.7 * 0.6, False),
        ({"correct": 0}, 0.0, True),  # whatever else was good
        ({"tone": None}, 1.0, False),  # does not apply: neither for nor against
        ({"script": None, "tone": None, "complete": 0}, 0.5, False),  # a whole section does not apply
        ({"correct": None}, 1.0, False),  # a fatal item that does not apply fails nobody
        (dict.fromkeys(ALL), None, False),
    ],
)
def test_the_score(changes: dict[str, int | None], share: float | None, fatal: bool) -> None:
    result = score(card(), ALL | changes)
    assert result.fatal == fatal
    assert result.share == (pytest.approx(share) if share is not None else None)


@given(st.fixed_dictionaries({key: st.none() | st.integers(0, most) for key, most in ALL.items()}))
def test_a_score_is_a_share(answers: dict[str, int | None]) -> None:
    share = score(card(), answers).share
    assert share is None or 0 <= share <= 1


@given(st.integers(0, 1), st.integers(0, 4))
def test_a_better_answer_is_never_worth_less(tone: int, complete: int) -> None:
    worse = score(card(), ALL | {"tone": tone, "complete": complete}).share
    better = score(card(), ALL | {"tone": tone + 1, "complete": complete + 1}).share
    assert worse is not None
    assert better is not None
    assert better >= worse


def test_answers_of_another_card_and_too_many_points_are_not_taken() -> None:
    assert checked(card(), {"script": 9, "tone": -1, "unknown": 3, "correct": None}) == {
        "script": 2, "tone": 0, "correct": None,
    }  # fmt: skip
    assert missing(card(), {"script": 1, "tone": None}) == ["correct", "complete"]
    assert answers_of('{"tone": null, "script": 2}') == {"tone": None, "script": 2}


def test_a_card_comes_back_as_it_was_kept() -> None:
    assert Form.of_text(card().text()) == card()
    assert score(first_form(), {item.key: item.points for item in first_form().items}).share == 1.0


@pytest.mark.parametrize(
    "text", ["{", '{"sections": []}', '{"sections": [{"th": "a", "en": "b", "weight": 0, "items": []}]}']
)
def test_a_card_that_cannot_be_used_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(BadForm):
        Form.of_text(text)


def test_a_key_is_there_once() -> None:
    item = Item(key="same", th="ก", en="a")
    with pytest.raises(ValueError, match="same key"):
        Form(sections=(FormSection(th="ก", en="a", items=(item, item)),))


def test_everybody_is_drawn_as_often_and_every_talk_has_its_chance() -> None:
    talks = [Talk(f"c{n}", agent, AT, "q") for agent in ("1001", "1002") for n in range(10)]
    talks.append(Talk("only", "1003", AT, "q"))
    chosen = pick(talks, 3, random.Random(1))
    assert [one.agent for one in chosen].count("1001") == [one.agent for one in chosen].count("1002") == 3
    assert [one.call_id for one in chosen if one.agent == "1003"] == ["only"]
    seen = {one.call_id for seed in range(60) for one in pick(talks, 1, random.Random(seed)) if one.agent == "1001"}
    assert seen == {f"c{n}" for n in range(10)}


def test_weeks_begin_on_mondays_of_the_place() -> None:
    starts = week_starts(date(2026, 11, 26), ZoneInfo("Asia/Bangkok"), 3)
    assert [one.isoformat() for one in starts] == [
        "2026-11-09T00:00:00+07:00", "2026-11-16T00:00:00+07:00", "2026-11-23T00:00:00+07:00",
    ]  # fmt: skip


def test_a_trend_is_the_later_half_against_the_earlier() -> None:
    better = Trend((QaFigures(1, 0.5), QaFigures(), QaFigures(1, 0.8), QaFigures(1, 1.0)))
    assert better.change == pytest.approx(0.4)
    assert better.whole.mean == pytest.approx(2.3 / 3)
    assert Trend((QaFigures(), QaFigures(1, 0.5))).change is None
    assert together([]).mean is None


def test_a_team_has_the_scores_of_its_agents() -> None:
    by_agent = {
        "1001": Trend((QaFigures(1, 1.0),)),
        "1002": Trend((QaFigures(3, 1.5),)),
        "1003": Trend((QaFigures(9, 9),)),
    }
    teams = of_teams(by_agent, {"1001": 7, "1002": 7, "1003": None}, 1)
    assert {team: trend.whole for team, trend in teams.items()} == {7: QaFigures(4, 2.5)}


def test_graders_agree_on_an_item_when_all_gave_the_same() -> None:
    spreads = [
        ItemSpread("a", (2, 2)),
        ItemSpread("b", (2, 1)),
        ItemSpread("c", (None, None)),
        ItemSpread("d", (None, 0)),
    ]
    assert [one.agreed for one in spreads] == [True, False, True, False]
    assert agreement(spreads) == 0.5
    assert agreement([]) is None
