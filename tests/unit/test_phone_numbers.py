"""However a number is written, the same caller is found (C1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.people.numbers import LONGEST_KEPT, WITHHELD, Number, NumberKind, normalise

E164, SHORT, INTERNAL, OTHER = NumberKind.E164, NumberKind.SHORT, NumberKind.INTERNAL, NumberKind.OTHER
MOBILE, BANGKOK = "+66812345678", "+6625077999"


@pytest.mark.parametrize(
    "written",
    [
        "0812345678",
        "+66812345678",
        "66812345678",
        "0066812345678",
        "00166812345678",  # as dialled from Thailand
        "+660812345678",
        "660812345678",
        "+66 (0)81 234 5678",
        "00 66 (0) 81-234-5678",
        "๐๘๑๒๓๔๕๖๗๘",
        "๐๘๑-๒๓๔-๕๖๗๘",
        "+๖๖๘๑๒๓๔๕๖๗๘",
        "０８１２３４５６７８",
        "＋66812345678",
        "081-234-5678",
        "081 234 5678",
        "081.234.5678",
        "(081) 234-5678",
        "081–234—5678",
        "081\u00a0234\u00a05678",
        "\u200b0812345678\u200e",
        "\u202a+66812345678\u202c",
        " 0812345678\r\n",
        "081/2345678",
        "081/234/5678",
        "812345678",  # a spreadsheet took the zero
        "+0812345678",  # a trunk put a plus before a national number
        "tel:+66812345678",
        "tel:+66-81-234-5678;phone-context=+66",
        "sip:0812345678@192.0.2.1:5060;user=phone",
        '"สมชาย ใจดี" <sip:0812345678@trunk>',
        '"Unknown" <0812345678>',
        "'0812345678'",
    ],
)
def test_C1_all_spellings_of_a_mobile_are_one_number(written: str) -> None:
    assert normalise(written) == Number(E164, MOBILE)


@pytest.mark.parametrize(
    ("written", "extension"),
    [
        ("02-507-7999", None),
        ("0 2507 7999", None),
        ("+66 2 507 7999", None),
        ("6625077999", None),
        ("25077999", None),
        ("02-507-7999/8000", None),
        ("02-507-7999 / 02-507-8000", None),
        ("02-507-7999, 081-234-5678", None),
        ("02-507-7999 หรือ 081-234-5678", None),
        ("02-507-7999-8", None),
        ("0 2507 7999-28", None),
        ("02-507-7999 ถึง 8", None),
        ("02-507-7999 ต่อ 123", "123"),
        ("๐ ๒๕๐๗ ๗๙๙๙ ต่อ ๑๒๓", "123"),
        ("025077999 ext. 45", "45"),
        ("025077999 ext 45", "45"),
        ("025077999x45", "45"),
        ("025077999#45", "45"),
        ("02-507-7999 กด 1", "1"),
    ],
)
def test_C1_one_number_of_an_office_with_ranges_and_extensions(written: str, extension: str | None) -> None:
    assert normalise(written) == Number(E164, BANGKOK, extension)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1800123456", "+661800123456"),  # free of charge
        ("1900123456", "+661900123456"),
        ("053123456", "+6653123456"),
        ("+442079460000", "+442079460000"),
        ("00442079460000", "+442079460000"),
        ("001442079460000", "+442079460000"),
        ("007442079460000", "+442079460000"),
        ("442079460000", "+442079460000"),
        ("+1 (212) 555-1234", "+12125551234"),
        ("0012125551234", "+12125551234"),
        ("+8613812345678", "+8613812345678"),
        ("+85620 55 123 456", "+8562055123456"),  # Laos, the neighbour
        ("+60 12-345 6789", "+60123456789"),
    ],
)
def test_C1_other_numbers(written: str, number: str) -> None:
    assert normalise(written) == Number(E164, number)


@pytest.mark.parametrize("written", ["1169", "191", "1669", "1203", "1111", "๑๑๖๙", "11-69", "+661169", "tel:1169"])
def test_C1_short_codes_stay_short(written: str) -> None:
    found = normalise(written)
    assert found.kind is SHORT
    assert found.number is not None
    assert 3 <= len(found.number) <= 4


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1001", Number(INTERNAL, "1001")),  # one of our own desks
        ("1002", Number(SHORT, "1002")),  # not ours: a public code
        ("1169", Number(SHORT, "1169")),
        ("sip:1001@10.0.0.1", Number(INTERNAL, "1001")),
        ("๑๐๐๑", Number(INTERNAL, "1001")),
        ("201", Number(INTERNAL, "201")),
        ("45", Number(INTERNAL, "45")),
        ("81234", Number(INTERNAL, "81234")),
    ],
)
def test_extensions_of_ours_come_before_short_codes(written: str, expected: Number) -> None:
    assert normalise(written, extensions={"1001"}) == expected


@pytest.mark.parametrize(
    "written",
    [
        None,
        "",
        "   ",
        "anonymous",
        "Anonymous",
        "ANONYMOUS",
        "anonymous@anonymous.invalid",
        '"Anonymous" <sip:anonymous@anonymous.invalid>',
        "restricted",
        "Unknown",
        "<unknown>",
        "private",
        "Withheld",
        "unavailable",
        "ไม่แสดงหมายเลข",
    ],
)
def test_C1_withheld_numbers_have_no_number(written: str | None) -> None:
    assert normalise(written) == WITHHELD
    assert normalise(written).recognisable is None


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("0000000000", "0000000000"),
        ("0111111111", "0111111111"),
        ("081234", "081234"),
        ("+66", "+66"),
        ("+999123456789", "+999123456789"),
        ("somchai", "somchai"),
        ("1-800-FLOWERS", "1-800-FLOWERS"),
        ("0812345678901234567890", "0812345678901234567890"),
        ("*43#", "*43#"),
    ],
)
def test_what_is_no_number_is_kept_but_never_recognised(written: str, kept: str) -> None:
    assert normalise(written) == Number(OTHER, kept)
    assert normalise(written).recognisable is None


def test_the_country_is_a_setting() -> None:
    assert normalise("02079460000", country="GB") == Number(E164, "+442079460000")


@given(st.text(max_size=200))
def test_never_raises_and_never_keeps_endless_text(written: str) -> None:
    found = normalise(written)
    assert (found.number is None) == (found.kind is NumberKind.WITHHELD)
    assert len(found.number or "") <= LONGEST_KEPT


@given(st.from_regex(r"0[689][0-9]{8}|0[2-7][0-9]{7}|\+[1-9][0-9]{6,13}|1[0-9]{2,3}", fullmatch=True))
def test_normal_forms_stay_as_they_are(written: str) -> None:
    once = normalise(written)
    assert normalise(once.number) == once
