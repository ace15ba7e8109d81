"""What the administration's pages share: who may see which, the frame around them, and what is done after a change."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import Engine

from crm.admin.words import WORDS
from crm.departments.service import Others
from crm.staff.access import ADMINISTRATORS, SUPERVISORS, Access, Visitor
from crm.staff.accounts import Premises
from crm.staff.models import Role
from crm.staff.passwords import Hasher
from crm.web.shell import House, Pages
from dialplan.site import HotlineSite

TEMPLATES: Final = Path(__file__).parent / "templates"


class Rung(Protocol):
    """Brings people and departments of the database to Asterisk (`hotline.people.People`)."""

    @property
    def complaints(self) -> Sequence[str]:
        """What the last change met with; empty when all is well."""

    async def changed(self) -> object:
        """Takes in what the database says now. Never raises."""


@dataclass(frozen=True, slots=True)
class Section:
    """A place in the list beside every page; its name is ``section_<name>`` in the words."""

    name: str
    path: str
    roles: tuple[Role, ...]


SECTIONS: Final = (
    Section("home", "/admin", SUPERVISORS),
    Section("staff", "/admin/staff", SUPERVISORS),
    Section("queues", "/admin/queues", SUPERVISORS),
    Section("teams", "/admin/teams", ADMINISTRATORS),
    Section("departments", "/admin/departments", ADMINISTRATORS),
    Section("pauses", "/admin/pauses", ADMINISTRATORS),
    Section("topics", "/admin/topics", SUPERVISORS),
    Section("scripts", "/admin/scripts", SUPERVISORS),
    Section("letter", "/admin/letter", SUPERVISORS),
    Section("standards", "/admin/standards", SUPERVISORS),
    Section("closure", "/admin/closure", SUPERVISORS),
    Section("calendar", "/admin/calendar", SUPERVISORS),
    Section("audit", "/admin/audit", ADMINISTRATORS),
)


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Given to every page. ``site``: the settings as they are now; ``of_file``: what hotline.toml says of them."""

    engine: Engine
    access: Access
    house: House
    hasher: Hasher
    clock: Callable[[], datetime]
    site: Callable[[], HotlineSite]
    of_file: Callable[[], HotlineSite]
    rung: Rung | None = None
    pages: Pages = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pages", Pages(self.house, WORDS, TEMPLATES))

    def page(
        self,
        request: Request,
        who: Visitor,
        template: str,
        section: str,
        *,
        status: int = 200,
        faults: dict[str, str] | None = None,
        **values: Any,
    ) -> HTMLResponse:
        """A page of one section. ``faults``: field → what is wrong with it."""
        done = request.query_params.get("done", "")
        return self.pages.page(
            request,
            who,
            template,
            status=status,
            section=section,
            sections=[one for one in SECTIONS if who.is_one_of(*one.roles)],
            done=done if f"done_{done}" in WORDS["en"] else "",
            complaints=tuple(self.rung.complaints) if self.rung else (),
            administrator=who.role is Role.ADMINISTRATOR,
            faults=faults or {},
            **values,
        )

    async def apply(self) -> None:
        """After a change of people or departments: Asterisk is to know it."""
        if self.rung is not None:
            await self.rung.changed()

    def premises(self, teams: frozenset[int]) -> Premises:
        """What accounts may refer to."""
        site = self.site()
        return Premises(
            queues=frozenset(queue.name for queue in site.queues),
            departments=frozenset(office.name for office in site.departments),
            taken=frozenset(office.extension for office in site.departments if office.dial),
            teams=teams,
        )

    def others(self) -> Others:
        """What departments share the house with."""
        file = self.of_file()
        return Others(
            names=frozenset(office.name for office in file.departments),
            extensions=frozenset(office.extension for office in file.departments),
            telephones=frozenset(agent.extension for agent in self.site().agents),
        )


def back(path: str, done: str) -> RedirectResponse:
    """After a change: to the page that shows it. ``done``: what was done, as ``done_<done>`` in the words."""
    return RedirectResponse(f"{path}{'&' if '?' in path else '?'}done={done}", 303)
