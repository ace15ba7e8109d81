"""Numbers, times and dates are composed in correct Thai and English (issue: 101 is ร้อยเอ็ด)."""

from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.prompts import numbers
from dialplan.prompts.catalogue import load

THAI = {
    0: "ศูนย์", 1: "หนึ่ง", 2: "สอง", 10: "สิบ", 11: "สิบเอ็ด", 12: "สิบสอง", 20: "ยี่สิบ", 21: "ยี่สิบเอ็ด", 22: "ยี่สิบสอง",
    31: "สามสิบเอ็ด", 40: "สี่สิบ", 99: "เก้าสิบเก้า", 100: "ร้อย", 101: "ร้อยเอ็ด", 110: "ร้อยสิบ", 111: "ร้อยสิบเอ็ด",
    201: "สองร้อยเอ็ด", 1000: "พัน", 1001: "พันเอ็ด", 1169: "พันหนึ่งร้อยหกสิบเก้า", 2569: "สองพันห้าร้อยหกสิบเก้า",
    10001: "หนึ่งหมื่นเอ็ด", 100_000: "หนึ่งแสน", 1_000_001: "หนึ่งล้านเอ็ด",
    9_999_999: "เก้าล้านเก้าแสนเก้าหมื่นเก้าพันเก้าร้อยเก้าสิบเก้า",
}  # fmt: skip
ENGLISH = {
    0: "zero", 1: "one", 13: "thirteen", 20: "twenty", 21: "twenty one", 100: "one hundred", 101: "one hundred and one",
    1001: "one thousand and one", 1100: "one thousand one hundred",
    12_345: "twelve thousand three hundred and forty five",
    1_000_000: "one million",
    9_999_999: "nine million nine hundred and ninety nine thousand nine hundred and ninety nine",
}  # fmt: skip
THAI_DIGITS = ["ศูนย์", "หนึ่ง", "สอง", "สาม", "สี่", "ห้า", "หก", "เจ็ด", "แปด", "เก้า"]


def spoken(language: str, ids: list[str]) -> str:
    """What the ids say, by the catalogue."""
    prompts = load(language).prompts
    return ("" if language == "th" else " ").join(prompts[name].text for name in ids)


def thai_reading(n: int) -> str:
    """Thai reading written another way: digit by digit from the left, then the two exceptions put right."""
    places = ["", "สิบ", "ร้อย", "พัน", "หมื่น", "แสน", "ล้าน"]
    figures = str(n)
    words = [
        THAI_DIGITS[int(figure)] + places[len(figures) - 1 - index]
        for index, figure in enumerate(figures)
        if figure != "0"
    ]
    if len(words) > 1 and words[-1] == "หนึ่ง":
        words[-1] = "เอ็ด"
    if words and words[0] in {"หนึ่งร้อย", "หนึ่งพัน"}:
        words[0] = words[0].removeprefix("หนึ่ง")
    return "".join({"หนึ่งสิบ": "สิบ", "สองสิบ": "ยี่สิบ"}.get(word, word) for word in words) or "ศูนย์"


def value_of_thai(ids: list[str]) -> int:
    sizes = {"num-10": 10, "num-roi": 100, "num-pan": 1000, "num-muan": 10**4, "num-saen": 10**5, "num-lan": 10**6}
    total, figure = 0, 0
    for name in ids:
        if name in sizes:
            total, figure = total + (figure or 1) * sizes[name], 0
        elif name == "num-20":
            total += 20
        else:
            figure = 1 if name == "num-et" else int(name.removeprefix("num-"))
    return total + figure


def value_of_english(ids: list[str]) -> int:
    total, part = 0, 0
    for name in ids:
        word = name.removeprefix("num-")
        if word == "hundred":
            part *= 100
        elif word in {"thousand", "million"}:
            total, part = total + part * (1000 if word == "thousand" else 10**6), 0
        elif word != "and":
            part += int(word)
    return total + part


@pytest.mark.parametrize(("n", "text"), THAI.items())
def test_thai_number(n: int, text: str) -> None:
    assert spoken("th", numbers.number("th", n)) == text


@pytest.mark.parametrize(("n", "text"), ENGLISH.items())
def test_english_number(n: int, text: str) -> None:
    assert spoken("en", numbers.number("en", n)) == text


@given(st.integers(0, numbers.LARGEST))
def test_thai_number_is_read_back_and_agrees_with_another_reading(n: int) -> None:
    ids = numbers.number("th", n)
    assert value_of_thai(ids) == n
    assert spoken("th", ids) == thai_reading(n)
    assert set(ids) <= numbers.vocabulary("th")


def test_every_thai_number_up_to_3000_agrees_with_another_reading() -> None:
    texts = {name: prompt.text for name, prompt in load("th").prompts.items()}
    for n in range(3001):
        assert "".join(texts[name] for name in numbers.number("th", n)) == thai_reading(n)


@given(st.integers(0, numbers.LARGEST))
def test_english_number_is_read_back(n: int) -> None:
    ids = numbers.number("en", n)
    assert value_of_english(ids) == n
    assert set(ids) <= numbers.vocabulary("en")


@pytest.mark.parametrize("language", ["th", "en"])
@pytest.mark.parametrize("n", [-1, -500, numbers.LARGEST + 1])
def test_what_cannot_be_spoken_is_an_error(language: str, n: int) -> None:
    with pytest.raises(ValueError, match="cannot be spoken"):
        numbers.number(language, n)


def test_an_unknown_language_is_an_error() -> None:
    for compose in (numbers.number, numbers.position, numbers.minutes):
        with pytest.raises(ValueError, match="th and en"):
            compose("fr", 1)
    with pytest.raises(ValueError, match="th and en"):
        numbers.digits("fr", "1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1169", "1 1 6 9"),
        ("0812345678", "0 8 1 / 2 3 4 / 5 6 7 8"),
        ("021234567", "0 2 / 1 2 3 / 4 5 6 7"),
        ("+66812345678", "0 8 1 / 2 3 4 / 5 6 7 8"),
        ("+4915112345", "plus 4 9 1 / 5 1 1 / 2 3 4 5"),
        ("12345678", "1 2 3 / 4 5 6 / 7 8"),
        ("1234567", "1 2 3 / 4 5 6 7"),
    ],
)
def test_telephone_digits(text: str, expected: str) -> None:
    ids = numbers.digits("th", text)
    said = " ".join({"silence-short": "/"}.get(name, name.removeprefix("num-")) for name in ids)
    assert said == expected


@given(st.text("0123456789", min_size=1, max_size=20))
def test_no_digit_of_a_telephone_number_is_lost(text: str) -> None:
    assert "".join(i.removeprefix("num-") for i in numbers.digits("en", text) if i != "silence-short") == text


@pytest.mark.parametrize("text", ["", "+", "08-1", "anonymous", "๐๘๑", "+66"])
def test_what_is_not_a_telephone_number_is_an_error(text: str) -> None:
    if text == "+66":  # a country code alone is said as it is
        assert numbers.digits("th", text) == ["plus", "num-6", "num-6"]
        return
    with pytest.raises(ValueError, match="digit by digit"):
        numbers.digits("th", text)


def test_position() -> None:
    assert numbers.position("th", 1) == ["you-are-next"]
    assert spoken("th", numbers.position("th", 11)) == "ท่านอยู่ในลำดับที่สิบเอ็ดของผู้ที่กำลังรอสายค่ะ"
    assert spoken("en", numbers.position("en", 2)) == "You are number two in the queue."
    with pytest.raises(ValueError, match="the first is 1"):
        numbers.position("th", 0)


def test_expected_wait() -> None:
    assert spoken("th", numbers.minutes("th", 0)) == "ระยะเวลารอสายโดยประมาณไม่ถึงหนึ่งนาทีค่ะ"
    assert spoken("th", numbers.minutes("th", 21)) == "ระยะเวลารอสายโดยประมาณยี่สิบเอ็ดนาทีค่ะ"
    assert spoken("en", numbers.minutes("en", 1)) == "Your estimated waiting time is one minute."
    assert spoken("en", numbers.minutes("en", 2)) == "Your estimated waiting time is two minutes."
    with pytest.raises(ValueError, match="cannot be spoken"):
        numbers.minutes("th", -1)


@pytest.mark.parametrize(
    ("at", "thai", "english"),
    [
        (time(0, 0), "ศูนย์นาฬิกา", "twelve A M"),
        (time(8, 30), "แปดนาฬิกาสามสิบนาที", "eight thirty A M"),
        (time(9, 5), "เก้านาฬิกาห้านาที", "nine oh five A M"),
        (time(12, 0), "สิบสองนาฬิกา", "twelve P M"),
        (time(13, 21), "สิบสามนาฬิกายี่สิบเอ็ดนาที", "one twenty one P M"),
        (time(23, 59), "ยี่สิบสามนาฬิกาห้าสิบเก้านาที", "eleven fifty nine P M"),
    ],
)
def test_clock_time(at: time, thai: str, english: str) -> None:
    assert spoken("th", numbers.clock_time("th", at)) == thai
    assert spoken("en", numbers.clock_time("en", at)) == english


@pytest.mark.parametrize(
    ("day", "thai", "english"),
    [
        (date(2026, 11, 23), "วันจันทร์ที่ยี่สิบสามพฤศจิกายน", "Monday the twenty third of November"),
        (date(2026, 12, 6), "วันอาทิตย์ที่หกธันวาคม", "Sunday the sixth of December"),
        (
            date(2027, 1, 1),
            "วันศุกร์ที่หนึ่งมกราคมพุทธศักราชสองพันห้าร้อยเจ็ดสิบ",
            "Friday the first of January twenty twenty seven",
        ),
    ],
)
def test_date(day: date, thai: str, english: str) -> None:
    today = date(2026, 11, 20)
    assert spoken("th", numbers.date("th", day, today)) == thai
    assert spoken("en", numbers.date("en", day, today)) == english


@pytest.mark.parametrize(
    ("year", "english"),
    [
        (2005, "two thousand and five"),
        (2100, "twenty one hundred"),
        (2107, "twenty one oh seven"),
        (2030, "twenty thirty"),
    ],
)
def test_english_year(year: int, english: str) -> None:
    said = spoken("en", numbers.date("en", date(year, 1, 1), date(2026, 1, 1)))
    assert said.endswith("January " + english)


def test_opening_today_tomorrow_and_later() -> None:
    now = datetime(2026, 11, 20, 7, 0)  # noqa: DTZ001 - local time of the site
    says = [
        spoken("th", numbers.opening("th", datetime(2026, 11, day, 8, 30), now))  # noqa: DTZ001
        for day in (20, 21, 23)
    ]
    assert says == [
        "เราจะเปิดให้บริการอีกครั้งวันนี้เวลาแปดนาฬิกาสามสิบนาทีค่ะ",
        "เราจะเปิดให้บริการอีกครั้งวันพรุ่งนี้เวลาแปดนาฬิกาสามสิบนาทีค่ะ",
        "เราจะเปิดให้บริการอีกครั้งวันจันทร์ที่ยี่สิบสามพฤศจิกายนเวลาแปดนาฬิกาสามสิบนาทีค่ะ",
    ]
    said = spoken("en", numbers.opening("en", datetime(2026, 11, 23, 8, 30), now))  # noqa: DTZ001
    assert said == "We open again on Monday the twenty third of November at eight thirty A M Thank you."
    with pytest.raises(ValueError, match="past"):
        numbers.opening("th", datetime(2026, 11, 20, 6, 0), now)  # noqa: DTZ001


@given(st.sampled_from(["th", "en"]), st.dates(date(2020, 1, 1), date(2199, 12, 31)), st.times())
def test_every_composed_id_is_in_the_vocabulary(language: str, day: date, at: time) -> None:
    ids = numbers.date(language, day, date(2026, 1, 1)) + numbers.clock_time(language, at)
    assert set(ids) <= numbers.vocabulary(language)
