"""Files in baskets and letters: what does harm is not taken, and what leaves is what was verified (H6)."""

import io
import itertools
import struct
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from basket_room import MANUAL, PDF, BasketRoom
from memory import memory_grown
from sqlalchemy import Engine

from crm.basket.models import ItemFile
from crm.files.checks import PIECE, BadFile, check
from crm.files.store import FOLDER, Damaged, FileStore
from crm.staff.access import COOKIE
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
    ids=lambda given: given if isinstance(given, str) else "file",  # a packed file is another one in every run
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


MEGABYTE = 1 << 20


def streamed(room: BasketRoom, contact: int, parts: Iterator[bytes], said_bytes: int | None = None) -> tuple[int, int]:
    """A file as a server gives it to the application, part by part; the answer's status, and how many parts it took."""
    client, taken, status = room.client("somsri"), 0, 0
    headers = {"cookie": f"{COOKIE}={client.cookies[COOKIE]}", "x-csrf-token": room._csrf["somsri"]}
    headers |= {"content-length": str(said_bytes)} if said_bytes is not None else {}
    scope = {
        "type": "http", "method": "POST", "path": f"/api/files/basket/{contact}", "query_string": b"name=big.pdf",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()], "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80), "scheme": "http", "http_version": "1.1", "root_path": "",
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        nonlocal taken
        taken += 1
        part = next(parts, b"")
        return {"type": "http.request", "body": part, "more_body": bool(part)}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    room._runner.run(room._app(scope, receive, send))
    return status, taken


def kept(room: BasketRoom) -> list[int]:
    """Sizes of all files that lie there, finished or not."""
    return [path.stat().st_size for path in (room.settings.state / FOLDER).rglob("*") if path.is_file()]


def test_200_megabytes_go_to_the_disk_as_they_come(sqlite_engine: Engine, tmp_path: Path) -> None:
    """The memory does not grow by them, whether they are taken or refused, and nothing of what is refused stays."""
    text = first_settings().replace("\n[site]\n", '\n[site]\nstate_folder = "state"\n', 1)
    text = text.replace("\n[basket]\n", "\n[basket]\nfile_mb = 200\n", 1)
    room = BasketRoom(sqlite_engine, parse(text, tmp_path / "hotline.toml"))
    contact = room.contact()
    assert room.drop(contact, PDF, "first.pdf").status_code == 201
    whole = itertools.chain([PDF.ljust(MEGABYTE)], (bytes(MEGABYTE) for _ in range(199)))
    one_more = itertools.chain([PDF.ljust(MEGABYTE)], (bytes(MEGABYTE) for _ in range(400)))
    with memory_grown() as grown:
        assert streamed(room, contact, whole)[0] == 201
        status, taken = streamed(room, contact, one_more)
    assert (status, taken <= 203) == (413, True)
    assert grown.megabytes < 20  # a tenth of the file
    assert streamed(room, contact, iter([PDF]), 200 * MEGABYTE + 1) == (413, 0)  # not a letter of it is read
    assert sorted(kept(room)) == [len(PDF), 200 * MEGABYTE]
    room.close()


def test_a_file_for_somebody_elses_basket_is_not_read(room: BasketRoom) -> None:
    contact = room.contact("prasert")
    assert streamed(room, contact, iter([PDF] * 1000)) == (403, 0)
    assert kept(room) == []


def test_nothing_of_what_is_refused_stays(room: BasketRoom) -> None:
    contact = room.contact()
    assert room.drop(contact, b"\x7fELF" + bytes(100), "x.pdf").status_code == 422
    assert room.drop(contact, b"", "x.pdf").status_code == 422
    assert kept(room) == []


def test_an_archive_with_an_endless_table_is_refused_unread(tmp_path: Path) -> None:
    """A million entries of nothing: 47 MB, and a reader of all of it would take many times as much memory."""
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, *[0] * 4, 0, 0, 0, 1, *[0] * 6) + b"a"
    for large in (False, True):
        table = entry * 100_000
        end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF if large else len(table), 0, 0)
        if large:
            sizes = struct.pack("<2L4Q", 0, 0, 100_000, 100_000, len(table), 0)
            end = (
                struct.pack("<4sQ2H", b"PK\x06\x06", 44, 45, 45)
                + sizes
                + struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
                + end
            )
        path = tmp_path / "table.docx"
        path.write_bytes(b"PK\x03\x04" + table + end)
        with pytest.raises(BadFile) as refused:
            check(path, path.name)
        assert refused.value.code == "bomb"


def test_macros_are_found_wherever_they_lie(tmp_path: Path) -> None:
    """The file is read piece by piece; what is looked for may lie across two."""
    path = tmp_path / "old.doc"
    project = "_VBA_PROJECT".encode("utf-16-le")
    for place in (512, PIECE - 12, PIECE - 1, 3 * PIECE):
        path.write_bytes((b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(place, b"\x01")) + project + bytes(PIECE))
        with pytest.raises(BadFile) as refused:
            check(path, path.name)
        assert refused.value.code == "macros"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(3 * PIECE, b"\x01"))
    assert check(path, path.name).media_type == "application/msword"


def test_text_is_read_piece_by_piece(tmp_path: Path) -> None:
    path = tmp_path / "old.txt"
    for encoding in ("utf-8", "cp874"):
        path.write_bytes(("ก" * PIECE + "ข").encode(encoding))  # a letter lies across two pieces
        assert check(path, path.name).media_type == "text/plain"
    path.write_bytes(b"a" * PIECE + b"\xff\xfc")
    with pytest.raises(BadFile):
        check(path, path.name)


@pytest.mark.parametrize(
    ("name", "kept_as"),
    [
        ("../../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\windows\\x.pdf", "x.pdf"),
        ("a\u202efdp.exe.pdf", "a fdp.exe.pdf"),
        ("con.pdf", "file con.pdf"),
        ("ใบ\x00สมัคร\r\nX: y.pdf", "ใบ สมัคร X y.pdf"),
    ],
)
def test_names_do_no_harm(room: BasketRoom, name: str, kept_as: str) -> None:
    contact = room.contact()
    assert room.drop(contact, PDF, name).status_code == 201
    (item,) = room.get(f"/api/basket/{contact}")["items"]
    assert item["title"] == kept_as
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
