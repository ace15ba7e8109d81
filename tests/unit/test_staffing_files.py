"""Rosters and forecasts out of CSV and XLSX: what is read, and every fault told with its line."""

import io
import zipfile
from datetime import date

import pytest

from crm.staffing.files import Fault, FaultyFile, forecast_of, roster_of, shift_of_form
from crm.staffing.models import ForecastSlot, Shift
from crm.staffing.roster import BadShift, Choice, called
from crm.staffing.roster_sheet import roster_csv
from crm.staffing.sheets import UnreadableSheet, excel_day, excel_minute, rows_of
from crm.staffing.words import WORDS

AGENTS = {"somsri": 1, "1001": 1, "สมศรี ใจดี": 1, "prasert": 2}
TEAMS = {"ทีมเช้า": 7}
DAY = date(2026, 11, 30)


def roster(text: str) -> list[Shift]:
    return roster_of(rows_of(text.encode()), AGENTS, TEAMS)


def faults_of(text: str) -> list[Fault]:
    with pytest.raises(FaultyFile) as caught:
        roster(text)
    return caught.value.faults


def test_a_roster() -> None:
    """Both eras and both orders of a date; agents by user name, extension or name; teams with a number; breaks."""
    shifts = roster(
        "date,shift,agent,team,people,break\n"
        "2026-11-30,08:30-16:30,somsri,,,12:00-13:00\n"
        "2569-11-30,8.30–16.30,PRASERT,,,\n"
        "01/12/2569,13:00-24:00,,ทีมเช้า,5,\n"
        "\n"
        "1.12.2026,08:30-12:00,1001,,,\n"
    )
    assert shifts == [
        Shift(day=DAY, starts=510, ends=990, break_starts=720, break_ends=780, staff_id=1),
        Shift(day=DAY, starts=510, ends=990, staff_id=2),
        Shift(day=date(2026, 12, 1), starts=780, ends=1440, team_id=7, people=5),
        Shift(day=date(2026, 12, 1), starts=510, ends=720, staff_id=1),
    ]


def test_thai_columns_and_semicolons() -> None:
    """As Thai Excel writes a CSV: cp874, other marks between the cells, Thai names of columns."""
    text = "วันที่;เริ่ม;สิ้นสุด;เจ้าหน้าที่\n30/11/2569;08:30;16:30;สมศรี ใจดี\n"
    expected = [Shift(day=DAY, starts=510, ends=990, staff_id=1)]
    assert roster_of(rows_of(text.encode("cp874")), AGENTS, TEAMS) == expected
    assert roster_of(rows_of(text.encode("utf-8-sig")), AGENTS, TEAMS) == expected


def test_every_fault_with_its_line() -> None:
    """Nothing is taken in as long as anything is wrong, and all of it is told at once."""
    found = faults_of(
        "date,shift,agent,team,people,break\n"
        "2026-13-01,08:30-16:30,somsri,,,\n"
        "2026-11-30,16:30-08:30,somsri,,,\n"
        "2026-11-30,08:30-16:30,nobody,,,\n"
        "2026-11-30,08:30-16:30,,no team,2,\n"
        "2026-11-30,08:30-16:30,,ทีมเช้า,many,\n"
        "2026-11-30,08:30-16:30,,ทีมเช้า,1.5,\n"
        "2026-11-30,08:30-16:30,somsri,ทีมเช้า,1,\n"
        "2026-11-30,08:30-16:30,somsri,,,17:00-18:00\n"
        "2026-11-30,08:30-16:30,somsri,,,\n"
    )
    assert [(fault.line, fault.key) for fault in found] == [
        (2, "fault_date"), (3, "fault_shift"), (4, "fault_agent"), (5, "fault_team"), (6, "fault_people"),
        (7, "fault_people"), (8, "fault_who"), (9, "fault_break"),
    ]  # fmt: skip
    assert found[2].value == "nobody"
    for language, words in WORDS.items():
        assert all(words[fault.key].format(value=fault.value) for fault in found), language


def test_two_shifts_at_once() -> None:
    """Nobody works twice at a time; a team may."""
    text = "date,shift,agent,team,people\n2026-11-30,08:30-12:00,{0}\n2026-11-30,{1},{0}\n"
    assert faults_of(text.format("somsri,,", "11:00-13:00")) == [Fault(3, "fault_twice", "2")]
    assert len(roster(text.format("somsri,,", "12:00-13:00"))) == 2
    assert len(roster(text.format(",ทีมเช้า,3", "11:00-13:00"))) == 2


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", Fault(1, "fault_empty")),
        ("date,shift,agent\n", Fault(1, "fault_empty")),
        ("shift,agent\n08:30-16:30,somsri\n", Fault(1, "fault_columns", "date")),
        ("date,agent\n2026-11-30,somsri\n", Fault(1, "fault_columns", "ends/shift/starts")),
        ("date,shift\n2026-11-30,08:30-16:30\n", Fault(1, "fault_columns", "agent/team")),
    ],
)
def test_no_roster_at_all(text: str, fault: Fault) -> None:
    assert faults_of(text) == [fault]


def test_a_forecast() -> None:
    """Half hours as they are; a file of whole hours is split."""
    halves = 'date,time,calls,handling_seconds\n2026-11-30,09:00,12.5,240\n2026-11-30,09:30-10:00,"8,5",\n'
    assert forecast_of(rows_of(halves.encode())) == [
        ForecastSlot(day=DAY, minute=540, calls=12.5, handling_seconds=240),
        ForecastSlot(day=DAY, minute=570, calls=8.5),
    ]
    hours = "วันที่,เวลา,จำนวนสาย\n30/11/2569,09:00,30\n30/11/2569,10:00,20\n"
    assert [(slot.minute, slot.calls) for slot in forecast_of(rows_of(hours.encode()))] == [
        (540, 15), (570, 15), (600, 10), (630, 10),
    ]  # fmt: skip


def test_faults_of_a_forecast() -> None:
    text = (
        "date,time,calls,aht\n2026-11-30,09:10,3,\n2026-11-30,09:00,-3,\n2026-11-30,09:00,3,0\n2026-11-30,09:30,1e9,\n"
    )
    with pytest.raises(FaultyFile) as caught:
        forecast_of(rows_of(text.encode()))
    assert [fault.key for fault in caught.value.faults] == [
        "fault_half_hour", "fault_calls", "fault_handling", "fault_calls",
    ]  # fmt: skip
    with pytest.raises(FaultyFile) as caught:
        forecast_of(rows_of(b"date,time,calls\n2026-11-30,09:00,3\n2026-11-30,09:00,4\n"))
    assert caught.value.faults == [Fault(3, "fault_twice", "2")]


ROOT = "worksheet"
SHEET = (
    f'<{ROOT} xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="D1" t="inlineStr"><is>'
    "<t>calls</t></is></c>"
    '</row><row r="4"><c r="A4"><v>46356</v></c><c r="B4"><v>0.375</v></c><c r="D4"><v>12.5</v></c></row>'
    f"</sheetData></{ROOT}>"
)
SHARED = (
    '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>date</t></si>'
    "<si><r><t>ti</t></r><r><t>me</t></r></si></sst>"
)


def xlsx(sheet: str = SHEET, **more: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
        archive.writestr("xl/sharedStrings.xml", SHARED)
        for name, text in more.items():
            archive.writestr(name, text)
    return content.getvalue()


def test_a_spreadsheet() -> None:
    """Dates and times as numbers, texts shared, in pieces and inline, an empty column; lines keep their numbers."""
    rows = rows_of(xlsx())
    assert rows == [(1, ["date", "time", "", "calls"]), (4, ["46356", "0.375", "", "12.5"])]
    slots = forecast_of(rows)
    assert slots[0] == ForecastSlot(day=date(2026, 11, 30), minute=540, calls=6.25), "a whole hour, split"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"PK\x03\x04nothing", "sheet_unreadable"),
        (xlsx("<worksheet"), "sheet_unreadable"),
        (xlsx('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), "sheet_unreadable"),
        (xlsx("<a>" + " " * 20_000_001 + "</a>"), "sheet_too_large"),
        (b"a,b\0\n", "sheet_unreadable"),
        (b"a\n" * 20_001, "sheet_too_large"),
    ],
)
def test_what_is_no_table(content: bytes, problem: str) -> None:
    """Broken, hostile or huge files end in a plain sentence."""
    with pytest.raises(UnreadableSheet, match=problem):
        rows_of(content)


def test_numbers_of_spreadsheets() -> None:
    assert excel_day("46356.0") == date(2026, 11, 30)
    assert excel_day("30/11/2569") is None
    assert (excel_minute("0.5"), excel_minute(".75"), excel_minute("1"), excel_minute("9")) == (720, 1080, 1440, None)


def test_the_roster_comes_back_as_it_went() -> None:
    """What is downloaded can be brought in again."""
    people, teams = [Choice(1, "สมศรี ใจดี", "Somsri", "somsri", "1001")], [Choice(7, "ทีมเช้า", "Morning")]
    shifts = [
        Shift(day=DAY, starts=510, ends=990, break_starts=720, break_ends=780, staff_id=1),
        Shift(day=DAY, starts=600, ends=1440, team_id=7, people=4),
    ]
    text = roster_csv(shifts, people, teams)
    assert roster_of(rows_of(text.encode()), called(people), called(teams)) == shifts


def test_who_is_called_what() -> None:
    """What two people are called is nobody's."""
    choices = [Choice(1, "สมศรี", "Somsri", "somsri"), Choice(2, "สมศรี", "Somsri B", "somsri2", "1002")]
    assert called(choices) == {"somsri": 1, "somsri b": 2, "somsri2": 2, "1002": 2}


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ({}, "fault_who"),
        ({"who": "staff-x"}, "fault_who"),
        ({"who": "staff-1", "starts": "9", "ends": "12:00"}, "fault_shift"),
        ({"who": "staff-1", "starts": "12:00", "ends": "09:00"}, "fault_shift"),
        ({"who": "team-1", "starts": "09:00", "ends": "12:00", "people": "lots"}, "fault_people"),
    ],
)
def test_a_form_that_is_no_shift(typed: dict[str, str], fault: str) -> None:
    with pytest.raises(BadShift, match=fault):
        shift_of_form(DAY, typed)


def test_a_form() -> None:
    typed = {"who": "team-7", "starts": "8.30", "ends": "16:30", "break_starts": "", "people": "3"}
    assert shift_of_form(DAY, typed) == Shift(day=DAY, starts=510, ends=990, team_id=7, people=3)
