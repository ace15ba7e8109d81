"""Real calls make records of service, and callers who were not answered are called back by hand (C2, C3, H9, D17)."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from contacts_kept import CLOSE_SECONDS, ended, enrolled, record, records, seconds_between
from desk_agent import Agent
from exchange import SURVEY, Scenario, Slot, play, verdict
from sqlalchemy import select
from telephones import Call, final_notify
from whole import GUARD_SECONDS, REST_SECONDS, WHISPERED, Whole, of

from ami_listener.events import LeaveStatus
from crm.database import reading
from crm.topics.models import topics


async def answer(agent: Agent, what: str, body: Any = None, method: str = "POST", status: int = 200) -> Any:
    """What the service says; it must not refuse."""
    given, said = await agent.ask(f"/api/{what}", body, method=method)
    assert given == status, (what, given, said)
    return said


async def a_new_caller_is_written_down_and_found_again(s: Slot) -> None:
    """C2, C3, H3 to H9: the draft is there while they talk; the times are the telephones'; who calls again is known."""
    agent, caller = await enrolled(s), s.caller()
    s.quiet(1)
    call, leg, name = await s.talk(caller=caller)
    (draft,) = await record(s, name)
    shown = (await answer(agent, "contacts/current", method="GET"))["contact"]
    assert (shown["id"], shown["call_id"], shown["state"], shown["person"]) == (draft.id, name, "draft", None)
    assert (shown["number"], shown["queue"]) == (f"+66{caller[1:]}", s.queue)
    assert [step["step"] for step in shown["steps"] if step["current"]] == ["H2"]
    person = await answer(
        agent, "people", {"fields": {"first_name": "วันดี"}, "number": caller, "contact_id": draft.id}, status=201
    )
    with reading(of(s).engine) as connection:
        topic = connection.scalar(select(topics.c.id).where(topics.c.retired_at.is_(None)))
    fields = {
        "person_id": person["id"],
        "topic_id": topic,
        "question": "ถามเรื่องส่งออก",
        "answer": "แจ้งขั้นตอนแล้ว",
        "outcome": "answered",
    }
    await answer(agent, f"contacts/{draft.id}", {"changes": fields}, "PATCH")
    await answer(agent, f"contacts/{draft.id}/steps/H4", {})
    await leg.hang_up()
    await call.heard(SURVEY)
    await call.press("1")
    await call.ended()
    (kept,) = await record(s, name, lambda now: ended(1)(now) and now[0].survey_ended_at)
    assert seconds_between(kept.begun_at, leg.answered_at) < CLOSE_SECONDS
    assert seconds_between(kept.talk_ended_at, leg.ended_at) < CLOSE_SECONDS
    steps = (await answer(agent, f"contacts/{draft.id}", method="GET"))["steps"]
    assert [step["step"] for step in steps if step["seconds"] is not None] == ["H1", "H2", "H4", "H8", "H9"]
    await answer(agent, f"contacts/{draft.id}/finish", {"changes": {"kind": "general"}})
    (kept,) = records(of(s), name)
    assert (kept.state, kept.answer, kept.person_id) == ("finished", "แจ้งขั้นตอนแล้ว", person["id"])
    s.product.cli(f"database del hotline-wrapup {s.agents[0]}")
    s.product.cli(f"queue unpause member PJSIP/{s.agents[0]} queue {s.queue}")
    again, leg, second = await s.talk(caller=caller)
    (draft,) = await record(s, second)
    assert draft.person_id == person["id"]
    pop = await answer(agent, f"contacts/pop?number={caller}", method="GET")
    assert [one["question"] for one in pop["people"][0]["contacts"]][-1:] == ["ถามเรื่องส่งออก"]
    await again.hang_up()
    await leg.ended()


async def transferred(s: Slot, leg: Call, target: str) -> None:
    assert await leg.refer(target) == 202
    await s.product.until(lambda: final_notify(leg) or leg.ended_at, 5, "transfer accepted")
    await leg.hang_up()


async def each_agent_of_a_transferred_call_has_a_record(s: Slot) -> None:
    """C2, C3: the outcome, and the extension that the call came from, are filled in by themselves."""
    await enrolled(s, 0, 1)
    call, first, name = await s.talk()
    await transferred(s, first, s.agents[1])
    second = await s.rung(1)
    await second.answer()
    await record(s, name, lambda now: len(now) == 2)
    await call.hang_up()
    await second.ended()
    given, taken = await record(s, name, ended(2))
    assert (given.agent, given.outcome, given.internal_extension) == (s.agents[0], "transferred", s.agents[1])
    assert (taken.agent, taken.outcome, taken.internal_extension) == (s.agents[1], None, s.agents[0])
    assert seconds_between(taken.talk_ended_at, second.ended_at) < CLOSE_SECONDS


async def picked_up_too_late(s: Slot, milliseconds: int) -> bool:
    """Picked up so many milliseconds from the guard's stroke, and the caller has enough; whether that was late."""
    call = await s.call()
    leg, name = await s.rung(seconds=REST_SECONDS + GUARD_SECONDS), await s.id_of(call)
    arrived = s.lines(name, "ARRIVED")[0].at
    await asyncio.sleep(arrived + GUARD_SECONDS + milliseconds / 1000 - s.exchange.network.clock())
    if leg.ended_at is None:
        await leg.answer()
    await s.product.until(lambda: s.lines(name, "ANSWERED", "ASSISTANT"), 2, "answered by whomever")
    answered = len(s.lines(name, "ANSWERED"))
    await call.hang_up()
    story = await of(s).over(name)
    assert len(await record(s, name, lambda now: len(now) == len(story.conversations))) == answered
    s.product.cli(f"database del hotline-wrapup {s.agents[0]}")
    s.product.cli(f"queue unpause member PJSIP/{s.agents[0]} queue {s.queue}")
    return leg.answered_at is not None and not answered and story.passes[0].status is LeaveStatus.TIMED_OUT


async def who_picked_up_too_late_has_no_record(s: Slot) -> None:
    """H1: with the stroke of the guard the caller is the assistant's; app_queue says "connected" all the same."""
    await enrolled(s)
    s.quiet(1)
    late = False
    for milliseconds in (-1, 0, -1, -2, 0):
        if late := await picked_up_too_late(s, milliseconds):
            break
    assert late, "nobody was too late"


async def waits_and_presses_1(s: Slot, caller: str) -> str:
    """A caller asks to be called back: the call's name."""
    call = await s.call(caller)
    await call.answered(GUARD_SECONDS + 3)
    await s.product.until(lambda: len(call.audio.tone_times(WHISPERED["queue-keys"])) > 5, 12, "keys offered")
    await call.press("1")
    name = await s.id_of(call)
    await call.ended(10)
    return name


async def dialled_by_hand(s: Slot, agent: Agent, number: str) -> tuple[Call, Call]:
    """The agent's page dials; both ends talk."""
    await agent.done("dial", {"number": number})
    leg = await s.exchange.desks.next_call(agent.extension)
    await leg.answer()
    far = await s.exchange.network.next_call(number, 8)
    await far.answer()
    return leg, far


async def waiting(agent: Agent, kind: str) -> dict[str, Mapping[str, Any]]:
    """What the agent's inbox shows, by the caller's number."""
    lists = await answer(agent, "inbox", method="GET")
    return {task["number"]: task for task in lists[kind]}


async def until_waiting(agent: Agent, kind: str, number: str, there: bool = True) -> Mapping[str, Any]:
    """The task, as soon as the inbox shows it (or, not ``there``, does not any more)."""
    tasks: dict[str, Mapping[str, Any]] = {}
    try:
        async with asyncio.timeout(8):
            while (number in (tasks := await waiting(agent, kind))) is not there:
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"{number} in {kind}: {tasks}") from None
    return tasks.get(number, {})


async def a_callback_made_by_hand(s: Slot) -> None:
    """D17: who asked is called by an agent from the inbox; the system leaves it alone, and the number may ask again."""
    s.quiet(0, 1)
    agent, caller = await enrolled(s), s.caller()
    number = f"+66{caller[1:]}"
    request = await waits_and_presses_1(s, caller)
    task = await until_waiting(agent, "callbacks", number)
    assert (task["call_id"], task["by_itself"]) == (request, True)
    await answer(agent, f"inbox/callback/{request}/take")
    leg, far = await dialled_by_hand(s, agent, caller)
    s.product.cli(f"queue unpause member PJSIP/{s.agents[0]} queue {s.queue}")
    taken = await until_waiting(agent, "callbacks", number)
    assert taken["taken_by"] is not None
    assert not taken["by_itself"]
    await far.hang_up()
    await leg.ended()
    await answer(agent, f"inbox/callback/{request}/done", status=204)
    assert number not in await waiting(agent, "callbacks")
    shows = s.product.cli
    await s.product.until(lambda: number not in shows("database show hotline-callback"), 12, "may ask again")
    story = await of(s).recorded(request, lambda now: now.callback and now.callback.state == "given_up")
    assert story.callback is not None
    assert story.callback.tries == 0
    with pytest.raises(AssertionError, match="nobody called"):
        await s.rung(seconds=3)


async def a_missed_call_is_called_back(s: Slot) -> None:
    """D17: who gave up waiting is on the list until somebody has spoken with them, which the list finds by itself."""
    s.quiet(0, 1)
    agent, caller = await enrolled(s), s.caller()
    number = f"+66{caller[1:]}"
    call = await s.call(caller)
    await call.answered(GUARD_SECONDS + 3)
    await asyncio.sleep(1.5)  # who hangs up within five seconds had not begun to wait
    await call.hang_up()
    task = await until_waiting(agent, "missed", number)
    assert task["call_id"] == await s.id_of(call)
    await answer(agent, f"inbox/missed/{task['call_id']}/take")
    leg, far = await dialled_by_hand(s, agent, caller)
    await until_waiting(agent, "missed", number, there=False)
    await leg.hang_up()
    await far.ended()


SCENARIOS: list[Scenario] = [
    a_new_caller_is_written_down_and_found_again, each_agent_of_a_transferred_call_has_a_record,
    who_picked_up_too_late_has_no_record, a_callback_made_by_hand, a_missed_call_is_called_back,
]  # fmt: skip


@pytest.fixture(scope="module")
def played(whole: Whole) -> dict[str, BaseException | None]:
    return play(whole, SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_contact(played: dict[str, BaseException | None], scenario: Scenario) -> None:
    verdict(played, scenario)
