"""What letters to callers say: its placeholders, its faults, and what stands where nothing is known (H6)."""

from dataclasses import replace

import pytest

from crm.basket.wording import (
    DEFAULTS,
    FIELDS,
    LANGUAGES,
    LONGEST,
    PLACEHOLDERS,
    Fault,
    Wording,
    cleaned,
    faults_of,
    filled,
    paragraphs,
)
from crm.placeholders import brackets_match, fill, unknown_in

KNOWN = {
    "name": "คุณสมชาย",
    "about": "การส่งออก",
    "day": "20 พฤศจิกายน 2569",
    "house": "สายด่วน 1169",
    "telephone": "1169",
    "number": "17",
    "agent": "สมศรี",
}
PLAIN = Wording("subject", "opening", "closing")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_default_can_be_used_and_uses_what_the_letter_must_have(language: str) -> None:
    """The caller's name, the subject, the day, the number to call back and who signs."""
    default = DEFAULTS[language]
    assert faults_of(default) == {}
    assert cleaned(default) == default
    said = filled(default, KNOWN, language)
    for value in KNOWN.values():
        assert value in f"{said.subject} {said.opening} {said.closing}"


def test_the_letter_of_a_known_caller_in_thai() -> None:
    said = filled(DEFAULTS["th"], KNOWN, "th")
    assert said.subject == "ข้อมูลที่ท่านสอบถาม: การส่งออก (สายด่วน 1169)"
    assert said.opening.splitlines() == [
        "เรียน คุณสมชาย", "",
        "ตามที่ท่านได้ติดต่อสายด่วน 1169 เมื่อ20 พฤศจิกายน 2569 เรื่อง การส่งออก ขอส่งข้อมูลให้ท่านดังนี้",
    ]  # fmt: skip
    assert said.closing.splitlines()[-3:] == ["ขอแสดงความนับถือ", "สมศรี", "สายด่วน 1169"]


def test_what_is_not_known_is_left_out_or_has_words_that_stand_for_it() -> None:
    unknown = {**KNOWN, "name": "", "about": "", "agent": ""}
    said = filled(DEFAULTS["en"], unknown, "en")
    assert said.subject == "What you asked about: your question (สายด่วน 1169)"
    assert said.opening.splitlines()[0] == "Dear Sir or Madam,"
    assert "on 20 พฤศจิกายน 2569. Here is" in said.opening
    assert said.closing.splitlines()[-2:] == ["Yours sincerely,", "สายด่วน 1169"]
    assert filled(DEFAULTS["th"], unknown, "th").opening.startswith("เรียน ท่านผู้รับบริการ\n")


def test_a_value_is_no_placeholder_and_a_subject_is_one_line() -> None:
    tricky = {**KNOWN, "name": "{agent}", "about": "a\r\nBcc: [x] {house}"}
    said = filled(Wording("{about}", "{name}", "[{name}]"), tricky, "en")
    assert said == Wording("a Bcc: [x] {house}", "{agent}", "{agent}")


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", Fault("wording_missing")),
        (" \n\t ", Fault("wording_missing")),
        ("{nmae}, {day} {Name} {nmae}", Fault("wording_unknown", ("{nmae}", "{Name}"))),
        ("{}", Fault("wording_unknown", ("{}",))),
        ("{ name }", Fault("wording_unknown", ("{ name }",))),
        ("{name", Fault("unmatched_brackets")),
        ("name}", Fault("unmatched_brackets")),
        ("[about {about}", Fault("unmatched_brackets")),
        ("[{name] x", Fault("unmatched_brackets")),
        ("{{name}}", Fault("unmatched_brackets")),
        ("[[{name}]]", Fault("unmatched_brackets")),
        ("x" * 4_001, Fault("too_long")),
    ],
)
def test_faults_are_named_where_they_are(name: str, text: str, fault: Fault) -> None:
    assert faults_of(cleaned(replace(PLAIN, **{name: text}))) == {name: fault}


def test_a_wording_may_be_as_long_as_its_field_and_every_placeholder_may_stand_anywhere() -> None:
    everything = "".join(f"[{{{name}}}]" for name in PLACEHOLDERS)
    assert faults_of(Wording(everything, everything, everything)) == {}
    assert faults_of(Wording(**{name: "x" * longest for name, longest in LONGEST.items()})) == {}


def test_what_comes_with_typing_is_cleaned() -> None:
    typed = Wording(" a \r\n b ", "\r\none\r\n\r\ntwo\r\n", "c\rd")
    assert cleaned(typed) == Wording("a b", "one\n\ntwo", "c\nd")


def test_an_empty_line_parts_paragraphs() -> None:
    assert paragraphs("\n\na\nb\n\n\nc\n") == [["a", "b"], ["c"]]
    assert paragraphs("") == []


def test_placeholders_of_any_text() -> None:
    assert fill("{a}[, {b}]{c}", {"a": "1", "b": None}, {"b": "x"}) == "1{c}"
    assert fill("{b}", {"b": None}, {"b": "x"}) == "x"
    assert unknown_in("{a} {b} {a}", ("b",)) == ["{a}"]
    assert brackets_match("a [{b}] [c] {d}")
