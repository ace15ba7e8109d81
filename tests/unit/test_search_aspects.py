"""H5: what a question wants to know of its subject, numbers said in words, Latin words in pieces or mistyped."""

import pytest

from crm.search.aspects import aspects_of
from crm.search.question import joined_words, understand
from crm.search.spoken import numbers_said
from crm.thai import fold


@pytest.mark.parametrize(
    ("asked", "fits", "does_not"),
    [
        ("ทำบัตรใหม่กี่บาท", "ออกบัตรใหม่ 100 บาท", "ภายใน 60 วัน"),
        ("ใบอนุญาตใช้ได้กี่ปี", "มีอายุ 5 ปี", "ฉบับละ 505 บาท"),
        ("ห้องสมุดปิดกี่โมง", "เปิด 08.30-16.30 น.", "ค่าสมาชิกปีละ 10 บาท"),
        ("ใช้เอกสารอะไรบ้าง", "สำเนาทะเบียนบ้าน", "ไม่เสียค่าธรรมเนียม"),
        ("ร้องเรียนเบอร์อะไร", "สายด่วน 1166", "แจ้งผลใน 7 วัน"),
        ("how much is the fee", "the fee is 20 baht", "within a day"),
    ],
)
def test_an_answer_of_the_kind_asked_for_fits_better(asked: str, fits: str, does_not: str) -> None:
    aspects = aspects_of(fold(asked))
    assert aspects.fits(fold(fits)) > aspects.fits(fold(does_not))


def test_who_asks_for_nothing_special_gets_no_preference() -> None:
    assert aspects_of(fold("เครื่องหมายการค้า")).fits(fold("100 บาท ภายใน 5 วัน สายด่วน 1166")) == 0.0


@pytest.mark.parametrize(
    ("said", "numbers"),
    [
        ("ไม่ถึงสองร้อยตารางเมตร", ["200"]),
        ("ภายในสามสิบเอ็ดวัน", ["31"]),
        ("เกินหนึ่งล้านแปดแสนบาท", ["1800000"]),
        ("ห้าชั่วโมง หรือสิบคน", ["5", "10"]),
        ("รถสองแถว", []),
    ],
)
def test_numbers_in_words(said: str, numbers: list[str]) -> None:
    assert numbers_said(fold(said)) == numbers


def test_latin_words_are_understood_in_pieces_and_mistyped() -> None:
    assert "passport" in joined_words("p ass port thai")
    for asked in ("pass port", "paasport", "passprot"):
        assert fold("หนังสือเดินทาง") in understand(asked).meanings
