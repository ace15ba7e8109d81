"""L9: the morning's brief and the evening's summary, taken to a real mail server and read there."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from card_office import CardOffice
from real_mail_server import running
from sqlalchemy import Engine
from test_briefs import FRIDAY, MONDAY, THURSDAY, Clock, at, fill, house

from crm.briefs.keeper import BriefKeeper
from crm.briefs.service import Kind
from crm.calendar.service import add_holiday
from crm.closure.service import close
from crm.database import reading, writing
from crm.outbox.models import LetterState
from crm.outbox.post_office import PostOffice
from crm.outbox.sender import Sender
from crm.outbox.service import list_letters
from crm.settings import BriefSettings, MailSettings

EXPECTED = {
    "th": {
        "subjects": ("สรุปก่อนเริ่มงาน", "สรุปหลังปิดบริการ"),
        "texts": ("ไม่ถึงเป้า", "75.0 %", "วันหยุดพิเศษ", "น้ำท่วม", "30 พฤศจิกายน 2569", "10:00 · สอบถามข้อมูล"),
    },
    "en": {
        "subjects": ("Brief before the day", "Summary of the day"),
        "texts": ("missed", "75.0 %", "Special holiday", "Closed now", "30 November 2026", "10:00 · สอบถามข้อมูล"),
    },
}


@pytest.mark.parametrize("language", ["th", "en"])
def test_briefs_arrive_and_read_well(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    """L9: at 08:15 and 18:40, as text and as a page that say the same, and name no caller."""
    fill(sqlite_engine, THURSDAY)
    fill(sqlite_engine, FRIDAY)
    with writing(sqlite_engine) as connection:
        close(connection, "all", "mali", "น้ำท่วม", at(THURSDAY, "14:00"))
        add_holiday(connection, MONDAY, "วันหยุดพิเศษ", "Special holiday", at(THURSDAY, "09:00"))
    office = CardOffice(sqlite_engine, tmp_path)
    office.transfer(office.call(), "701")
    card = office.only_card()
    office.close()
    clock = Clock(at(FRIDAY, "08:15"))
    settings = BriefSettings(recipients=("team@example.test",), language=language)
    keeper = BriefKeeper(replace(house(sqlite_engine, clock, settings)))
    with running(tmp_path / "chasquid", "team", "legal") as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.folder / "mail.pem"))
        mail = MailSettings(server="127.0.0.1", port=server.port, security="starttls", sender="1169@hotline.test")
        sender = Sender(sqlite_engine, [PostOffice(mail, "1169", lambda: None)], clock=clock)
        for kind, hour in ((Kind.MORNING, "08:15"), (Kind.EVENING, "18:40")):
            clock.now = at(FRIDAY, hour)
            assert keeper.due() == [(kind, FRIDAY)]
            keeper.send(kind, FRIDAY)
            all_sent(sqlite_engine, sender, clock)
        arrived = [one for one in server.delivered(3) if "team@" in one["To"]]  # the other: the card's to its office
    expected = EXPECTED[language]
    letters = sorted(arrived, key=lambda letter: expected["subjects"][0] not in letter["Subject"])
    for letter, subject in zip(letters, expected["subjects"], strict=True):
        assert subject in letter["Subject"]
        text, page = (letter.get_body((kind,)).get_content() for kind in ("plain", "html"))
        for told in (subject, card.number, *expected["texts"]):
            assert told in text, told
            assert told in page, told
        for private in ("0812345678", "+66812345678"):
            assert private not in text + page
        assert "<script" not in page
        assert "https://1169.example.test/briefs?kind=" in text


def all_sent(engine: Engine, sender: Sender, clock: Callable[[], datetime]) -> None:
    """Every letter has gone; the server may be starting."""
    assert isinstance(clock, Clock)
    deadline = time.monotonic() + 20
    while True:
        asyncio.run(sender.look_safely())
        with reading(engine) as connection:
            states = {letter.state for letter in list_letters(connection)}
        if states == {LetterState.SENT} or time.monotonic() > deadline:
            break
        clock.now += timedelta(seconds=61)
        time.sleep(0.05)
    assert states == {LetterState.SENT}
