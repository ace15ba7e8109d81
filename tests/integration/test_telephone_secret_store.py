"""Whose telephone a browser's is: a secret for each log-in, one log-in an extension, dead when the log-in ends."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_pbx import FakePbx
from sqlalchemy import Engine, delete, insert, update

from ami_listener.actions import AmiDown
from crm.database import open_engine, upgrade, writing
from crm.staff import sessions as staff_sessions
from crm.staff.models import sessions, staff
from crm.telephone.passage import Ending
from crm.telephone.secrets import Elsewhere, Telephones
from dialplan.names import Store

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


class Socket:
    """A passage as far as `Telephones` sees it."""

    def __init__(self, extension: str) -> None:
        self.extension = extension
        self.ended: Ending | None = None

    def end(self, why: Ending) -> None:
        self.ended = self.ended or why


class Place:
    """A database with two agents, an Asterisk, and the telephones between them."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.pbx = FakePbx()
        self.now = NOW
        self.gone: list[str] = []
        for extension in ("1001", "1002"):
            with writing(engine) as connection:
                connection.execute(
                    insert(staff).values(
                        username=extension, password_hash="-", role="agent", name_th="-", name_en="-",
                        extension=extension, phone="browser", created_at=NOW, updated_at=NOW,
                    )
                )  # fmt: skip
        self.telephones = self.made()

    def made(self) -> Telephones:
        async def gone(extension: str) -> None:
            self.gone.append(extension)

        return Telephones(self.engine, self.pbx.send, lambda: self.now, gone)

    def log_in(self, extension: str) -> str:
        """The session's name."""
        with writing(self.engine) as connection:
            staff_id = connection.execute(staff.select().where(staff.c.extension == extension)).one().id
            return staff_sessions.hash_of(staff_sessions.begin(connection, staff_id, self.now, "192.0.2.7", "Firefox"))

    def kept(self, extension: str) -> str | None:
        """The secret in Asterisk's database."""
        value = self.pbx.family(Store.PHONE).get(extension)
        return json.loads(value)["password"] if value else None


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    engine = open_engine(f"sqlite:///{tmp_path / 'records.sqlite3'}")
    upgrade(engine)
    yield Place(engine)
    engine.dispose()


def test_each_log_in_has_a_secret_of_its_own(place: Place) -> None:
    async def story() -> None:
        first, other = place.log_in("1001"), place.log_in("1002")
        secret = await place.telephones.secret_for("1001", first)
        assert len(secret) >= 32
        assert await place.telephones.secret_for("1001", first) == secret == place.kept("1001")
        assert json.loads(place.pbx.family(Store.PHONE)["1001"])["username"] == "1001"
        assert await place.telephones.secret_for("1002", other) != secret
        again = place.log_in("1001")  # the first one's page is closed
        assert await place.telephones.secret_for("1001", again) != secret
        assert place.kept("1001") != secret
        assert not place.telephones.holds("1001", first)

    asyncio.run(story())


def test_an_open_page_keeps_its_telephone_until_it_is_taken_over(place: Place) -> None:
    async def story() -> None:
        first, second = place.log_in("1001"), place.log_in("1001")
        await place.telephones.secret_for("1001", first)
        socket = Socket("1001")
        place.telephones.opened(socket)  # type: ignore[arg-type]
        with pytest.raises(Elsewhere) as there:
            await place.telephones.secret_for("1001", second)
        assert (there.value.address, there.value.browser) == ("192.0.2.7", "Firefox")
        assert socket.ended is None
        await place.telephones.take_over("1001", second)
        assert socket.ended is Ending.ELSEWHERE
        assert place.telephones.holds("1001", second)
        newer = Socket("1001")
        place.telephones.opened(newer)
        place.telephones.closed(socket)  # late: it is not the newer one's end
        assert place.telephones.connected("1001")

    asyncio.run(story())


def test_the_newest_socket_of_a_log_in_holds(place: Place) -> None:
    async def story() -> None:
        first, second = Socket("1001"), Socket("1001")
        place.telephones.opened(first)  # type: ignore[arg-type]
        place.telephones.opened(second)  # type: ignore[arg-type]
        assert (first.ended, second.ended) == (Ending.REPLACED, None)

    asyncio.run(story())


@pytest.mark.parametrize("how", ["logged out", "idle", "too long", "inactive", "moved", "desk phone", "officer"])
def test_with_the_log_in_ends_the_telephone(place: Place, how: str) -> None:
    async def story() -> None:
        session = place.log_in("1001")
        await place.telephones.secret_for("1001", session)
        socket = Socket("1001")
        place.telephones.opened(socket)  # type: ignore[arg-type]
        assert await place.telephones.look() == []
        end(place, how, session)
        assert await place.telephones.look() == ["1001"]
        assert socket.ended is Ending.LOGGED_OUT
        assert place.pbx.family(Store.PHONE) == place.pbx.family(Store.PHONE_SESSION) == {}
        assert not place.telephones.holds("1001", session)

    asyncio.run(story())


def end(place: Place, how: str, session: str) -> None:
    changes: dict[str, dict[str, Any]] = {
        "inactive": {"active": False}, "moved": {"extension": "1009"}, "desk phone": {"phone": "desk"},
        "officer": {"role": "officer"},
    }  # fmt: skip
    if how == "idle":
        place.now += staff_sessions.IDLE + timedelta(seconds=1)
    elif how == "too long":
        place.now += staff_sessions.LONGEST + timedelta(seconds=1)
        with writing(place.engine) as connection:
            staff_sessions.seen(connection, session, place.now)
    with writing(place.engine) as connection:
        if how == "logged out":
            connection.execute(delete(sessions).where(sessions.c.token_hash == session))
        elif how in changes:
            connection.execute(update(staff).where(staff.c.extension == "1001").values(**changes[how]))


def test_a_service_started_anew_knows_what_asterisk_kept(place: Place) -> None:
    async def story() -> None:
        session = place.log_in("1001")
        secret = await place.telephones.secret_for("1001", session)
        place.pbx.database[f"{Store.PHONE}/1002"] = "{}"  # of nobody
        later = place.made()
        await later.load()
        assert await later.secret_for("1001", session) == secret
        assert list(place.pbx.family(Store.PHONE)) == ["1001"]

    asyncio.run(story())


def test_an_asterisk_that_lost_its_memory_is_told_again(place: Place) -> None:
    async def story() -> None:
        session = place.log_in("1001")
        secret = await place.telephones.secret_for("1001", session)
        place.pbx.database.clear()
        await place.telephones.load()
        assert place.kept("1001") == secret
        assert place.pbx.family(Store.PHONE_SESSION) == {"1001": session}

    asyncio.run(story())


def test_with_asterisk_away_there_is_no_secret_and_none_is_lost(place: Place) -> None:
    async def story() -> None:
        session = place.log_in("1001")
        place.pbx.down = True
        with pytest.raises(AmiDown):
            await place.telephones.secret_for("1001", session)
        assert not place.telephones.holds("1001", session)
        place.pbx.down = False
        assert await place.telephones.secret_for("1001", session) == place.kept("1001")

    asyncio.run(story())


def test_what_rings_is_stopped_when_a_page_stays_away(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crm.telephone.secrets.BACK_SECONDS", 0.02)

    async def story() -> None:
        for extension in ("1001", "1002"):
            socket = Socket(extension)
            place.telephones.opened(socket)  # type: ignore[arg-type]
            place.telephones.closed(socket)  # type: ignore[arg-type]
        place.telephones.opened(Socket("1002"))  # type: ignore[arg-type]  # back in time
        await asyncio.sleep(0.1)
        assert place.gone == ["1001"]

    asyncio.run(story())
