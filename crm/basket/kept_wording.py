"""The wording of letters as it is kept, and changing it: each change with its line in the audit (H6)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select, update

from crm.audit.service import Doer, changes_between, note
from crm.basket.models import letter_wordings
from crm.basket.wording import DEFAULTS, FIELDS, Fault, Wording, cleaned, faults_of
from crm.database import insert_into
from crm.staff.models import staff


@dataclass(frozen=True, slots=True)
class KeptWording:
    """A wording in force. ``version`` 0: nobody has changed it yet; ``changed_by``: user name."""

    wording: Wording
    version: int = 0
    changed_by: str | None = None
    changed_at: datetime | None = None


_UNTOUCHED: Final = {language: KeptWording(wording) for language, wording in DEFAULTS.items()}


class WordingFaulty(ValueError):
    """It cannot be used so. ``faults``: field → what is wrong."""

    def __init__(self, faults: dict[str, Fault]) -> None:
        super().__init__(", ".join(sorted(faults)))
        self.faults = faults


class WordingChanged(Exception):
    """Somebody has changed it since it was looked at."""


def kept_wordings(connection: Connection) -> dict[str, KeptWording]:
    """Language → what its letters say now."""
    query = select(letter_wordings, staff.c.username).outerjoin(staff, staff.c.id == letter_wordings.c.changed_by)
    found = dict(_UNTOUCHED)
    for row in connection.execute(query).mappings():
        default = DEFAULTS[row["language"]]
        texts = {name: getattr(default, name) if row[name] is None else row[name] for name in FIELDS}
        found[row["language"]] = KeptWording(Wording(**texts), row["version"], row["username"], row["changed_at"])
    return found


def change_wording(
    connection: Connection, language: str, wording: Wording, seen_version: int, at: datetime, doer: Doer
) -> None:
    """Letters in ``language`` say this from now on. Raises WordingFaulty, and WordingChanged when it is not the version
    any more that was seen."""
    wording = cleaned(wording)
    if faults := faults_of(wording):
        raise WordingFaulty(faults)
    default, kept = DEFAULTS[language], kept_wordings(connection)[language]
    if kept.version != seen_version:
        raise WordingChanged
    changes = changes_between(kept.wording, {name: getattr(wording, name) for name in FIELDS})
    if not changes:
        return
    texts = {name: None if (text := getattr(wording, name)) == getattr(default, name) else text for name in FIELDS}
    values = {**texts, "version": seen_version + 1, "changed_by": doer.staff_id, "changed_at": at}
    table = letter_wordings
    if seen_version == 0:
        first = insert_into(connection, table).values(language=language, **values)
        statement = first.on_conflict_do_nothing()
    else:
        same = (table.c.language == language, table.c.version == seen_version)
        statement = update(table).where(*same).values(**values)
    if connection.execute(statement.returning(table.c.version)).first() is None:
        raise WordingChanged
    action = "wording.reset" if wording == default else "wording.changed"
    note(connection, at, doer, action, f"wording/{language}", changes=changes)
