"""Every stream ends with the log-in that opened it: log-out, another's order, a closed account, another office."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from guarded_house import GuardedHouse, Session, filled, routes_of
from route_roles import OPEN
from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from stream_reader import Reader

from crm.database import writing
from crm.staff import service, sessions
from crm.staff.models import sessions as session_rows
from crm.staff.models import staff
from crm.staff.watch import LogIns

KNOWN = {
    "/api/contacts/{contact_id}/events",
    "/api/people/{person_id}/events",
    "/cards/events",
    "/desk/events",
    "/wallboard/events",
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedHouse]:
    house = GuardedHouse(tmp_path_factory.mktemp("streams"))
    house.service.office.log_ins._look_seconds = 0.05
    yield house
    house.close()


def streams(house: GuardedHouse) -> list[str]:
    """Every path that answers with a stream."""
    session = house.session("administrator")
    found = []
    for method, path in routes_of(house.app.routes):
        if method == "GET" and f"GET {path}" not in OPEN:
            answer = house.ask("GET", filled(path), session)
            if answer.headers.get("content-type", "").startswith("text/event-stream"):
                found.append(path)
    return found


def logged_out(house: GuardedHouse, session: Session) -> None:
    with writing(house.service.engine) as connection:
        sessions.end(connection, sessions.hash_of(session.token))


def closed(house: GuardedHouse, session: Session) -> None:
    with writing(house.service.engine) as connection:
        service.set_active(connection, house.staff["supervisor"], False, datetime.now(UTC), None)


def moved(house: GuardedHouse, session: Session) -> None:
    with writing(house.service.engine) as connection:
        mine = staff.c.id == house.staff["supervisor"]
        connection.execute(update(staff).where(mine).values(department="foreign"))


def too_old(house: GuardedHouse, session: Session) -> None:
    with writing(house.service.engine) as connection:
        mine = session_rows.c.token_hash == sessions.hash_of(session.token)
        long_ago = datetime.now(UTC) - sessions.LONGEST
        connection.execute(update(session_rows).where(mine).values(created_at=long_ago))


@pytest.mark.parametrize("end", [logged_out, closed, moved, too_old])
def test_every_stream_ends_with_its_log_in(house: GuardedHouse, end: Callable[[GuardedHouse, Session], None]) -> None:
    """And only with its own: that of another person goes on."""
    found = streams(house)
    assert set(found) >= KNOWN

    async def looked_at() -> None:
        session, other = house.session("supervisor"), house.session("administrator")
        readers = [Reader(house, filled(path), session) for path in found]
        others = [Reader(house, filled(path), other) for path in found]
        async with asyncio.timeout(20):
            for reader in [*readers, *others]:
                await reader.begun()
            while len(house.service.office.log_ins) < len(readers) + len(others):
                await asyncio.sleep(0.01)
            await asyncio.to_thread(end, house, session)
            for reader in readers:
                await reader.ended.wait()
                assert reader.heard.endswith(b'data: {"kind":"logged-out"}\n\n')
        assert not any(reader.ended.is_set() for reader in others)
        logged_out(house, other)
        async with asyncio.timeout(20):
            for reader in others:
                await reader.ended.wait()

    try:
        house.runner.run(looked_at())
    finally:
        with writing(house.service.engine) as connection:
            mine = staff.c.id == house.staff["supervisor"]
            connection.execute(update(staff).where(mine).values(active=True, department=None))
    assert len(house.service.office.log_ins) == 0


def test_a_database_that_is_away_ends_no_stream(house: GuardedHouse) -> None:
    """Nobody is thrown out because the database is busy for a moment."""

    async def looked_at() -> None:
        log_ins = LogIns(house.service.engine, lambda: datetime.now(UTC), 0.02)
        session = house.session("supervisor")
        waiting = asyncio.create_task(log_ins.until_ended(session.token))
        while len(log_ins) == 0:
            await asyncio.sleep(0.01)
        look, asked = log_ins._look, 0

        def away(asked_for: Any) -> Any:
            nonlocal asked
            asked += 1
            if asked < 4:
                raise OperationalError("", {}, Exception("away"))
            return look(asked_for)

        log_ins._look = away  # type: ignore[method-assign, assignment]
        async with asyncio.timeout(10):
            while asked < 6:
                await asyncio.sleep(0.01)
        assert not waiting.done()
        logged_out(house, session)
        async with asyncio.timeout(10):
            await waiting

    house.runner.run(looked_at())
