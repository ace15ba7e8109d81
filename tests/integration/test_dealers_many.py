"""K1: 50,000 dealers with one line in a hundred faulty: every fault is told, nothing is imported; mended, all are."""

import csv
from pathlib import Path

from sqlalchemy import Engine, func, select

from crm.database import reading
from crm.dealers.models import dealers
from crm.dealers.service import pending
from crm.dealers.work import run_apart

LINES = 50_000
FAULTS = ("เบอร์", "a@b", "x" * 300)  # telephone, e-mail, name too long


def _table(path: Path, faulty: bool) -> list[int]:
    """Writes the file; returns the lines with faults."""
    bad = []
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["code", "ชื่อ", "สินค้า", "โทรศัพท์", "อีเมล"])
        for number in range(LINES):
            row = [f"D{number:05d}", f"บริษัท ผู้แทน {number} จำกัด", "กล้วยไม้; ข้าว", "02-507-7000", ""]
            if faulty and number % 100 == 42:
                bad.append(number + 2)
                place = number // 100 % 3
                row[(3, 4, 1)[place]] = FAULTS[place]
            writer.writerow(row)
    return bad


def test_fifty_thousand_dealers(sqlite_engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "dealers.csv"
    told = {"url": str(sqlite_engine.url), "path": str(path), "name": "dealers.csv", "apply": True, "by": [1, "vipa"]}
    bad = _table(path, faulty=True)
    answer = run_apart(told)
    assert (answer["lines"], answer["bad_lines"], answer["applied"]) == (LINES, LINES // 100, False)
    assert [fault["line"] for fault in answer["faults"]] == bad
    assert {fault["code"] for fault in answer["faults"]} == {"telephone", "email", "too_long"}
    with reading(sqlite_engine) as connection:
        assert connection.scalar(select(func.count()).select_from(dealers)) == 0
    _table(path, faulty=False)
    assert run_apart(told)["new"] == LINES
    with reading(sqlite_engine) as connection:
        assert connection.scalar(select(func.count()).select_from(dealers)) == LINES
        assert pending(connection) == LINES
