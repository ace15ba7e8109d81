"""Statements that are put into words once: they run for every call, and for every fact of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

from crm.database import to_microseconds


class Prepared:
    """A statement put into words once, and run by the driver: SQLAlchemy's own execution costs several times what
    SQLite's does, and this runs for every fact of every call. Raises the driver's errors."""

    def __init__(self, dialect: Dialect, statement: ClauseElement) -> None:
        compiled = statement.compile(dialect=dialect)
        if not isinstance(compiled, SQLCompiler):
            raise TypeError("only statements can be prepared")
        self._sql = str(compiled)
        self._names = tuple(compiled.positiontup or ())
        # what the statement itself says, such as the states of a callback, beside what the rows say
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}

    def execute(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Runs the statement once for each row; how many rows of the database it found."""
        values: list[Any] = [
            {name: to_microseconds(value) if isinstance(value, datetime) else value for name, value in row.items()}
            for row in rows
        ]
        fixed = self._fixed
        if self._names:
            names = self._names
            values = [tuple([row[name] if name in row else fixed[name] for name in names]) for row in values]
        elif fixed:
            values = [fixed | row for row in values]
        cursor = connection.connection.cursor()
        try:
            if len(values) == 1:
                cursor.execute(self._sql, values[0])
            else:
                cursor.executemany(self._sql, values)
            found: int = cursor.rowcount
            return found
        finally:
            cursor.close()

    def fetch(self, connection: DBAPIConnection, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """All rows of a question, asked on the driver's own connection. Text and numbers only: nothing is converted."""
        wanted = {**self._fixed, **values}
        cursor = connection.cursor()
        try:
            cursor.execute(self._sql, tuple(wanted[name] for name in self._names) if self._names else wanted)
            return list(cursor.fetchall())
        finally:
            cursor.close()
