"""Files in baskets and letters: what does harm is not taken, and what leaves is what was verified (H6)."""

import io
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from basket_room import MANUAL, PDF, BasketRoom
from sqlalchemy import Engine

from crm.basket.models import ItemFile
from crm.files.store import FOLDER, Damaged, FileStore
from hotline.settings import parse
from hotline.settings_file import first_settings

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def room(sqlite_engine: Engine, tmp_path: Path) -> Iterator[BasketRoom]:
    text = first_settings().replace("\n[site]\n", '\n[site]\nstate_folder = "state"\n', 1)
    running = BasketRoom(sqlite_engine, parse(text, tmp_path / "hotline.toml"))
    yield running
    running.close()


def _docx(**entries: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>", **entries}.items():
            archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("bomb.docx", _docx(**{"word/media/a.bin": bytes(40_000_000)}), "bad_file"),
        ("out.docx", _docx(**{"../../etc/cron.d/x": b"x"}), "bad_file"),
        ("macros.docx", _docx(**{"word/vbaProject.bin": b"x"}), "active_file"),
        ("plain.zip", _docx()[:40], "bad_file"),
        ("page.html", f"<!doctype html>{SCRIPT}".encode(), "active_file"),
        ("page.txt", f"<html>{SCRIPT}".encode(), "active_file"),
        ("picture.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "active_file"),
        ("picture.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "active_file"),
        ("notes.md", f"# {SCRIPT}".encode(), "bad_file"),
        ("program.pdf", b"\x7fELF\x02\x01\x01" + bytes(200), "wrong_type"),
        ("picture.png", PDF, "wrong_type"),
        ("run.sh", b"#!/bin/sh\nid", "bad_file"),
    ],
)
def test_what_does_harm_is_not_taken(room: BasketRoom, name: str, content: bytes, code: str) -> None:
    contact = room.contact()
    refused = room.drop(contact, content, name)
    assert refused.status_code == 422
    assert refused.json()["code"] == code
    assert refused.json()["detail"]
    assert room.get(f"/api/basket/{contact}")["items"] == []


def test_200_megabytes_are_refused(room: BasketRoom) -> None:
    """As it is announced, and when it comes without a word about its size."""
    contact = room.contact()
    client = room.client("somsri")
    headers = {"X-CSRF-Token": room._csrf["somsri"], "Content-Length": str(200 << 20)}
    path = f"/api/files/basket/{contact}?name=big.pdf"
    assert client.request("POST", path, content=PDF, headers=headers).status_code == 413
    large = PDF + bytes((room.settings.basket.file_mb << 20) + 1)

    async def unannounced() -> AsyncIterator[bytes]:
        for start in range(0, len(large), 1 << 20):
            yield large[start : start + (1 << 20)]

    headers = {"X-CSRF-Token": room._csrf["somsri"]}
    assert client.request("POST", path, content=unannounced(), headers=headers).status_code == 413
    assert room.get(f"/api/basket/{contact}")["items"] == []


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\windows\\x.pdf", "x.pdf"),
        ("a\u202efdp.exe.pdf", "a fdp.exe.pdf"),
        ("con.pdf", "file con.pdf"),
        ("ใบ\x00สมัคร\r\nX: y.pdf", "ใบ สมัคร X y.pdf"),
    ],
)
def test_names_do_no_harm(room: BasketRoom, name: str, kept: str) -> None:
    contact = room.contact()
    assert room.drop(contact, PDF, name).status_code == 201
    (item,) = room.get(f"/api/basket/{contact}")["items"]
    assert item["title"] == kept
    opened = room.client("somsri").get(f"/basket/{contact}/items/{item['id']}/files/0")
    assert opened.content == PDF
    assert "\n" not in opened.headers["content-disposition"]
    assert opened.headers["x-content-type-options"] == "nosniff"


def test_script_stays_text_in_the_letter(room: BasketRoom) -> None:
    """Whatever people write, into whichever field; what the knowledge base gives is safe already."""
    contact = room.contact(answer=SCRIPT, question=SCRIPT)
    fields = {"recipient": "somchai@example.test", "recipient_name": SCRIPT, "note": SCRIPT, "answer": SCRIPT}
    room.send("PATCH", f"/api/basket/{contact}", fields)
    link = {"kind": "link", "title": SCRIPT, "url": "https://www.dft.go.th/"}
    room.send("POST", f"/api/basket/{contact}/items", link)
    (item,) = room.get(f"/api/basket/{contact}")["items"]
    room.verify(contact, item)
    assert room.deliver(contact).status_code == 200
    (letter,) = room.letters(contact)
    assert letter.html is not None
    assert letter.html.count("&lt;script&gt;") >= 4
    assert "<script" not in letter.html.lower()
    assert "\n" not in letter.subject


def test_an_attachment_that_was_replaced_does_not_leave(room: BasketRoom) -> None:
    """Though its article has no new version: files are compared by their checksums when the letter is sent."""
    contact = room.contact()
    room.send("PATCH", f"/api/basket/{contact}", {"recipient": "somchai@example.test"})
    room.knowledge.put("article", "9", "คู่มือ", text="ดูเอกสารแนบ", files=(MANUAL,))
    item = room.put_in(contact, "article", "9")
    room.verify(contact, item)
    assert room.problems(contact) == []
    other = ItemFile(MANUAL.name, MANUAL.media_type, "1" * 64, MANUAL.size_bytes)
    for files in ((other,), ()):
        room.knowledge.change("article", "9", files=files)
        assert room.problems(contact) == ["changed"]
        assert room.deliver(contact).json()["code"] == "changed"
    room.knowledge.change("article", "9", files=(other,))
    renewed = room.send("POST", f"/api/basket/{contact}/items/{item['id']}/renew")
    assert renewed["items"][0]["standing"] == "open"
    room.verify(contact, item)
    assert room.deliver(contact).status_code == 200


def test_a_file_that_was_changed_where_it_lies_is_noticed(tmp_path: Path) -> None:
    store = FileStore(tmp_path / FOLDER)
    kept = store.put(b"the form of 2026", 100)
    assert store.read(kept.sha256) == b"the form of 2026"
    store.path(kept.sha256).write_bytes(b"the form of 2027")
    with pytest.raises(Damaged):
        store.read(kept.sha256)
