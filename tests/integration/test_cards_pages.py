"""The pages of the cards: what is shown to whom, what comes back when something is wrong, no foreign script (K4)."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from card_office import CardOffice
from cards_written import EVIL, written
from markupsafe import escape
from sqlalchemy import Engine, update

from ami_listener.events import TransferResult
from crm.cards.drafts import AttemptDraft
from crm.cards.service import actor_of
from crm.cards.states import Result
from crm.cards.words import WORDS
from crm.database import writing
from crm.directory.words import WORDS as DIRECTORY_WORDS
from crm.outbox.models import LetterState, letters


@pytest.fixture
def office(sqlite_engine: Engine, tmp_path: Path) -> Iterator[CardOffice]:
    made = CardOffice(sqlite_engine, tmp_path)
    yield made
    made.close()


def forms(page: str) -> list[str]:
    """Names of the forms on the page of a card, the next step first."""
    return re.findall(r'id="form-([a-z_]+)"', page)


@pytest.mark.parametrize("words", [WORDS, DIRECTORY_WORDS], ids=["cards", "directory"])
def test_both_languages_have_the_same_words(words: dict[str, dict[str, str]]) -> None:
    assert words["th"].keys() == words["en"].keys()
    for key, text in words["th"].items():
        assert re.findall(r"{\w+}", text) == re.findall(r"{\w+}", words["en"][key]), key


@pytest.mark.parametrize("language", ["th", "en"])
@pytest.mark.parametrize("who", ["somsri", "niti", "mali", "admin"])
def test_lists_of_everybody(office: CardOffice, who: str, language: str) -> None:
    """K4: mine, my office's, due, overdue, all; with Thai dates."""
    card = written(office)
    first = {"somsri": "mine", "niti": "office", "mali": "overdue", "admin": "overdue"}[who]
    page = office.as_(who).get(f"/cards?lang={language}").text
    assert escape(WORDS[language][f"view_{first}"]) in page
    assert (card.number in page) == (first != "overdue")
    page = office.as_(who).get(f"/cards?lang={language}&view=all").text
    assert card.number in page
    assert ("27 พ.ย. 2569 18:30" if language == "th" else "27 Nov 2026 18:30") in page
    office.clock.forward(days=2)
    page = office.as_(who).get(f"/cards?lang={language}&view=overdue").text
    assert card.number in page
    assert WORDS[language]["overdue_since"] in page


def test_a_list_can_be_searched_and_filtered(office: CardOffice) -> None:
    legal = written(office, caller_name="วิชัย มั่นคง", caller_number="+66812345678")
    trade = written(office, "trade", caller_name="สมพร")
    browser = office.as_("mali")

    def found(query: str) -> set[str]:
        return set(re.findall(r"T-2569-\d{6}", browser.get(f"/cards?view=all&{query}").text))

    assert found("") == {legal.number, trade.number}
    assert found("q=วิชัย") == {legal.number}
    assert found("q=0812345678") == {legal.number}
    assert found("q=081-234") == {legal.number}
    assert found("q=คำถาม") == {legal.number, trade.number}
    assert found("q=%25") == set()
    assert found("department=trade") == {trade.number}
    assert found("state=closed") == set()
    assert found("state=open&q=000002") == {trade.number}
    assert browser.get("/cards?view=nonsense").status_code == 422
    assert browser.get("/cards?state=nonsense&page=1").status_code == 200


def test_long_lists_have_pages(office: CardOffice) -> None:
    for _ in range(52):
        written(office)
    browser = office.as_("somsri")
    first, second = browser.get("/cards?view=all").text, browser.get("/cards?view=all&page=2").text
    assert len(re.findall('class="cards-item"', first)) == 50
    assert len(re.findall('class="cards-item"', second)) == 2
    assert "page=2" in first


def test_the_next_step_is_there_for_who_takes_it(office: CardOffice) -> None:
    """K4: the page leads from one to the next."""
    record = office.call()
    office.transfer(record, "701", picked_up_by="carrier")
    path = f"/cards/{office.only_card().id}"
    somsri, niti, mali = (office.as_(who) for who in ("somsri", "niti", "mali"))
    assert forms(somsri.get(path).text)[0] == "complete"
    answer = somsri.send(f"{path}/complete", why="ก", question="ข", caller_name="วิชัย")
    assert answer.status_code == 303
    page = somsri.get(f"{path}?done=1").text
    assert WORDS["th"]["saved"] in page
    assert WORDS["th"]["wait_office"] in page
    assert forms(page) == ["edit", "attempt"]
    assert forms(niti.get(path).text) == ["attempt"]
    assert forms(mali.get(path).text) == ["edit", "attempt", "close_early"]
    answer = niti.send(f"{path}/attempt", result="satisfied", answer="ตอบแล้ว")
    assert answer.status_code == 303
    assert WORDS["th"]["wait_agent"] in niti.get(path).text
    assert forms(somsri.get(path).text)[0] == "follow"
    assert somsri.send(f"{path}/follow", outcome="เรียบร้อย").status_code == 303
    assert forms(somsri.get(path).text)[0] == "close"
    assert somsri.send(f"{path}/close").status_code == 303
    assert forms(somsri.get(path).text) == []
    assert forms(mali.get(path).text) == ["reopen"]
    story = somsri.get(f"{path}?lang=en").text
    for what in ("created_by_telephone", "transferred", "picked_up", "attempt", "reported", "followed_up", "closed"):
        assert WORDS["en"][f"what_{what}"] in story


def test_a_failed_transfer_says_so_and_what_to_do(office: CardOffice) -> None:
    """K3."""
    record = office.call()
    office.transfer(record, "701", result=TransferResult.BUSY)
    page = office.as_("somsri").get(f"/cards/{office.only_card().id}?lang=en").text
    assert "Transfer failed · busy" in page
    assert forms(page)[:2] == ["complete", "hand_over"]
    assert "withdraw" in forms(page)


def test_nothing_typed_is_lost(office: CardOffice) -> None:
    card = written(office)
    niti = office.as_("niti")
    page = niti.send(f"/cards/{card.id}/attempt", answer="พิมพ์ไว้ยาวมาก", details="รายละเอียด", next_due="3")
    assert page.status_code == 422
    assert "พิมพ์ไว้ยาวมาก</textarea>" in page.text
    assert "รายละเอียด</textarea>" in page.text
    assert re.search(r'<option value="3" selected', page.text)
    assert WORDS["th"]["fault_choose"] in page.text
    mali = office.as_("mali")
    page = mali.send(f"/cards/{card.id}/close_early", text="")
    assert (page.status_code, WORDS["th"]["fault_missing"] in page.text) == (422, True)
    office.cards.attempt(card.id, actor_of(office.visitor("niti")), AttemptDraft(result=Result.SATISFIED, answer="x"))
    late = niti.send(f"/cards/{card.id}/attempt", result="answered", answer="พิมพ์ไว้ก่อนหน้า")
    assert late.status_code == 409
    assert WORDS["th"]["refused_state"] in late.text


def test_the_chosen_time_is_in_working_days(office: CardOffice) -> None:
    card = written(office)
    office.as_("niti").send(f"/cards/{card.id}/attempt", result="not_reached", details="ไม่รับ", next_due="2")
    assert office.only_card().due_at is not None
    assert office.only_card().due_at.isoformat() == "2026-11-30T11:30:00+00:00"  # type: ignore[union-attr]


def test_an_agent_names_the_target_that_nobody_told(office: CardOffice) -> None:
    record = office.call()
    office.transfer(record, "carrier", kind="attended")
    path = f"/cards/{office.only_card().id}"
    browser = office.as_("somsri")
    assert 'name="target"' in browser.get(path).text
    bad = browser.send(f"{path}/complete", why="ก", question="ข", target="department nobody")
    assert (bad.status_code, WORDS["th"]["fault_target"] in bad.text) == (422, True)
    assert browser.send(f"{path}/complete", why="ก", question="ข", number="02-111-2222").status_code == 303
    assert office.only_card().to_dial == "021112222"
    assert 'name="target"' not in browser.get(path).text


def test_letters_are_shown_with_what_the_server_said(office: CardOffice) -> None:
    """Off by default: letters are kept and the page says so."""
    card = written(office)
    browser = office.as_("somsri")
    path = f"/cards/{card.id}"
    page = browser.get(path).text
    assert WORDS["th"]["letters_off"] in page
    assert "legal@example.test" in page
    with writing(office.engine) as connection:
        connection.execute(update(letters).values(state=LetterState.REFUSED, answer="550 no such user"))
    page = browser.get(path).text
    assert "550 no such user" in page
    letter = office.letters()[0]
    assert browser.send(f"{path}/letters/{letter.id}/again").status_code == 303
    assert office.letters()[0].state is LetterState.QUEUED
    assert browser.send(f"{path}/letters/{letter.id}/again").status_code == 409
    assert browser.send(f"{path}/letters/99/again").status_code == 404
    assert browser.send(f"/cards/99/letters/{letter.id}/again").status_code == 404
    assert "legal@example.test" not in office.as_("niti").get(path).text


def test_an_office_without_address_is_said(office: CardOffice) -> None:
    card = written(office, "silent")
    assert office.letters() == []
    assert WORDS["th"]["no_address"] in office.as_("somsri").get(f"/cards/{card.id}").text


@pytest.mark.parametrize("who", ["somsri", "niti", "mali"])
def test_no_script_comes_in_with_names_and_answers(office: CardOffice, who: str) -> None:
    """Stored injection: everything that people write is shown as text."""
    card = written(office, why=EVIL, question=EVIL, caller_name=EVIL)
    niti = actor_of(office.visitor("niti"))
    office.cards.attempt(
        card.id, niti, AttemptDraft(result=Result.NOT_SATISFIED, answer=EVIL, details=EVIL, officer=EVIL)
    )
    office.cards.attempt(card.id, niti, AttemptDraft(result=Result.SATISFIED, answer=EVIL))
    office.cards.follow_up(card.id, actor_of(office.visitor("somsri")), EVIL, close=False)
    with writing(office.engine) as connection:
        connection.execute(update(letters).values(state=LetterState.REFUSED, answer=EVIL))
    browser = office.as_(who)
    for page in (
        browser.get(f"/cards/{card.id}"),
        browser.get("/cards?view=all"),
        browser.get(f"/cards?view=all&q={EVIL}"),
    ):
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "script-src 'self'" in page.headers["content-security-policy"]
    typed = browser.send(f"/cards/{card.id}/object", text=EVIL * 40)  # reflected: too long, so it comes back
    assert typed.status_code in {403, 409, 422}
    assert "<script>alert" not in typed.text


def test_the_caller_s_display_name_is_not_trusted(office: CardOffice) -> None:
    record = office.call(caller=EVIL)
    office.transfer(record, "701", picked_up_by="carrier")
    page = office.as_("somsri").get(f"/cards/{office.only_card().id}").text
    assert "<script>alert" not in page
