"""Holidays in the database, in memory and in Asterisk ("The call" no. 4)."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fake_pbx import FakePbx
from sqlalchemy import Engine

from ami_listener.actions import DeleteFromDatabase, PutInDatabase
from crm.calendar.keeper import CalendarKeeper
from crm.calendar.models import HolidaySource
from crm.calendar.seed import Holiday
from crm.calendar.service import (
    BadHoliday,
    CalendarService,
    UnknownHoliday,
    add_holiday,
    list_holidays,
    remove_holiday,
    seed_holidays,
)
from crm.closure.service import ClosureService, close
from crm.database import reading, writing
from dialplan.names import Store
from dialplan.sections import Hours, Number, Queue, Trunk
from dialplan.site import HotlineSite

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)  # 10:00 in Bangkok, a Friday
FATHERS_DAY, CONSTITUTION_DAY, SPECIAL_DAY = date(2026, 12, 7), date(2026, 12, 10), date(2026, 11, 23)


def site(**hours: Any) -> HotlineSite:
    return HotlineSite(
        numbers=(Number(number="1169", queue="enquiries"),),
        trunks=(Trunk(name="provider", host="127.0.0.1"),),
        queues=(Queue(name="enquiries"),),
        hours=Hours(**hours),
    )


class Clock:
    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(engine: Engine, clock: Clock) -> CalendarService:
    return CalendarService(engine, site(), clock)


def days(engine: Engine, *, removed: bool = False) -> dict[date, str]:
    with reading(engine) as connection:
        return {line.date: line.name_en for line in list_holidays(connection, removed=removed)}


def test_this_year_and_the_next_are_seeded_once(engine: Engine, service: CalendarService) -> None:
    assert service.seed() > 30
    assert service.seed() == 0
    found = days(engine)
    assert {FATHERS_DAY, CONSTITUTION_DAY, date(2027, 12, 31)} <= found.keys()
    assert service.refresh()
    assert not service.is_open(datetime(2026, 12, 10, 3, tzinfo=UTC))


def test_what_people_removed_or_named_stays_when_seeded_again(
    engine: Engine, service: CalendarService, clock: Clock
) -> None:
    service.seed()
    with writing(engine) as connection:
        remove_holiday(connection, FATHERS_DAY, NOW)
        add_holiday(connection, SPECIAL_DAY, "วันหยุดพิเศษ", "Special", NOW)
        add_holiday(connection, CONSTITUTION_DAY, "วันรัฐธรรมนูญ", "Our own name", NOW)
    clock.now += timedelta(days=366)
    service.seed()
    clock.now = NOW
    service.seed()
    found = days(engine)
    assert FATHERS_DAY not in found
    assert FATHERS_DAY in days(engine, removed=True)
    assert found[SPECIAL_DAY] == "Special"
    assert found[CONSTITUTION_DAY] == "Our own name"
    assert date(2028, 1, 1) in found  # the year after was taken in a year later


def test_a_removed_day_can_be_added_again(engine: Engine) -> None:
    with writing(engine) as connection:
        for _ in range(2):
            add_holiday(connection, SPECIAL_DAY, "วันหยุด", "Day off", NOW)
            remove_holiday(connection, SPECIAL_DAY, NOW)
        with pytest.raises(UnknownHoliday, match="2026-11-23"):
            remove_holiday(connection, SPECIAL_DAY, NOW)
        add_holiday(connection, SPECIAL_DAY, "วันหยุด", "Day off", NOW)
        [line] = list_holidays(connection)
    assert (line.source, line.removed) == (HolidaySource.MANUAL, False)


def test_what_the_calendar_no_longer_says_goes_except_in_the_past(engine: Engine) -> None:
    past, coming = Holiday(date(2026, 11, 1), "ก", "past"), Holiday(date(2026, 12, 1), "ข", "coming")
    today, until = NOW.date(), date(2027, 12, 31)
    with writing(engine) as connection:
        assert seed_holidays(connection, [past, coming], today, until, NOW) == 2
        renamed = Holiday(past.date, "ก", "renamed")
        assert seed_holidays(connection, [renamed], today, until, NOW) == 2
    assert days(engine) == {past.date: "renamed"}


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "a\x07b"])
def test_a_holiday_needs_a_name(engine: Engine, name: str) -> None:
    with writing(engine) as connection, pytest.raises(BadHoliday, match="name"):
        add_holiday(connection, SPECIAL_DAY, name, "Day off", NOW)


def test_names_are_written_on_one_line(engine: Engine) -> None:
    with writing(engine) as connection:
        add_holiday(connection, SPECIAL_DAY, "วันหยุด\n พิเศษ", "Day\toff", NOW)
        [line] = list_holidays(connection)
    assert (line.name_th, line.name_en) == ("วันหยุด พิเศษ", "Day off")


def test_answers_come_from_memory_and_follow_a_refresh(engine: Engine, service: CalendarService) -> None:
    monday = datetime(2026, 11, 23, 3, tzinfo=UTC)
    assert not service.refresh()
    assert service.is_open(monday)
    with writing(engine) as connection:
        add_holiday(connection, SPECIAL_DAY, "วันหยุด", "Day off", NOW)
        close(connection, "1203", "somchai", "flood", NOW)
    assert service.refresh()
    assert not service.refresh()
    assert service.closed_reason(monday) == "holiday"
    assert service.closed_reason(NOW) is None
    assert service.closed_reason(NOW, "1203") == "emergency"
    assert service.next_opening(monday) == datetime(2026, 11, 24, 1, 30, tzinfo=UTC)


def test_asterisk_learns_of_differences_only(engine: Engine, service: CalendarService, clock: Clock) -> None:
    pbx = FakePbx(database={"hotline-holiday/2026-11-19": "yesterday", "hotline-holiday/2026-11-23": "วันหยุด"})
    with writing(engine) as connection:
        for day in (date(2026, 11, 19), NOW.date(), SPECIAL_DAY, FATHERS_DAY):
            add_holiday(connection, day, "วันหยุด", "Day off", NOW)
    service.refresh()
    assert asyncio.run(service.sync_to_asterisk(pbx.send)) == 3
    wanted = {"2026-11-20": "วันหยุด", "2026-11-23": "วันหยุด", "2026-12-07": "วันหยุด"}
    assert pbx.family(Store.HOLIDAY) == wanted
    pbx.sent.clear()
    assert asyncio.run(service.sync_to_asterisk(pbx.send)) == 0
    assert len(pbx.sent) == 1
    clock.now += timedelta(hours=14)  # midnight in Bangkok
    service.refresh()
    assert asyncio.run(service.sync_to_asterisk(pbx.send)) == 1
    assert "2026-11-20" not in pbx.family(Store.HOLIDAY)


def test_the_keeper_brings_every_change_to_asterisk(engine: Engine, service: CalendarService, clock: Clock) -> None:
    pbx = FakePbx(down=True)
    keeper = CalendarKeeper(service, ClosureService(engine, ["1169"], pbx.send), pbx.send, clock)

    def writes() -> int:
        return sum(isinstance(action, PutInDatabase | DeleteFromDatabase) for action in pbx.sent)

    async def story() -> None:
        assert not await keeper.look()  # Asterisk is away; the calendar is there all the same
        assert service.closed_reason(datetime(2026, 12, 10, 3, tzinfo=UTC)) == "holiday"
        pbx.down = False
        keeper.logged_in()
        assert await keeper.look()
        assert "2026-12-10" in pbx.family(Store.HOLIDAY)
        pbx.sent.clear()
        assert await keeper.look()
        assert pbx.sent == []
        with writing(engine) as connection:  # another program changes it
            remove_holiday(connection, CONSTITUTION_DAY, NOW)
            close(connection, "all", "somchai", "flood", NOW)
        assert await keeper.look()
        assert writes() == 2
        assert "2026-12-10" not in pbx.family(Store.HOLIDAY)
        assert pbx.family(Store.CLOSURE).keys() == {"all"}
        pbx.database.clear()  # Asterisk came back empty
        keeper.logged_in()
        assert await keeper.look()
        assert pbx.family(Store.CLOSURE).keys() == {"all"}
        clock.now += timedelta(days=366)
        assert await keeper.look()
        assert "2028-04-13" in pbx.family(Store.HOLIDAY)

    asyncio.run(story())
