"""The staffing pages over HTTP, and ``hotline staffing`` (H1)."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import staffing_year
from admin_office import QUICK, AdminOffice
from click.testing import CliRunner
from sqlalchemy import Engine
from web_client import WebClient

from crm.database import open_engine, reading, writing
from crm.staff import teams
from crm.staff.access import Access
from crm.staff.web import StaffPages
from crm.staffing import roster
from crm.staffing.service import Planner
from crm.staffing.web import StaffingPages
from crm.staffing.words import WORDS
from crm.web.app import create_app
from hotline.cli import cli
from hotline.office.house import house_of
from hotline.settings_file import first_settings

TODAY = date(2026, 11, 20)  # the office's clock, a Friday
MONDAY = date(2026, 11, 23)
ROSTER = "date,shift,agent,team,people\n2026-11-23,08:30-16:30,agent,,\n2026-11-23,08:30-12:00,,Morning,4\n"


class Office(AdminOffice):
    """With the staffing pages instead of the administration's."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        super().__init__(engine, folder)
        access, house = Access(engine, self.clock), house_of(self.settings, "0")
        self.planner = Planner(engine, lambda: self.calendar.opening, self.clock, self.settings.staffing, 9)
        queues = [
            {"name": "enquiries", "th": "สอบถาม", "en": "Enquiries"},
            {"name": "other", "th": "อื่น", "en": "Other"},
        ]
        pages = StaffingPages(self.planner, access, house, self.clock, lambda: queues)
        self.app = create_app([StaffPages(engine, access, house, self.clock, QUICK).router, pages.router])
        with writing(engine) as connection:
            self.team = teams.create(connection, "ทีมเช้า", "Morning", self.now, None)


@pytest.fixture(scope="module")
def filled(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("filled") / "filled.sqlite3"
    shutil.copyfile(migrated_sqlite, path)
    engine = open_engine(f"sqlite:///{path}")
    staffing_year.fill(engine, TODAY, weeks=6, calls_a_day=120, team=4)
    engine.dispose()
    return path


@pytest.fixture
def office(filled: Path, tmp_path: Path) -> Iterator[Office]:
    path = tmp_path / "hotline.sqlite3"
    shutil.copyfile(filled, path)
    engine = open_engine(f"sqlite:///{path}")
    running = Office(engine, tmp_path)
    yield running
    engine.dispose()


@pytest.fixture
def head(office: Office) -> WebClient:
    return office.as_("head")


def token(client: WebClient) -> str:
    return client.get("/staffing").text.partition('name="csrf" content="')[2].partition('"')[0]


def send(client: WebClient, path: str, text: str | bytes, **fields: str):  # type: ignore[no-untyped-def]
    """A file, as a form sends it."""
    content = text.encode() if isinstance(text, str) else text
    return client.post(
        path, data={"csrf": token(client), **fields}, files={"file": ("file.csv", content)}, follow_redirects=False
    )


def test_tomorrow_and_two_weeks(office: Office, head: WebClient) -> None:
    """H1: the day by half hour as a chart and a table, the two weeks, how sure it is; in both languages."""
    page = head.get("/staffing?day=2026-11-23").text
    assert "Monday 23 November 2026" in page
    assert page.count("<rect") >= 20
    assert "Answered within" not in page, "there is no roster"
    assert WORDS["en"]["no_roster"] in page
    assert "last week" in page
    assert "style=" not in page
    thai = head.get("/staffing?day=2026-11-23&lang=th").text
    assert "วันจันทร์ที่ 23 พฤศจิกายน 2569" in thai
    assert WORDS["th"]["how_sure"] in thai
    shut = head.get("/staffing?day=2026-11-21").text
    assert WORDS["en"]["shut_text"] in shut
    for wrong in ("/staffing?day=tomorrow", "/staffing?queue=none", "/staffing/roster?week=x", "/api/staffing?queue=x"):
        assert head.get(wrong).status_code == 404, wrong


def test_a_closed_day_is_passed_over(head: WebClient) -> None:
    """H1: on a Friday the page opens on Monday, the next day that is open; a closed day is shown when asked for."""
    assert '<h2 id="day-title">Monday 23 November 2026</h2>' in head.get("/staffing").text


def test_the_same_figures_as_json(office: Office, head: WebClient) -> None:
    """The page, the JSON and the planner agree."""
    found = head.get("/api/staffing?from=2026-11-23&days=1").json()
    plan = office.planner.plan(MONDAY, 1)[0]
    slots = found["days"][0]["half_hours"]
    assert [slot["to_roster"] for slot in slots] == [slot.to_roster for slot in plan.slots]
    assert found["days"][0]["calls"] == pytest.approx(plan.calls, abs=0.01)
    assert found["known"]["forecast_error"]["from"] == "2026-11-06"
    assert found["known"]["replay"]["answered_within"] >= 0.93
    assert f"<dd>{plan.calls:.0f}</dd>" in head.get("/staffing?day=2026-11-23").text


def test_a_roster_by_hand(office: Office, head: WebClient) -> None:
    """Shifts are added, shown beside what is needed, and removed; what is wrong is said and nothing typed is lost."""
    form = {"csrf": token(head), "day": "2026-11-23", "who": f"team-{office.team}", "starts": "08:30", "ends": "18:30"}
    added = head.post("/staffing/roster", data={**form, "people": "20"}, follow_redirects=False)
    assert added.headers["location"] == "/staffing/roster?week=2026-11-23&done=added&number=0"
    page = head.get(added.headers["location"]).text
    assert "Morning × 20" in page
    assert WORDS["en"]["added"] in page
    assert WORDS["en"]["roster_enough"] in page
    day = head.get("/staffing?day=2026-11-23").text
    assert "Answered within 9 s with this roster" in day
    assert 'data-level="good">100 %' in day
    wrong = head.post("/staffing/roster", data={**form, "starts": "19:15"}, follow_redirects=False)
    assert wrong.status_code == 422
    assert "19:15–18:30" in wrong.text
    assert 'value="19:15"' in wrong.text
    with reading(office.engine) as connection:
        shift = roster.shifts_between(connection, MONDAY, MONDAY)[0]
    gone = head.post(f"/staffing/roster/{shift.id}/remove", data={"csrf": form["csrf"]}, follow_redirects=False)
    assert gone.status_code == 303
    again = head.post(f"/staffing/roster/{shift.id}/remove", data={"csrf": form["csrf"]}, follow_redirects=False)
    assert again.status_code == 404
    assert head.post("/staffing/roster", data={**form, "day": "soon"}).status_code == 422


def test_a_roster_by_file(office: Office, head: WebClient) -> None:
    """A file replaces its days; errors are told line by line and nothing is taken in; a week is copied to the next."""
    taken = send(head, "/staffing/roster/import", ROSTER, week="2026-11-23")
    assert taken.headers["location"].endswith("week=2026-11-23&done=imported_shifts&number=2")
    csv = head.get("/staffing/roster.csv?week=2026-11-23").text
    assert "2026-11-23,08:30-16:30,agent,,," in csv
    wrong = send(head, "/staffing/roster/import", ROSTER + "2026-11-24,08:30,agent,,\nx,08:30-09:30,nobody,,\n")
    assert wrong.status_code == 422
    assert "Line 4" in wrong.text
    assert "Line 5" in wrong.text
    assert head.get("/staffing/roster.csv?week=2026-11-23").text == csv
    assert WORDS["en"]["sheet_unreadable"] in send(head, "/staffing/roster/import", b"PK\x03\x04no").text
    copied = head.post(
        "/staffing/roster/copy", data={"csrf": token(head), "week": "2026-11-30"}, follow_redirects=False
    )
    assert copied.headers["location"].endswith("week=2026-11-30&done=copied&number=2")
    again = head.post("/staffing/roster/copy", data={"csrf": token(head), "week": "2026-11-30"}, follow_redirects=False)
    assert WORDS["en"]["nothing_to_copy"] in head.get(again.headers["location"]).text


def test_an_imported_forecast(office: Office, head: WebClient) -> None:
    """It takes the place of the history's for its days, is marked, and can be dropped again."""
    taken = send(head, "/staffing/forecast", "date,time,calls\n2026-11-23,09:00,40\n2026-11-23,09:30,10\n")
    assert taken.headers["location"] == "/staffing?day=2026-11-23&queue=&done=imported_days&number=1"
    page = head.get(taken.headers["location"]).text
    assert WORDS["en"]["imported"] in page
    assert "<dd>50</dd>" in page
    wrong = send(head, "/staffing/forecast", "date,time,calls\n2026-11-23,09:12,40\n")
    assert wrong.status_code == 422
    assert "Line 2" in wrong.text
    dropped = head.post("/staffing/forecast/2026-11-23/drop", data={"csrf": token(head)}, follow_redirects=False)
    assert dropped.status_code == 303
    assert WORDS["en"]["imported"] not in head.get("/staffing?day=2026-11-23").text


def test_only_supervisors(office: Office) -> None:
    """Agents and officers do not plan."""
    assert office.as_("agent").get("/staffing").status_code == 403
    assert office.as_("clerk").get("/api/staffing").status_code == 403


def test_the_command(tmp_path: Path, migrated_sqlite: Path) -> None:
    """``hotline staffing``: days, half hours, JSON, an imported forecast and roster; faults name their lines."""
    (tmp_path / "hotline.toml").write_text(first_settings(), "utf-8")
    state = tmp_path / ".state"
    state.mkdir()
    shutil.copyfile(migrated_sqlite, state / "hotline.sqlite3")
    engine = open_engine(f"sqlite:///{state / 'hotline.sqlite3'}")
    today = datetime.now(UTC).astimezone(staffing_year.ZONE).date()
    staffing_year.fill(engine, today, weeks=4, calls_a_day=80, team=4)
    with writing(engine) as connection:
        teams.create(connection, "ทีมเช้า", "Morning", datetime.now(UTC), None)
    monday = today + timedelta(days=7 - today.weekday())

    def run(*arguments: str, code: int = 0) -> str:
        found = CliRunner().invoke(cli, ["-f", str(tmp_path / "hotline.toml"), "staffing", *arguments])
        assert found.exit_code == code, found.output
        return found.output

    assert "closed" in run()
    data = json.loads(run("--json", "--from", monday.isoformat(), "--days", "1"))
    assert len(data["days"][0]["half_hours"]) == 20
    assert "patience" in run("--queue", "enquiries")
    file = tmp_path / "roster.csv"
    file.write_text(f"date,shift,team,people\n{monday.isoformat()},08:30-18:30,Morning,30\n", "utf-8")
    table = run("--from", monday.isoformat(), "--days", "1", "--import-roster", str(file))
    assert "roster needs" in table
    assert "100.0%" in table
    forecast = tmp_path / "forecast.csv"
    forecast.write_text("date,time,calls\n2026-12-01,09:00,36\n2026-12-01,09:30,5\n", "utf-8")
    assert [
        slot["calls"] for slot in json.loads(run("--forecast", str(forecast), "--json"))["days"][0]["half_hours"]
    ] == [36, 5]
    forecast.write_text("date,time,calls\n2026-12-01,nine,36\n", "utf-8")
    assert "line 2: 'nine'" in run("--forecast", str(forecast), code=1)
    assert "there is no queue" in run("--queue", "nowhere", code=2)
    assert "is not a date" in run("--from", "monday", code=2)
    engine.dispose()
