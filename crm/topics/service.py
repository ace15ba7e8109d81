"""Reading and changing the tree of subjects. A subject is never deleted: what was recorded keeps it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from crm.audit.service import Doer, note
from crm.thai import norm
from crm.topics.models import Matter, Topic, topics

_COLUMNS: Final = ("id", "parent_id", "kind", "name_th", "name_en", "also", "position", "retired_at")
LONGEST_NAME: Final = 200
LONGEST_ALSO: Final = 2000


class TopicProblem(ValueError):
    """What was asked for cannot be. ``code``: a key of `crm.topics.words`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def topic_tree(connection: Connection) -> dict[int, Topic]:
    """All subjects by id, retired ones too, in the order in which a tree shows them: parents before children."""
    rows = connection.execute(select(*(topics.c[name] for name in _COLUMNS)).order_by(topics.c.position, topics.c.id))
    children: dict[int | None, list[dict[str, Any]]] = {}
    for row in rows.mappings():
        children.setdefault(row["parent_id"], []).append(dict(row) | {"kind": Matter(row["kind"])})
    tree: dict[int, Topic] = {}

    def walk(parent_id: int | None, path: tuple[int, ...]) -> None:
        for values in children.get(parent_id, ()):
            own = (*path, values["id"])
            tree[values["id"]] = Topic(**values, path=own)
            walk(values["id"], own)

    walk(None, ())
    return tree


def get_topic(connection: Connection, topic_id: int) -> Topic:
    """One subject, without its path. Raises TopicProblem."""
    columns = (topics.c[name] for name in _COLUMNS)
    row = connection.execute(select(*columns).where(topics.c.id == topic_id)).mappings().one_or_none()
    if row is None:
        raise TopicProblem("no_topic")
    return Topic(**{**row, "kind": Matter(row["kind"])})


def add_topic(
    connection: Connection,
    parent_id: int,
    name_th: str,
    name_en: str,
    at: datetime,
    doer: Doer | None,
    *,
    also: str = "",
    position: int | None = None,
) -> int:
    """Adds a subject below another, last when ``position`` is None; returns the id. Raises TopicProblem."""
    parent = get_topic(connection, parent_id)
    values = _clean({"name_th": name_th, "name_en": name_en, "also": also})
    if position is None:
        siblings = connection.scalars(select(topics.c.position).where(topics.c.parent_id == parent_id))
        position = max(siblings, default=0) + 1
    values |= {"parent_id": parent_id, "kind": parent.kind, "position": position, "created_at": at, "updated_at": at}
    topic_id: int = connection.execute(insert(topics).values(**values).returning(topics.c.id)).scalar_one()
    note(connection, at, doer, "topic.added", f"topic/{topic_id}", parent=parent_id, name_th=values["name_th"])
    return topic_id


def change_topic(connection: Connection, topic_id: int, at: datetime, doer: Doer | None, **changes: Any) -> None:
    """Renames a subject: ``name_th``, ``name_en``, ``also``, ``position``. Raises TopicProblem."""
    topic = get_topic(connection, topic_id)
    unknown = changes.keys() - {"name_th", "name_en", "also", "position"}
    if unknown:
        raise TypeError(f"a topic has no {', '.join(sorted(unknown))}")
    values = _clean(changes)
    lines = {name: [getattr(topic, name), new] for name, new in values.items() if getattr(topic, name) != new}
    if lines:
        connection.execute(update(topics).where(topics.c.id == topic_id).values(**values, updated_at=at))
        note(connection, at, doer, "topic.changed", f"topic/{topic_id}", changes=lines)


def retire_topic(connection: Connection, topic_id: int, at: datetime, doer: Doer | None) -> None:
    """Not offered any more, nor is what is below it. Raises TopicProblem for a kind of matter."""
    if get_topic(connection, topic_id).parent_id is None:
        raise TopicProblem("root_stays")
    tree = topic_tree(connection)
    below = [one.id for one in tree.values() if topic_id in one.path and one.retired_at is None]
    connection.execute(update(topics).where(topics.c.id.in_(below)).values(retired_at=at, updated_at=at))
    note(connection, at, doer, "topic.retired", f"topic/{topic_id}", with_it=[one for one in below if one != topic_id])


def bring_back_topic(connection: Connection, topic_id: int, at: datetime, doer: Doer | None) -> None:
    """Offered again, with what is above it; what is below stays as it is. Raises TopicProblem."""
    get_topic(connection, topic_id)
    path = topic_tree(connection)[topic_id].path
    connection.execute(update(topics).where(topics.c.id.in_(path)).values(retired_at=None, updated_at=at))
    note(connection, at, doer, "topic.brought_back", f"topic/{topic_id}")


def _clean(values: Mapping[str, Any]) -> dict[str, Any]:
    clean: dict[str, Any] = {}
    for name, value in values.items():
        if name == "position":
            clean[name] = int(value)
            continue
        text = " ".join(norm(str(value)).split())
        if name != "also" and not text:
            raise TopicProblem("name_missing")
        if len(text) > (LONGEST_ALSO if name == "also" else LONGEST_NAME):
            raise TopicProblem("too_long")
        clean[name] = text
    return clean
