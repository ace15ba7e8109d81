"""Changes of single fields, several people at once.

A row that is saved so has a ``version`` that counts its changes and ``field_versions``: field → which change wrote it
last, and who. Whoever saves says which version they saw. Different fields never disturb each other; of the same field
the last writer wins, and both are told: the earlier one by the live message, the later one in the answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from crm.autosave.models import done_requests
from crm.database import insert_into
from crm.staff.sessions import Visitor

KEPT: Final = timedelta(days=30)  # what a page could not send waits in its browser, over holidays too
LONGEST_KEY: Final = 80

FieldVersions = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes: for the others to see. ``client``: which page of theirs, so that it knows its own echo."""

    staff_id: int | None
    name: str
    client: str | None = None

    def as_json(self) -> dict[str, Any]:
        """As messages and answers say it."""
        return {"staff_id": self.staff_id, "name": self.name, "client": self.client}


def author_of(visitor: Visitor, client: str | None = None) -> Author:
    """The visitor as author."""
    return Author(visitor.staff_id, visitor.name("th"), (client or None) and str(client)[:LONGEST_KEY])


SYSTEM: Final = Author(None, "")


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a change. ``changed``: field → (old, new). ``overwritten``: what of others' was written over,
    ``others``: what they changed since the version that was seen; field → value, who, version."""

    version: int
    changed: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    field_versions: dict[str, dict[str, Any]] = field(default_factory=dict)
    others: dict[str, dict[str, Any]] = field(default_factory=dict)
    overwritten: dict[str, dict[str, Any]] = field(default_factory=dict)


def apply(
    row: Mapping[str, Any], changes: Mapping[str, Any], seen_version: int | None, author: Author, at: datetime
) -> Applied:
    """Works out what ``changes`` do to ``row`` (its fields, ``version``, ``field_versions``). Pure.

    ``seen_version`` None: the author saw the row as it is now.
    """
    versions: FieldVersions = row["field_versions"] or {}
    seen = row["version"] if seen_version is None else seen_version
    changed = {name: (row[name], value) for name, value in changes.items() if value != row[name]}
    newer = {name: mark for name, mark in versions.items() if mark["version"] > seen and name in row}
    told = {name: {"value": row[name], "by": mark["by"], "version": mark["version"]} for name, mark in newer.items()}
    others = {name: one for name, one in told.items() if name not in changes}
    overwritten = {name: told[name] for name in changed if name in told and told[name]["by"] != author.as_json()}
    version = row["version"] + bool(changed)
    mark = {"version": version, "by": author.as_json(), "at": at.isoformat()}
    return Applied(
        version=version,
        changed=changed,
        field_versions={name: dict(one) for name, one in versions.items()} | dict.fromkeys(changed, mark),
        others=others,
        overwritten=overwritten,
    )


def claim(connection: Connection, staff_id: int, key: str | None, subject: str, at: datetime) -> str | None:
    """Takes this person's ``key`` for what follows in the same transaction; None: go on.

    Else the subject of the request that was carried out with it before: do nothing. Of two at once the second waits.
    """
    if not key:
        return None
    key = _kept_key(key, subject)
    taken = insert_into(connection, done_requests).values(staff_id=staff_id, key=key, subject=subject, done_at=at)
    taken = taken.on_conflict_do_nothing(index_elements=["staff_id", "key"]).returning(done_requests.c.key)
    if connection.execute(taken).first() is not None:
        return None
    mine = (done_requests.c.staff_id == staff_id) & (done_requests.c.key == key)
    return str(connection.scalar(select(done_requests.c.subject).where(mine)))


def name_subject(connection: Connection, staff_id: int, key: str | None, subject: str) -> None:
    """What was made with a claimed key, once it has a name."""
    if key:
        mine = (done_requests.c.staff_id == staff_id) & (done_requests.c.key == _kept_key(key, subject))
        connection.execute(update(done_requests).where(mine).values(subject=subject))


def _kept_key(key: str, subject: str) -> str:
    """With the kind of what it is for: a key that comes again for a person is none of a contact."""
    return f"{subject.partition('/')[0]} {key[:LONGEST_KEY]}"


def forget_done(connection: Connection, at: datetime) -> int:
    """Deletes keys that nobody will send again."""
    return connection.execute(delete(done_requests).where(done_requests.c.done_at < at - KEPT)).rowcount
