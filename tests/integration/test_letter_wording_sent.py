"""Letters made from a changed wording, in both languages; one that was looked at before is looked at again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from basket_room import BasketRoom
from sqlalchemy import Engine

from crm.basket.kept_wording import change_wording, kept_wordings
from crm.basket.wording import DEFAULTS, Wording
from crm.database import reading, writing
from hotline.settings import parse
from hotline.settings_file import first_settings

TH = Wording("เรื่อง {about} ถึง {name}", "สวัสดี {name}\n\nจาก {house}", "ขอบคุณ <b>มาก</b>\n{agent} โทร {telephone}")
EN = Wording("To {name}[ about {about}]", "Hello {name},\n\nfrom {house}", "Thank you <script>x</script>\n{agent}")


class Head:
    """Whoever changes it."""

    username = "vipa"

    def __init__(self, staff_id: int) -> None:
        self.staff_id = staff_id


@pytest.fixture
def room(engine: Engine, tmp_path: Path) -> Iterator[BasketRoom]:
    text = first_settings().replace("\n[site]\n", '\n[site]\nstate_folder = "state"\n', 1)
    running = BasketRoom(engine, parse(text, tmp_path / "hotline.toml"))
    running.knowledge.put("article", "7", "การจดทะเบียนผู้ส่งออก", text="ยื่นแบบ สค.1")
    yield running
    running.close()


def say(room: BasketRoom, language: str, wording: Wording) -> None:
    with writing(room.engine) as connection:
        version = kept_wordings(connection)[language].version
        change_wording(connection, language, wording, version, room.at, Head(room.staff_ids["vipa"]))


def ready(room: BasketRoom, channel: str = "telephone", **fields: Any) -> int:
    """A basket with everything verified."""
    contact = room.contact(channel=channel, answer="จดทะเบียนก่อน")
    told = {"recipient": "somchai@example.test", "recipient_name": "คุณสมชาย", **fields}
    room.send("PATCH", f"/api/basket/{contact}", told)
    room.verify(contact, room.put_in(contact, "article", "7"))
    return contact


def preview(room: BasketRoom, contact: int) -> Any:
    return room.get(f"/api/basket/{contact}/preview")


def test_letters_say_it_in_both_languages(room: BasketRoom) -> None:
    """H6: the caller's name, the answer and the list, in the supervisor's words; what is typed as HTML is text."""
    say(room, "th", TH)
    say(room, "en", EN)
    thai, english = ready(room), ready(room, language="en", recipient_name="Jane <i>Miller</i>")
    for contact in (thai, english):
        assert room.deliver(contact).status_code == 200
    [letter] = room.letters(thai)
    assert letter.subject == "เรื่อง เรื่องที่สอบถาม ถึง คุณสมชาย"
    assert letter.text.startswith("สวัสดี คุณสมชาย\n\nจาก ")
    assert letter.text.index("จดทะเบียนก่อน") < letter.text.index("1. การจดทะเบียนผู้ส่งออก")
    assert "\n\nขอบคุณ <b>มาก</b>\nนางสาวสมศรี ใจดี โทร 1169\n" in letter.text
    assert letter.html is not None
    for part in ("<p>สวัสดี คุณสมชาย</p>", "ขอบคุณ &lt;b&gt;มาก&lt;/b&gt;<br>นางสาวสมศรี ใจดี", "จดทะเบียนก่อน"):
        assert part in letter.html
    assert "ขอแสดงความนับถือ" not in letter.text + letter.html
    [letter] = room.letters(english)
    assert letter.subject == "To Jane <i>Miller</i>"
    assert letter.text.startswith("Hello Jane <i>Miller</i>,\n\nfrom ")
    assert letter.html is not None
    assert "Thank you &lt;script&gt;x&lt;/script&gt;<br>" in letter.html
    assert "<title>To Jane &lt;i&gt;Miller&lt;/i&gt;</title>" in letter.html
    for planted in ("<script", "<i>"):
        assert planted not in letter.html


def test_what_was_previewed_is_what_is_sent(room: BasketRoom) -> None:
    """H6: a change between preview and sending is seen before the letter leaves; the verified items stay verified."""
    contact = ready(room)
    seen = preview(room, contact)
    say(room, "en", EN)  # the other language does not concern it
    assert preview(room, contact)["print"] == seen["print"]
    say(room, "th", TH)
    late = room.ask("POST", f"/api/basket/{contact}/send", {"seen": seen["print"]})
    assert (late.status_code, late.json()["code"]) == (409, "letter_changed")
    assert room.letters(contact) == []
    assert room.problems(contact) == []
    again = preview(room, contact)
    assert "สวัสดี คุณสมชาย" in again["text"]
    room.send("POST", f"/api/basket/{contact}/send", {"seen": again["print"]})
    assert room.letters(contact)[0].text == again["text"]


def test_what_waits_to_be_sent_stays_as_it_was_verified(room: BasketRoom) -> None:
    """H6: the outbox has the letter itself, not its template."""
    contact = ready(room)
    room.deliver(contact)
    [before] = room.letters(contact)
    say(room, "th", TH)
    [after] = room.letters(contact)
    assert (after.subject, after.text, after.html) == (before.subject, before.text, before.html)
    assert "ขอแสดงความนับถือ" in after.text


def test_a_visitor_checks_again_what_says_something_else(room: BasketRoom) -> None:
    """W6: at the counter too nothing leaves but what was checked."""
    contact = ready(room, "counter")
    room.send("POST", f"/api/basket/{contact}/confirmed-here")
    assert room.problems(contact) == []
    say(room, "th", TH)
    assert room.problems(contact) == ["not_confirmed"]
    say(room, "th", DEFAULTS["th"])  # and back: it is what was checked
    assert room.problems(contact) == []
    assert room.deliver(contact).status_code == 200


def test_a_default_that_was_not_changed_is_not_kept(room: BasketRoom) -> None:
    """A newer version of the program brings its own default where nobody has chosen other words."""
    say(room, "th", Wording(TH.subject, DEFAULTS["th"].opening, DEFAULTS["th"].closing))
    with reading(room.engine) as connection:
        row = connection.exec_driver_sql("SELECT subject, opening, closing, version FROM letter_wordings").one()
    assert tuple(row) == (TH.subject, None, None, 1)
