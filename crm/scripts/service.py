"""Reading and changing scripts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from crm.audit.service import Doer, note
from crm.database import insert_into
from crm.scripts.models import Moment, Particle, Script, script_voices, scripts
from crm.scripts.wording import problems_of
from crm.thai import norm

CHANNELS: Final = ("hotline", "chat", "counter")
LANGUAGES: Final = ("th", "en")
LONGEST: Final = 4000
_COLUMNS: Final = ("id", "moment", "channel", "language", "name_th", "name_en", "text", "position", "retired_at")


class ScriptProblem(ValueError):
    """What was asked for cannot be. ``code``: a key of `crm.scripts.words`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def list_scripts(
    connection: Connection,
    *,
    channel: str | None = None,
    moment: str | None = None,
    language: str | None = None,
    retired: bool = False,
) -> list[Script]:
    """Scripts in their order: the first of a moment is the one to say."""
    query = select(*(scripts.c[name] for name in _COLUMNS)).order_by(scripts.c.position, scripts.c.id)
    for column, value in ((scripts.c.channel, channel), (scripts.c.moment, moment), (scripts.c.language, language)):
        if value is not None:
            query = query.where(column == value)
    if not retired:
        query = query.where(scripts.c.retired_at.is_(None))
    rows = connection.execute(query).mappings()
    return [Script(**{**row, "moment": Moment(row["moment"])}) for row in rows]


def add_script(
    connection: Connection, moment: str, channel: str, language: str, at: datetime, doer: Doer | None, **texts: Any
) -> int:
    """Adds a script; ``texts``: name_th, name_en, text, position. Returns the id. Raises ScriptProblem."""
    if moment not in tuple(Moment) or channel not in CHANNELS or language not in LANGUAGES:
        raise ScriptProblem("bad_choice")
    values = _clean({"name_th": "", "name_en": "", "text": "", "position": 100, **texts})
    values |= {"moment": moment, "channel": channel, "language": language, "updated_at": at}
    script_id: int = connection.execute(insert(scripts).values(**values).returning(scripts.c.id)).scalar_one()
    note(connection, at, doer, "script.added", f"script/{script_id}", text=values["text"])
    return script_id


def change_script(connection: Connection, script_id: int, at: datetime, doer: Doer | None, **changes: Any) -> None:
    """Changes name_th, name_en, text, position; ``retired`` takes it out or brings it back. Raises ScriptProblem."""
    row = connection.execute(select(scripts).where(scripts.c.id == script_id)).mappings().one_or_none()
    if row is None:
        raise ScriptProblem("no_script")
    retired = changes.pop("retired", None)
    values = _clean(changes)
    if retired is not None:
        values["retired_at"] = at if retired else None
    lines = {
        name: [str(row[name]), str(new)] for name, new in values.items() if row[name] != new and name != "retired_at"
    }
    if retired is not None and retired != (row["retired_at"] is not None):
        lines["retired"] = [str(not retired), str(retired)]
    if lines:
        connection.execute(update(scripts).where(scripts.c.id == script_id).values(**values, updated_at=at))
        note(connection, at, doer, "script.changed", f"script/{script_id}", changes=lines)


def chosen_particle(connection: Connection, staff_id: int) -> str | None:
    """The particle this person chose, None when none yet."""
    return connection.scalar(select(script_voices.c.particle).where(script_voices.c.staff_id == staff_id))


def choose_particle(connection: Connection, staff_id: int, particle: str) -> None:
    """Remembers how this person speaks. Raises ScriptProblem."""
    if particle not in tuple(Particle):
        raise ScriptProblem("bad_choice")
    statement = insert_into(connection, script_voices).values(staff_id=staff_id, particle=particle)
    connection.execute(statement.on_conflict_do_update(index_elements=["staff_id"], set_={"particle": particle}))


def _clean(values: Mapping[str, Any]) -> dict[str, Any]:
    unknown = values.keys() - {"name_th", "name_en", "text", "position"}
    if unknown:
        raise TypeError(f"a script has no {', '.join(sorted(unknown))}")
    clean = {name: int(value) if name == "position" else norm(str(value)).strip() for name, value in values.items()}
    if any(len(str(value)) > LONGEST for value in clean.values()):
        raise ScriptProblem("too_long")
    if "text" in clean and (problems := problems_of(str(clean["text"]))):
        raise ScriptProblem(problems[0])
    return clean
