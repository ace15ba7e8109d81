"""Real telephones transfer real calls, and every one of them is on a card; the survey is asked once (K3, K4)."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import httpx
import pytest
from exchange import SURVEY, Exchange, Scenario, Slot, play, verdict
from handing_on import consulted, joined
from product import sound
from telephones import Call, final_notify
from whole import WRAP_UP_SECONDS, Whole, of, running, whole_settings

from crm.cards.models import transfer_cards
from crm.cards.records import Card, card_of, handovers_of, select_cards
from crm.cards.states import CardState, Handover
from crm.database import reading, writing
from crm.outbox.service import list_letters
from crm.staff import sessions
from crm.staff.access import COOKIE
from crm.staff.accounts import StaffDraft
from crm.staff.models import Role
from crm.staff.passwords import NewPassword
from crm.staff.service import create

DEPARTMENTS = [
    {"name": f"office-{n}", "extension": f"7{n:02}", "dial": f"0211100{n:02}", "label_en": f"Office {n}",
     "email": f"office{n}@example.test"}
    for n in range(10, 14)
]  # fmt: skip


def cards_of(whole: Whole, call_id: str) -> list[Card]:
    with reading(whole.engine) as connection:
        query = select_cards().where(transfer_cards.c.call_id == call_id).order_by(transfer_cards.c.id)
        return [card_of(row) for row in connection.execute(query)]


async def card(s: Slot, call_id: str, *handovers: Handover) -> Card:
    """The one card of the call, as soon as it says so."""

    def found() -> Card | None:
        cards = cards_of(of(s), call_id)
        return cards[0] if len(cards) == 1 and cards[0].handover in handovers else None

    try:
        return cast(Card, await s.product.until(found, 8))
    except AssertionError:
        told = [(one.handover, one.reason, one.to_key) for one in cards_of(of(s), call_id)]
        raise AssertionError(f"cards say {told}, the call: {s.product.story(call_id)}") from None


async def blind(s: Slot, leg: Call, target: str) -> None:
    assert await leg.refer(target) == 202
    await s.product.until(lambda: final_notify(leg) or leg.ended_at, 5, "transfer accepted")
    await leg.hang_up()


async def rated_once(s: Slot, call: Call) -> None:
    """H7: the survey is still asked, once."""
    await call.heard(SURVEY)
    await call.press("1")
    name = await s.id_of(call)
    await call.ended()
    assert len(s.lines(name, "SURVEYASKED")) == 1


async def blind_to_a_colleague(s: Slot) -> None:
    """K3, K4: by the telephone itself; made at once, incomplete, true when the colleague has picked up."""
    call, first, name = await s.talk()
    await blind(s, first, s.agents[1])
    second = await s.rung(1)
    made = await card(s, name, Handover.RINGING)
    assert (made.by_event, made.is_incomplete, made.mode) == (True, True, "blind")
    assert (made.agent, made.to_dial, made.caller_number) == (*s.agents, f"+66{call.caller[1:]}")
    await second.answer()
    made = await card(s, name, Handover.CONNECTED)
    assert made.picked_up_at is not None
    await asyncio.sleep(0.3)
    await second.hang_up()
    await rated_once(s, call)
    await of(s).over(name)
    assert (await card(s, name, Handover.CONNECTED)).state is CardState.OPEN


async def blind_to_a_department(s: Slot) -> None:
    """K3, K4: the office elsewhere answers; when the card is complete its letter is on the way."""
    call, first, name = await s.talk()
    await blind(s, first, "710")
    office = await s.exchange.network.next_call("021110010", 8)
    await office.answer()
    made = await card(s, name, Handover.CONNECTED)
    assert (made.department, made.to_name_en, made.mode) == ("office-10", "Office 10", "blind")
    await office.hang_up()
    await rated_once(s, call)


async def not_picked_up(s: Slot) -> None:
    """K3: busy there; the caller is in the queue again, the card says why and is the agent's."""
    s.quiet(1)
    call, first, name = await s.talk()
    await blind(s, first, s.agents[1])
    (await s.rung(1)).reject(486)
    made = await card(s, name, Handover.FAILED)
    assert (made.reason, made.handed_over_at) == ("busy", None)
    await call.heard(sound("transfer-failed"))
    again = await s.rung(0, seconds=WRAP_UP_SECONDS + 4)
    await again.answer()
    await asyncio.sleep(0.5)
    await again.hang_up()
    await rated_once(s, call)
    await of(s).over(name)
    assert (await card(s, name, Handover.FAILED)).reason == "busy"  # who answers later is not who it was meant for


async def not_picked_up_at_first(s: Slot) -> None:
    """K3, K4: once more to the same office, after a failure: one card, both hand-overs on it."""
    s.quiet(1)
    call, first, name = await s.talk()
    await blind(s, first, "711")
    (await s.exchange.network.next_call("021110011", 8)).reject(480)
    await card(s, name, Handover.FAILED)
    again = await s.rung(0, seconds=WRAP_UP_SECONDS + 6)
    await again.answer()
    await asyncio.sleep(0.5)
    await blind(s, again, "711")
    office = await s.exchange.network.next_call("021110011", 8)
    await office.answer()
    made = await card(s, name, Handover.CONNECTED)
    with reading(of(s).engine) as connection:
        assert [line.result for line in handovers_of(connection, card_id=made.id)] == ["failed", "connected"]
    await office.hang_up()
    await rated_once(s, call)


async def attended_to_a_colleague(s: Slot) -> None:
    """K3, K4: REFER with Replaces."""
    call, first, name = await s.talk()
    consult, second = await consulted(s, first)
    assert cards_of(of(s), name) == []  # asking a colleague is no transfer
    await joined(s, first, consult)
    made = await card(s, name, Handover.CONNECTED)
    assert (made.mode, made.agent, made.to_dial) == ("attended", *s.agents)
    await second.hang_up()
    await rated_once(s, call)


async def attended_to_a_department(s: Slot) -> None:
    """K3, K4: over the trunk; whom the agent had called is whom the card names."""
    call, first, name = await s.talk()
    await first.hold()
    consult = await s.exchange.desks.call("712", s.agents[0])
    office = await s.exchange.network.next_call("021110012", 8)
    await office.answer()
    await consult.answered()
    await asyncio.sleep(0.5)
    await joined(s, first, consult)
    made = await card(s, name, Handover.CONNECTED)
    assert (made.mode, made.department, made.to_dial) == ("attended", "office-12", "712")
    await office.hang_up()
    await rated_once(s, call)


async def the_caller_hangs_up_while_it_rings(s: Slot) -> None:
    """K3, K4: the office has the card, to call back."""
    call, first, name = await s.talk()
    await blind(s, first, s.agents[1])
    await s.rung(1)
    await card(s, name, Handover.RINGING)
    await call.hang_up()
    made = await card(s, name, Handover.CALLER_GONE)
    assert made.handed_over_at is not None


async def with_the_dialog(s: Slot) -> None:
    """K4: the card written before is the card of the transfer; complete, so the office gets its letter."""
    whole = of(s)
    call, first, name = await s.talk()
    with writing(whole.engine) as connection:
        now = datetime.now(UTC)
        draft = StaffDraft(username=f"agent.{s.agents[0]}", role=Role.AGENT, name_en="Somsri", extension=s.agents[0])
        staff_id = create(connection, draft, now, None, NewPassword("", "nobody logs in", is_temporary=False))
        token = sessions.begin(connection, staff_id, now)
        found = sessions.visitor_of(connection, token, now)
    assert found is not None
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{whole.site.ports.web}",
        cookies={COOKIE: token},
        headers={"X-CSRF-Token": found[0].csrf, "Accept": "application/json"},
        trust_env=False,
    ) as browser:
        body = {"to": {"kind": "department", "key": "office-13"}, "why": "ข้อกฎหมาย", "question": "ภาษี", "mode": "blind"}
        answer = await browser.post("/api/cards", json=body)
        assert answer.status_code == 201, answer.text
        planned = answer.json()
        assert (planned["call_id"], planned["handover"]) == (name, "planned")
        await blind(s, first, planned["number_to_dial"])
        office = await s.exchange.network.next_call("021110013", 8)
        await office.answer()
        made = await card(s, name, Handover.CONNECTED)
        assert (made.id, made.by_event, made.why) == (planned["id"], False, "ข้อกฎหมาย")
        assert (await browser.get(f"/cards/{made.id}")).status_code == 200
    with reading(whole.engine) as connection:
        letters = [letter for letter in list_letters(connection) if letter.about == f"card/{made.id}"]
    assert [letter.recipient for letter in letters] == ["office13@example.test"]
    await office.hang_up()
    await rated_once(s, call)


SCENARIOS: list[Scenario] = [
    blind_to_a_colleague, blind_to_a_department, not_picked_up, not_picked_up_at_first, attended_to_a_colleague,
    attended_to_a_department, the_caller_hangs_up_while_it_rings, with_the_dialog,
]  # fmt: skip


@pytest.fixture(scope="module")
def offices(tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path) -> Iterator[Whole]:
    """A whole product with departments behind the trunk."""
    settings = whole_settings(
        tmp_path_factory.mktemp("offices"), asterisk_root, slots=len(SCENARIOS) + 1, departments=DEPARTMENTS
    )
    with running(settings, asterisk_root) as product:
        yield product


@pytest.fixture(scope="module")
def played(offices: Whole) -> dict[str, BaseException | None]:
    return play(offices, SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_card(played: dict[str, BaseException | None], scenario: Scenario) -> None:
    verdict(played, scenario)


def test_the_figures_know_of_transfers(offices: Whole, played: dict[str, BaseException | None]) -> None:
    """K3: how each ended; and how many cards are open."""

    def figures() -> dict[str, float] | None:
        found = offices.metrics()
        wanted = {
            'hotline_transfers_total{kind="blind",result="failed"}': 2,
            'hotline_transfers_total{kind="blind",result="caller_gone"}': 1,
            'hotline_transfers_total{kind="attended",result="connected"}': 2,
            'hotline_transfers_total{kind="blind",result="connected"}': 4,
            "hotline_cards_open": len(SCENARIOS),
        }
        return found if wanted.items() <= found.items() else None

    assert asyncio.run(offices.until(figures, 10, "figures"))


def test_a_transfer_while_the_service_was_dead_has_its_card_afterwards(
    offices: Whole, played: dict[str, BaseException | None]
) -> None:
    """K4: killed, and started again: Asterisk's journal tells of the transfer, once."""
    kept: dict[str, str] = {}

    async def transfer_alone() -> None:
        exchange = await Exchange.open(offices)
        try:
            s = Slot(exchange, len(SCENARIOS))
            call, first, name = await s.talk()
            await of(s).recorded(name, lambda story: story.record.conversations)
            offices.installation.kill_service()
            await blind(s, first, s.agents[1])
            second = await s.rung(1)
            await second.answer()
            await asyncio.sleep(0.3)
            await second.hang_up()
            await call.heard(SURVEY)
            await call.press("1")
            await call.ended()
            kept.update(call=name, to=s.agents[1])
        finally:
            await exchange.close()

    asyncio.run(transfer_alone())
    for _ in range(2):  # and once more: nothing is told twice
        offices.installation.start_service()
        asyncio.run(offices.until(lambda: cards_of(offices, kept["call"]), 10, "card"))
        made = cards_of(offices, kept["call"])
        assert [(one.handover, one.to_dial) for one in made] == [(Handover.CONNECTED, kept["to"])]
        offices.installation.stop_service()
    offices.installation.start_service()
