"""Two people who are one: everything of one goes to the other, and can be taken back.

What points to a person is found by its foreign key, whatever feature it belongs to: calls, contacts, cards. All that
moves is written down with its key, so that undoing it puts back exactly that, and nothing that came later. What was
changed meanwhile by somebody stays as they left it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Table, and_, delete, insert, or_, select, update

from crm.audit.service import Doer, note
from crm.autosave.service import Author
from crm.database import Instant, from_microseconds, metadata, to_microseconds
from crm.people.models import (
    Person,
    Profile,
    different_people,
    people,
    person_merges,
    person_numbers,
    person_words,
)
from crm.people.search import forget_person, index_person
from crm.people.service import change_person, get_person, living_id

_OWN: Final = (people, person_numbers, person_words, person_merges, different_people)
_KEYS_AT_ONCE: Final = 200


class CannotMerge(ValueError):
    """These two cannot be merged, or not be taken apart. ``code``: a key of `crm.people.words`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Merge:
    """One merge, as lists show it."""

    id: int
    kept_id: int
    merged_id: int
    merged_name: str
    merged_at: datetime
    merged_by: str


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of it. ``kept_id``: who has what stayed; ``stayed``: table → rows that had gone on elsewhere."""

    kept_id: int
    merged_id: int
    returned: int
    stayed: Mapping[str, int]


def merge_people(
    connection: Connection, kept_id: int, merged_id: int, at: datetime, *, doer: Doer, author: Author
) -> int:
    """Moves everything of ``merged_id`` to ``kept_id``; returns the merge's id. Raises CannotMerge,
    UnknownPersonError."""
    if kept_id == merged_id:
        raise CannotMerge("same_person")
    kept, merged = _lock(connection, kept_id, merged_id)
    if kept.merged_into_id is not None or merged.merged_into_id is not None:
        raise CannotMerge("merged_already")
    filled = _filled(kept, merged)
    moved: dict[str, Any] = {
        "numbers": _move_numbers(connection, kept_id, merged_id),
        "rows": {name: _move_rows(connection, column, kept_id, merged_id) for name, column in _references().items()},
        "fields": {name: [getattr(kept, name), value] for name, value in filled.items()},
    }
    forget_person(connection, merged_id)
    change_person(connection, kept_id, filled, at, author=author, doer=doer)
    connection.execute(
        update(people)
        .where(people.c.id == merged_id)
        .values(merged_into_id=kept_id, version=people.c.version + 1, updated_at=at)
    )
    statement = insert(person_merges).values(
        kept_id=kept_id, merged_id=merged_id, merged_at=at, merged_by=doer.username, moved=moved
    )
    merge_id: int = connection.execute(statement.returning(person_merges.c.id)).scalar_one()
    for subject in (kept_id, merged_id):
        note(connection, at, doer, "person.merged", f"person/{subject}", merge=merge_id, kept=kept_id, merged=merged_id)
    return merge_id


def undo_merge(connection: Connection, merge_id: int, at: datetime, *, doer: Doer, author: Author) -> Undone:
    """Takes a merge back. Raises CannotMerge when there is none, or it was taken back already."""
    query = select(person_merges).where(person_merges.c.id == merge_id).with_for_update()
    merge = connection.execute(query).one_or_none()
    if merge is None or merge.undone_at is not None:
        raise CannotMerge("no_merge")
    merged_id = merge.merged_id
    _lock(connection, merge.kept_id, merged_id)
    now_id = living_id(connection, merge.kept_id)  # kept may have been merged into another one since
    own = _numbers_of_its_own(connection, merge.kept_id, now_id)
    returned = _return_numbers(connection, merge.moved["numbers"], own, now_id, merged_id)
    stayed: dict[str, int] = {}
    for name, keys in merge.moved["rows"].items():
        column = _references().get(name)
        back = _return_rows(connection, column, keys, now_id, merged_id) if column is not None else 0
        returned += back
        if back < len(keys):
            stayed[name] = len(keys) - back
    kept = get_person(connection, merge.kept_id)
    fields_back = {name: old for name, (old, new) in merge.moved["fields"].items() if getattr(kept, name) == new}
    change_person(connection, merge.kept_id, fields_back, at, author=author, doer=doer)
    alone = {"merged_into_id": None, "version": people.c.version + 1, "updated_at": at}
    connection.execute(update(people).where(people.c.id == merged_id).values(**alone))
    index_person(connection, merged_id, _profile(get_person(connection, merged_id)))
    undone = update(person_merges).where(person_merges.c.id == merge_id)
    connection.execute(undone.values(undone_at=at, undone_by=doer.username))
    for subject in (merge.kept_id, merged_id):
        details = {"merge": merge_id, "kept": merge.kept_id, "merged": merged_id, "stayed": stayed}
        note(connection, at, doer, "person.unmerged", f"person/{subject}", **details)
    return Undone(now_id, merged_id, returned, stayed)


def merges_of(connection: Connection, person_id: int) -> list[Merge]:
    """The merges into this person that can be taken back, the newest first."""
    rows = connection.execute(
        select(
            person_merges.c.id,
            person_merges.c.kept_id,
            person_merges.c.merged_id,
            people.c.display_name,
            person_merges.c.merged_at,
            person_merges.c.merged_by,
        )
        .join(people, people.c.id == person_merges.c.merged_id)
        .where(person_merges.c.kept_id == person_id, person_merges.c.undone_at.is_(None))
        .order_by(person_merges.c.id.desc())
    )
    return [Merge(*row) for row in rows]


def _lock(connection: Connection, *ids: int) -> list[Person]:
    """In one order, so that two merges at once do not wait for each other for ever."""
    connection.execute(select(people.c.id).where(people.c.id.in_(ids)).order_by(people.c.id).with_for_update())
    return [get_person(connection, one) for one in ids]


def _profile(person: Person) -> Profile:
    return Profile(**{field.name: getattr(person, field.name) for field in fields(Profile)})


def _filled(kept: Person, merged: Person) -> dict[str, Any]:
    """What is not known of the one and known of the other; notes of both."""
    filled = {
        field.name: value
        for field in fields(Profile)
        if getattr(kept, field.name) is None and (value := getattr(merged, field.name)) is not None
    }
    if kept.notes and merged.notes and merged.notes not in kept.notes:
        filled["notes"] = f"{kept.notes}\n{merged.notes}"
    return filled


# --- rows of other features -------------------------------------------------------------------------------------------


def _references() -> dict[str, Column[Any]]:
    """``table.column`` → column, of all that point to a person."""
    return {
        f"{table.name}.{column.name}": column
        for table in metadata.sorted_tables
        if table not in _OWN
        for column in table.columns
        if any(key.column is people.c.id for key in column.foreign_keys)
    }


def _keys(table: Table) -> list[Column[Any]]:
    return list(table.primary_key.columns)


def _move_rows(connection: Connection, column: Column[Any], kept_id: int, merged_id: int) -> list[list[Any]]:
    table = column.table
    rows = connection.execute(select(*_keys(table)).where(column == merged_id).order_by(*_keys(table)))
    keys = [[_plain(value) for value in row] for row in rows]
    connection.execute(update(table).where(column == merged_id).values({column.name: kept_id}))
    return keys


def _return_rows(
    connection: Connection, column: Column[Any], keys: Sequence[Sequence[Any]], now_id: int, merged_id: int
) -> int:
    """Those that still are where the merge put them."""
    table = column.table
    returned = 0
    for some in (keys[n : n + _KEYS_AT_ONCE] for n in range(0, len(keys), _KEYS_AT_ONCE)):
        these = or_(*(_is_row(table, key) for key in some))
        back = update(table).where(column == now_id, these).values({column.name: merged_id})
        returned += connection.execute(back).rowcount
    return returned


def _is_row(table: Table, key: Sequence[Any]) -> ColumnElement[bool]:
    pairs = zip(_keys(table), key, strict=True)
    return and_(*(column == (from_microseconds(v) if isinstance(column.type, Instant) else v) for column, v in pairs))


def _plain(value: Any) -> Any:
    return to_microseconds(value) if isinstance(value, datetime) else value


# --- numbers ----------------------------------------------------------------------------------------------------------


def _number_rows(connection: Connection, person_id: int) -> dict[int, dict[str, Any]]:
    rows = connection.execute(select(person_numbers).where(person_numbers.c.person_id == person_id))
    return {
        row.number_id: {"is_primary": row.is_primary, "last_used_at": row.last_used_at and _plain(row.last_used_at)}
        for row in rows
    }


def _set_number(connection: Connection, person_id: int, number_id: int, row: Mapping[str, Any] | None) -> None:
    this = (person_numbers.c.person_id == person_id) & (person_numbers.c.number_id == number_id)
    connection.execute(delete(person_numbers).where(this))
    if row is not None:
        used = row["last_used_at"]
        values = {"is_primary": row["is_primary"], "last_used_at": None if used is None else from_microseconds(used)}
        connection.execute(insert(person_numbers).values(person_id=person_id, number_id=number_id, **values))


def _move_numbers(connection: Connection, kept_id: int, merged_id: int) -> list[dict[str, Any]]:
    kept, merged = _number_rows(connection, kept_id), _number_rows(connection, merged_id)
    has_primary = any(row["is_primary"] for row in kept.values())
    moved = []
    for number_id, row in sorted(merged.items()):
        had = kept.get(number_id)
        used = max(filter(None, (row["last_used_at"], had and had["last_used_at"])), default=None)
        primary = had["is_primary"] if had else row["is_primary"] and not has_primary
        now = {"is_primary": primary, "last_used_at": used}
        _set_number(connection, merged_id, number_id, None)
        _set_number(connection, kept_id, number_id, now)
        moved.append({"number_id": number_id, "was": row, "had": had, "now": now})
    return moved


def _numbers_of_its_own(connection: Connection, kept_id: int, now_id: int) -> set[int]:
    """Numbers that ``now_id`` had before ``kept_id`` was merged into it."""
    own: set[int] = set()
    while kept_id != now_id:
        last = (person_merges.c.merged_id == kept_id) & person_merges.c.undone_at.is_(None)
        row = connection.execute(select(person_merges.c.kept_id, person_merges.c.moved).where(last)).first()
        if row is None:
            break
        own |= {number["number_id"] for number in row.moved["numbers"] if number["had"] is not None}
        kept_id = row.kept_id
    return own


def _return_numbers(
    connection: Connection, moved: Sequence[Mapping[str, Any]], own: set[int], now_id: int, merged_id: int
) -> int:
    """Numbers that are still there go back; who had one before the merge keeps it."""
    returned = 0
    for one in moved:
        number_id = one["number_id"]
        current = _number_rows(connection, now_id).get(number_id)
        if current is None:
            continue  # somebody took it away meanwhile: it was wrong
        used_since = current["last_used_at"] if current["last_used_at"] != one["now"]["last_used_at"] else None
        was = dict(one["was"])
        if one["had"] is None and number_id not in own:
            _set_number(connection, now_id, number_id, None)
            was["last_used_at"] = used_since or was["last_used_at"]
        elif used_since is None and one["had"] is not None and current == one["now"]:
            _set_number(connection, now_id, number_id, one["had"])
        _set_number(connection, merged_id, number_id, was)
        returned += 1
    return returned
