"""What call flows need from the records, for `ivr.ports`."""

import logging
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from crm.database import explain
from crm.people.caller_names import CallerNames
from crm.people.numbers import NumberKind, normalise
from ivr.ports import CallerName, NormalNumber
from ivr.ports import NumberKind as PortKind

log = logging.getLogger(__name__)
_KINDS: dict[NumberKind, PortKind] = {
    NumberKind.E164: "e164",
    NumberKind.SHORT: "short",
    NumberKind.INTERNAL: "internal",
    NumberKind.WITHHELD: "anonymous",
}


class NumberPlan:
    """Spells telephone numbers (`ivr.ports.NumberPlan`)."""

    def normalise(self, raw: str | None, country: str) -> NormalNumber:
        """Never raises."""
        number = normalise(raw, country=country)
        return NormalNumber(_KINDS.get(number.kind, "unknown"), number.number, _national(number.recognisable))


def _national(value: str | None) -> str | None:
    """As a person in Thailand dials and says it."""
    if value is None:
        return None
    return "0" + value[3:] if value.startswith("+66") else value.lstrip("+")


class CallerDirectory:
    """Finds the caller's name by number (C1). A database that is away or slow means no name, never a late call.

    ``engine`` must have a short time-out of its own (`open_engine(url, busy_timeout_seconds=0.2)`).
    """

    def __init__(self, engine: Engine) -> None:
        self._names = CallerNames(engine)
        self._errors = (SQLAlchemyError, engine.dialect.loaded_dbapi.Error)

    def find(self, number: str | None) -> CallerName | None:
        """The name, when exactly one person has this number."""
        if number is None:
            return None
        try:
            found = self._names.find(number)
        except self._errors as error:
            log.warning("callers are not recognised: %s", explain(error).advice)
            return None
        return CallerName(*found[0]) if len(found) == 1 else None

    def close(self) -> None:
        """Gives up its connections."""
        self._names.close()


class QueueView:
    """Place and expected wait (`ivr.ports.QueueView`), from what is in memory.

    ``waiting`` gives the call ids that wait in a queue, first come first; ``pace`` the seconds between two answered
    calls of that queue lately, None when nobody was answered lately.
    """

    def __init__(self, waiting: Callable[[str], list[str]], pace: Callable[[str], float | None]) -> None:
        self._waiting = waiting
        self._pace = pace

    def place(self, call_id: str, queue: str) -> tuple[int | None, float | None]:
        """See the port."""
        calls = self._waiting(queue)
        if call_id not in calls:
            return None, None
        position = calls.index(call_id) + 1
        pace = self._pace(queue)
        return position, None if pace is None else pace * position


class Pace:
    """How quickly a queue moves: mean seconds between answers over the last ones, no older than 15 minutes."""

    def __init__(self, clock: Callable[[], datetime], keep: int = 10, forget_seconds: float = 900) -> None:
        self._clock = clock
        self._keep = keep
        self._forget_seconds = forget_seconds
        self._answers: dict[str, list[datetime]] = {}

    def answered(self, queue: str, at: datetime) -> None:
        """A call of this queue was answered."""
        answers = self._answers.setdefault(queue, [])
        answers.append(at)
        del answers[: -self._keep]

    def seconds(self, queue: str) -> float | None:
        """Mean time between answers, up to now; None when not known."""
        now = self._clock()
        answers = [at for at in self._answers.get(queue, []) if (now - at).total_seconds() < self._forget_seconds]
        if len(answers) < 2:
            return None
        return (now - answers[0]).total_seconds() / len(answers)
