"""Rows out of a CSV or XLSX file that somebody brings, each with its number in the file. Pure; nothing is installed.

Only what a table needs is read of XLSX (ECMA-376): the first sheet's cells, shared and inline texts, numbers. A file
may be anything, so how much it unpacks to is bounded, and it may not define entities.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final
from xml.etree import ElementTree

MOST_ROWS: Final = 20_000
MOST_COLUMNS: Final = 50
MOST_BYTES: Final = 20_000_000  # unpacked
_NAMESPACE: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_SHEET: Final = "xl/worksheets/sheet1.xml"
_EXCEL_DAY_0: Final = date(1899, 12, 30)  # so that the leap day of 1900, which never was, does not matter after it

Row = tuple[int, list[str]]


class UnreadableSheet(ValueError):
    """The file is no table that can be read; ``args[0]`` is a key of the words: sheet_unreadable, sheet_too_large."""


def rows_of(content: bytes) -> list[Row]:
    """All rows that are not empty, cells without blanks around them. Raises UnreadableSheet."""
    rows = list(_xlsx(content) if content[:4] == b"PK\x03\x04" else _csv(content))
    if len(rows) > MOST_ROWS:
        raise UnreadableSheet("sheet_too_large")
    return rows


def _csv(content: bytes) -> Iterator[Row]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp874", "replace")  # as Excel in Thai writes "CSV"
    if "\0" in text:
        raise UnreadableSheet("sheet_unreadable")
    first = text.partition("\n")[0]
    mark = max(",;\t", key=first.count)
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text), delimiter=mark), 1):
            found = [cell.strip() for cell in cells[:MOST_COLUMNS]]
            if any(found):
                yield number, found
    except csv.Error:
        raise UnreadableSheet("sheet_unreadable") from None


def _xlsx(content: bytes) -> Iterator[Row]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            sheet = (
                _SHEET if _SHEET in names else next(one for one in sorted(names) if one.startswith("xl/worksheets/"))
            )
            shared = _texts(archive) if "xl/sharedStrings.xml" in names else []
            tree = _parsed(archive, sheet)
    except (zipfile.BadZipFile, StopIteration, KeyError, ElementTree.ParseError, NotImplementedError, RuntimeError):
        raise UnreadableSheet("sheet_unreadable") from None
    for position, row in enumerate(tree.iter(f"{_NAMESPACE}row"), 1):
        cells: list[str] = []
        for cell in row.iter(f"{_NAMESPACE}c"):
            column = _column(cell.get("r", "")) or len(cells)
            if column >= MOST_COLUMNS:
                continue
            cells += [""] * (column + 1 - len(cells))
            cells[column] = _text(cell, shared).strip()
        number = row.get("r", "")
        if any(cells):
            yield int(number) if number.isdecimal() else position, cells


def _parsed(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    with archive.open(name) as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise UnreadableSheet("sheet_too_large")
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise UnreadableSheet("sheet_unreadable")
    return ElementTree.fromstring(content)  # noqa: S314  (bounded, and without entities)


def _texts(archive: zipfile.ZipFile) -> list[str]:
    tree = _parsed(archive, "xl/sharedStrings.xml")
    return ["".join(part.text or "" for part in item.iter(f"{_NAMESPACE}t")) for item in tree.iter(f"{_NAMESPACE}si")]


def _text(cell: ElementTree.Element, shared: list[str]) -> str:
    if cell.get("t") == "inlineStr":
        return "".join(part.text or "" for part in cell.iter(f"{_NAMESPACE}t"))
    value = cell.findtext(f"{_NAMESPACE}v") or ""
    if cell.get("t") == "s":
        return shared[int(value)] if value.isdecimal() and int(value) < len(shared) else ""
    return value


def _column(reference: str) -> int | None:
    """``"C7"`` → 2."""
    letters = re.match(r"[A-Z]{1,3}", reference)
    if letters is None:
        return None
    number = 0
    for letter in letters[0]:
        number = number * 26 + ord(letter) - 64
    return number - 1


def excel_day(text: str) -> date | None:
    """The date that a spreadsheet keeps as a number, ``46356`` or ``46356.0``; None when it is none of our time."""
    if not re.fullmatch(r"\d{5}(\.0+)?", text):
        return None
    return _EXCEL_DAY_0 + timedelta(days=int(float(text)))


def excel_minute(text: str) -> int | None:
    """The time of day that a spreadsheet keeps as a part of a day, ``0.375``, in minutes; None when it is none."""
    if not re.fullmatch(r"0?\.\d+(E-\d+)?|0|1", text):
        return None
    return round(float(text) * 1440)
