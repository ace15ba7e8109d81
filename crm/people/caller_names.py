"""The name behind a number, for a telephone that is about to ring: on the way of every call, so without detours."""

import time
from typing import Final

from sqlalchemy import Engine, bindparam, select
from sqlalchemy.engine.interfaces import DBAPIConnection

from crm.people.models import people, person_numbers, phone_numbers
from crm.prepared import Prepared

CONNECTIONS_KEPT: Final = 8
NOTICED_SECONDS: Final = 0.05  # a connection that has died is noticed at once

_NAMES: Final = (
    select(people.c.display_name, people.c.language)
    .select_from(phone_numbers)
    .join(person_numbers, person_numbers.c.number_id == phone_numbers.c.id)
    .join(people, people.c.id == person_numbers.c.person_id)
    .where(phone_numbers.c.number == bindparam("number"))
    .limit(2)
)


class CallerNames:
    """Asks the driver itself, on connections that stay open between calls: SQLAlchemy's own way from pool to objects
    costs five times what the database does. May be called from any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._statement = Prepared(engine.dialect, _NAMES)
        self._idle: list[DBAPIConnection] = []

    def find(self, number: str) -> list[tuple[str, str | None]]:
        """Display name and language of whoever has this number in its one form; of several people only two. Raises the
        driver's errors and SQLAlchemy's."""
        begun_at = time.monotonic()
        kept = self._idle_one()
        if kept is not None:
            try:
                return self._ask(kept, number)
            except Exception:
                if time.monotonic() - begun_at > NOTICED_SECONDS:
                    raise  # it lives, and the database is slow or locked
                self.close()  # all that were left idle may be dead; a new one says what is wrong
        return self._ask(self._open(), number)

    def close(self) -> None:
        """Closes what is kept open."""
        while (connection := self._idle_one()) is not None:
            connection.close()

    def _ask(self, connection: DBAPIConnection, number: str) -> list[tuple[str, str | None]]:
        try:
            rows = self._statement.fetch(connection, {"number": number})
        except BaseException:
            connection.close()
            raise
        self._give_back(connection)
        return [(name, language) for name, language in rows]

    def _idle_one(self) -> DBAPIConnection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _open(self) -> DBAPIConnection:
        pooled = self._engine.raw_connection()
        connection: DBAPIConnection | None = pooled.driver_connection
        assert connection is not None  # noqa: S101 - it was just opened
        pooled.detach()  # ours from now on: the pool is neither asked nor full
        self._engine.dialect.set_isolation_level(connection, "AUTOCOMMIT")  # one question, no transaction around it
        return connection

    def _give_back(self, connection: DBAPIConnection) -> None:
        if len(self._idle) < CONNECTIONS_KEPT:
            self._idle.append(connection)
        else:
            connection.close()
