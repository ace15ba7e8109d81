"""The product's own knowledge base as baskets see it: from the search to the copy in the basket, for each role."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from basket_room import PDF, BasketRoom
from sqlalchemy import Engine

from crm.basket.desk import FileRefused
from crm.database import reading, writing
from crm.knowledge.articles import Draft
from crm.knowledge.service import hand_in, publish, verify, write_article
from crm.search.models import Kind
from crm.sources.service import save_source
from crm.staff import sessions
from crm.staff.access import Visitor
from hotline.office.basket_knowledge import KnowledgeBase, checked
from hotline.settings import parse
from hotline.settings_file import first_settings

ZONE = ZoneInfo("Asia/Bangkok")


@pytest.fixture
def room(sqlite_engine: Engine, tmp_path: Path) -> Iterator[BasketRoom]:
    running = BasketRoom(sqlite_engine, parse(first_settings(), tmp_path / "hotline.toml"))
    yield running
    running.close()


def test_dropped_files_are_looked_at_by_content(tmp_path: Path) -> None:
    """H6: what is inside decides, not what the name says."""
    file = tmp_path / "x"
    file.write_bytes(PDF)
    taken = checked(file, "../../a/คู่มือ.pdf")
    assert (taken.name, taken.media_type) == ("คู่มือ.pdf", "application/pdf")
    for content, name, code in (
        (b"<svg onload=alert(1)></svg>", "x.pdf", "bad_file"),
        (b"<svg onload=alert(1)></svg>", "x.svg", "bad_file"),
        (b"\x89PNG\r\n\x1a\n", "x.pdf", "wrong_type"),
        (b"", "x.pdf", "empty_file"),
    ):
        file.write_bytes(content)
        with pytest.raises(FileRefused) as refused:
            checked(file, name)
        assert refused.value.code in {code, "active_file", "wrong_type"}


def visitor(room: BasketRoom, username: str) -> Visitor:
    with writing(room.engine) as connection:
        token = sessions.begin(connection, room.staff_ids[username], room.at)
        found = sessions.visitor_of(connection, token, room.at)
    assert found is not None
    return found[0]


def test_an_article_from_the_search_to_the_basket(room: BasketRoom) -> None:
    """H5, H6: found as it is asked, with its warning when it is past its date; a draft is found by nobody."""
    base = KnowledgeBase(ZONE, room.clock)
    somsri, vipa, admin = (visitor(room, name) for name in ("somsri", "vipa", "admin"))
    draft = Draft(
        question_th="ขอหนังสือรับรองถิ่นกำเนิดสินค้าอย่างไร",
        answer_th="ยื่นคำขอที่ **กรมการค้าต่างประเทศ** <script>x</script>",
        valid_until=date(2026, 11, 25),
    )
    with writing(room.engine) as connection:
        article = write_article(connection, draft, room.at, vipa, "Vipa")
        assert base.item(connection, "article", str(article), somsri, "th") is None
        hand_in(connection, article, room.at, vipa)
        verify(connection, article, room.at, admin, "Admin")
        publish(connection, article, room.at, vipa)
    with reading(room.engine) as connection:
        (hit,) = base.search(connection, "หนังสือรับรองถิ่นกำเนิด", somsri, "th", 10)
        assert (hit.kind, hit.ref, hit.warning) == (Kind.ARTICLE, str(article), None)
        piece = base.item(connection, hit.kind, hit.ref, somsri, "th")
        assert piece is not None
        assert piece.html is not None
        assert "<strong>กรมการค้าต่างประเทศ</strong>" in piece.html
        assert "<script" not in piece.html
        again = base.item(connection, hit.kind, hit.ref, vipa, "th")
        assert again is not None
        assert again.version == piece.version  # whoever looks
        assert base.item(connection, "article", "x", somsri, "th") is None
    with writing(room.engine) as connection:
        base.answered(connection, hit.kind, hit.ref, "ถิ่นกำเนิด", None, somsri)
    room.later(7 * 86_400)
    with reading(room.engine) as connection:
        late = base.item(connection, hit.kind, hit.ref, somsri, "th")
    assert late is not None
    assert late.warning == "พ้นกำหนดแล้ว ใช้ได้ถึงวันพุธที่ 25 พฤศจิกายน 2569"


def test_the_numbers_of_an_officer_are_the_agents_alone(room: BasketRoom) -> None:
    """K2: who has a caller on the line can hand on; the letter has only the number for callers, as people read it."""
    base, somsri = KnowledgeBase(ZONE, room.clock), visitor(room, "somsri")
    told = {"kind": "officer", "name_th": "คุณนิติ", "extension": "2001", "telephone": "034 123 456"}
    with writing(room.engine) as connection:
        source = save_source(connection, None, told, room.at, None)
        piece = base.item(connection, "source", str(source), somsri, "th")
    assert piece is not None
    assert piece.numbers == ("2001", "+6634123456")
    assert piece.text == "034 123 456"
