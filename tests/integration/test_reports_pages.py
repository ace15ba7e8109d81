"""Report pages, exports and the calls behind each figure tell what the calls say (H1, H8, R8)."""

import csv
import io
import re
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import httpx
import pytest
from desk_server import DeskServer
from report_scenes import write_days

from ami_listener.records import CallRecord
from crm.audit.service import AuditFilter
from crm.audit.service import lines as audit_lines
from crm.database import reading
from crm.reports.export import as_csv, as_xlsx
from crm.reports.facts import fact_of
from crm.reports.sealing import Sealer
from crm.reports.words import WORDS
from crm.staff.access import COOKIE
from crm.staff.models import PhoneKind, Role
from crm.stories.words import WORDS as STORY_WORDS
from hotline.board import limits_of
from hotline.office.reports import frame_of
from metrics.behind import BEHIND, means, others
from metrics.kpi import KPIS
from metrics.tally import Tally, tally

BANGKOK = ZoneInfo("Asia/Bangkok")
DAYS = 6
NOW = datetime.now(UTC)
TODAY = NOW.astimezone(BANGKOK).date()
FIRST = datetime.combine(TODAY - timedelta(days=DAYS - 1), datetime.min.time(), BANGKOK)


class Reports:
    """A supervisor at the pages."""

    def __init__(self, server: DeskServer, calls: list[CallRecord]) -> None:
        self.server = server
        self.calls = calls
        self.facts = [fact_of(call) for call in calls]
        self.limits = limits_of(server.settings)
        self.client = httpx.Client(
            base_url=server.url(""), cookies={COOKIE: server.cookie("boss")["value"]}, timeout=20, trust_env=False
        )

    def get(self, path: str) -> httpx.Response:
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer

    def tally(self, start: datetime, end: datetime, *, open_only: bool = True) -> Tally:
        found = [fact for fact in self.facts if start <= fact.arrived_at < end]
        return tally((fact for fact in found if not (open_only and fact.out_of_hours)), self.limits)


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reports]:
    server = DeskServer(tmp_path_factory.mktemp("reports"))
    server.staff["boss"] = server._account("boss", "หัวหน้า", "Boss", None, PhoneKind.DESK, Role.SUPERVISOR)
    calls = write_days(server.engine, FIRST.astimezone(UTC), DAYS, 45, NOW)
    Sealer(server.engine, lambda: frame_of(server.settings), lambda: NOW).all()
    server.start()
    made = Reports(server, calls)
    try:
        yield made
    finally:
        made.client.close()
        server.stop()


def shown_figures(page: str) -> dict[str, float | None]:
    found = re.findall(r'data-figure="(\w+)" data-value="([^"]*)"', page)
    return {name: float(value) if value else None for name, value in found}


@pytest.mark.parametrize("hours", ["open", "all"])
def test_the_page_shows_every_figure(reports: Reports, hours: str) -> None:
    last = TODAY.isoformat()
    page = reports.get(f"/reports?span=own&on={FIRST.date()}&to={last}&hours={hours}").text
    counted = reports.tally(FIRST, FIRST + timedelta(days=DAYS), open_only=hours == "open")
    assert shown_figures(page) == {kpi.name: kpi.function(counted) for kpi in KPIS} | {"qa_score": None}
    assert counted.closed == (0 if hours == "open" else sum(fact.out_of_hours for fact in reports.facts))


def table(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_the_csv_has_every_digit(reports: Reports) -> None:
    day = FIRST.date() + timedelta(days=3)
    rows = table(reports.get(f"/reports/export.csv?span=day&on={day}&by=half_hour&lang=en"))
    start = datetime.combine(day, datetime.min.time(), BANGKOK)
    assert [row["kind"] for row in rows[:2]] == ["total", "before"]
    assert len([row for row in rows if row["kind"] == "half_hour"]) == 48
    for row in rows:
        if row["kind"] == "queue":
            continue
        counted = reports.tally(datetime.fromisoformat(row["from"]), datetime.fromisoformat(row["to"]))
        figures = {kpi.name: kpi.function(counted) for kpi in KPIS}
        assert {name: float(row[name]) if row[name] else None for name in figures} == figures
    assert rows[0]["from"] == start.isoformat()
    assert sum(int(row["offered"]) for row in rows if row["kind"] == "queue") == int(rows[0]["offered"])


def sheets(body: bytes) -> list[list[list[Any]]]:
    """The cells of a workbook, read without the library that wrote it."""
    space = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        found = []
        for name in sorted(name for name in book.namelist() if name.startswith("xl/worksheets/sheet")):
            sheet = ElementTree.fromstring(book.read(name))
            assert sheet.findall(".//m:f", space) == []  # no formula, ever
            rows = []
            for row in sheet.findall(".//m:row", space):
                cells: dict[str, Any] = {}
                for cell in row.findall("m:c", space):
                    text = "".join(cell.itertext())
                    column = re.sub(r"\d", "", cell.get("r", ""))
                    if text:
                        cells[column] = text if cell.get("t") == "inlineStr" else float(text)
                rows.append([cells.get(_column(place)) for place in range(40)])
            found.append(rows)
        return found


def _column(place: int) -> str:
    return chr(65 + place) if place < 26 else f"A{chr(65 + place - 26)}"


def test_the_workbook_tells_the_same(reports: Reports) -> None:
    query = f"span=own&on={FIRST.date()}&to={TODAY - timedelta(days=1)}&lang=en"
    rows = table(reports.get(f"/reports/export.csv?{query}"))
    agents = table(reports.get(f"/reports/agents.csv?{query}"))
    calls_sheet, agents_sheet = sheets(reports.get(f"/reports/export.xlsx?{query}").content)
    for lines, sheet in ((rows, calls_sheet), (agents, agents_sheet)):
        head = [name for name in sheet[0] if name]
        assert head == list(lines[0])
        assert len(sheet) == len(lines) + 1
        for line, cells in zip(lines, sheet[1:], strict=True):
            for name, cell in zip(head, cells, strict=False):
                if isinstance(cell, float):
                    assert float(line[name]) == pytest.approx(cell, rel=1e-14)
                else:
                    assert (cell or "") == line[name]


def test_who_takes_a_table_away_is_in_the_audit(reports: Reports) -> None:
    days = f"span=own&on={FIRST.date()}&to={TODAY - timedelta(days=1)}"
    rows = table(reports.get(f"/reports/export.csv?{days}"))
    reports.get(f"/reports/export.xlsx?{days}")
    with reading(reports.server.engine) as connection:
        book, sheet = audit_lines(connection, AuditFilter(kind="report"), limit=2)
    assert (sheet.action, sheet.subject) == ("report.exported", "report/report")
    assert sheet.who == book.who != "system"
    assert sheet.details["rows"] == len(rows) < book.details["rows"]
    assert sheet.details["file"].endswith(".csv")
    assert book.details["file"].endswith(".xlsx")
    days_told = {sheet.details[name] for name in ("from", "to")}
    assert days_told == {str(FIRST.date()), str(TODAY - timedelta(days=1))}


def test_no_name_becomes_a_formula(reports: Reports) -> None:
    rows: list[list[Any]] = [["name"], ["=1+1"], ["@x"], ["-2"], [-2]]
    assert as_csv(iter(rows)).decode("utf-8-sig").split() == ["name", "'=1+1", "'@x", "'-2", "-2"]
    assert [row[0] for row in sheets(as_xlsx({"one": rows}))[0]] == ["name", "=1+1", "@x", "-2", -2.0]


def all_calls(reports: Reports, path: str) -> list[str]:
    """Every call of a list, over all its pages."""
    found: list[str] = []
    while path:
        page = reports.get(path).text
        found += [unescape(one) for one in re.findall(r'href="/calls/([^"]+)"', page)]
        more = re.search(r'href="([^"]+)" rel="next"', page)
        path = unescape(more.group(1)) if more else ""
        assert len(found) <= len(reports.calls)
    return found


@pytest.mark.parametrize("of", ["hours=all", "hours=all&queue=import", "hours=open", "hours=open&queue=general"])
@pytest.mark.parametrize("figure", [kpi.name for kpi in KPIS])
def test_behind_every_figure_are_its_calls(reports: Reports, figure: str, of: str) -> None:
    start, end = FIRST + timedelta(hours=10, minutes=10), FIRST + timedelta(days=DAYS, hours=-3)
    behind = BEHIND[figure]
    facts = [fact for fact in reports.facts if start <= fact.arrived_at < end]
    longest = tally(facts, reports.limits).longest_wait
    for side, counts in (("all", behind.whole), ("counted", behind.part), ("others", others(behind))):
        if counts is None or (side == "others" and behind.part is None):
            continue
        expected = [fact for fact in facts if means(counts, fact, reports.limits)]
        if figure == "longest_wait":
            expected = [fact for fact in expected if fact.wait == longest]
        query = f"figure={figure}&side={side}&hours=all&from={int(start.timestamp())}&to={int(end.timestamp())}"
        newest_first = sorted(expected, key=lambda fact: (fact.arrived_at, fact.call_id), reverse=True)
        assert all_calls(reports, f"/reports/calls?{query}") == [fact.call_id for fact in newest_first]


def test_a_transfer_falsifies_nobody(reports: Reports) -> None:
    """K3: each agent's own part, and the calls behind it."""
    rows = {
        row["agent"]: row for row in table(reports.get(f"/reports/agents.csv?span=own&on={FIRST.date()}&to={TODAY}"))
    }
    start, end = int(FIRST.timestamp()), int((FIRST + timedelta(days=DAYS)).timestamp())
    for agent in ("1001", "1002"):
        parts = [part for call in reports.calls for part in call.conversations if part.agent == agent]
        held = sum(
            (hold.resumed_at - hold.held_at).total_seconds()
            for call in reports.calls
            for hold in call.holds
            if hold.agent == agent and hold.resumed_at
        )
        talked = sum((part.ended_at - part.answered_at).total_seconds() for part in parts if part.ended_at)
        assert int(rows[agent]["talks"]) == len(parts)
        assert float(rows[agent]["average_talk"]) == pytest.approx((talked - held) / len(parts))
        assert float(rows[agent]["average_hold"]) == pytest.approx(held / len(parts))
        handed_on = [call.call_id for call in reports.calls if any(one.agent == agent for one in call.transfers)]
        taken = [call.call_id for call in reports.calls if any(p.agent == agent for p in call.conversations[1:])]
        rated = [
            call.call_id
            for call in reports.calls
            if call.survey and call.survey.meaning and call.conversations[-1].agent == agent
        ]
        for figure, expected in (("handed_on", handed_on), ("by_transfer", taken), ("surveys_answered", rated)):
            assert int(rows[agent][figure]) == len(expected) > 0
            query = f"figure={figure}&agent={agent}&from={start}&to={end}"
            assert sorted(all_calls(reports, f"/reports/calls?{query}")) == sorted(expected)


def test_lost_callers_can_be_called_back(reports: Reports) -> None:
    start, end = int(FIRST.timestamp()), int((FIRST + timedelta(days=DAYS)).timestamp())
    lost = [call for call in reports.calls if call.outcome == "abandoned"]
    path = f"/reports/abandoned?from={start}&to={end}"
    assert len(all_calls(reports, path)) == len(lost)
    page = reports.get(path).text
    newest = max(lost, key=lambda call: call.arrived_at)
    assert f'data-call="+66{str(newest.caller_number)[1:]}" data-task="{newest.call_id}"' in page
    assert WORDS["th"]["state_open"] in page


@pytest.mark.parametrize("language", ["th", "en"])
def test_every_call_has_its_story(reports: Reports, language: str) -> None:
    transferred = next(call for call in reports.calls if call.transfers and call.holds and call.survey)
    for call in (*{call.outcome: call for call in reports.calls}.values(), transferred):
        page = reports.get(f"/calls/{quote(call.call_id)}?lang={language}").text
        assert page.count('class="at number"') >= 2
        assert "{" not in re.sub(r"(?s)<(script|style).*?</\1>", "", page)
    page = reports.get(f"/calls/{transferred.call_id}?lang={language}").text
    moments = re.findall(r'<li data-kind="(\w+)">', page)
    assert moments[0] == "arrived"
    assert moments[-1] == "ended"
    for kind in ("joined", "rang", "answered", "held", "resumed", "transferred", "survey_asked"):
        assert kind in moments
    assert reports.client.get("/calls/no-such-call").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "span=century&on=never&by=minute",
        "span=own&on=2569-11-01&to=2569-10-01",
        "y=2569&m=2&d=31&span=day",
        "y=99999999&m=13&d=0",
        "span=year&on=2000-01-01",
        "span=day&on=2026-11-20&by=half_hour&queue=nobody&hours=all",
        "span=own&on=2024-01-01&to=2026-12-31&by=hour",
    ],
)
def test_nonsense_is_answered_with_a_report(reports: Reports, query: str) -> None:
    assert "data-figure" in reports.get(f"/reports?{query}").text


@pytest.mark.parametrize(
    "query", ["from=x&to=y", "from=9999999999999999&to=1", "before=1~2~3", "side=none", "before=~"]
)
def test_lists_survive_nonsense(reports: Reports, query: str) -> None:
    reports.get(f"/reports/calls?figure=offered&{query}")
    reports.get(f"/reports/abandoned?{query}")
    assert reports.client.get(f"/reports/calls?figure=nothing&{query}").status_code == 404


def test_thai_dates_are_of_the_buddhist_era(reports: Reports) -> None:
    assert "2569" in reports.get("/reports?span=day&on=2026-11-20&lang=th").text
    page = reports.get("/reports?span=month&y=2569&m=11&lang=th").text
    assert "รายงาน · พฤศจิกายน 2569" in page
    assert "Reports · November 2026" in reports.get("/reports?span=month&y=2569&m=11&lang=en").text


def test_words_of_both_languages() -> None:
    for words in (WORDS, STORY_WORDS):
        assert list(words["th"]) == list(words["en"])
        assert all(words["th"].values())
        assert all(words["en"].values())


def test_nothing_was_changed_by_looking(reports: Reports) -> None:
    with reading(reports.server.engine) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM calls").scalar_one() == len(reports.calls)
