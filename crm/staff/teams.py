"""Teams: people who work together. Every change is noted in the audit."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select, update

from crm.audit.service import Doer, changes_between, note
from crm.staff.accounts import LONGEST_NAME, Faults
from crm.staff.models import staff, teams


class UnknownTeam(LookupError):
    """There is no such team."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team. ``members``: how many active people are in it."""

    id: int
    name_th: str
    name_en: str
    members: int = 0

    def name(self, language: str) -> str:
        """The name to show in ``language``."""
        return (self.name_th or self.name_en) if language == "th" else (self.name_en or self.name_th)


_MEMBERS: Final = (
    select(func.count()).where(staff.c.team_id == teams.c.id, staff.c.active).correlate(teams).scalar_subquery()
)


def teams_of(connection: Connection) -> list[Team]:
    """All teams, by name."""
    query = select(teams, _MEMBERS.label("members")).order_by(teams.c.name_th, teams.c.id)
    return [Team(**row._mapping) for row in connection.execute(query)]


def create(connection: Connection, name_th: str, name_en: str, at: datetime, doer: Doer | None) -> int:
    """Makes a team; returns its id. Raises Faults."""
    names = _checked(name_th, name_en)
    team_id = int(connection.execute(insert(teams).values(**names).returning(teams.c.id)).scalar_one())
    note(connection, at, doer, "team.created", f"team/{team_id}", **names)
    return team_id


def change(connection: Connection, team_id: int, name_th: str, name_en: str, at: datetime, doer: Doer | None) -> None:
    """Gives a team other names. Raises Faults, UnknownTeam."""
    before, names = _team(connection, team_id), _checked(name_th, name_en)
    changes = changes_between(before, names)
    if changes:
        connection.execute(update(teams).where(teams.c.id == team_id).values(**names))
        note(connection, at, doer, "team.changed", f"team/{team_id}", changes=changes)


def remove(connection: Connection, team_id: int, at: datetime, doer: Doer | None) -> None:
    """Ends a team; its people stay, without one. Raises UnknownTeam."""
    team = _team(connection, team_id)
    connection.execute(update(staff).where(staff.c.team_id == team_id).values(team_id=None, updated_at=at))
    connection.execute(delete(teams).where(teams.c.id == team_id))
    note(connection, at, doer, "team.removed", f"team/{team_id}", name_th=team.name_th, name_en=team.name_en)


def _team(connection: Connection, team_id: int) -> Team:
    row = connection.execute(select(teams).where(teams.c.id == team_id)).one_or_none()
    if row is None:
        raise UnknownTeam(f"there is no team {team_id}")
    return Team(**row._mapping)


def _checked(name_th: str, name_en: str) -> dict[str, str]:
    names = {"name_th": " ".join(name_th.split()), "name_en": " ".join(name_en.split())}
    faults = {key: "name" for key, name in names.items() if len(name) > LONGEST_NAME or not name.isprintable()}
    if not any(names.values()):
        faults["name_th"] = "name_missing"
    if faults:
        raise Faults(faults)
    return {"name_th": names["name_th"] or names["name_en"], "name_en": names["name_en"] or names["name_th"]}
