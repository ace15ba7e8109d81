"""Opening hours, holidays and the emergency switch, played on the rendered dialplan."""

import re
from typing import Any

import pytest
from rendered import contexts, files, site

from dialplan.render import (
    week,
)


def test_L9_the_week_as_numbers() -> None:
    given = {"monday": ["13:00-16:30", "08:30-12:00"], "saturday": ["00:00-23:59"], "friday": []}
    assert week(site(hours=given)) == [
        [(830, 1200), (1300, 1630)], [(830, 1830)], [(830, 1830)], [(830, 1830)], [], [(0, 2400)], [],
    ]  # fmt: skip


def doors(hours: dict[str, Any], at: tuple[int, int], *, closed: bool = False, holiday: bool = False) -> str:
    """Walks through the rendered doors as Asterisk does: ``at`` is the weekday (1 = Monday) and the clock (830)."""
    lines = contexts(files(hours=hours)["extensions.conf"])["hotline-doors"]
    steps = lines[: next(i for i, line in enumerate(lines) if line.startswith("exten => 1170"))]
    labels = {m[1]: i for i, line in enumerate(steps) if (m := re.match(r"same => n\(([^)]+)\)", line))}
    i = 0
    while True:
        line = steps[i].replace("${STRFTIME(,Asia/Bangkok,%u)}", str(at[0]))
        line = re.sub(r"\$\{DB_EXISTS\(hotline-closure/[^}]*\)\}", str(int(closed)), line)
        line = re.sub(r"\$\{DB_EXISTS\(hotline-holiday/.*?\)\}(?=\?)", str(int(holiday)), line)
        line = re.sub(r"\$\{DB_EXISTS\(hotline-holiday/.*\)\}\)\?", f"{int(holiday)})?", line)
        if found := re.search(r"Return\((\w+)\)", line):
            return found[1]
        if found := re.search(r"Goto\(([\w-]+)\)", line):
            i = labels[found[1]]
            continue
        if found := re.search(r"GotoIf\(\$\[(\d) \| (\d)\]\?(\w+)\)", line):
            jump, label = "1" in found.groups()[:2], found[3]
        elif found := re.search(r"GotoIf\((\d)\?(\w+)\)", line):
            jump, label = found[1] == "1", found[2]
        elif found := re.search(r"\$\{clock\} >= (\d+) & \$\{clock\} < (\d+)\]\?(\w+)", line):
            jump, label = int(found[1]) <= at[1] < int(found[2]), found[3]
        else:
            jump, label = False, ""
        i = labels[label] if jump else i + 1


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ((1, 829), "hours"),
        ((1, 830), "open"),
        ((1, 1159), "open"),
        ((1, 1200), "hours"),
        ((1, 1300), "open"),
        ((1, 1630), "hours"),
        ((2, 1829), "open"),
        ((2, 1830), "hours"),
        ((6, 1000), "hours"),
        ((7, 0), "hours"),
    ],
)
def test_L9_the_doors_open_and_close_to_the_minute(at: tuple[int, int], expected: str) -> None:
    hours = {"monday": ["08:30-12:00", "13:00-16:30"]}
    assert doors(hours, at) == expected
    assert doors(hours, at, holiday=True) == "holiday"
    assert doors(hours, at, closed=True, holiday=True) == "emergency"


def test_always_open_means_holidays_too_but_not_an_emergency() -> None:
    assert doors({"always_open": True}, (7, 300), holiday=True) == "open"
    assert doors({"always_open": True}, (7, 300), closed=True) == "emergency"
