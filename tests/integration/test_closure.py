"""The emergency switch: Asterisk obeys, the table remembers, and each puts the other right ("The call" no. 4)."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from fake_pbx import FakePbx
from sqlalchemy import Engine

from ami_listener.actions import AmiDown
from crm.closure.service import (
    FOUND_BY,
    ClosureService,
    UnknownNumber,
    close,
    closed_scopes,
    closure_history,
    reopen,
    value_of,
)
from crm.database import open_engine, reading, writing
from dialplan.names import Store

NOON = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


def switch(engine: Engine, pbx: FakePbx) -> ClosureService:
    return ClosureService(engine, ["1169", "1203"], pbx.send)


def test_closing_and_opening_again_is_obeyed_and_remembered(engine: Engine) -> None:
    pbx = FakePbx()
    closures = switch(engine, pbx)

    async def story() -> None:
        await closures.close("1169", "somchai", "flood", NOON)
        assert pbx.family(Store.CLOSURE) == {"1169": "2026-11-20T12:00:00.123456+00:00"}
        again = await closures.close("1169", "malee", "fire", LATER)
        assert (again.closed_by, again.closed_at) == ("somchai", NOON)  # closed already
        assert await closures.reopen("1169", "malee", LATER)
        assert not await closures.reopen("1169", "malee", LATER)

    asyncio.run(story())
    assert pbx.family(Store.CLOSURE) == {}
    assert closures.status() == []
    with reading(engine) as connection:
        [past] = closure_history(connection)
    assert (past.scope, past.closed_by, past.reason, past.reopened_by) == ("1169", "somchai", "flood", "malee")
    assert (past.closed_at, past.reopened_at) == (NOON, LATER)


def test_a_number_that_is_not_ours_cannot_be_closed(engine: Engine) -> None:
    with pytest.raises(UnknownNumber, match="all or one of 1169, 1203"):
        asyncio.run(switch(engine, FakePbx()).close("191", "somchai", "", NOON))


@pytest.mark.parametrize(
    ("noted", "reopened", "there", "scopes"),
    [
        ([], [], {}, set()),
        (["1169"], [], {}, {"1169"}),  # Asterisk was away when it was closed, or lost its database
        (["1169"], ["1169"], {"1169": value_of(NOON)}, set()),  # … when it was opened
        ([], [], {"1169": value_of(NOON)}, {"1169"}),  # the database was away when it was closed
        (["all"], [], {"1169": value_of(LATER)}, {"all", "1169"}),
        (["1169"], ["1169"], {"1169": value_of(LATER)}, {"1169"}),  # closed once more meanwhile
        (["1169"], [], {"1169": value_of(LATER)}, {"1169"}),  # twice at once
        ([], [], {"1169": "yes"}, {"1169"}),  # by hand, at the console
    ],
)
def test_table_and_asterisk_put_each_other_right(
    engine: Engine, noted: list[str], reopened: list[str], there: dict[str, str], scopes: set[str]
) -> None:
    pbx = FakePbx(database={f"hotline-closure/{scope}": value for scope, value in there.items()})
    with writing(engine) as connection:
        for scope in noted:
            close(connection, scope, "somchai", "", NOON)
        for scope in reopened:
            reopen(connection, scope, "somchai", LATER)
    closures = switch(engine, pbx)
    asyncio.run(closures.sync_to_asterisk(LATER + timedelta(hours=1)))
    assert pbx.family(Store.CLOSURE).keys() == scopes
    with reading(engine) as connection:
        assert closed_scopes(connection) == scopes
        history = closure_history(connection)
    assert asyncio.run(closures.sync_to_asterisk(LATER + timedelta(hours=2))) == 0  # and then it is quiet
    with reading(engine) as connection:
        assert closure_history(connection) == history
    assert all(one.closed_by in {"somchai", FOUND_BY} for one in history)


def test_with_asterisk_away_it_is_noted_and_done_at_the_login(engine: Engine) -> None:
    pbx = FakePbx(down=True)
    closures = switch(engine, pbx)
    with pytest.raises(AmiDown):
        asyncio.run(closures.close("all", "somchai", "flood", NOON))
    pbx.down = False
    assert asyncio.run(closures.sync_to_asterisk(LATER)) == 1
    assert pbx.family(Store.CLOSURE) == {"all": value_of(NOON)}


def test_an_emergency_does_not_wait_for_a_database() -> None:
    pbx = FakePbx()
    away = open_engine("postgresql://hotline@/none?host=/nowhere")
    asyncio.run(switch(away, pbx).close("all", "somchai", "flood", NOON))
    assert pbx.family(Store.CLOSURE) == {"all": value_of(NOON)}
    away.dispose()
