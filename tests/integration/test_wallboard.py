"""The board's routes and stream, and what every page shares: headers, health, readiness, metrics, errors."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from board_app import DATA, NOON, Client, board_app

from ami_listener.events import AgentState
from crm.wallboard.board import BoardData, BoardSettings, QueueNow
from crm.wallboard.view import view_of
from crm.wallboard.web import wallboard
from crm.wallboard.words import STATES, WORDS
from crm.web.app import create_app
from crm.web.dates import long_date
from crm.web.figures import percent
from metrics.tally import Limits, Tally


def test_page_shows_the_figures_in_thai_and_english() -> None:
    """H1, D17."""
    thai = board_app().get("/wallboard")
    assert thai.status_code == 200
    assert 'lang="th"' in thai.text
    assert "ร้อยละของสายที่รับได้" in thai.text
    assert "วันศุกร์ที่ 20 พฤศจิกายน 2569" in thai.text
    english = board_app().get("/wallboard?lang=en").text
    assert "Share of calls answered" in english
    assert "Friday 20 November 2026" in english


def test_names_are_escaped() -> None:
    assert "&lt;b&gt;สมหญิง&lt;/b&gt;" in board_app().get("/wallboard").text


def test_one_queue_and_all_queues() -> None:
    """Callers who reached no queue count on the board of all queues only."""
    settings = BoardSettings()
    everything = view_of(DATA, settings, "en")
    assert (everything.offered, everything.answered.percent) == (20, "45.0")
    general = view_of(DATA, settings, "en", "general")
    assert (general.offered, general.answered.percent, general.within.percent) == (4, "75.0", "50.0")
    assert view_of(DATA, settings, "en", "technical").tiles == ()


@pytest.mark.parametrize("path", ["/wallboard?queue=nothing", "/wallboard/events?queue=nothing"])
def test_unknown_queue_is_not_found(path: str) -> None:
    assert board_app().get(path).status_code == 404


def test_thresholds_of_the_settings_are_shown() -> None:
    settings = BoardSettings(limits=Limits(answer_within_seconds=15), satisfaction_target=0.9)
    data = BoardData(at=NOON)
    page = Client(create_app([wallboard(lambda: data, settings)])).get("/wallboard?lang=en").text
    assert "Answered within 15 s" in page
    assert "Target ≥ 90 %" in page


@pytest.mark.parametrize(
    ("ratio", "shown"),
    [(None, None), (0.0, "0"), (1.0, "100"), (0.95, "95.0"), (0.9499, "94.9"), (0.99999, "99.9"), (0.57, "57.0")],
)
def test_percent_never_rounds_up_to_its_target(ratio: float | None, shown: str | None) -> None:
    assert percent(ratio) == shown


@pytest.mark.parametrize(("answered", "level"), [(95, "good"), (94, "near"), (90, "near"), (89, "bad"), (None, "none")])
def test_level_by_target(answered: int | None, level: str) -> None:
    today = Tally() if answered is None else Tally(offered=100, answered=answered)
    data = BoardData(at=NOON, queues=(QueueNow(queue="general", today=today),))
    assert view_of(data, BoardSettings(), "th").answered.level == level


def test_the_qa_score_stands_against_its_target() -> None:
    """L1, D20: of the last 30 days' talks, of all queues and of one."""
    queues = (QueueNow(queue="general", qa=(10, 9.1)), QueueNow(queue="technical"))
    data = BoardData(at=NOON, queues=queues, qa_elsewhere=(10, 6.0))
    whole, one, none = (view_of(data, BoardSettings(), "en", queue).qa for queue in (None, "general", "technical"))
    assert (whole.percent, whole.level, whole.target) == ("75.5", "bad", "Target ≥ 85 %")
    assert (one.percent, one.level) == ("91.0", "good")
    assert (none.percent, none.level) == (None, "none")
    page = board_app(data).get("/wallboard?lang=en").text
    assert re.search(r'class="qa" data-level="bad"><dt>QA score</dt>.*75\.5', page)


def test_both_languages_have_every_word() -> None:
    assert WORDS["th"].keys() == WORDS["en"].keys()
    assert STATES["th"].keys() == STATES["en"].keys() == set(AgentState)


def test_date_of_leap_day() -> None:
    assert long_date(datetime(2028, 2, 29, tzinfo=UTC).date(), "th") == "วันอังคารที่ 29 กุมภาพันธ์ 2571"


def test_waiting_since_is_the_oldest_of_all_queues() -> None:
    since = [NOON - timedelta(seconds=3), NOON - timedelta(seconds=30), None]
    queues = tuple(QueueNow(queue=f"q{n}", waiting=1, waiting_since=at) for n, at in enumerate(since))
    view = view_of(BoardData(at=NOON, queues=queues), BoardSettings(), "th")
    assert view.waiting_since == (NOON - timedelta(seconds=30)).timestamp()
