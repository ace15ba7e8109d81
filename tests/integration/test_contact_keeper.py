"""Records of service come by themselves: also when the database is away, when two do it at once, after a restart."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from contact_talk import arrive, made
from records_rig import NOON, RecordsRig
from sqlalchemy import Engine, func, select, text, update

from ami_listener.events import AgentLegEnded, CallAnswered, CallEnded, StreamResumed
from ami_listener.records import CallRecord
from crm.autosave.service import Author
from crm.contacts.facts import talks_of
from crm.contacts.keeper import ContactKeeper
from crm.contacts.keeping import Kept, keep
from crm.contacts.models import contacts
from crm.contacts.service import change_contact
from crm.database import reading, writing
from crm.people.numbers import normalise
from crm.staff.models import staff
from hotline.settings import parse
from hotline.settings_file import first_settings


def count(engine: Engine) -> int:
    with reading(engine) as connection:
        return connection.scalar(select(func.count()).select_from(contacts)) or 0


def pick_up(rig: RecordsRig, call: str = "c1") -> CallRecord:
    """A call is answered, and nobody has seen to its record yet."""
    arrive(rig, call)
    event = made(rig, CallAnswered, call, queue="enquiries", agent="1001", agent_channel="PJSIP/1001-1")
    rig.calls.apply(event)
    rig.records.keeper.happened(event)
    record = rig.calls.find(call)
    assert record is not None
    return record


def test_while_the_database_is_locked_everything_stays_noted(hasty_engine: Engine, tmp_path: Path) -> None:
    rig = RecordsRig(hasty_engine, parse(first_settings(), tmp_path / "hotline.toml"))
    pick_up(rig)
    with writing(hasty_engine) as other:
        other.execute(text("UPDATE staff SET updated_at = updated_at"))
        assert rig.work() is False
    assert count(hasty_engine) == 0
    assert rig.work() is True
    assert count(hasty_engine) == 1
    rig.close()


def test_two_who_do_it_at_once_make_one_record(rig: RecordsRig) -> None:
    [talk] = talks_of(pick_up(rig), normalise)

    def make() -> Kept | None:
        with writing(rig.engine) as connection:
            return keep(connection, talk, rig.staff_ids["somsri"], rig.at, {})

    with ThreadPoolExecutor(4) as threads:
        made_by = [done.result() for done in [threads.submit(make) for _ in range(4)]]
    assert [one for one in made_by if one and one.new] != []
    assert count(rig.engine) == 1


def test_it_goes_on_by_itself_and_ends_at_once(rig: RecordsRig) -> None:
    told: list[Kept] = []
    pick_up(rig)

    async def live() -> None:
        keeper = ContactKeeper(rig.engine, rig.find_call, rig.records.normalise, told.append, rig.clock)
        running = asyncio.create_task(keeper.run())
        keeper.happened(made(rig, CallAnswered, queue="enquiries", agent="1001"))
        while not told:
            await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.wait([running], timeout=2)
        assert running.cancelled()

    asyncio.run(live())
    assert told[0].new
    assert told[0].contact.call_id == "c1"


def test_calls_from_before_the_account_and_of_who_left_have_no_record(rig: RecordsRig) -> None:
    with writing(rig.engine) as connection:
        new = staff.c.username == "somsri"
        connection.execute(update(staff).where(new).values(created_at=NOON + timedelta(hours=1)))
    pick_up(rig)
    assert rig.work()
    assert count(rig.engine) == 0
    rig.later(7200)
    pick_up(rig, "c2")
    assert rig.work()
    assert count(rig.engine) == 1
    with writing(rig.engine) as connection:
        connection.execute(update(staff).values(active=False))
    pick_up(rig, "c3")
    assert rig.work()
    assert count(rig.engine) == 1


def test_looking_back_neither_doubles_nor_undoes_what_was_written(rig: RecordsRig) -> None:
    pick_up(rig)
    assert rig.work()
    contact_id = rig.get("/api/contacts/current")["contact"]["id"]
    with writing(rig.engine) as connection:
        author = Author(rig.staff_ids["somsri"], "สมศรี")
        change_contact(connection, contact_id, {"notes": "ของฉัน", "language": "en"}, rig.at, author=author)
    rig.later(30)
    rig.calls.apply(made(rig, AgentLegEnded, agent="1001", agent_channel="PJSIP/1001-1"))
    rig.record("c1")
    for turn in range(3):
        rig.play(StreamResumed(event_id=f"r{turn}", occurred_at=rig.at, live_calls=frozenset()))
    assert count(rig.engine) == 1
    shown = rig.get(f"/api/contacts/{contact_id}")
    assert (shown["notes"], shown["language"]) == ("ของฉัน", "en")


def test_calls_of_telephones_without_an_account_are_not_looked_at(rig: RecordsRig) -> None:
    looked_at: list[str] = []

    def find_call(call_id: str) -> CallRecord | None:
        looked_at.append(call_id)
        return rig.find_call(call_id)

    async def play() -> None:
        keeper = ContactKeeper(rig.engine, find_call, rig.records.normalise, lambda _kept: None, rig.clock)
        assert await keeper.work()
        keeper.happened(made(rig, CallAnswered, "other", queue="enquiries", agent="9999"))
        keeper.happened(made(rig, CallEnded, "other"))
        assert await keeper.work()
        keeper.happened(made(rig, CallAnswered, "mine", queue="enquiries", agent="1001"))
        keeper.happened(made(rig, CallEnded, "mine"))
        assert await keeper.work()

    pick_up(rig, "mine")
    asyncio.run(play())
    assert looked_at == ["mine"]


def test_after_a_restart_the_survey_of_a_call_that_went_on_is_still_seen_to(rig: RecordsRig) -> None:
    looked_at: list[str] = []
    pick_up(rig)
    assert rig.work()

    async def play() -> None:
        again = ContactKeeper(rig.engine, looked_at.append, rig.records.normalise, print, rig.clock)
        assert await again.work()
        again.happened(made(rig, CallEnded))
        assert await again.work()

    asyncio.run(play())
    assert looked_at == ["c1"]
