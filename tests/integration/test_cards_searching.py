"""Past cards are found by what was asked; what is deleted leaves nothing in the index (H5, R7)."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from card_office import CALLER, CardOffice
from sqlalchemy import Engine, delete, func, select, update

from crm.cards.drafts import CardDraft
from crm.cards.models import transfer_cards
from crm.cards.searching import forget_gone_cards, index_cards
from crm.database import reading, writing
from crm.directory.service import resolve
from crm.search.asking import search
from crm.search.models import Kind, search_passages, search_postings, useful_answers
from crm.search.useful import forget_questions, mark_useful
from crm.staff.models import Role
from hotline.office.knowledge import IndexKeeper

QUESTION = "ผู้ซื้อต่างประเทศไม่ชำระเงินค่ากล้วยไม้"


@pytest.fixture
def office(engine: Engine, tmp_path: Path) -> Iterator[CardOffice]:
    made = CardOffice(engine, tmp_path)
    yield made
    made.close()


def _card(office: CardOffice, question: str = QUESTION) -> int:
    office.call()
    with reading(office.engine) as connection:
        target = resolve(connection, office.settings, "department", "legal")
    draft = CardDraft(
        target=target, why="เรื่องกฎหมาย", question=question, call_id="main-1.1", caller_number=CALLER, mode="blind"
    )
    return office.cards.create(draft, office.visitor("somsri")).id


def _found(engine: Engine, role: Role = Role.AGENT) -> list[tuple[str, int]]:
    with reading(engine) as connection:
        return [(one.kind, one.ref) for one in search(connection, "กล้วยไม้ ผู้ซื้อไม่จ่ายเงิน", role)]


def test_past_cards_are_found_without_the_callers_number(office: CardOffice) -> None:
    card = _card(office)
    assert _found(office.engine) == []
    assert index_cards(office.engine) == 1
    assert _found(office.engine) == [(Kind.CARD, card)]
    assert _found(office.engine, Role.OFFICER) == []  # they see those of their own office on its page
    with reading(office.engine) as connection:
        shown = [*connection.execute(select(search_passages.c.title, search_passages.c.body)).one()]
    assert not any(CALLER[-8:] in text for text in shown)
    with writing(office.engine) as connection:
        connection.execute(
            update(transfer_cards).values(question="ภาษีนำเข้าผ้าไหม", updated_at=office.clock().replace(year=2030))
        )
    index_cards(office.engine)
    with reading(office.engine) as connection:
        assert connection.scalar(select(search_passages.c.title)) == "ภาษีนำเข้าผ้าไหม"  # as it is now


def test_R7_deleted_cards_and_questions_leave_nothing_to_be_found(office: CardOffice) -> None:
    card = _card(office)
    index_cards(office.engine)
    with writing(office.engine) as connection:
        mark_useful(connection, Kind.CARD, card, "กล้วยไม้ของดิฉันชื่อมาลี", office.clock(), staff_id=None, contact_id=7)
        mark_useful(connection, Kind.CARD, card, "ผู้ซื้อโกง", office.clock(), staff_id=None, contact_id=8)
    with writing(office.engine) as connection:
        assert forget_gone_cards(connection) == 0
        assert forget_questions(connection, [7]) == 1
        connection.execute(delete(transfer_cards).where(transfer_cards.c.id == card))
        assert forget_gone_cards(connection) == 1
        assert forget_questions(connection, [8]) == 1
    assert _found(office.engine) == []
    with reading(office.engine) as connection:
        for table in (search_passages, search_postings, useful_answers):
            assert connection.scalar(select(func.count()).select_from(table)) == 0


def test_R7_what_was_asked_two_years_ago_is_forgotten_once_a_day(office: CardOffice) -> None:
    now = office.clock()
    with writing(office.engine) as connection:
        for years, asked in ((3, "ราคากุ้งของคุณมานี"), (1, "ราคาไข่ไก่")):
            mark_useful(connection, Kind.ARTICLE, 1, asked, now - timedelta(days=365 * years), staff_id=None)
    keeper = IndexKeeper(office.engine, lambda: now)
    assert keeper.forget_old() == 1
    with reading(office.engine) as connection:
        assert list(connection.scalars(select(useful_answers.c.question))) == ["ราคาไข่ไก่"]
        assert connection.scalar(select(func.count()).select_from(search_passages)) == 1
    now += timedelta(days=800)
    assert keeper.forget_old() == 1
    assert keeper.forget_old() == 0
