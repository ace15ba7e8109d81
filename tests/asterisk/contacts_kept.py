"""What the whole product has on record of contacts."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from desk_agent import Agent
from exchange import Slot
from whole import Whole, of

from crm.contacts.models import Contact, contact_of, contacts
from crm.database import reading
from crm.staff.telephones import FRESH_SECONDS

CLOSE_SECONDS = 0.4


def records(whole: Whole, call_id: str) -> list[Contact]:
    """Every record of service of a call, in the order of the talks."""
    with reading(whole.engine) as connection:
        query = contacts.select().where(contacts.c.call_id == call_id).order_by(contacts.c.begun_at)
        return [contact_of(row) for row in connection.execute(query).mappings()]


async def record(s: Slot, call_id: str, wanted: Callable[[list[Contact]], object] = bool) -> list[Contact]:
    """The records of a call as soon as they are as wanted."""

    try:
        await s.product.until(lambda: wanted(records(of(s), call_id)), 8)
        return records(of(s), call_id)
    except AssertionError:
        raise AssertionError(f"{records(of(s), call_id)}, the call: {s.product.story(call_id)}") from None


def ended(wanted: int) -> Callable[[list[Contact]], bool]:
    """So many records, each of a talk that is over."""
    return lambda now: len(now) == wanted and all(one.talk_ended_at for one in now)


async def enrolled(s: Slot, *agents: int) -> Agent:
    """Accounts for these agents of the slot, which the service knows; the first one's log-in."""
    first, *_ = [Agent.enrol(of(s), s.agents[n], [s.queue]) for n in agents or (0,)]
    await asyncio.sleep(FRESH_SECONDS)
    return first


def kept_once(whole: Whole, call_id: str) -> bool:
    return ended(1)(records(whole, call_id))


def seconds_between(recorded: datetime | None, seen: float | None) -> float:
    assert recorded is not None
    assert seen is not None
    return abs(recorded.timestamp() - seen)
