"""Statements that are put into words once: they run for every fact of every call."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

from crm.calls.rows import Row
from crm.database import to_microseconds


class Prepared:
    """A statement put into words once, and run by the driver: SQLAlchemy's own execution costs several times what
    SQLite's does, and this runs for every fact of every call. Raises the driver's errors."""

    def __init__(self, connection: Connection, statement: ClauseElement) -> None:
        compiled = statement.compile(dialect=connection.dialect)
        if not isinstance(compiled, SQLCompiler):
            raise TypeError("only statements can be prepared")
        self._sql = str(compiled)
        self._names = tuple(compiled.positiontup or ())
        # what the statement itself says, such as the states of a callback, beside what the rows say
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}

    def execute(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Runs the statement once for each row."""
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
        finally:
            cursor.close()
