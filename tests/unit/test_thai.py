"""Thai text in one spelling, as a search key, and by ear."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crm.thai import distance, fold, norm, sound, without_title, words


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ค\u0e33ถาม", "คำถาม"),
        ("ค\u0e4d\u0e32ถาม", "คำถาม"),  # sara am taken apart, as PDFs do
        ("น\u0e49\u0e4d\u0e32", "น้ำ"),
        ("น\u0e4d\u0e49\u0e32", "น้ำ"),
        ("เเม่", "แม่"),
        ("ท\u0e48\u0e35", "ที่"),  # tone typed before the vowel
        ("ครัั\u0e31บ", "ครับ"),
        ("ส\u200bมชาย\ufeff", "สมชาย"),
        ("โทร ๐๘๑", "โทร 081"),
        ("\u0e1b\uf702", "ปี"),  # a glyph of the private use area
        ("Jose\u0301", "José"),
        ("a\u00a0b", "a b"),
    ],
)
def test_one_spelling(typed: str, kept: str) -> None:
    assert norm(typed) == kept


@example("ะ็ะ")
@example("าำ")
@given(st.text(alphabet=st.characters(min_codepoint=0x0E01, max_codepoint=0x0E5B), max_size=12))
def test_spelling_and_keys_are_settled_after_one_pass(text: str) -> None:
    assert norm(norm(text)) == norm(text)
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [("น้ำฝน", "นาฝน"), ("ส้ม", "สม"), ("พงศ์", "พงศ"), ("SOMCHAI", "somchai"), ("José", "jose"), ("เก็บ", "เกบ")],
)
def test_tone_marks_and_capitals_do_not_hinder_a_search(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ณัฐพงศ์", "นัทพงษ์"),
        ("ศักดิ์ชัย", "สักชัย"),
        ("วรรณา", "วันนา"),
        ("ภัทร", "พัทร"),
        ("รุ่งเรือง", "ลุ่งเลือง"),
        ("กิตติ", "กิติ"),
        ("ธัญญา", "ทันยา"),
        ("จันทร์", "จันท"),
        ("ไพศาล", "ใพสาล"),
    ],
)
def test_names_that_sound_alike(one: str, other: str) -> None:
    assert distance(sound(one), sound(other)) <= 1


def test_names_that_sound_different_stay_apart() -> None:
    assert len({sound(name) for name in ("สมชาย", "สมหญิง", "สมศรี", "สมพร", "สมบัติ", "สมศักดิ์")}) == 6


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("คุณสมชาย  ใจดี", ["คุณสมชาย", "ใจดี"]),
        ("น.ส. ป้อม-แป้ง", ["น", "ส", "ปอม", "แปง"]),
        ("Anna O'Neill", ["anna", "o", "neill"]),
        ("", []),
        ("ใจดี ใจดี", ["ใจดี"]),
    ],
)
def test_words(text: str, found: list[str]) -> None:
    assert words(text) == found


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("คุณสมชาย ใจดี", "สมชาย ใจดี"),
        ("นางสาวสมหญิง", "สมหญิง"),
        ("นางสมหญิง", "สมหญิง"),
        ("น.ส. สมหญิง", "สมหญิง"),
        ("Mrs. Smith", "Smith"),
        ("Mr Smith", "Smith"),
        ("Drew", "Drew"),
        ("Missy", "Missy"),
        ("คุณ", "คุณ"),
        ("สมชาย", "สมชาย"),
    ],
)
def test_titles_are_left_off(name: str, plain: str) -> None:
    assert without_title(name) == plain


@pytest.mark.parametrize(
    ("one", "other", "errors"),
    [("", "", 0), ("ab", "ba", 1), ("abc", "ac", 1), ("abc", "abxc", 1), ("abc", "axc", 1), ("abcd", "badc", 2),
     ("a", "abcd", 3), ("kitten", "sitting", 3), ("สมชาย", "สมขาย", 1)],
)  # fmt: skip
def test_typing_errors_are_counted(one: str, other: str, errors: int) -> None:
    assert distance(one, other) == distance(other, one) == errors
