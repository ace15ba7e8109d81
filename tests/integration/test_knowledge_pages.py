"""H5, K1, K2, L5: articles on their way, documents, dealers and sources through their pages; who sees what."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from html_tags import tags_and_attributes
from knowledge_rig import KnowledgeRig
from sqlalchemy import Engine, func, select

from crm.audit.service import lines
from crm.database import reading
from crm.dealers.models import dealers
from crm.dealers.service import index_pending
from crm.documents.models import documents
from hotline.settings import parse
from hotline.settings_file import first_settings

DRAFT: dict[str, Any] = {
    "question_th": "ขอหนังสือรับรองถิ่นกำเนิดสินค้าอย่างไร",
    "question_en": "How do I get a certificate of origin?",
    "answer_th": "ยื่นคำขอ **ทางอิเล็กทรอนิกส์**\n\n- ใบกำกับสินค้า",
    "also": "ทำซีโอ\n\nใบรับรองว่าผลิตในไทย",
}


@pytest.fixture
def rig(sqlite_engine: Engine, tmp_path: Path) -> Iterator[KnowledgeRig]:
    running = KnowledgeRig(sqlite_engine, parse(first_settings(), tmp_path / "hotline.toml"))
    yield running
    running.close()


def _written(rig: KnowledgeRig, **more: Any) -> int:
    answer = rig.post("/knowledge/new", **DRAFT | more)
    return int(answer.headers["location"].rpartition("/")[2])


def _published(rig: KnowledgeRig, **more: str) -> int:
    article_id = _written(rig, **more)
    rig.post(f"/knowledge/{article_id}/hand_in")
    rig.post(f"/knowledge/{article_id}/verify", "niti")
    rig.post(f"/knowledge/{article_id}/publish")
    return article_id


def _search(rig: KnowledgeRig, asked: str, username: str = "somsri") -> list[tuple[str, int]]:
    found = rig.get(f"/api/knowledge/search?q={quote(asked)}", username)["results"]
    return [(one["kind"], one["id"]) for one in found]


def test_an_article_is_verified_by_a_second_person_before_anybody_finds_it(rig: KnowledgeRig) -> None:
    """H5: draft → verified → published; drafts are unseen by agents all the way."""
    article_id = _written(rig)
    path = f"/knowledge/{article_id}"
    for step, username in (("hand_in", "vipa"), ("verify", "niti"), (None, "")):
        rig.page(path, status=404)
        assert rig.ask("GET", f"/api/knowledge/articles/{article_id}").status_code == 404
        assert _search(rig, "ซีโอ") == []
        rig.page(path, "niti")
        if step == "verify":
            rig.post(f"{path}/verify", "vipa", 409)  # her own
            rig.post(f"{path}/publish", "vipa", 409)  # not verified yet
        if step:
            rig.post(f"{path}/{step}", username)
    rig.post(f"{path}/publish")
    text = rig.page(path)
    assert "<strong>ทางอิเล็กทรอนิกส์</strong>" in text
    assert _search(rig, "ทำซีโอยังไง") == [("article", article_id)]
    actions = [line.action for line in rig.audit(f"article/{article_id}")]
    assert actions == ["article.published", "article.verified", "article.handed_in", "article.written"]


def test_a_new_version_waits_while_the_old_one_is_read(rig: KnowledgeRig) -> None:
    article_id = _published(rig)
    rig.post(f"/knowledge/{article_id}/edit", "niti", **DRAFT | {"answer_th": "ภายใน 1 วันทำการ", "why": "ประกาศใหม่"})
    assert "ทางอิเล็กทรอนิกส์" in rig.page(f"/knowledge/{article_id}")
    assert "วันทำการ" not in rig.page(f"/knowledge/{article_id}")
    assert "ภายใน 1 วันทำการ" in rig.page(f"/knowledge/{article_id}", "vipa")
    rig.post(f"/knowledge/{article_id}/hand_in", "niti")
    rig.post(f"/knowledge/{article_id}/refuse", "vipa", 409, refusal=" ")
    rig.post(f"/knowledge/{article_id}/refuse", "vipa", refusal="บอกแหล่งที่มา")
    assert "บอกแหล่งที่มา" in rig.page(f"/knowledge/{article_id}", "niti")
    rig.post(f"/knowledge/{article_id}/hand_in", "niti")
    rig.post(f"/knowledge/{article_id}/verify", "vipa")
    rig.post(f"/knowledge/{article_id}/publish", "vipa")
    assert rig.get(f"/api/knowledge/articles/{article_id}")["answer_text"] == "ภายใน 1 วันทำการ"
    history = rig.page(f"/knowledge/{article_id}/versions", "vipa")
    assert "+ ภายใน 1 วันทำการ" in history
    assert "ประกาศใหม่" in history
    rig.post(f"/knowledge/{article_id}/retire")
    assert _search(rig, "ซีโอ") == []
    rig.page(f"/knowledge/{article_id}", status=404)


def test_an_expired_article_is_only_offered_with_a_warning(rig: KnowledgeRig) -> None:
    article_id = _published(rig, valid_until="2569-11-30")
    assert "หมดอายุ" not in rig.page(f"/knowledge/{article_id}?lang=th")
    rig.later(14 * 86400)
    rig.log_out("somsri")
    rig.log_out("vipa")
    assert "หมดอายุเมื่อ" in rig.page(f"/knowledge/{article_id}?lang=th")
    assert rig.get("/api/knowledge/search?q=ซีโอ")["results"][0]["expired"] is True
    assert rig.get(f"/api/knowledge/articles/{article_id}")["expired"] is True
    assert "หมดอายุแล้ว" in rig.page("/knowledge?q=ซีโอ&lang=th")
    assert str(article_id) in rig.page("/knowledge/articles?shown=expired", "vipa")


def test_nothing_typed_is_lost_and_faults_say_what_to_do(rig: KnowledgeRig) -> None:
    answer = rig.post("/knowledge/new?lang=en", "vipa", 422, **DRAFT | {"valid_until": "31/12/69"})
    assert "2026-12-31" in answer.text
    assert "ใบกำกับสินค้า" in answer.text
    rig.post("/knowledge/new", "vipa", 422, answer_th="ไม่มีคำถาม")
    rig.post("/knowledge/new", "vipa", 422, **DRAFT | {"attachments": "4711"})


SCRIPTS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "<svg/onload=alert(1)>",
    "![x](https://example.com/pixel.png)",
    '<a href="https://x" onclick="alert(1)">x</a>',
    "[x](vbscript:msgbox)",
    "<iframe src=https://example.com>",
)


@pytest.mark.parametrize("script", SCRIPTS)
def test_script_in_markdown_stays_text(rig: KnowledgeRig, script: str) -> None:

    article_id = _published(rig, answer_th=f"ก่อน\n\n{script}\n\nหลัง")
    html = rig.get(f"/api/knowledge/articles/{article_id}")["answer_html"]
    assert "ก่อน" in html
    for tag, attributes in tags_and_attributes(html):
        assert tag in {"p", "a", "br", "ul", "li", "strong", "em", "code", "pre", "blockquote", "hr"}
        assert set(attributes) <= {"href", "title", "rel"}
        assert attributes.get("href", "https:").startswith(("http:", "https:", "mailto:", "tel:"))


def _pdf(text: str) -> bytes:
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        offsets.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, part)
    start = len(out)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return (
        out
        + b"xref\n0 6\n0000000000 65535 f \n"
        + table
        + b"trailer<</Root 1 0 R/Size 6>>\nstartxref\n%d\n%%%%EOF" % start
    )


def _docx(text: str, **more: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", f'<w:document xmlns:w="w"><w:p><w:t>{text}</w:t></w:p></w:document>')
        for name, content in more.items():
            archive.writestr(name, content)
    return out.getvalue()


def _brought(rig: KnowledgeRig, name: str, content: bytes, username: str = "vipa") -> int:
    answer = rig.bring("/api/documents", quote(name), content, username)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def test_a_document_is_found_by_its_text_once_a_second_person_has_looked_at_it(rig: KnowledgeRig) -> None:
    """L5: prepared, verified; the same file as it came."""
    paper = _docx("หลักเกณฑ์การส่งออกทุเรียนแช่แข็ง")
    document_id = _brought(rig, "หลักเกณฑ์ ทุเรียน.docx", paper)
    rig.page(f"/documents/{document_id}", status=404)
    assert rig.ask("GET", f"/documents/{document_id}/file").status_code == 404
    rig.post(f"/documents/{document_id}/publish", "vipa", 409)
    rig.post(f"/documents/{document_id}/publish", "niti")
    assert _search(rig, "ส่งออกทุเรียนแช่แข็ง") == [("document", document_id)]
    answer = rig.ask("GET", f"/documents/{document_id}/file")
    assert answer.content == paper
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["x-content-type-options"] == "nosniff"
    pdf = _brought(rig, "rules.pdf", _pdf("Rules of origin for ceramics"))
    page = rig.page(f"/documents/{pdf}", "vipa")
    assert "Rules of origin for ceramics" in page
    assert f'<iframe class="preview" src="/documents/{pdf}/file?look=1"' in page
    shown = rig.client("vipa").get(f"/documents/{pdf}/file?look=1").headers
    assert (shown["content-type"], shown["content-disposition"].partition(";")[0]) == ("application/pdf", "inline")
    assert "sandbox" not in shown["content-security-policy"], "browsers show no PDF in a sandbox"


def test_restricted_documents_are_unseen_by_agents(rig: KnowledgeRig) -> None:
    document_id = _brought(rig, "ภายใน.txt", "บันทึกการเจรจาลับเรื่องภาษีเหล็ก".encode())
    rig.post(f"/documents/{document_id}/publish", "niti")
    assert _search(rig, "เจรจาลับภาษีเหล็ก") == [("document", document_id)]
    article_id = _published(rig, attachments=str(document_id))
    rig.post(f"/documents/{document_id}", "vipa", restricted="true", title_th="บันทึก")
    assert ("document", document_id) not in _search(rig, "เจรจาลับภาษีเหล็ก")
    assert ("document", document_id) in _search(rig, "เจรจาลับภาษีเหล็ก", "niti")
    rig.page(f"/documents/{document_id}", status=404)
    assert rig.ask("GET", f"/documents/{document_id}/file").status_code == 404
    assert rig.get(f"/api/knowledge/articles/{article_id}")["attachments"] == []
    assert f"/documents/{document_id}" not in rig.page("/documents")
    assert f"/documents/{document_id}" not in rig.page(f"/knowledge/{article_id}")
    with reading(rig.engine) as connection:
        assert connection.scalar(select(documents.c.sensitive).where(documents.c.id == document_id)) is True


BAD_FILES = {
    "empty": ("x.pdf", b"", "empty"),
    "page as text": ("x.txt", b"<html><script>alert(1)</script>", "active"),
    "svg": ("x.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "active"),
    "svg as picture": ("x.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "active"),
    "program as PDF": ("x.pdf", b"\x7fELF\x02\x01\x01" + bytes(200), "wrong_type"),
    "PDF as picture": ("x.png", b"%PDF-1.4\n", "wrong_type"),
    "plain zip": ("x.docx", b"PK\x03\x04" + bytes(40), "damaged"),
    "macros": ("x.docx", _docx("x", **{"word/vbaProject.bin": b"x"}), "macros"),
    "path out of the archive": ("x.docx", _docx("x", **{"../../etc/cron.d/x": b"x"}), "damaged"),
    "bomb": ("x.docx", _docx("x", **{"word/media/a.bin": bytes(40_000_000)}), "bomb"),
    "script": ("x.txt", b"#!/bin/sh\nrm -rf /", "active"),
}


@pytest.mark.parametrize("what", BAD_FILES)
def test_files_that_are_not_taken(rig: KnowledgeRig, what: str) -> None:
    name, content, code = BAD_FILES[what]
    answer = rig.bring("/api/documents", name, content)
    assert (answer.status_code, answer.json()["detail"]) == (422, code)
    assert answer.json()["advice"]
    with reading(rig.engine) as connection:
        assert connection.scalar(select(func.count()).select_from(documents)) == 0


def test_200_megabytes_are_refused_unread(rig: KnowledgeRig) -> None:
    client = rig.client("vipa")
    headers = {"X-CSRF-Token": rig._csrf["vipa"], "X-File-Name": "big.pdf", "content-length": str(200 * 1024 * 1024)}
    answer = client.request("POST", "/api/documents", content=b"%PDF-1.4", headers=headers)
    assert answer.status_code == 413
    answer = rig.bring("/api/documents", "big.pdf", b"%PDF-1.4" + bytes(51 * 1024 * 1024))
    assert (answer.status_code, answer.json()["detail"]) == (413, "too_large")


NAMES = {
    "../../../etc/passwd.txt": "passwd.txt",
    "C:\\windows\\x.txt": "x.txt",
    "a\u202etxt.exe.txt": "a txt.exe.txt",
    "con.txt": "file con.txt",
    ".htaccess.txt": "htaccess.txt",
    "ใบ\x00สมัคร\r\nX: y.txt": "ใบ สมัคร X y.txt",
    "x" * 300 + ".txt": "x" * 116 + ".txt",
}


@pytest.mark.parametrize("name", NAMES)
def test_names_do_no_harm(rig: KnowledgeRig, name: str) -> None:
    document_id = _brought(rig, name, "ข้อความ".encode())
    with reading(rig.engine) as connection:
        assert connection.scalar(select(documents.c.name).where(documents.c.id == document_id)) == NAMES[name]


def test_dealers_are_imported_whole_or_not_at_all(rig: KnowledgeRig) -> None:
    """K1: every fault of every line is told first."""
    good = "code,ชื่อ,สินค้า,จังหวัด,โทรศัพท์\n"
    good += "D1,บริษัท กล้วยไม้ไทย จำกัด,กล้วยไม้; ดอกไม้,นครปฐม,034-123-456\n"
    good += "D2,ร้านเซรามิก,จานชาม,ลำปาง,\n"
    bad = good + "D3,ร้านผิด,x,y,ไม่ใช่เบอร์\nD1,ซ้ำ,,,\n,ไม่มีรหัส,,,\n"
    told = rig.bring("/api/dealers/import?apply=true", "d.csv", bad.encode())
    assert told.status_code == 422
    faults = [(fault["line"], fault["field"], fault["code"]) for fault in told.json()["faults"]]
    assert faults == [(4, "telephones", "telephone"), (5, "code", "twice"), (6, "code", "missing")]
    with reading(rig.engine) as connection:
        assert connection.scalar(select(func.count()).select_from(dealers)) == 0
    preview = rig.bring("/api/dealers/import", "d.csv", good.encode()).json()
    assert (preview["new"], preview["changed"], preview["applied"]) == (2, 0, False)
    assert rig.bring("/api/dealers/import?apply=true", "d.csv", good.encode()).json()["applied"] is True
    index_pending(rig.engine)
    assert _search(rig, "ตัวแทนกล้วยไม้")[0][0] == "dealer"
    assert "034 123 456" in rig.page("/dealers?q=กล้วยไม้")
    export = rig.client("vipa").get("/dealers/export.xlsx")
    assert export.status_code == 200
    again = rig.bring("/api/dealers/import", "d.xlsx", export.content).json()
    assert "detail" not in again, again
    assert (again["new"], again["changed"], again["same"], again["bad_lines"]) == (0, 0, 2, 0)
    with reading(rig.engine) as connection:
        assert "dealer.imported" in [line.action for line in lines(connection)]
    assert rig.bring("/api/dealers/import", "d.csv", b"a,b\n1,2\n").json()["detail"] == "no_headings"


def test_a_dealer_is_changed_on_its_page(rig: KnowledgeRig) -> None:
    rig.post("/dealers/new", "niti", 422, name_th="ไม่มีรหัส")
    fields: dict[str, Any] = {"code": "D9", "kind": "person", "name_th": "คุณสมปอง"}
    at = rig.post("/dealers/new", "niti", **fields, products="ผ้าไหม").headers["location"]
    assert "ผ้าไหม" in rig.page(at)
    rig.post(at, "niti", **fields, products="ผ้าฝ้าย")
    assert _search(rig, "ผ้าฝ้าย")[:1] == [("dealer", int(at.rpartition("/")[2]))]
    rig.post(f"{at}/retired", "niti", retired="true")
    rig.page(at, status=404)
    assert _search(rig, "ผ้าฝ้าย") == []


def test_sources_are_listed_called_and_found(rig: KnowledgeRig) -> None:
    """K2: offices, web sites, officers with extensions; one key calls."""
    rig.post("/sources/new", "vipa", 422, kind="officer", name_th="x", extension="abc")
    fields: dict[str, Any] = {
        "kind": "officer",
        "name_th": "คุณนิติ กฎหมาย",
        "about_th": "ข้อพิพาททางการค้า",
        "extension": "1901",
    }
    rig.post("/sources/new", "vipa", **fields)
    page = rig.page("/sources?lang=th")
    assert 'data-dial="1901"' in page
    assert 'data-transfer="1901"' in page
    assert _search(rig, "ข้อพิพาทการค้าถามใคร")[0][0] == "source"
    rig.post("/sources/1/retired", "vipa")
    assert "1901" not in rig.page("/sources")
    assert _search(rig, "ข้อพิพาทการค้าถามใคร") == []


def test_what_answered_a_question_comes_first_for_such_questions(rig: KnowledgeRig) -> None:
    """H5: "this answered it" is one request, and is found even in other words."""
    first = _published(rig, question_th="การจดทะเบียนพาณิชย์", answer_th="ที่สำนักงานเขต", also="")
    second = _published(rig, question_th="การจดทะเบียนพาณิชย์อิเล็กทรอนิกส์", answer_th="ผ่านเว็บไซต์", also="")
    asked = "ขายของในติ๊กต่อกต้องทำอะไรไหม"
    assert ("article", second) not in _search(rig, asked)[:1]
    body = {"kind": "article", "id": second, "question": asked}
    for _ in range(2):
        rig.send("POST", "/api/knowledge/answered", body)
    assert _search(rig, asked)[0] == ("article", second)
    assert _search(rig, "ขายของในติ๊กต๊อกต้องทำอะไรไหมคะ")[0] == ("article", second)
    suggested = rig.get(f"/api/knowledge/suggest?subject={quote('จดทะเบียนพาณิชย์')}")["results"]
    assert {one["id"] for one in suggested[:2]} == {first, second}
