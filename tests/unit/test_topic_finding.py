"""Subjects found by what somebody types (C2, K1)."""

import pytest

from crm.topics.finding import find_topics
from crm.topics.models import Matter, Topic


def tree() -> dict[int, Topic]:
    lines = [
        (1, None, "สอบถามข้อมูลทั่วไป", "General enquiry", ""),
        (2, 1, "การส่งออก", "Exporting", "ขายต่างประเทศ"),
        (3, 2, "หนังสือรับรองถิ่นกำเนิดสินค้า", "Certificate of origin", "C/O Form D ฟอร์มดี"),
        (4, 2, "เอกสารส่งออก", "Export documents", "invoice"),
        (5, 1, "การพบผู้นำเข้า", "Meeting importers", "หาผู้ซื้อ"),
        (6, None, "ข้อมูลเทคนิค", "Technical information", ""),
        (7, 6, "พิกัดศุลกากร", "Customs tariff codes", "HS code"),
    ]
    found: dict[int, Topic] = {}
    for one, parent, th, en, also in lines:
        path = (*(found[parent].path if parent else ()), one)
        kind = Matter.GENERAL if path[0] == 1 else Matter.TECHNICAL
        found[one] = Topic(id=one, parent_id=parent, kind=kind, name_th=th, name_en=en, also=also, path=path)
    return found


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("ถิ่นกำเนิด", 3),
        ("ถินกำเนิด", 3),  # no tone mark
        ("origin", 3),
        ("form d", 3),
        ("ฟอร์มดี", 3),
        ("เอกสาร", 4),
        ("เอกสารสงออก", 4),
        ("ผู้นำเข้า", 5),
        ("importer", 5),
        ("HS", 7),
        ("พิกัต", 7),  # as it sounds
        ("พิกัดสุลกากร", 7),
        ("พิกักศุลกากร", 7),  # a wrong letter
        ("การส่งออก", 2),
        ("cstoms tarif", 7),
        ("importars", 5),
        ("ส่งออก เอกสาร", 4),
        ("ทั่วไป", 1),
    ],
)
def test_the_likeliest_subject_comes_first(asked: str, first: int) -> None:
    assert find_topics(tree(), asked)[0].id == first


def test_nothing_asked_gives_the_tree_in_order_and_nonsense_nothing() -> None:
    assert [topic.id for topic in find_topics(tree(), " ")] == [1, 2, 3, 4, 5, 6, 7]
    assert [topic.id for topic in find_topics(tree(), "", most=2)] == [1, 2]
    assert find_topics(tree(), "xyzxyz") == []
    assert find_topics(tree(), "ขอให้โชคดีมีชัย") == []


def test_all_words_must_be_somewhere() -> None:
    assert [topic.id for topic in find_topics(tree(), "การส่งออก invoice")] == [4]
    assert find_topics(tree(), "พิกัด invoice") == []
