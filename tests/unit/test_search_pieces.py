"""H5: questions and texts as pieces; packing of the index. Pure."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crm.search.packing import Postings, changed, unpack, weight
from crm.search.passages import cut
from crm.search.pieces import numbers_of, pieces_of, skeleton
from crm.search.question import spelled_out, typed_in_thai, understand
from crm.thai import fold


def _numbers(text: str) -> set[int]:
    return set(numbers_of(pieces_of(text)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("หนังสือรับรอง", "หนังสือ รับ รอง"),  # blanks where a PDF broke the line
        ("ผู้ส่งออก", "ผูสงออก"),  # without tone marks
        ("พ.ศ. ๒๕๖๙", "พ.ศ. 2569"),
        ("น\u0e4d\u0e32เข\uf70b\u0e32", "นำเข้า"),  # as copied out of a PDF
        ("Certificate of Origin", "certificate OF origin"),
    ],
)
def test_ways_of_writing_are_the_same_pieces(one: str, other: str) -> None:
    assert _numbers(one) == _numbers(other)


def test_marks_in_a_wrong_place_leave_the_skeleton() -> None:
    assert skeleton(pieces_of("สนิ คา้").thai[0]) == skeleton(pieces_of("สินค้า").thai[0])


def test_numbers_and_joined_words() -> None:
    pieces = pieces_of("e-Filing ภ.พ.30 ปี 0042 B2B")
    assert "efiling" in pieces.words
    assert "b2b" not in pieces.words  # one letter, one number, one letter
    assert {"30", "42", "2"} <= set(pieces.numbers)


@given(st.text())
@example("50/50 ม.5/1 7-11 a/1")
def test_any_text_can_be_a_question(text: str) -> None:
    question = understand(text)
    assert all(0 <= piece < 2**63 and factor > 0 for piece, factor in question.weights.items())


def _postings(weights: dict[int, int]) -> Postings:
    postings = Postings()
    for place in sorted(weights):
        postings.add(place, weights[place])
    return postings


@given(st.dictionaries(st.integers(0, 4095), st.integers(1, 255)), st.sets(st.integers(0, 4095)))
def test_packing_keeps_everything_and_takes_out_what_goes(weights: dict[int, int], gone: set[int]) -> None:
    packed = changed(None, more=_postings(weights))
    places, marks = unpack(packed)
    assert dict(zip(places, marks, strict=True)) == weights
    assert list(places) == sorted(places)
    for without in (gone, set[int]()):
        places, marks = unpack(changed(packed, without, _postings({5000: 9})))
        left = {place: mark for place, mark in weights.items() if place not in without}
        assert dict(zip(places, marks, strict=True)) == left | {5000: 9}


def test_a_piece_counts_more_when_it_stands_more_often_and_in_shorter_passages() -> None:
    assert weight(2, 300) > weight(1, 300) > weight(1, 3000) >= 1
    assert weight(10_000, 1) <= 255


@given(st.text(alphabet="กขคงา \n", max_size=3000))
def test_cutting_loses_no_letter(text: str) -> None:
    passages = cut(text, 100)
    assert "".join("".join(passages).split()) == "".join("".join(cut(text, 10**6)).split())
    assert all(len(passage) <= 100 for passage in passages)


def test_abbreviations_said_in_thai_and_in_english() -> None:
    assert spelled_out(fold("สิทธิจีเอสพีใช้ยังไง")) == ["gsp"]
    assert fold("เอสเอ็มอี") in understand("SME").meanings
    assert "gsp" in understand("จีเอสพี").meanings


def test_a_keyboard_left_in_english() -> None:
    assert typed_in_thai("l;ylfu") == "สวัสดี"
    assert typed_in_thai("สวัสดี") is None
    assert typed_in_thai("ok") is None


def test_politeness_hardly_counts() -> None:
    """The particle at the end and the opening phrase weigh less than what is asked."""
    weights = understand("อยากทราบว่าสิทธิบัตรครับ").weights
    asked = understand("สิทธิบัตร").weights
    assert all(weights[piece] >= factor for piece, factor in asked.items())
    assert sum(weights.values()) < 2 * sum(asked.values())
