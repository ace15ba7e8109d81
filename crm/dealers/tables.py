"""Dealers in files: CSV and XLSX, in and out. What comes in is told line by line."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from openpyxl import Workbook, load_workbook

from crm.dealers.fields import FIELDS, column_of, tidy
from crm.files.checks import BadFile, check, decode

MOST_LINES: Final = 200_000
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class BadTable(ValueError):
    """The file is no table of dealers. ``code``: unreadable, no_headings, too_many, or one of `crm.files.checks`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class LineFault:
    """``line``: as a spreadsheet counts them, the headings are line 1. ``value``: what stands there."""

    line: int
    field: str
    code: str
    value: str


@dataclass(slots=True)
class Table:
    """What a file says: rows in their form, and every fault of every line."""

    rows: list[dict[str, str]] = field(default_factory=list)
    faults: list[LineFault] = field(default_factory=list)
    lines: int = 0

    @property
    def bad_lines(self) -> int:
        """How many lines have faults."""
        return len({fault.line for fault in self.faults})


def read_table(path: Path, name: str, *, country: str = "TH") -> Table:
    """Reads a CSV or XLSX file. Raises BadTable, OSError."""
    try:
        kind = check(path, name).media_type
    except BadFile as bad:
        raise BadTable(bad.code) from bad
    if kind.startswith("text/"):
        return _read(_csv_lines(path), country)
    if kind.endswith("spreadsheetml.sheet"):
        return _read(_xlsx_lines(path), country)
    raise BadTable("unreadable")


def _csv_lines(path: Path) -> Iterator[Sequence[str]]:
    text = decode(path.read_bytes())
    first = text.partition("\n")[0]
    delimiter = max((",", ";", "\t"), key=first.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise BadTable("unreadable") from error


def _xlsx_lines(path: Path) -> Iterator[Sequence[str]]:
    try:
        with path.open("rb") as file:  # by name it would want an ending
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            for row in book.worksheets[0].iter_rows(max_col=40, values_only=True):
                yield [_cell(value) for value in row]
            book.close()
    except (zipfile.BadZipFile, LookupError, ValueError, TypeError, OSError, EOFError, SyntaxError) as error:
        raise BadTable("unreadable") from error


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _read(lines: Iterator[Sequence[str]], country: str) -> Table:
    headings = [column_of(heading) for heading in next(lines, ())]
    if "code" not in headings or not {"name_th", "name_en"} & set(headings):
        raise BadTable("no_headings")
    table = Table()
    seen: dict[str, int] = {}
    for number, cells in enumerate(lines, 2):
        if not any(cell.strip() for cell in cells):
            continue
        if number > MOST_LINES:
            raise BadTable("too_many")
        table.lines += 1
        told = {name: cell.lstrip("'") for name, cell in zip(headings, cells, strict=False) if name}
        values, faults = tidy(told, country=country)
        table.faults += [LineFault(number, one.field, one.code, told.get(one.field, "")[:80]) for one in faults]
        if values["code"] in seen:
            table.faults.append(LineFault(number, "code", "twice", values["code"]))
        elif not faults:
            seen[values["code"]] = number
            table.rows.append(values)
    return table


def write_csv(rows: Iterable[Any], out: IO[str]) -> None:
    """Writes rows as CSV that spreadsheets open: with a mark of UTF-8, and nothing that they take for a formula."""
    out.write("\ufeff")
    writer = csv.writer(out)
    writer.writerow(FIELDS)
    for row in rows:
        writer.writerow([_harmless(str(row[name] or "")) for name in FIELDS])


def write_xlsx(rows: Iterable[Any], out: IO[bytes]) -> None:
    """Writes rows as a workbook; every cell is text."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("dealers")
    sheet.freeze_panes = "A2"
    for place, width in enumerate((14, 14, 34, 34, 24, 40, 30, 24, 26, 30, 40, 30)):
        sheet.column_dimensions["ABCDEFGHIJKL"[place]].width = width
    sheet.append(FIELDS)
    for row in rows:
        sheet.append([_harmless(str(row[name] or "")) for name in FIELDS])
    book.save(out)


def _harmless(text: str) -> str:
    """Telephone numbers begin with + as formulas do; they stay."""
    return (
        f"'{text}"
        if text.startswith(_FORMULA) and not text[1:].replace(" ", "").replace(";", "").replace("+", "").isdigit()
        else text
    )
