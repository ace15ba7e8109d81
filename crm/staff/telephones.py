"""Whose telephones matter here: the extensions of people with an account, known without asking for every call."""

import time
from collections.abc import Callable, Collection
from typing import Final

from sqlalchemy import Engine, select

from crm.database import reading
from crm.staff.models import Role, staff

FRESH_SECONDS: Final = 1.0


class TelephonesOfAccounts:
    """Extensions of everybody active in ``roles``, as they were a second ago at most when `read` is called whenever
    they are `stale`. ``monotonic``: seconds of a clock that never goes back."""

    def __init__(
        self, engine: Engine, roles: Collection[Role], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._engine = engine
        self._roles = tuple(roles)
        self._monotonic = monotonic
        self._read_at = float("-inf")
        self.extensions: frozenset[str] = frozenset()

    @property
    def stale(self) -> bool:
        """Whether somebody may have come or gone since."""
        return self._monotonic() - self._read_at >= FRESH_SECONDS

    def read(self) -> None:
        """Reads them anew; in a thread. Raises SQLAlchemyError."""
        read_at = self._monotonic()
        query = select(staff.c.extension).where(
            staff.c.extension.is_not(None), staff.c.role.in_(self._roles), staff.c.active
        )
        with reading(self._engine) as connection:
            self.extensions = frozenset(connection.scalars(query))
        self._read_at = read_at
