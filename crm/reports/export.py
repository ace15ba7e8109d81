"""Reports as tables for spreadsheets: every figure with all its digits, never rounded."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from io import BytesIO, StringIO
from typing import Any, Final
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from crm.reports.quality import NAMES as QUALITY
from crm.reports.quality import QualityScore
from crm.reports.service import Report
from metrics.agent_figures import AGENT_KPIS
from metrics.intervals import Period
from metrics.kpi import KPIS
from metrics.tally import Tally

Value = str | int | float | None
Row = list[Value]
HEAD: Final = ("kind", "name", "from", "to")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_FORMATS: Final = {"ratio": "0.0%", "seconds": "0.0", "count": "0"}


def calls_table(report: Report, zone: ZoneInfo, names: Callable[[str | None], str]) -> Iterator[Row]:
    """Head, then the total, the period before, every part of the period, and every queue."""
    yield [*HEAD, *(kpi.name for kpi in KPIS), *QUALITY]
    yield _row("total", "", report.period, report.total, zone, report.quality(report.period))
    yield _row("before", "", report.before_period, report.before, zone, report.quality_before())
    for period, tally in report.rows:
        yield _row(report.asked.step.value, "", period, tally, zone, report.quality(period))
    for queue, tally in report.by_queue.items():
        quality = report.quality(report.period, queue=queue) if queue else QualityScore()
        yield _row("queue", names(queue), report.period, tally, zone, quality)


def agents_table(report: Report, names: Mapping[str, str]) -> Iterator[Row]:
    """Head, then every agent."""
    yield ["agent", "name", *(kpi.name for kpi in AGENT_KPIS), *QUALITY]
    for agent, tally in sorted(report.agents.items()):
        quality = report.quality(report.period, agent=agent)
        figures = [kpi.function(tally) for kpi in AGENT_KPIS]
        yield [agent, names.get(agent, ""), *figures, quality.mean, quality.reviews]


def as_csv(rows: Iterable[Row]) -> bytes:
    """UTF-8 with the mark by which Excel knows it. Text that a spreadsheet would take for a formula gets a quote."""
    text = StringIO()
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([_harmless(value) for value in row])
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8")


def as_xlsx(sheets: Mapping[str, Sequence[Row]]) -> bytes:
    """One workbook; numbers are numbers, shown as the figure's unit asks for. No text becomes a formula."""
    book = Workbook(write_only=True)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title[:31])
        head, *others = rows
        sheet.freeze_panes = "C2"
        for column in range(1, len(head) + 1):
            sheet.column_dimensions[get_column_letter(column)].width = 16
        sheet.append([_cell(sheet, name, "", bold=True) for name in head])
        shown = [_FORMATS.get(_UNITS.get(str(name), ""), "") for name in head]
        for row in others:
            sheet.append([_cell(sheet, value, form) for value, form in zip(row, shown, strict=True)])
    file = BytesIO()
    book.save(file)
    return file.getvalue()


_UNITS: Final = (
    {kpi.name: kpi.unit for kpi in AGENT_KPIS}
    | {kpi.name: kpi.unit for kpi in KPIS}
    | {"qa_score": "ratio", "qa_reviews": "count"}
)


def _cell(sheet: Any, value: Value, form: str, *, bold: bool = False) -> Any:
    cell = WriteOnlyCell(sheet, value)
    if isinstance(value, str):
        cell.data_type = "s"  # also what begins like a formula
        cell.font = Font(bold=bold)
    elif form:
        cell.number_format = form
    return cell


def _row(kind: str, name: str, period: Period, tally: Tally, zone: ZoneInfo, quality: QualityScore) -> Row:
    times = [at.astimezone(zone).isoformat() for at in (period.start_at, period.end_at)]
    return [kind, name, *times, *(kpi.function(tally) for kpi in KPIS), quality.mean, quality.reviews]


def _harmless(value: Value) -> Value:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
