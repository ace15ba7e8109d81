"""Writes what changed of calls that are known to be in the database: those columns, and their indexes, and no more."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, bindparam, update

from crm.calls.models import calls
from crm.calls.rows import Row
from crm.prepared import Prepared

_MOST_REMEMBERED: Final = 200  # combinations of columns; a call has a dozen


class CallChanges:
    """For one thread and one database."""

    def __init__(self) -> None:
        self._statements: dict[tuple[str, ...], Prepared] = {}

    def write(self, connection: Connection, changed: Sequence[tuple[Row, Row]], now: datetime) -> list[Row]:
        """``changed``: each call's row and what it was. Returns the rows that may not be there any more."""
        alike: dict[tuple[str, ...], list[tuple[Row, Row]]] = {}
        for row, before in changed:
            columns = tuple([name for name, value in row.items() if value != before[name]])
            new = {name: row[name] for name in columns} | {"this_call": row["call_id"], "updated_at": now}
            alike.setdefault(columns, []).append((row, new))
        missing: list[Row] = []
        for columns, rows in alike.items():
            if self._statement(connection, columns).execute(connection, [new for _, new in rows]) != len(rows):
                missing += [row for row, _ in rows]
        return missing

    def _statement(self, connection: Connection, columns: tuple[str, ...]) -> Prepared:
        statement = self._statements.get(columns)
        if statement is None:
            values: dict[str, BindParameter[Any]] = {name: bindparam(name) for name in (*columns, "updated_at")}
            changing = update(calls).where(calls.c.call_id == bindparam("this_call")).values(values)
            statement = Prepared(connection.dialect, changing)
            if len(self._statements) >= _MOST_REMEMBERED:
                self._statements.clear()
            self._statements[columns] = statement
        return statement
