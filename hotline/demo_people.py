"""People to log in as in the demo: made afresh with every run, their passwords shown in the terminal."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from crm import database
from crm.database import reading, writing
from crm.departments.service import DepartmentDraft
from crm.departments.service import create as create_department
from crm.knowledge.starter import fill as fill_knowledge
from crm.staff import service
from crm.staff.accounts import StaffDraft
from crm.staff.models import Role, Sex
from crm.staff.passwords import Hasher, one_time_password
from hotline import people_overlay
from hotline.people import overlay_of
from hotline.settings import Settings

DEMO_EXTENSION = "1100"
OFFICE = DepartmentDraft(
    name="legal",
    label_th="กองกฎหมาย",
    label_en="Legal office",
    extension="1201",
    dial="025077000",  # the simulated network answers any number
    email="legal@example.go.th",
)


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """Who can log in. ``once``: the password must be changed."""

    username: str
    password: str
    what: str
    once: bool = False

    def __str__(self) -> str:
        return f"{self.username:<11} {self.password}   {self.what}{', to be changed at once' if self.once else ''}"


def _drafts(queue: str) -> Iterator[tuple[StaffDraft, str]]:
    yield (
        StaffDraft(
            username="demo",
            role=Role.AGENT,
            name_th="ดวงใจ เดโม",
            name_en="Duangjai Demo",
            sex=Sex.FEMALE,
            extension=DEMO_EXTENSION,
            queues={queue: 0},
        ),
        f"agent with a telephone in the browser, {DEMO_EXTENSION}",
    )
    yield (
        StaffDraft(
            username="supervisor", role=Role.SUPERVISOR, name_th="สุรชัย หัวหน้า", name_en="Surachai Boss", sex=Sex.MALE
        ),
        "supervisor",
    )
    yield (
        StaffDraft(
            username="officer",
            role=Role.OFFICER,
            name_th="นิติ กฎหมาย",
            name_en="Niti Kodmai",
            sex=Sex.MALE,
            department=OFFICE.name,
        ),
        f"officer of the {OFFICE.label_en.lower()}, to which calls are transferred ({OFFICE.extension})",
    )


def make_demo_people(settings: Settings) -> tuple[Settings, list[DemoLogin]]:
    """Makes the database, an office and people in it; returns the settings with them, and how to log in."""
    settings.make_state()
    engine = database.open_engine(settings.database_url)
    hasher = Hasher()
    at = datetime.now(UTC)
    try:
        database.upgrade(engine)
        first = service.make_first_administrator(engine, at, hasher)
        logins = [DemoLogin(service.FIRST_ADMINISTRATOR, first or "", "administrator", once=True)]
        for draft, what in _drafts(settings.queues[0].name):
            password = hasher.chosen(one_time_password())
            with writing(engine) as connection:
                service.create(connection, draft, at, None, password)
            logins.append(DemoLogin(draft.username, password.plain, what))
        with writing(engine) as connection:
            create_department(connection, OFFICE, at, None)
            fill_knowledge(connection, at)
        with reading(engine) as connection:
            overlay = overlay_of(connection)
    finally:
        engine.dispose()
    people_overlay.write(settings.state, overlay)
    return settings.with_people(overlay), logins


def log_in_lines(settings: Settings, logins: list[DemoLogin]) -> list[str]:
    """What the terminal says."""
    return [f"Log in at {settings.address} as", *(f"  {login}" for login in logins), ""]
