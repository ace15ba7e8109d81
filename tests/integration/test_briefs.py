"""L9: the brief before the day and the summary after it: figures of the reports, what waits, and letters just once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from card_office import CardOffice
from sqlalchemy import Engine, insert, text

from crm.briefs.keeper import BriefHouse, BriefKeeper
from crm.briefs.service import FIGURES, Kind, compose, last_open_day
from crm.briefs.showing import letter
from crm.briefs.web import BriefPages
from crm.briefs.words import WORDS
from crm.calendar.service import add_holiday
from crm.calls.models import calls
from crm.closure.service import close
from crm.database import reading, writing
from crm.outbox.service import list_letters
from crm.reports.queries import facts_between
from crm.reports.sealed import Frame
from crm.settings import BriefSettings
from dialplan.sections import Hours
from metrics.tally import Limits, tally

ZONE = ZoneInfo("Asia/Bangkok")
FRAME = Frame(ZONE, Limits())
THURSDAY, FRIDAY, MONDAY = date(2026, 11, 26), date(2026, 11, 27), date(2026, 11, 30)
HOURS = Hours.model_validate(
    {day: ["08:30-18:30"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
    | {"saturday": [], "sunday": []}
)


def at(day: date, clock: str) -> datetime:
    """A local time."""
    return datetime.combine(day, time.fromisoformat(clock), ZONE).astimezone(UTC)


@pytest.fixture
def office(engine: Engine, tmp_path: Path) -> Iterator[CardOffice]:
    made = CardOffice(engine, tmp_path)
    yield made
    made.close()


def call(engine: Engine, call_id: str, arrived_at: datetime, wait: float | None, meaning: str | None = None) -> None:
    """A call that a person answered after ``wait`` seconds; None: given up after a minute."""
    answered_at = arrived_at + timedelta(seconds=wait) if wait is not None else None
    row = {
        "call_id": call_id, "arrived_at": arrived_at, "caller_number": "0812345678", "caller_e164": "+66812345678",
        "called_number": "1169", "trunk": "provider", "queue": "enquiries", "agent": "1001" if answered_at else None,
        "agent_answered_at": answered_at, "ended_at": arrived_at + timedelta(minutes=1), "precision": "microsecond",
        "outcome": "answered" if answered_at else "abandoned", "updated_at": arrived_at,
        "survey_meaning": meaning, "survey_asked_at": arrived_at if meaning else None,
    }  # fmt: skip
    with writing(engine) as connection:
        connection.execute(insert(calls).values(row))


def fill(engine: Engine, day: date) -> None:
    """Four calls: three answered, one of them late, one given up; one caller not satisfied."""
    call(engine, f"{day}.1", at(day, "09:00"), 3, "impressed")
    call(engine, f"{day}.2", at(day, "10:00"), 9, "not_satisfied")
    call(engine, f"{day}.3", at(day, "11:00"), 20)
    call(engine, f"{day}.4", at(day, "12:00"), None)


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def house(engine: Engine, clock: Clock, settings: BriefSettings | None = None) -> BriefHouse:
    return BriefHouse(
        engine=engine, settings=settings or BriefSettings(recipients=("team@example.test", "head@example.test")),
        frame=lambda: FRAME, hours=lambda: HOURS, queues=lambda _language: {"enquiries": "สอบถามข้อมูล"},
        agents=dict,
        name=lambda _language: "1169", address=lambda: "https://1169.example.test", clock=clock, mail=True,
    )  # fmt: skip


def test_figures_are_those_of_the_report(engine: Engine) -> None:
    """H1, H8: one definition, whoever shows it."""
    fill(engine, THURSDAY)
    with reading(engine) as connection:
        brief = compose(connection, Kind.EVENING, THURSDAY, at(THURSDAY, "18:40"), FRAME, HOURS)
        facts = list(facts_between(connection, at(THURSDAY, "00:00"), at(FRIDAY, "00:00")))
    assert (brief.of_day, brief.total) == (THURSDAY, tally(facts))
    shown = {figure.name: figure.function(brief.total) for figure in FIGURES}
    assert (shown["offered"], shown["answered_rate_strict"], shown["answered_within"]) == (4, 0.75, 0.5)
    assert shown["satisfaction"] == 0.5
    assert [one.call_id for one in brief.low_ratings] == [f"{THURSDAY}.2"]


def test_on_monday_the_brief_is_of_the_last_open_day(engine: Engine) -> None:
    """The weekend and holidays have nothing to tell."""
    with writing(engine) as connection:
        assert last_open_day(connection, MONDAY, HOURS) == FRIDAY
        add_holiday(connection, FRIDAY, "วันหยุดพิเศษ", "Special holiday", at(THURSDAY, "09:00"))
        assert last_open_day(connection, MONDAY, HOURS) == THURSDAY
        assert last_open_day(connection, MONDAY, Hours(always_open=True)) == MONDAY - timedelta(days=1)


def test_closures_and_holidays_are_told(engine: Engine) -> None:
    with writing(engine) as connection:
        close(connection, "all", "mali", "น้ำท่วม", at(THURSDAY, "14:00"))
        add_holiday(connection, MONDAY, "วันหยุดพิเศษ", "Special holiday", at(THURSDAY, "09:00"))
    with reading(engine) as connection:
        brief = compose(connection, Kind.EVENING, THURSDAY, at(THURSDAY, "18:40"), FRAME, HOURS)
    for language, closed, holiday in (("th", "น้ำท่วม", "วันหยุดพิเศษ"), ("en", "Closed now", "Special holiday")):
        told = letter(brief, {}, "https://1169.example.test", ZONE, language)
        assert closed in told
        assert holiday in told
        assert WORDS[language]["no_low_ratings"] in told


def test_letters_are_written_once_when_it_is_time(engine: Engine) -> None:
    """08:15 and 18:40 are settings; a restart, a second look and a late start write nothing twice."""
    fill(engine, THURSDAY)
    clock = Clock(at(FRIDAY, "08:14"))
    keeper = BriefKeeper(house(engine, clock))
    assert keeper.due() == []
    clock.now = at(FRIDAY, "08:15")
    assert keeper.due() == [(Kind.MORNING, FRIDAY)]
    assert keeper.send(Kind.MORNING, FRIDAY) == 2
    assert keeper.due() == []
    again = BriefKeeper(house(engine, clock))
    assert again.due() == [(Kind.MORNING, FRIDAY)]
    assert again.send(Kind.MORNING, FRIDAY) == 0
    clock.now = at(FRIDAY, "18:40")
    assert again.due() == [(Kind.EVENING, FRIDAY)]
    clock.now = at(FRIDAY, "20:41")
    assert again.due() == []
    with reading(engine) as connection:
        letters = list_letters(connection)
    assert {one.recipient for one in letters} == {"team@example.test", "head@example.test"}
    assert {one.kind for one in letters} == {"brief.morning"}
    assert "75.0 %" in letters[0].subject
    assert "https://1169.example.test/briefs?kind=morning&day=2026-11-27" in letters[0].text
    assert "ไม่ถึงเป้า" in letters[0].text
    assert letters[0].useless_after == at(FRIDAY, "20:15")


@pytest.mark.parametrize("why", ["weekend", "never", "holiday"])
def test_no_letters_on_days_without_opening_hours(engine: Engine, why: str) -> None:
    settings = BriefSettings(morning="" if why == "never" else "08:15", recipients=("team@example.test",))
    day = MONDAY - timedelta(days=1) if why == "weekend" else MONDAY
    if why == "holiday":
        with writing(engine) as connection:
            add_holiday(connection, MONDAY, "วันหยุดพิเศษ", "Special holiday", at(THURSDAY, "09:00"))
    keeper = BriefKeeper(house(engine, Clock(at(day, "08:20")), settings))
    assert [keeper.send(*due) for due in keeper.due()] == ([] if why == "never" else [0])


def test_no_caller_is_named_in_a_letter(engine: Engine) -> None:
    """Letters leave the house."""
    fill(engine, THURSDAY)
    with reading(engine) as connection:
        brief = compose(connection, Kind.EVENING, THURSDAY, at(THURSDAY, "18:40"), FRAME, HOURS)
    told = letter(brief, {"enquiries": "General"}, "https://1169.example.test", ZONE, "en")
    assert "10:00 · General" in told
    for private in ("0812345678", "+66812345678", "1001", f"{THURSDAY}.2"):
        assert private not in told


def test_without_addresses_in_the_settings_the_team_is_written_to(office: CardOffice) -> None:
    """Agents, supervisors and administrators with an address; not the officers of other departments."""
    keeper = BriefKeeper(replace(house(office.engine, Clock(at(FRIDAY, "08:15"))), settings=BriefSettings()))
    assert keeper.send(Kind.MORNING, FRIDAY) == 1
    with reading(office.engine) as connection:
        assert [one.recipient for one in list_letters(connection)] == ["mali@example.test"]


def test_both_languages_say_everything() -> None:
    assert WORDS["th"].keys() == WORDS["en"].keys()
    assert {figure.name for figure in FIGURES} <= WORDS["th"].keys()


def test_the_page_shows_what_the_letter_says(office: CardOffice) -> None:
    fill(office.engine, THURSDAY)
    pages = BriefPages(house(office.engine, Clock(at(THURSDAY, "18:45"))), office.access, office.house)
    office.app.include_router(pages.router)
    page = office.as_("mali").get("/briefs").text
    assert WORDS["th"]["evening"] in page
    assert "26 พฤศจิกายน 2569" in page
    assert "75.0 %" in page
    assert f'href="/calls/{THURSDAY}.2"' in page
    morning = office.as_("mali").get(f"/briefs?kind=morning&day={FRIDAY}&lang=en").text
    assert WORDS["en"]["morning"] in morning
    assert "Figures of Thursday 26 November 2026" in morning
    assert office.as_("mali").get("/briefs?day=nonsense").status_code == 400
    assert office.as_("mali").get("/briefs?day=2569-11-27").status_code == 200
    assert office.as_("niti").get("/briefs").status_code == 403


def test_a_database_that_is_away_is_tried_again(engine: Engine) -> None:
    """Nothing is remembered as done before it is."""
    keeper = BriefKeeper(house(engine, Clock(at(FRIDAY, "08:15"))))
    with writing(engine) as connection:
        connection.execute(text("ALTER TABLE letters RENAME TO letters_away"))
    with pytest.raises(Exception, match="letters"):
        keeper.send(Kind.MORNING, FRIDAY)
    with writing(engine) as connection:
        connection.execute(text("ALTER TABLE letters_away RENAME TO letters"))
    assert keeper.due() == [(Kind.MORNING, FRIDAY)]
    assert keeper.send(Kind.MORNING, FRIDAY) == 2
