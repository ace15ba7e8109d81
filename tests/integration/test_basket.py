"""Baskets: what is put in, verified item by item, and sent; and that nothing else leaves (H5, H6, W6, W7, H9)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from basket_room import PDF, BasketRoom
from sqlalchemy import Engine

from crm.basket.history import letter_history
from crm.database import reading
from crm.outbox.models import LetterState
from crm.outbox.service import files_of
from hotline.settings import parse
from hotline.settings_file import first_settings


@pytest.fixture
def room(engine: Engine, tmp_path: Path) -> Iterator[BasketRoom]:
    text = first_settings().replace("\n[site]\n", '\n[site]\nstate_folder = "state"\n', 1)
    text = text.replace("\n[web]\n", '\n[web]\npublic_url = "https://hotline.test"\n', 1)
    text = text.replace("\n[mail]\n", "\n[mail]\nattached_mb = 1\n", 1)
    running = BasketRoom(engine, parse(text, tmp_path / "hotline.toml"))
    running.knowledge.put(
        "article",
        "7",
        "การจดทะเบียนผู้ส่งออก",
        text="ยื่นแบบ สค.1",
        html="<p>ยื่นแบบ <b>สค.1</b></p>",
        url="https://www.ditp.go.th/el",
    )
    running.knowledge.put("dealer", "3", "Thai Rubber Co.", text="02 111 2222")
    yield running
    running.close()


def write(room: BasketRoom, contact: int, **fields: Any) -> Any:
    return room.send("PATCH", f"/api/basket/{contact}", fields)


def test_search_to_letter(room: BasketRoom) -> None:
    """H5, H6: what was found lies in the basket, is verified item by item, and leaves as one letter with its answer."""
    contact = room.contact(question="จะส่งออกต้องทำอย่างไร", answer="จดทะเบียนก่อน")
    (hit,) = room.get(f"/api/basket/{contact}/find?q=การจดทะเบียนผู้ส่งออก")["hits"]
    item = room.put_in(contact, hit["kind"], hit["ref"])
    assert room.put_in(contact, "article", "7")["id"] == item["id"]  # not twice
    assert room.problems(contact) == ["address_empty", "unverified"]
    write(room, contact, recipient="somchai@example.test", recipient_name="คุณสมชาย", note="ขอบคุณ")
    refused = room.deliver(contact)
    assert (refused.status_code, refused.json()["code"]) == (409, "unverified")
    half = room.send("PUT", f"/api/basket/{contact}/items/{item['id']}/checks", {"checks": ["answers"]})
    assert half["items"][0]["standing"] == "open"
    assert room.verify(contact, item)["standing"] == "verified"
    preview = room.get(f"/api/basket/{contact}/preview")
    assert "เรียน คุณสมชาย" in preview["text"]
    assert "<b>สค.1</b>" in preview["body"]
    sent = room.deliver(contact).json()
    assert [one["state"] for one in sent["letters"]] == ["queued"]
    assert sent["items"][0]["standing"] == "sent"
    (letter,) = room.letters(contact)
    assert letter.recipient == "somchai@example.test"
    assert letter.text == preview["text"]
    assert letter.html is not None
    for part in ("จดทะเบียนก่อน", "การจดทะเบียนผู้ส่งออก", "https://www.ditp.go.th/el", "ขอบคุณ", "1169", "สมศรี"):
        assert part in letter.text
        assert part in letter.html
    assert room.deliver(contact).json()["code"] == "nothing"  # a second press
    actions = {line.action for line in room.audit(f"contact/{contact}")}
    assert {"basket.added", "basket.verified", "basket.sent"} <= actions


def test_what_changes_after_it_was_verified_does_not_leave(room: BasketRoom) -> None:
    """H6: the knowledge base, the item and the letter must be those that were looked at."""
    contact = room.contact()
    write(room, contact, recipient="somchai@example.test")
    item = room.put_in(contact, "article", "7")
    room.verify(contact, item)
    room.knowledge.change("article", "7", version="2", text="ยื่นแบบใหม่")
    assert room.problems(contact) == ["changed"]
    renewed = room.send("POST", f"/api/basket/{contact}/items/{item['id']}/renew")
    assert renewed["items"][0]["standing"] == "open"
    assert room.problems(contact) == ["unverified"]
    room.verify(contact, item)
    seen = room.get(f"/api/basket/{contact}/preview")["print"]
    write(room, contact, recipient="somebody@example.test")
    late = room.ask("POST", f"/api/basket/{contact}/send", {"seen": seen})
    assert late.json()["code"] == "letter_changed"
    room.knowledge.change("article", "7", warning="หมดอายุแล้ว")
    assert room.problems(contact) == ["changed"]
    del room.knowledge.pieces["article", "7"]
    assert room.problems(contact) == ["withdrawn"]
    assert room.deliver(contact).status_code == 409
    assert room.letters(contact) == []


def test_two_tabs_send_one_letter(room: BasketRoom) -> None:
    """H6: whoever is second finds nothing to send, and what one tab writes is not what the other has previewed."""
    contact = room.contact()
    write(room, contact, recipient="somchai@example.test")
    room.verify(contact, room.put_in(contact, "article", "7"))
    seen = room.get(f"/api/basket/{contact}/preview")["print"]
    write(room, contact, note="จากอีกแท็บ")
    assert room.ask("POST", f"/api/basket/{contact}/send", {"seen": seen}).json()["code"] == "letter_changed"
    seen = room.get(f"/api/basket/{contact}/preview")["print"]
    with ThreadPoolExecutor() as tabs:
        told = [tabs.submit(room.tab().ask, "POST", f"/api/basket/{contact}/send", {"seen": seen}) for _ in range(4)]
        codes = sorted(answer.result().status_code for answer in told)
    assert codes == [200, 409, 409, 409]
    assert len(room.letters(contact)) == 1


def test_no_request_goes_round_the_verification(room: BasketRoom) -> None:
    """H6: asked for directly, without our pages: what is unverified, half verified, verified by nobody or for another
    basket does not leave, and nobody says of himself that he is the second."""
    room.knowledge.change("article", "7", sensitive=True)
    contact, other = room.contact(), room.contact()
    write(room, contact, recipient="somchai@example.test")
    item = room.put_in(contact, "article", "7")["id"]
    of_other = room.put_in(other, "dealer", "3")["id"]
    path = f"/api/basket/{contact}"
    for field in ("checks", "verified_by", "items", "sensitive", "confirmed_at", "version"):
        assert room.ask("PATCH", path, {field: "1"}).status_code == 409
    for checks in ([], ["current"], ["answers"] * 20, ["all"], ["answers", "Current"]):
        room.send("PUT", f"{path}/items/{item}/checks", {"checks": checks})
        assert room.deliver(contact).json()["code"] == "unverified"
    assert room.ask("PUT", f"{path}/items/{of_other}/checks", {"checks": ["details"]}).status_code == 404
    room.send("PUT", f"{path}/items/{item}/checks", {"checks": ["answers", "current"]})
    assert room.ask("PUT", f"{path}/items/{item}/sensitive", {"sensitive": False}).json()["code"] == "sensitive_there"
    assert room.ask("POST", f"{path}/items/{item}/second", {"agrees": True}).status_code == 403
    assert room.ask("POST", f"/api/basket/{other}/items/{item}/second", {"agrees": True}, "vipa").status_code == 404
    for seen in ("", "0" * 64):
        assert room.ask("POST", f"{path}/send", {"seen": seen}).json()["code"] == "second_missing"
    room.send("POST", f"{path}/items/{item}/second", {"agrees": True}, "vipa")
    assert room.ask("POST", f"{path}/send", {"seen": "0" * 64}).json()["code"] == "letter_changed"
    room.knowledge.change("article", "7", version="2")
    assert room.deliver(contact).json()["code"] == "changed"
    assert room.letters(contact) == []


def test_a_warning_must_be_seen(room: BasketRoom) -> None:
    """What has expired is not sent without somebody saying so, and the reader is told."""
    room.knowledge.change("article", "7", warning="หมดอายุแล้ว")
    contact = room.contact()
    write(room, contact, recipient="somchai@example.test")
    item = room.put_in(contact, "article", "7")
    ordinary = {"checks": ["answers", "current"]}
    half = room.send("PUT", f"/api/basket/{contact}/items/{item['id']}/checks", ordinary)
    assert half["items"][0]["standing"] == "open"
    assert room.verify(contact, item)["standing"] == "verified"
    assert room.deliver(contact).status_code == 200
    assert "หมดอายุแล้ว" in room.letters(contact)[0].text


def test_sensitive_items_need_a_second_person(room: BasketRoom) -> None:
    """H6: neither who verified it, nor who put it in, nor whose contact it is."""
    room.knowledge.change("article", "7", sensitive=True)
    contact = room.contact()
    write(room, contact, recipient="somchai@example.test")
    item = room.put_in(contact, "article", "7")
    assert room.verify(contact, item)["standing"] == "second"
    path = f"/api/basket/{contact}/items/{item['id']}/second"
    assert room.ask("POST", path, {"agrees": True}).json()["code"] == "not_second"
    assert room.deliver(contact).json()["code"] == "second_missing"
    page = room.client("prasert").get("/baskets?lang=en").text
    assert 'data-agrees="yes"' in page
    assert "การจดทะเบียนผู้ส่งออก" in page
    assert 'data-agrees="yes"' not in room.client("somsri").get("/baskets?lang=en").text
    assert room.ask("POST", path, {"agrees": True}, "niti").status_code == 403
    assert room.send("POST", path, {"agrees": False, "why": "ผิดฉบับ"}, "prasert")["standing"] == "refused"
    assert room.deliver(contact).json()["code"] == "second_refused"
    assert room.ask("POST", path, {"agrees": True}, "vipa").json()["code"] == "not_waiting"
    room.verify(contact, item)  # looked at again
    assert room.send("POST", path, {"agrees": True}, "vipa")["standing"] == "verified"
    assert room.deliver(contact).status_code == 200


def test_a_supervisor_who_verifies_is_not_the_second(room: BasketRoom) -> None:
    room.knowledge.change("article", "7", sensitive=True)
    contact = room.contact()
    item = room.put_in(contact, "article", "7")
    room.verify(contact, item, "vipa")
    path = f"/api/basket/{contact}/items/{item['id']}/second"
    for username in ("vipa", "somsri"):
        assert room.ask("POST", path, {"agrees": True}, username).status_code == 403
    assert room.send("POST", path, {"agrees": True}, "prasert")["standing"] == "verified"


def test_files_and_links(room: BasketRoom) -> None:
    """Dropped in, ordered, taken out; small ones attached, large ones fetched by a link that ends."""
    contact = room.contact()
    write(room, contact, recipient="somchai@example.test")
    small, large = PDF, PDF + b" " * 1_100_000
    assert room.drop(contact, large, "ใหญ่.pdf").status_code == 201
    assert room.drop(contact, small, "../../เล็ก.pdf").status_code == 201
    assert room.drop(contact, small, "../../เล็ก.pdf").status_code == 201
    assert room.drop(contact, b"MZ\x90", "virus.pdf").json()["code"] == "wrong_type"
    assert room.drop(contact, b"", "nothing.pdf").json()["code"] == "empty_file"
    link = {"kind": "link", "title": "กรมการค้าต่างประเทศ", "url": "https://www.dft.go.th/"}
    basket = room.send("POST", f"/api/basket/{contact}/items", link)
    bad = room.ask("POST", f"/api/basket/{contact}/items", {**link, "url": "javascript:alert(1)"})
    assert bad.json()["code"] == "bad_url"
    first, second, third = basket["items"]
    assert [item["title"] for item in basket["items"]] == ["ใหญ่.pdf", "เล็ก.pdf", "กรมการค้าต่างประเทศ"]
    order = {"items": [third["id"], second["id"], first["id"]]}
    basket = room.send("PUT", f"/api/basket/{contact}/order", order)
    assert [item["id"] for item in basket["items"]] == order["items"]
    opened = room.client("somsri").get(f"/basket/{contact}/items/{second['id']}/files/0")
    assert (opened.content, opened.headers["content-type"]) == (small, "application/pdf")
    for item in basket["items"]:
        room.verify(contact, item)
    room.deliver(contact)
    (letter,) = room.letters(contact)
    with reading(room.engine) as connection:
        attached, linked = files_of(connection, letter.id)
    assert (attached.name, attached.link_key) == ("เล็ก.pdf", None)
    assert linked.link_key is not None
    path = letter.text.partition("https://hotline.test")[2].split()[0]
    assert room.client(None).get(path).content == large
    room.later(timedelta(days=15).total_seconds())
    assert room.client(None).get(path).status_code == 410


def test_only_the_own_basket_is_changed(room: BasketRoom) -> None:
    contact = room.contact()
    item = room.put_in(contact, "article", "7")
    assert room.ask("PATCH", f"/api/basket/{contact}", {"note": "x"}, "prasert").status_code == 403
    assert room.ask("DELETE", f"/api/basket/{contact}/items/{item['id']}", {}, "prasert").status_code == 403
    assert room.drop(contact, PDF, "a.pdf", "prasert").status_code == 403
    assert room.ask("POST", f"/api/basket/{contact}/send", {"seen": ""}, "prasert").status_code == 403
    assert room.ask("GET", f"/api/basket/{contact}", username="niti").status_code == 403
    assert room.ask("GET", f"/api/basket/{contact + 99}").status_code == 404
    other = room.contact()
    assert room.ask("DELETE", f"/api/basket/{other}/items/{item['id']}", {}).status_code == 404
    basket = room.send("DELETE", f"/api/basket/{contact}/items/{item['id']}")
    assert basket["items"] == []


def test_a_visitor_checks_it_on_a_screen_of_their_own(room: BasketRoom) -> None:
    """W6: at the counter nothing is sent before the visitor has checked what is sent."""
    contact = room.contact(channel="counter", answer="ตามเอกสาร")
    write(room, contact, recipient="somchai@example.test", recipient_name="คุณสมชาย")
    item = room.put_in(contact, "article", "7")
    room.verify(contact, item)
    assert room.problems(contact) == ["not_confirmed"]
    url = room.send("POST", f"/api/basket/{contact}/show")["show_url"]
    path = url.removeprefix("https://hotline.test")
    visitor = room.client(None)
    assert "โปรดตรวจสอบก่อนส่งอีเมล" in visitor.get(path).text
    state = visitor.get(f"{path}/state").json()
    assert [item["title"] for item in state["items"]] == ["การจดทะเบียนผู้ส่งออก"]
    assert state["items"][0]["html"] == "<p>ยื่นแบบ <b>สค.1</b></p>"
    assert state["recipient"] == "somchai@example.test"
    assert visitor.get(f"{path}/state?seen={state['print']}").json() == state | {"items": None}
    told = visitor.post(f"{path}/answer", json={"seen": state["print"], "right": False, "words": "อีเมลผิด"})
    assert told.json()["told"]
    assert room.get(f"/api/basket/{contact}")["visitor_says"] == "อีเมลผิด"
    write(room, contact, recipient="somchai2@example.test")
    late = visitor.post(f"{path}/answer", json={"seen": state["print"], "right": True})
    assert late.status_code == 409
    state = visitor.get(f"{path}/state").json()
    assert visitor.post(f"{path}/answer", json={"seen": state["print"], "right": True}).json()["confirmed"]
    assert room.problems(contact) == []
    write(room, contact, note="อีกอย่าง")
    assert room.problems(contact) == ["not_confirmed"]  # something else than the visitor saw
    room.send("POST", f"/api/basket/{contact}/confirmed-here")
    assert room.get(f"/api/basket/{contact}")["confirmed"]["how"] == "here"
    assert room.deliver(contact).status_code == 200
    room.send("DELETE", f"/api/basket/{contact}/show")
    assert visitor.get(f"{path}/state").status_code == 404
    assert visitor.get("/show/" + "0" * 32).status_code == 404


def test_the_visitors_screen_ends_by_itself(room: BasketRoom) -> None:
    contact = room.contact()
    room.put_in(contact, "article", "7")
    path = room.send("POST", f"/api/basket/{contact}/show")["show_url"].removeprefix("https://hotline.test")
    assert room.client(None).get(f"{path}/state").status_code == 200
    room.later(5 * 3600)
    assert room.client(None).get(f"{path}/state").status_code == 404


def test_what_became_of_the_letter_is_told_in_words(room: BasketRoom) -> None:
    """H6: a refusal is shown, what it brought can be sent to another address, and an uncertain one is marked so."""
    contact = room.contact()
    write(room, contact, recipient="somchia@example.test")
    item = room.put_in(contact, "article", "7")
    room.verify(contact, item)
    room.deliver(contact)
    (letter,) = room.letters(contact)
    room.settle(letter, LetterState.REFUSED, "550 5.1.1 User unknown")
    shown = room.get(f"/api/basket/{contact}?lang=en")["letters"][0]
    assert shown["reason"] == "There is no such address: ask the reader"
    basket = room.send("POST", f"/api/basket/{contact}/letters/{letter.id}/back")
    assert basket["items"][0]["standing"] == "verified"
    write(room, contact, recipient="somchai@example.test")
    assert room.deliver(contact).status_code == 200
    newest, _ = room.letters(contact)
    room.settle(newest, LetterState.UNCERTAIN, "Connection lost")
    shown = room.get(f"/api/basket/{contact}?lang=en")["letters"][0]
    assert shown["state"] == "uncertain"
    assert "may have arrived" in shown["reason"]
    path = f"/api/basket/{contact}/letters/{newest.id}"
    assert room.ask("POST", f"{path}/back").json()["code"] == "not_back"
    assert room.send("POST", f"{path}/again")["letters"][0]["state"] == "queued"
    assert room.ask("POST", f"{path}/again").json()["code"] == "not_possible"
    assert room.ask("POST", f"/api/basket/{contact}/letters/{newest.id + 99}/again").status_code == 404


def sent_letter(room: BasketRoom, contact: int, state: LetterState, answer: str) -> int:
    """The article leaves, and that became of it; the letter's id."""
    write(room, contact, recipient="somchai@example.test")
    room.verify(contact, room.put_in(contact, "article", "7"))
    assert room.deliver(contact).status_code == 200
    letter = room.letters(contact)[0]
    room.settle(letter, state, answer)
    return letter.id


@pytest.mark.parametrize("change", [{"version": "2"}, {"warning": "หมดอายุแล้ว"}, {"sensitive": True}, None])
def test_a_letter_is_not_sent_again_with_what_is_another_by_now(
    room: BasketRoom, change: dict[str, Any] | None
) -> None:
    """H6: verified when it was sent; what has changed or was withdrawn since goes through the check list anew."""
    contact = room.contact()
    letter = sent_letter(room, contact, LetterState.REFUSED, "550 5.1.1 User unknown")
    if change is None:
        del room.knowledge.pieces["article", "7"]
    else:
        room.knowledge.change("article", "7", **change)
    again = room.ask("POST", f"/api/basket/{contact}/letters/{letter}/again")
    assert again.json()["code"] == ("withdrawn" if change is None else "changed")
    assert room.letters(contact)[0].state is LetterState.REFUSED
    room.send("POST", f"/api/basket/{contact}/letters/{letter}/back")
    assert room.problems(contact) == ["withdrawn" if change is None else "changed"]


def test_the_reader_was_asked_and_has_it(room: BasketRoom) -> None:
    contact = room.contact()
    letter = sent_letter(room, contact, LetterState.UNCERTAIN, "Connection lost")
    path = f"/api/basket/{contact}/letters/{letter}/arrived"
    assert room.ask("POST", path, {}, "prasert").status_code == 403
    assert room.send("POST", path)["letters"][0]["state"] == "sent"
    assert room.ask("POST", path).json()["code"] == "not_possible"
    other = room.contact()
    assert room.ask("POST", f"/api/basket/{other}/letters/{letter}/arrived").status_code == 404
    assert "basket.arrived" in {line.action for line in room.audit(f"contact/{contact}")}


def test_links_are_withdrawn(room: BasketRoom) -> None:
    """As when the letter went to a wrong address: from that moment on they give nothing, and it is not sent again."""
    contact = room.contact()
    write(room, contact, recipient="somchai@example.test")
    assert room.drop(contact, PDF + b" " * 1_100_000, "ใหญ่.pdf").status_code == 201
    room.verify(contact, room.get(f"/api/basket/{contact}")["items"][0])
    shown = room.deliver(contact).json()["letters"][0]
    assert shown["links_until"] == "4 Dec 2026"
    (letter,) = room.letters(contact)
    link = letter.text.partition("https://hotline.test")[2].split()[0]
    assert room.client(None).get(link).status_code == 200
    path = f"/api/basket/{contact}/letters/{letter.id}"
    assert room.ask("DELETE", f"{path}/links", {}, "prasert").status_code == 403
    assert room.send("DELETE", f"{path}/links")["letters"][0]["links_until"] is None
    assert room.client(None).get(link).status_code == 410
    assert room.ask("DELETE", f"{path}/links").json()["code"] == "no_links"
    room.settle(letter, LetterState.UNCERTAIN, "Connection lost")
    assert room.ask("POST", f"{path}/again").json()["code"] == "links_over"
    assert "basket.links_withdrawn" in {line.action for line in room.audit(f"contact/{contact}")}


def test_the_profile_grows_with_the_address(room: BasketRoom) -> None:
    """C5: a person without an address has one after the letter; the profile's own is the first choice."""
    fields = {"first_name": "Somchai", "last_name": "Jaidee"}
    person = room.send("POST", "/api/people", {"fields": fields, "number": "0812345678"})
    contact = room.contact(person_id=person["id"])
    basket = room.get(f"/api/basket/{contact}")
    assert basket["fields"]["recipient_name"] == "คุณSomchai Jaidee"
    write(room, contact, recipient="Somchai@Example.TEST")
    room.verify(contact, room.put_in(contact, "article", "7"))
    assert room.deliver(contact).status_code == 200
    assert room.get(f"/api/people/{person['id']}")["email"] == "Somchai@example.test"
    (letter,) = room.letters(contact)
    with reading(room.engine) as connection:
        (line,) = letter_history(connection, person["id"], 10, "en")
        assert letter_history(connection, person["id"] + 1, 10, "en") == []
    assert (line.badge, line.detail, line.href) == ("Waiting", "Somchai@example.test", f"/basket/{contact}")
    assert letter.subject in line.title
    again = room.contact(person_id=person["id"])
    assert room.get(f"/api/basket/{again}")["fields"]["recipient"] == "Somchai@example.test"


def test_the_summary_drafts_itself(room: BasketRoom) -> None:
    """H9: from the subject, what was used and what was sent."""
    contact = room.contact(question="จะส่งออกต้องทำอย่างไร", department="กองกฎหมาย")
    write(room, contact, recipient="somchai@example.test")
    path = f"/api/basket/{contact}/draft-summary?lang=th"
    assert room.get(path)["text"] == "สอบถาม: จะส่งออกต้องทำอย่างไร\nประสานหน่วยงาน: กองกฎหมาย"
    item = room.put_in(contact, "article", "7")
    room.put_in(contact, "dealer", "3")
    assert "ให้ข้อมูล: การจดทะเบียนผู้ส่งออก; Thai Rubber Co." in room.get(path)["text"]
    dealer = room.get(f"/api/basket/{contact}")["items"][1]
    room.send("DELETE", f"/api/basket/{contact}/items/{dealer['id']}")
    room.verify(contact, item)
    room.deliver(contact)
    assert "ส่งอีเมลแล้ว: การจดทะเบียนผู้ส่งออก" in room.get(path)["text"]


def test_the_summary_page_prints_without_a_program(room: BasketRoom) -> None:
    """W7: any browser prints it; without a Chromium the page says so, and the PDF answers in words."""
    contact = room.contact(question="ถาม & <script>", answer="ตอบน้ำผึ้ง")
    room.put_in(contact, "article", "7")
    page = room.client("somsri").get(f"/basket/{contact}/summary?lang=th").text
    for part in ("หน้าสรุปการให้บริการข้อมูล/คำปรึกษา", "ตอบน้ำผึ้ง", "ถาม &amp; &lt;script&gt;", "พ.ศ.", "การจดทะเบียนผู้ส่งออก"):
        assert part in page or (part == "พ.ศ." and "2569" in page)
    assert "summary.pdf" not in page
    assert room.ask("GET", f"/basket/{contact}/summary.pdf").status_code == 503


def test_an_answer_alone_is_sent_once(room: BasketRoom) -> None:
    contact = room.contact(answer="ตอบแล้ว")
    assert "nothing" not in room.problems(contact)
    write(room, contact, recipient="somchai@example.test")
    assert room.deliver(contact).status_code == 200
    assert room.deliver(contact).json()["code"] == "nothing"
    assert len(room.letters(contact)) == 1


def test_this_answered_it(room: BasketRoom) -> None:
    """H5: one key, and the knowledge base hears of it."""
    contact = room.contact(question="ส่งออก")
    body = {"kind": "article", "ref": "7", "question": "จดทะเบียน"}
    assert room.ask("POST", f"/api/basket/{contact}/answered", body).status_code == 204
    assert room.ask("POST", f"/api/basket/{contact}/answered", {**body, "question": ""}).status_code == 204
    assert [question for _, _, question in room.knowledge.told] == ["จดทะเบียน", "ส่งออก"]
    assert room.get(f"/api/basket/{contact}/piece?kind=article&ref=7")["title"] == "การจดทะเบียนผู้ส่งออก"
    assert len(room.get(f"/api/basket/{contact}/find")["hits"]) == 2


def test_a_pieces_words_change_nothing_about_the_copy_in_the_basket(room: BasketRoom) -> None:
    contact = room.contact()
    item = room.put_in(contact, "dealer", "3")
    piece = room.knowledge.pieces["dealer", "3"]
    room.knowledge.pieces["dealer", "3"] = replace(piece, text="02 999 9999", version="2")
    assert room.get(f"/api/basket/{contact}")["items"][0]["text"] == item["text"] == "02 111 2222"
