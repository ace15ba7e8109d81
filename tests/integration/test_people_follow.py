"""People and departments of the database in a running product: taken in when they change, whoever changed them; and
what is said when Asterisk, the disk or the database is not there."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ami_listener.actions import Action, AmiDown, Reply
from ami_listener.floor import FloorState
from crm.database import open_engine, writing
from crm.departments.service import DepartmentDraft
from crm.departments.service import create as create_department
from crm.staff import service
from crm.staff.accounts import StaffDraft
from crm.staff.models import Role
from crm.staff.passwords import Hasher
from dialplan.asterisk.errors import AsteriskControlError, AsteriskInstallError
from hotline import pbx, people
from hotline.pbx import Pbx
from hotline.people import Applied, People
from hotline.people_overlay import FILE_NAME
from hotline.settings import Settings, load
from hotline.settings_file import first_settings

NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)
QUICK = Hasher(memory_kib=64)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    text = first_settings().replace("\n[site]\n", '\n[site]\nstate_folder = "."\n', 1)
    (tmp_path / "hotline.toml").write_text(text, "utf-8")
    return load(tmp_path / "hotline.toml")


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """No Asterisk runs here: its files are asked for and not written. Gives what was not to be reloaded, each time."""
    asked: list[set[str]] = []

    def apply(settings: Settings, found: Pbx, *, but: set[str]) -> list[str]:
        asked.append(set(but))
        return ["wrote pjsip.conf (Asterisk is not running)", "[x] ERROR[1] res_pjsip.c: no"]

    monkeypatch.setattr(pbx, "locate", lambda settings: Pbx(settings.asterisk_folders(), None))  # type: ignore[arg-type]
    monkeypatch.setattr(pbx, "apply", apply)
    return asked


def followed(settings: Settings, engine: Engine) -> People:
    async def send(action: Action) -> Reply:
        raise AmiDown("not connected", may_have_run=False)

    async def reread() -> None:
        raise AmiDown("not connected", may_have_run=False)

    return People(settings, engine, send, lambda: FloorState().snapshot(NOON), reread, lambda: NOON)


def add(engine: Engine, username: str = "malee", extension: str = "1101") -> int:
    draft = StaffDraft(username=username, role=Role.AGENT, name_th="มาลี", extension=extension, queues={"technical": 1})
    with writing(engine) as connection:
        return service.create(connection, draft, datetime.now(UTC), None, QUICK.one_time())


def changed(settings: Settings, engine: Engine) -> tuple[People, Applied]:
    async def play() -> tuple[People, Applied]:
        found = followed(settings, engine)
        return found, await found.changed()

    return asyncio.run(play())


def test_the_settings_and_the_file_follow_the_database(
    settings: Settings, sqlite_engine: Engine, nowhere: list[set[str]]
) -> None:
    add(sqlite_engine)
    with writing(sqlite_engine) as connection:
        office = DepartmentDraft(name="export", label_en="Export", extension="202", dial="025078000", answer_days=3)
        create_department(connection, office, NOON, None)
    found, applied = changed(settings, sqlite_engine)
    assert [agent.extension for agent in found.settings.agents] == ["1001", "1002", "1101"]
    assert found.settings.agents[2].penalties == {"technical": 1}
    assert found.settings.departments[1].answer_days == 3
    assert applied.done == ("wrote pjsip.conf (Asterisk is not running)",)
    assert applied.complaints == ("[x] ERROR[1] res_pjsip.c: no",)
    assert found.complaints == applied.complaints
    again = load(settings.state / "hotline.toml")  # as any command, or a start without a database, sees it
    assert again.agents == found.settings.agents
    assert again.departments == found.settings.departments


def test_nothing_is_done_when_nothing_changed(
    settings: Settings, sqlite_engine: Engine, nowhere: list[set[str]]
) -> None:
    async def play() -> None:
        found = followed(settings, sqlite_engine)
        for _ in range(3):
            applied = await found.changed()
        assert applied.done == ()
        add(sqlite_engine)
        assert (await found.changed()).done

    asyncio.run(play())
    assert len(nowhere) == 1


def test_a_change_by_another_program_is_seen(
    settings: Settings, sqlite_engine: Engine, nowhere: list[set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "LOOK_SECONDS", 0.01)

    async def play() -> None:
        found = followed(settings, sqlite_engine)
        following = asyncio.create_task(found.follow())
        async with asyncio.timeout(10):
            while found.last is None:
                await asyncio.sleep(0.01)
            staff_id = await asyncio.to_thread(add, sqlite_engine)
            while len(found.settings.agents) < 3:
                await asyncio.sleep(0.01)
            with writing(sqlite_engine) as connection:
                service.set_queues(connection, staff_id, {"technical": 4}, datetime.now(UTC), None)
            while found.settings.agents[-1].penalties != {"technical": 4}:
                await asyncio.sleep(0.01)
        following.cancel()
        await asyncio.wait([following])

    asyncio.run(play())


def test_without_an_asterisk_it_says_so(
    settings: Settings, sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locate(settings: Settings) -> Pbx:
        raise AsteriskInstallError("There is no Asterisk here: hotline asterisk install")

    monkeypatch.setattr(pbx, "locate", locate)
    add(sqlite_engine)
    found, applied = changed(settings, sqlite_engine)
    assert applied.complaints == ("There is no Asterisk here: hotline asterisk install",)
    assert len(found.settings.agents) == 3  # the pages know them all the same


def test_what_asterisk_did_not_take_is_tried_until_it_does(
    settings: Settings, sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(people, "LOOK_SECONDS", 0.01)
    tries = 0

    def locate(settings: Settings) -> Pbx:
        nonlocal tries
        tries += 1
        if tries < 4:
            raise AsteriskControlError("Asterisk did not answer")
        return Pbx(settings.asterisk_folders(), None)  # type: ignore[arg-type]

    monkeypatch.setattr(pbx, "locate", locate)
    monkeypatch.setattr(pbx, "apply", lambda *_, **__: ["wrote and reloaded pjsip.conf"])
    add(sqlite_engine)

    async def play() -> None:
        found = followed(settings, sqlite_engine)
        following = asyncio.create_task(found.follow())
        async with asyncio.timeout(10):
            while not found.complaints:
                await asyncio.sleep(0.001)
            while found.complaints:
                await asyncio.sleep(0.001)
        assert found.last is not None
        assert found.last.done == ("wrote and reloaded pjsip.conf",)
        following.cancel()
        await asyncio.wait([following])

    asyncio.run(play())
    assert tries == 4
    assert caplog.text.count("did not answer") == 1  # said once, not at every try


def test_without_a_database_people_stay_as_they_were(settings: Settings, tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    found, applied = changed(settings, engine)
    assert found.settings is settings
    assert "hotline db upgrade" in applied.complaints[0]
    engine.dispose()


def test_a_disk_that_cannot_be_written_is_named(
    settings: Settings, sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(state: Path, overlay: object) -> bool:
        raise OSError(28, "No space left on device", str(state / FILE_NAME))

    monkeypatch.setattr(people, "write", full)
    add(sqlite_engine)
    _, applied = changed(settings, sqlite_engine)
    assert "No space left" in applied.complaints[0]
    assert "make room" in applied.complaints[0]


def test_what_was_wrong_with_the_file_is_told_until_the_first_look(
    settings: Settings, sqlite_engine: Engine, nowhere: list[set[str]]
) -> None:
    (settings.state / FILE_NAME).write_text("{broken")
    broken = load(settings.state / "hotline.toml")

    async def play() -> None:
        found = followed(broken, sqlite_engine)
        assert "cannot be read" in found.complaints[0]
        await found.changed()
        assert "cannot be read" not in " ".join(found.complaints)

    asyncio.run(play())
    assert load(settings.state / "hotline.toml").people_problems == ()
