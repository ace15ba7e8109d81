"""The roster as a file, in the form in which it is brought in. Pure."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from crm.staffing.models import Shift
from crm.staffing.roster import Choice, clock

COLUMNS: Final = ("date", "shift", "agent", "team", "people", "break")


def roster_csv(shifts: Iterable[Shift], people: Sequence[Choice], teams: Sequence[Choice]) -> str:
    """With a mark at its beginning, so that spreadsheets read Thai."""
    agents = {one.id: one.username for one in people}
    named = {one.id: one.name_th or one.name_en for one in teams}
    text = io.StringIO()
    text.write("\ufeff")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for shift in shifts:
        rest = ""
        if shift.break_starts is not None and shift.break_ends is not None:
            rest = f"{clock(shift.break_starts)}-{clock(shift.break_ends)}"
        writer.writerow(
            [
                shift.day.isoformat(),
                f"{clock(shift.starts)}-{clock(shift.ends)}",
                _safe(agents.get(shift.staff_id or 0, "")),
                _safe(named.get(shift.team_id or 0, "")),
                shift.people if shift.team_id is not None else "",
                rest,
            ]
        )
    return text.getvalue()


def _safe(name: str) -> str:
    """A spreadsheet must not take a name for a formula."""
    return f"'{name}" if name[:1] in {"=", "+", "-", "@"} else name
