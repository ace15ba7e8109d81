"""The list of sources: kept in order, found, called (K2)."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from crm.audit.service import Doer, note
from crm.people.numbers import normalise
from crm.search.models import Entry, Kind
from crm.search.service import forget, write_entries
from crm.sources.models import SourceKind, sources
from crm.thai import norm

FIELDS: Final = (
    *("kind", "name_th", "name_en", "about_th", "about_en", "url", "department", "extension", "telephone", "email"),
)
_LONGEST: Final = 1000
_URL: Final = re.compile(r"https?://[^\s<>\"']+", re.I)
_EXTENSION: Final = re.compile(r"[0-9]{2,15}")
_EMAIL: Final = re.compile(r"[^\s@<>,;:\"\\()\[\]]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


class SourceProblem(ValueError):
    """It cannot be done. ``faults``: field → code, keys of `crm.sources.words`."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(", ".join(faults.values()))
        self.faults = dict(faults)


def listed(connection: Connection, *, retired: bool = False) -> list[RowMapping]:
    """In their order: offices, web sites, manuals, officers."""
    hidden = sources.c.retired_at.is_not(None) if retired else sources.c.retired_at.is_(None)
    rows = connection.execute(select(sources).where(hidden).order_by(sources.c.position, sources.c.id)).mappings()
    order = list(SourceKind)
    return sorted(rows, key=lambda row: order.index(row["kind"]))


def source(connection: Connection, source_id: int) -> RowMapping | None:
    """One; None when there is none."""
    return connection.execute(select(sources).where(sources.c.id == source_id)).mappings().one_or_none()


def save_source(
    connection: Connection, source_id: int | None, told: Mapping[str, str], at: datetime, doer: Doer | None
) -> int:
    """Adds or changes one; returns the id. Raises SourceProblem."""
    values = checked(told)
    if source_id is None:
        position = (connection.scalar(select(func.max(sources.c.position))) or 0) + 1
        row = values | {"position": position, "created_at": at, "updated_at": at}
        source_id = int(connection.execute(insert(sources).values(**row).returning(sources.c.id)).scalar_one())
        note(connection, at, doer, "source.added", f"source/{source_id}", name=values["name_th"])
    else:
        before = source(connection, source_id)
        if before is None:
            raise SourceProblem({"name_th": "no_source"})
        changes = {name: [before[name], values[name]] for name in FIELDS if before[name] != values[name]}
        if not changes:
            return source_id
        connection.execute(update(sources).where(sources.c.id == source_id).values(**values, updated_at=at))
        note(connection, at, doer, "source.changed", f"source/{source_id}", changes=changes)
    index_sources(connection, [source_id])
    return source_id


def retire_source(connection: Connection, source_id: int, retired: bool, at: datetime, doer: Doer | None) -> None:
    """Not offered any more, or again. Raises SourceProblem."""
    if source(connection, source_id) is None:
        raise SourceProblem({"name_th": "no_source"})
    values = {"retired_at": at if retired else None, "updated_at": at}
    connection.execute(update(sources).where(sources.c.id == source_id).values(**values))
    note(connection, at, doer, "source.retired" if retired else "source.brought_back", f"source/{source_id}")
    index_sources(connection, [source_id])


def index_sources(connection: Connection, ids: Iterable[int]) -> None:
    """Writes these into the search index, and takes out what is retired."""
    rows = list(connection.execute(select(sources).where(sources.c.id.in_(list(ids)))).mappings())
    forget(connection, Kind.SOURCE, [row["id"] for row in rows if row["retired_at"] is not None])
    write_entries(connection, [_entry(row) for row in rows if row["retired_at"] is None])


def _entry(row: RowMapping) -> Entry:
    title = row["name_th"] or row["name_en"]
    also = (row["name_en"],) if row["name_en"] and row["name_en"] != title else ()
    told = ("about_th", "about_en", "url", "department", "extension", "telephone", "email")
    body = "\n".join(row[name] for name in told if row[name])
    return Entry(kind=Kind.SOURCE, ref=row["id"], shelf=Kind.SOURCE, title=title, also=also, body=body)


def checked(told: Mapping[str, str]) -> dict[str, Any]:
    """All fields in their form. Raises SourceProblem."""
    values = {name: " ".join(norm(told.get(name) or "").split()) for name in FIELDS}
    faults = {name: "too_long" for name in FIELDS if len(values[name]) > _LONGEST}
    if values["kind"] not in set(SourceKind):
        faults["kind"] = "bad_kind"
    if not values["name_th"] and not values["name_en"]:
        faults["name_th"] = "name_missing"
    if values["url"] and "://" not in values["url"]:
        values["url"] = f"https://{values['url']}"
    if values["url"] and not _URL.fullmatch(values["url"]):
        faults["url"] = "bad_url"
    if values["extension"] and not _EXTENSION.fullmatch(values["extension"]):
        faults["extension"] = "bad_extension"
    if values["email"] and not _EMAIL.fullmatch(values["email"]):
        faults["email"] = "bad_email"
    if values["telephone"]:
        number = normalise(values["telephone"])
        if not number.recognisable:
            faults["telephone"] = "bad_telephone"
        values["telephone"] = number.number or values["telephone"]
    if faults:
        raise SourceProblem(faults)
    return values
