"""Rosters and forecasts out of rows of a file: everything that is wrong is told, line by line. Pure.

The first row names the columns, in Thai or English, in any order. A date is ``2026-11-30``, ``2569-11-30``,
``30/11/2569`` or a spreadsheet's own; a time ``08:30`` or ``8.30``.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeVar

from crm.staffing.models import ForecastSlot, Shift
from crm.staffing.roster import BadShift
from crm.staffing.sheets import Row, excel_day, excel_minute
from crm.web.dates import day_of
from metrics.forecast import SLOT_MINUTES

_COLUMNS: Final = {
    "date": ("date", "day", "วันที่", "วัน"),
    "shift": ("shift", "hours", "กะ", "เวลาปฏิบัติงาน", "ช่วงเวลา"),
    "starts": ("start", "starts", "from", "เริ่ม", "เวลาเริ่ม"),
    "ends": ("end", "ends", "to", "สิ้นสุด", "เวลาสิ้นสุด"),
    "agent": ("agent", "username", "extension", "เจ้าหน้าที่", "ชื่อผู้ใช้", "เบอร์ภายใน"),
    "team": ("team", "ทีม"),
    "people": ("people", "agents", "number", "จำนวน", "จำนวนคน"),
    "break": ("break", "พัก", "เวลาพัก"),
    "time": ("time", "half_hour", "interval", "เวลา"),
    "calls": ("calls", "จำนวนสาย", "สาย"),
    "handling": ("handling_seconds", "aht", "aht_seconds", "เวลาให้บริการ", "เวลาให้บริการเฉลี่ย"),
}
_SPAN: Final = re.compile(r"(\d{1,2})[:.](\d{2})\s*[-–]\s*(\d{1,2})[:.](\d{2})")
_MOST_CALLS: Final = 100_000
_MOST_HANDLING: Final = 4 * 3600


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a line: ``key`` of the words, ``value`` as it stands there. Line 1: the columns."""

    line: int
    key: str
    value: str = ""


class FaultyFile(ValueError):
    """Nothing is taken in; ``faults`` are all that is wrong, in order."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"{len(faults)} lines cannot be read")
        self.faults = list(faults)


class _Wrong(Exception):
    """In one cell."""

    def __init__(self, key: str, value: str = "") -> None:
        super().__init__(key)
        self.fault = key, value


Cells = Mapping[str, str]
Found = TypeVar("Found")


def roster_of(rows: Sequence[Row], agents: Mapping[str, int], teams: Mapping[str, int]) -> list[Shift]:
    """Shifts. ``agents``, ``teams``: what people are called → id, in lower case. Raises FaultyFile."""

    def shift(cells: Cells) -> Shift:
        starts, ends = _shift_times(cells)
        rest = _span(cells["break"], "fault_break") if cells.get("break") else (None, None)
        if rest[0] is not None and rest[1] is not None and not starts <= rest[0] < rest[1] <= ends:
            raise _Wrong("fault_break", cells["break"])
        staff_id, team_id = _who(cells, agents, teams)
        people = _people(cells) if team_id is not None else 1
        return Shift(
            day=_day(cells), starts=starts, ends=ends, break_starts=rest[0], break_ends=rest[1],
            staff_id=staff_id, team_id=team_id, people=people,
        )  # fmt: skip

    shifts = _lines(rows, shift, {"date"}, ({"shift"}, {"starts", "ends"}), ({"agent"}, {"team"}))
    _refuse_twice(shifts)
    return [shift for _, shift in shifts]


def forecast_of(rows: Sequence[Row]) -> list[ForecastSlot]:
    """Half hours with the calls expected. Whole hours are taken for two equal halves when the file has only those.
    Raises FaultyFile."""

    def slot(cells: Cells) -> ForecastSlot:
        minute = _minute(cells["time"].partition("-")[0])
        if minute is None or minute % SLOT_MINUTES or minute >= 1440:
            raise _Wrong("fault_half_hour", cells["time"])
        calls = _number(cells["calls"], 0, _MOST_CALLS, "fault_calls")
        handling = _number(cells["handling"], 1, _MOST_HANDLING, "fault_handling") if cells.get("handling") else None
        return ForecastSlot(day=_day(cells), minute=minute, calls=calls, handling_seconds=handling)

    found = _lines(rows, slot, {"date", "time", "calls"})
    known: dict[tuple[date, int], int] = {}
    twice = [
        Fault(line, "fault_twice", str(known[one.day, one.minute]))
        for line, one in found
        if known.setdefault((one.day, one.minute), line) != line
    ]
    if twice:
        raise FaultyFile(twice)
    return _halves([one for _, one in found])


def _halves(slots: list[ForecastSlot]) -> list[ForecastSlot]:
    if any(slot.minute % 60 for slot in slots):
        return slots
    return [
        ForecastSlot(
            day=slot.day, minute=slot.minute + half, calls=slot.calls / 2, handling_seconds=slot.handling_seconds
        )
        for slot in slots
        for half in (0, SLOT_MINUTES)
    ]


def _lines(
    rows: Sequence[Row], read: Callable[[Cells], Found], needed: set[str], *one_of: tuple[set[str], ...]
) -> list[tuple[int, Found]]:
    if not rows:
        raise FaultyFile([Fault(1, "fault_empty")])
    names = [_column(cell) for cell in rows[0][1]]
    missing = sorted(needed - set(names))
    missing += ["/".join(sorted(set().union(*choice))) for choice in one_of if not any(c <= set(names) for c in choice)]
    if missing:
        raise FaultyFile([Fault(rows[0][0], "fault_columns", ", ".join(missing))])
    found, faults = [], []
    for line, cells in rows[1:]:
        by_name = {name: cell for name, cell in zip(names, cells, strict=False) if name}
        try:
            found.append((line, read({name: by_name.get(name, "") for name in _COLUMNS})))
        except _Wrong as wrong:
            faults.append(Fault(line, *wrong.fault))
    if not found and not faults:
        faults.append(Fault(rows[0][0], "fault_empty"))
    if faults:
        raise FaultyFile(faults)
    return found


def _column(cell: str) -> str:
    plain = cell.strip().lower().replace(" ", "_")
    return next((name for name, also in _COLUMNS.items() if plain in also), "")


def _day(cells: Cells) -> date:
    text = cells["date"]
    day = excel_day(text) or day_of(text)
    if day is None and (turned := re.fullmatch(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", text)):
        day = day_of(f"{turned[3]}-{int(turned[2]):02}-{int(turned[1]):02}")
    if day is None:
        raise _Wrong("fault_date", text)
    return day


def _shift_times(cells: Cells) -> tuple[int, int]:
    if cells["shift"]:
        return _span(cells["shift"], "fault_shift")
    starts, ends = _minute(cells["starts"]), _minute(cells["ends"])
    if starts is None or ends is None or starts >= ends:
        raise _Wrong("fault_shift", f"{cells['starts']}-{cells['ends']}")
    return starts, ends


def _span(text: str, fault: str) -> tuple[int, int]:
    found = _SPAN.fullmatch(text)
    starts, ends = (_minute(part) for part in (re.split(r"\s*[-–]\s*", text) if found else ("", "")))
    if starts is None or ends is None or starts >= ends:
        raise _Wrong(fault, text)
    return starts, ends


def _minute(text: str) -> int | None:
    """Minutes of the day; ``24:00`` is its end."""
    text = text.strip()
    if found := re.fullmatch(r"(\d{1,2})[:.](\d{2})(:00)?", text):
        hours, minutes = int(found[1]), int(found[2])
        return 60 * hours + minutes if minutes < 60 and (hours < 24 or (hours, minutes) == (24, 0)) else None
    return excel_minute(text)


def _who(cells: Cells, agents: Mapping[str, int], teams: Mapping[str, int]) -> tuple[int | None, int | None]:
    agent, team = cells["agent"], cells["team"]
    if bool(agent) == bool(team):
        raise _Wrong("fault_who", f"{agent} {team}".strip())
    if agent:
        if agent.lower() not in agents:
            raise _Wrong("fault_agent", agent)
        return agents[agent.lower()], None
    if team.lower() not in teams:
        raise _Wrong("fault_team", team)
    return None, teams[team.lower()]


def _people(cells: Cells) -> int:
    number = _number(cells["people"], 1, 999, "fault_people")
    if number != int(number):
        raise _Wrong("fault_people", cells["people"])
    return int(number)


def _number(text: str, least: float, most: float, fault: str) -> float:
    if not re.fullmatch(r"\d{1,9}([.,]\d{1,9})?", text) or not least <= float(text.replace(",", ".")) <= most:
        raise _Wrong(fault, text)
    return float(text.replace(",", "."))


def _refuse_twice(shifts: Sequence[tuple[int, Shift]]) -> None:
    """Nobody works two shifts at once."""
    faults = []
    known: dict[tuple[date, int], list[tuple[int, Shift]]] = {}
    for line, shift in shifts:
        if shift.staff_id is None:
            continue
        others = known.setdefault((shift.day, shift.staff_id), [])
        clash = next((at for at, one in others if one.starts < shift.ends and shift.starts < one.ends), None)
        if clash is not None:
            faults.append(Fault(line, "fault_twice", str(clash)))
        others.append((line, shift))
    if faults:
        raise FaultyFile(faults)


def shift_of_form(day: date, typed: Mapping[str, str]) -> Shift:
    """The shift that somebody typed into the form: ``who`` is ``staff-1`` or ``team-1``. Raises BadShift."""
    kind, _, number = typed.get("who", "").partition("-")
    if kind not in {"staff", "team"} or not number.isdecimal() or len(number) > 9:
        raise BadShift("fault_who")
    starts, ends = _minute(typed.get("starts", "")), _minute(typed.get("ends", ""))
    if starts is None or ends is None or starts >= ends:
        raise BadShift("fault_shift")
    rest = [_minute(text) if (text := typed.get(name, "")) else None for name in ("break_starts", "break_ends")]
    people = typed.get("people") or "1"
    if not re.fullmatch(r"\d{1,3}", people):
        raise BadShift("fault_people")
    return Shift(
        day=day,
        starts=starts,
        ends=ends,
        break_starts=rest[0],
        break_ends=rest[1],
        staff_id=int(number) if kind == "staff" else None,
        team_id=int(number) if kind == "team" else None,
        people=int(people) if kind == "team" else 1,
    )
