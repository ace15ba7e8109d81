"""People and departments of the database, as the settings take them in: ``people-overlay.json`` in the state folder.

Derived from the database and rewritten when something changes there, so that every command, and a service whose
database is away, know them too. What does not fit is left out and told, never a reason not to start.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from dialplan.sections import Agent, Department, Section
from dialplan.site import HotlineSite

FILE_NAME: Final = "people-overlay.json"
S = TypeVar("S", bound=HotlineSite)
R = TypeVar("R", bound=Section)


@dataclass(frozen=True, slots=True)
class PeopleOverlay:
    """Telephones of people, and departments, that are not in hotline.toml."""

    agents: tuple[Agent, ...] = ()
    departments: tuple[Department, ...] = ()

    def text(self) -> str:
        """As the file holds it."""
        rows = {
            "agents": [agent.model_dump(mode="json", exclude_defaults=True) for agent in self.agents],
            "departments": [office.model_dump(mode="json", exclude_defaults=True) for office in self.departments],
        }
        return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"


def write(state: Path, overlay: PeopleOverlay) -> bool:
    """Writes the file, whole or not at all, when it says something else; whether it did. Raises OSError."""
    path = state / FILE_NAME
    text = overlay.text()
    try:
        if path.read_text("utf-8") == text:
            return False
    except FileNotFoundError:
        if overlay == PeopleOverlay():
            return False
    except (OSError, UnicodeDecodeError):
        pass
    temporary = path.with_suffix(".new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)
    return True


def read(state: Path) -> tuple[PeopleOverlay, list[str]]:
    """What the file says, and what is wrong with it. Never raises: without a file there is nobody."""
    path = state / FILE_NAME
    try:
        rows = json.loads(path.read_text("utf-8"))
        if not isinstance(rows, dict):
            raise ValueError("not an object")
    except FileNotFoundError:
        return PeopleOverlay(), []
    except (OSError, ValueError) as error:
        return PeopleOverlay(), [f"{FILE_NAME} cannot be read ({error}): people of the database are not there yet"]
    problems: list[str] = []
    agents = _rows(rows.get("agents"), Agent, problems)
    return PeopleOverlay(agents, _rows(rows.get("departments"), Department, problems)), problems


def _rows(rows: Any, kind: type[R], problems: list[str]) -> tuple[R, ...]:
    found = []
    for row in rows if isinstance(rows, list) else ():
        try:
            found.append(kind(**row))
        except (ValidationError, TypeError) as error:
            name = row.get("extension") or row.get("name") if isinstance(row, dict) else row
            reason = str(error).splitlines()[-1].strip()
            problems.append(f"{FILE_NAME}: {kind.__name__.lower()} {name!r} is left out: {reason}")
    return tuple(found)


def merged(site: S, overlay: PeopleOverlay) -> tuple[S, list[str]]:
    """The site with these people and departments too, and what could not be taken in.

    A person with the extension of a telephone in hotline.toml takes its place; only a fixed address stays. A
    department of hotline.toml goes before one of the database.
    """
    problems: list[str] = []
    agents = {agent.extension: agent for agent in site.agents}
    offices = {office.extension for office in site.departments if office.dial}
    for agent in overlay.agents:
        if agent.extension in offices:
            problems.append(f"extension {agent.extension} is left out: hotline.toml has a department there")
            continue
        known = agents.get(agent.extension)
        contact = known.contact if known else None
        agents[agent.extension] = _in_known_queues(agent, site, problems).model_copy(update={"contact": contact})
    departments = list(site.departments)
    names = {office.name for office in departments}
    for office in overlay.departments:
        if office.name in names:
            problems.append(f"department {office.name!r} of the database is left out: hotline.toml has one too")
        else:
            departments.append(office)
    return _without_faults(site, list(agents.values()), departments, problems), problems


def _in_known_queues(agent: Agent, site: HotlineSite, problems: list[str]) -> Agent:
    known = {queue.name for queue in site.queues}
    unknown = [queue for queue in agent.queues if queue not in known]
    if not unknown:
        return agent
    problems.append(f"extension {agent.extension}: there is no queue {', '.join(unknown)} any more")
    return agent.model_copy(
        update={
            "queues": tuple(queue for queue in agent.queues if queue in known),
            "penalties": {queue: penalty for queue, penalty in agent.penalties.items() if queue in known},
        }
    )


def _without_faults(site: S, agents: Sequence[Agent], departments: Sequence[Department], problems: list[str]) -> S:
    """The same checks as of hotline.toml; rows of the database that fail them are left out, one after the other."""
    rows: dict[str, list[Any]] = {"agents": list(agents), "departments": list(departments)}
    while True:
        candidate = site.model_copy(update={key: tuple(value) for key, value in rows.items()})
        fault = next((p for p in candidate.problems() if len(p.place) > 1 and p.place[0] in rows), None)
        if fault is None:
            return candidate
        section, place = str(fault.place[0]), fault.place[1]
        row = rows[section].pop(int(place))
        problems.append(f"{section[:-1]} {row.extension!r} of the database is left out: {fault.text}")
