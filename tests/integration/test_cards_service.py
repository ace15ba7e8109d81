"""Transfers become cards and cards are followed to their end, on both databases (K3, K4)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from card_office import CALLER, CardOffice
from sqlalchemy import Engine

from ami_listener.events import TransferEnded, TransferResult
from ami_listener.records import QueuePass
from crm.audit.service import AuditFilter, lines
from crm.cards.drafts import AttemptDraft, CardDraft, Faults
from crm.cards.records import UnknownCard
from crm.cards.service import actor_of
from crm.cards.states import Action, CardState, Handover, Refusal, Refused, Result
from crm.database import reading, writing
from crm.directory.service import resolve, uses_of
from crm.directory.targets import Target
from crm.people.models import Profile
from crm.people.numbers import normalise
from crm.people.service import create_person

BANGKOK = ZoneInfo("Asia/Bangkok")


@pytest.fixture
def office(engine: Engine, tmp_path: Path) -> Iterator[CardOffice]:
    made = CardOffice(engine, tmp_path)
    yield made
    made.close()


def target(office: CardOffice, kind: str = "department", key: str = "legal") -> Target:
    with reading(office.engine) as connection:
        return resolve(connection, office.settings, kind, key)


def draft(office: CardOffice, **more: object) -> CardDraft:
    values = {"target": target(office), "why": "เรื่องกฎหมาย", "question": "ภาษีนำเข้าผ้า", "call_id": "main-1.1",
              "caller_number": CALLER, "mode": "blind"}  # fmt: skip
    return CardDraft(**{**values, **more})  # type: ignore[arg-type]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BANGKOK)


def test_from_the_dialog_to_the_end(office: CardOffice) -> None:
    """K4: the card goes with the call, the office tries twice, reports back, the agent follows up and closes."""
    record = office.call()
    with writing(office.engine) as connection:
        person = create_person(connection, Profile(display_name="วิชัย มั่นคง"), office.clock(), normalise(CALLER))
    somsri = office.visitor("somsri")
    card = office.cards.create(draft(office), somsri)
    assert (card.number, card.state, card.handover) == ("T-2569-000001", CardState.OPEN, Handover.PLANNED)
    assert (card.person_id, card.caller_name, card.agent) == (person, "วิชัย มั่นคง", "1001")
    assert office.letters() == []

    office.transfer(record, "701", picked_up_by="carrier")
    card = office.only_card()
    assert (card.handover, card.mode, card.is_incomplete) == (Handover.CONNECTED, "blind", False)
    assert card.due_at == local("2026-11-27 18:30")  # one working day: the end of the next
    assert card.transferred_at == office.clock()
    (letter,) = office.letters()
    assert (letter.recipient, letter.kind) == ("legal@example.test", "card.new")
    assert office.settled == [("blind", "connected")]

    niti = actor_of(office.visitor("niti"))
    office.clock.forward(hours=2)
    first = AttemptDraft(result=Result.NOT_SATISFIED, answer="ใช้อัตราร้อยละ 10", details="คุยกับผู้โทรแล้ว")
    card = office.cards.attempt(card.id, niti, first)
    assert (card.state, card.due_at) == (CardState.NOT_SATISFIED, local("2026-11-27 18:30"))
    office.clock.forward(days=1)
    card = office.cards.attempt(card.id, niti, AttemptDraft(result=Result.SATISFIED, answer="ยกเว้นตามข้อตกลง"))
    assert card.state is CardState.REPORTED
    card = office.cards.follow_up(card.id, actor_of(somsri), "ผู้รับบริการได้คำตอบแล้ว", close=False)
    assert (card.state, card.outcome) == (CardState.FOLLOWED_UP, "ผู้รับบริการได้คำตอบแล้ว")
    card = office.cards.act(card.id, actor_of(somsri), Action.CLOSE)
    assert (card.state, card.due_at, card.closed_at) == (CardState.CLOSED, None, office.clock())
    assert office.story(card) == [
        "created", "transferred", "picked_up", "letter", "attempt", "attempt", "reported", "followed_up", "closed",
    ]  # fmt: skip
    with reading(office.engine) as connection:
        audit = [(line.action, line.who) for line in lines(connection, AuditFilter(subject=f"card/{card.id}"))][::-1]
    assert audit[0] == ("card.created", "somsri")
    assert ("card.attempt", "niti") in audit
    assert audit[-1] == ("card.closed", "somsri")
    assert ("card.transferred", "system") in audit


def test_a_transfer_at_the_telephone_makes_an_incomplete_card(office: CardOffice) -> None:
    """K4: every transfer, also one without the dialog; the office hears when the agent has said why and what."""
    record = office.call()
    office.transfer(record, "701", picked_up_by="carrier")
    card = office.only_card()
    assert card.by_event
    assert card.is_incomplete
    assert (card.department, card.caller_number, card.agent, card.staff_id) == (
        "legal", CALLER, "1001", office.staff["somsri"],
    )  # fmt: skip
    assert card.agent_name("en") == "Somsri Jaidee"
    assert office.letters() == []
    card = office.cards.change(card.id, office.visitor("somsri"), why="ขอคุยกับนิติกร", question="สัญญาเช่า")
    assert not card.is_incomplete
    assert [letter.recipient for letter in office.letters()] == ["legal@example.test"]
    office.book.write(record)
    assert len(office.letters()) == 1


def test_the_dialog_may_come_after_the_telephone(office: CardOffice) -> None:
    """K4: no double, whichever of the two is first."""
    record = office.call()
    office.transfer(record, "701", picked_up_by="carrier")
    office.clock.forward(seconds=20)
    card = office.cards.create(draft(office), office.visitor("somsri"))
    assert card.id == office.only_card().id
    assert (card.why, card.handover) == ("เรื่องกฎหมาย", Handover.CONNECTED)
    assert len(office.letters()) == 1


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (TransferResult.BUSY, "busy"), (TransferResult.NO_ANSWER, "no_answer"),
        (TransferResult.UNREACHABLE, "unreachable"),
    ],
)  # fmt: skip
def test_a_transfer_that_fails_comes_back(office: CardOffice, result: TransferResult, reason: str) -> None:
    """K3: the card says so and is the agent's again; the office hears nothing and sees nothing."""
    record = office.call()
    somsri = office.visitor("somsri")
    office.cards.create(draft(office), somsri)
    news = office.listening("agent/1001")
    office.transfer(record, "701", result=result)
    card = office.only_card()
    assert (card.handover, card.reason, card.handed_over_at) == (Handover.FAILED, reason, None)
    assert office.letters() == []
    told = [(message["what"], message["handover"], message["reason"]) for message in office.heard(news)]
    assert told[-1] == ("transfer_failed", "failed", reason)
    with pytest.raises(UnknownCard):
        office.cards.attempt(
            card.id, actor_of(office.visitor("niti")), AttemptDraft(result=Result.SATISFIED, answer="x")
        )
    # once more to the same place: the same card
    again = office.cards.create(draft(office, why="ลองอีกครั้ง"), somsri)
    assert (again.id, again.handover, again.why) == (card.id, Handover.PLANNED, "ลองอีกครั้ง")
    office.clock.forward(minutes=3)
    office.transfer(record, "701", picked_up_by="carrier")
    assert office.only_card().handover is Handover.CONNECTED
    assert office.settled == [("blind", "failed"), ("blind", "connected")]


def test_a_failed_transfer_may_become_a_request_to_call_back(office: CardOffice) -> None:
    """K3, K4: the agent lets the office call back."""
    record = office.call()
    somsri = office.visitor("somsri")
    card = office.cards.create(draft(office, why="", question=""), somsri)
    office.transfer(record, "701", result=TransferResult.NO_ANSWER)
    with pytest.raises(Faults) as faults:
        office.cards.act(card.id, actor_of(somsri), Action.HAND_OVER)
    assert set(faults.value.faults) == {"why", "question"}
    office.cards.change(card.id, somsri, why="a", question="b")
    card = office.cards.act(card.id, actor_of(somsri), Action.HAND_OVER)
    assert (card.handover, card.reason) == (Handover.WITHOUT_CALL, None)
    assert [letter.kind for letter in office.letters()] == ["card.new"]


def test_or_be_withdrawn(office: CardOffice) -> None:
    """K4: not silently."""
    office.call()
    somsri = office.visitor("somsri")
    card = office.cards.create(draft(office), somsri)
    with pytest.raises(Faults):
        office.cards.act(card.id, actor_of(somsri), Action.WITHDRAW)
    card = office.cards.act(card.id, actor_of(somsri), Action.WITHDRAW, "ผู้โทรเปลี่ยนใจ")
    assert (card.state, card.closed_because) == (CardState.CLOSED, "ผู้โทรเปลี่ยนใจ")


def test_a_caller_who_hangs_up_meanwhile_is_called_back(office: CardOffice) -> None:
    """K3, K4: the office has the card all the same."""
    record = office.call()
    office.cards.create(draft(office), office.visitor("somsri"))
    office.transfer(record, "701")
    assert office.only_card().handover is Handover.RINGING
    assert office.letters() == []
    record.ended_at = office.clock() + timedelta(seconds=10)
    office.book.write(record)
    assert office.only_card().handover is Handover.CALLER_GONE
    assert len(office.letters()) == 1


def test_an_attended_transfer_to_an_office_elsewhere_finds_its_card(office: CardOffice) -> None:
    """K3: Asterisk names the trunk, not the number."""
    record = office.call()
    office.cards.create(draft(office, mode="attended"), office.visitor("somsri"))
    office.transfer(record, "carrier", kind="attended")
    card = office.only_card()
    assert (card.handover, card.mode, card.department) == (Handover.CONNECTED, "attended", "legal")


def test_without_a_card_it_is_not_known_where_it_went(office: CardOffice) -> None:
    """The agent says it afterwards; then the office has it, with its own time."""
    record = office.call()
    office.transfer(record, "carrier", kind="attended")
    card = office.only_card()
    assert (card.to_key, card.is_incomplete) == ("", True)
    somsri = office.visitor("somsri")
    card = office.cards.change(card.id, somsri, why="a", question="b", target=target(office, key="trade"))
    assert (card.department, card.due_at) == ("trade", local("2026-11-30 18:30"))  # two working days
    assert [letter.recipient for letter in office.letters()] == ["trade@example.test"]
    with pytest.raises(Refused) as refused:
        office.cards.change(card.id, somsri, target=target(office))
    assert refused.value.refusal is Refusal.HANDED_OVER


def test_an_agent_as_target(office: CardOffice) -> None:
    """K3, K4: a colleague answers, and reports back like an office."""
    record = office.call()
    office.cards.create(
        draft(office, target=target(office, "agent", "1002"), mode="attended"), office.visitor("somsri")
    )
    office.transfer(record, "1002", kind="attended")
    card = office.only_card()
    assert (card.handover, card.to_staff_id, card.department) == (Handover.CONNECTED, office.staff["prasert"], None)
    prasert = actor_of(office.visitor("prasert"))
    card = office.cards.attempt(card.id, prasert, AttemptDraft(result=Result.SATISFIED, answer="ตอบแล้ว"))
    assert card.state is CardState.REPORTED
    assert office.letters() == []


def test_an_officer_gets_the_letter_at_the_own_address(office: CardOffice) -> None:
    record = office.call()
    office.cards.create(draft(office, target=target(office, "officer", "kanya")), office.visitor("somsri"))
    office.transfer(record, "1501", picked_up_by="1501")
    card = office.only_card()
    assert (card.department, card.to_staff_id) == ("trade", office.staff["kanya"])
    assert [letter.recipient for letter in office.letters()] == ["kanya@example.test"]


def test_a_call_that_is_transferred_twice_has_two_cards(office: CardOffice) -> None:
    record = office.call()
    office.transfer(record, "1002", picked_up_by="1002")
    office.clock.forward(minutes=5)
    office.transfer(record, "701", agent="1002", picked_up_by="carrier")
    assert [(card.agent, card.to_key) for card in office.all_cards()] == [("1001", "1002"), ("1002", "legal")]


def test_hearing_it_again_changes_nothing(office: CardOffice) -> None:
    """K4: after a restart everything may be told again, in other words and with times cut to the second."""
    record = office.call()
    office.clock.now = office.clock.now.replace(microsecond=420_000)
    ends = office.transfer(record, "701", result=TransferResult.BUSY)
    office.clock.forward(minutes=1)
    office.transfer(record, "702", picked_up_by="carrier")
    before = [(card, office.story(card)) for card in office.all_cards()]
    office.book.write(record, ends)
    office.book.write(record)
    for transfer in record.transfers:
        transfer.transferred_at = transfer.transferred_at.replace(microsecond=0)
    office.book.write(record)
    assert [(card, office.story(card)) for card in office.all_cards()] == before
    assert len(office.settled) == 2


def test_a_reason_that_comes_late_is_added(office: CardOffice) -> None:
    record = office.call()
    office.transfer(record, "701")
    record.passes.append(QueuePass("enquiries", 4, office.clock() + timedelta(seconds=21)))
    office.book.write(record)
    assert office.only_card().reason == "unknown"
    at = office.clock() + timedelta(seconds=20)
    end = TransferEnded(event_id="e", occurred_at=at, call_id="main-1.1", to="701", result=TransferResult.BUSY)
    office.book.write(record, [end])
    assert office.only_card().reason == "busy"
    assert office.story(office.only_card()).count("transfer_failed") == 1
    office.book.write(record)
    assert office.only_card().reason == "busy"


def test_numbers_go_by_the_buddhist_year(office: CardOffice) -> None:
    somsri = office.visitor("somsri")
    office.clock.now = local("2026-12-31 23:59")
    first = office.cards.create(draft(office, call_id=None), somsri)
    office.clock.forward(minutes=2)
    second = office.cards.create(draft(office, call_id=None), somsri)
    assert [first.number, second.number] == ["T-2569-000001", "T-2570-000001"]


@pytest.mark.parametrize(
    ("attempt", "faults"),
    [
        (AttemptDraft(result=Result.ANSWERED), {"answer"}),
        (AttemptDraft(result=Result.SATISFIED, answer="  \n "), {"answer"}),
        (AttemptDraft(result=Result.NOT_REACHED, answer="x"), {"details"}),
        (AttemptDraft(result=Result.ANSWERED, answer="x" * 4001), {"answer"}),
        (AttemptDraft(result=Result.ANSWERED, answer="x", next_due_at=local("2026-11-26 09:00")), {"next_due_at"}),
        (AttemptDraft(result=Result.ANSWERED, answer="x", next_due_at=local("2027-11-26 09:00")), {"next_due_at"}),
    ],
)
def test_what_an_attempt_must_say(office: CardOffice, attempt: AttemptDraft, faults: set[str]) -> None:
    card = office.cards.create(draft(office, without_call=True), office.visitor("somsri"))
    with pytest.raises(Faults) as found:
        office.cards.attempt(card.id, actor_of(office.visitor("niti")), attempt)
    assert set(found.value.faults) == faults
    assert office.only_card().state is CardState.OPEN


def test_a_next_attempt_may_have_its_own_time(office: CardOffice) -> None:
    """K4: with due time."""
    card = office.cards.create(draft(office, without_call=True), office.visitor("somsri"))
    when = local("2026-12-01 10:00")
    attempt = AttemptDraft(result=Result.NOT_REACHED, details="ไม่รับสาย", next_due_at=when)
    card = office.cards.attempt(card.id, actor_of(office.visitor("niti")), attempt)
    assert (card.state, card.due_at) == (CardState.OPEN, when)


def test_a_caller_who_objects_goes_back_to_the_office(office: CardOffice) -> None:
    """K4: until they are satisfied."""
    somsri = office.visitor("somsri")
    card = office.cards.create(draft(office, without_call=True), somsri)
    card = office.cards.attempt(
        card.id, actor_of(office.visitor("niti")), AttemptDraft(result=Result.SATISFIED, answer="ตอบ")
    )
    card = office.cards.act(card.id, actor_of(somsri), Action.OBJECT, "ยังไม่ได้เอกสาร")
    assert (card.state, card.due_at) == (CardState.NOT_SATISFIED, local("2026-11-27 18:30"))
    assert [letter.kind for letter in office.letters()] == ["card.new", "card.again"]


def test_only_a_supervisor_closes_early_and_opens_again(office: CardOffice) -> None:
    """K4: with a reason."""
    card = office.cards.create(draft(office, without_call=True), office.visitor("somsri"))
    for username, action in (("somsri", Action.CLOSE_EARLY), ("niti", Action.CLOSE_EARLY), ("somsri", Action.CLOSE)):
        with pytest.raises(Refused):
            office.cards.act(card.id, actor_of(office.visitor(username)), action, "because")
    mali = actor_of(office.visitor("mali"))
    with pytest.raises(Faults):
        office.cards.act(card.id, mali, Action.CLOSE_EARLY, " ")
    card = office.cards.act(card.id, mali, Action.CLOSE_EARLY, "ผู้โทรถอนเรื่อง")
    assert card.state is CardState.CLOSED
    key = card.link_key
    card = office.cards.act(card.id, mali, Action.REOPEN, "โทรมาใหม่")
    assert (card.state, card.closed_at, card.closed_because) == (CardState.OPEN, None, None)
    assert card.link_key != key
    assert card.due_at is not None


def test_one_s_own_choice_stands_higher_next_time(office: CardOffice) -> None:
    somsri = office.visitor("somsri")
    for _ in range(2):
        office.cards.create(draft(office, call_id=None), somsri)
    with reading(office.engine) as connection:
        uses = uses_of(connection, "1001")
    assert uses.own == {("department", "legal"): 2}


def test_an_outside_number_has_no_office(office: CardOffice) -> None:
    """K3: the agent writes down what the other side says."""
    record = office.call()
    office.cards.create(draft(office, target=target(office, "outside", "02-111-2222")), office.visitor("somsri"))
    office.transfer(record, "021112222", picked_up_by="carrier")
    card = office.only_card()
    assert (card.handover, card.to_dial, card.department) == (Handover.CONNECTED, "021112222", None)
    card = office.cards.attempt(
        card.id,
        actor_of(office.visitor("somsri")),
        AttemptDraft(result=Result.SATISFIED, answer="ตอบแล้ว", officer="คุณสมชาย"),
    )
    assert card.state is CardState.REPORTED
