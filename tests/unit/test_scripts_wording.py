"""Greeting and ending as an agent says them (H2, H7)."""

import pytest

from crm.contacts.words import WORDS as CONTACTS
from crm.people.words import WORDS as PEOPLE
from crm.scripts.models import Particle
from crm.scripts.wording import addressed, particle_of, problems_of, say
from crm.scripts.words import WORDS as SCRIPTS
from crm.standards.words import WORDS as STANDARDS
from crm.topics.words import WORDS as TOPICS

GREETING = "ศูนย์บริการกระทรวงพาณิชย์ สวัสดี{polite}[ {self}{agent} รับสาย]"


@pytest.mark.parametrize(
    ("particle", "agent", "said"),
    [
        (Particle.KHA, None, "ศูนย์บริการกระทรวงพาณิชย์ สวัสดีค่ะ"),  # the manuals' own words
        (Particle.KHRAP, None, "ศูนย์บริการกระทรวงพาณิชย์ สวัสดีครับ"),
        (Particle.KHA, "สมศรี", "ศูนย์บริการกระทรวงพาณิชย์ สวัสดีค่ะ ดิฉันสมศรี รับสาย"),
        (Particle.KHRAP, "ประเสริฐ", "ศูนย์บริการกระทรวงพาณิชย์ สวัสดีครับ ผมประเสริฐ รับสาย"),
        (None, None, "ศูนย์บริการกระทรวงพาณิชย์ สวัสดีค่ะ/ครับ"),
    ],
)
def test_H2_the_greeting_of_a_woman_and_of_a_man(particle: Particle | None, agent: str | None, said: str) -> None:
    assert say(GREETING, particle, agent=agent) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Thank you for calling {hotline}[, {caller}].", "Thank you for calling 1169."),
        ("ขอบคุณ[{caller}]ที่ใช้บริการ", "ขอบคุณที่ใช้บริการ"),
        ("{greeting}", "{greeting}"),
        ("a  b\n  c", "a b\nc"),
        ("[optional]", "optional"),
        ("{polite_question}", "คะ"),
    ],
)
def test_H7_the_ending_without_a_name(text: str, said: str) -> None:
    assert say(text, Particle.KHA, hotline="1169") == said


def test_H7_the_ending_with_a_name() -> None:
    assert say("ขอบคุณ[{caller}]ที่ใช้บริการ{polite}", Particle.KHRAP, caller="คุณสมชาย") == "ขอบคุณคุณสมชายที่ใช้บริการครับ"
    assert say("Thanks[, {caller}].", None, caller="{agent}") == "Thanks, {agent}."  # a name is no placeholder


@pytest.mark.parametrize(
    ("name", "language", "called"),
    [
        ("นายสมชาย ใจดี", "th", "คุณสมชาย ใจดี"),
        ("คุณสมชาย", "th", "คุณสมชาย"),
        ("John Smith", "th", "คุณ John Smith"),
        ("Mr John Smith", "en", "Mr John Smith"),
        (None, "th", None),
        ("", "en", None),
    ],
)
def test_how_a_caller_is_spoken_to(name: str | None, language: str, called: str | None) -> None:
    assert addressed(name, language) == called


@pytest.mark.parametrize(
    ("chosen", "sex", "names", "particle"),
    [
        ("kha", "male", (), Particle.KHA),
        (None, "female", (), Particle.KHA),
        (None, "male", ("นางสาวสมศรี",), Particle.KHRAP),
        (None, None, ("นางสาวสมศรี", "Somsri"), Particle.KHA),
        (None, None, ("นายประเสริฐ",), Particle.KHRAP),
        (None, None, ("ประเสริฐ", "Mr Prasert"), Particle.KHRAP),
        (None, None, ("ประเสริฐ", "Prasert"), None),
        ("nonsense", None, ("ประเสริฐ",), None),
    ],
)
def test_what_an_agent_says_at_the_end_of_a_sentence(
    chosen: str | None, sex: str | None, names: tuple[str, ...], particle: Particle | None
) -> None:
    assert particle_of(chosen, sex, *names) is particle


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("สวัสดี{polite}", []),
        ("[ {self}{agent}]", []),
        (" ", ["text_missing"]),
        ("{gent}", ["unknown_placeholder"]),
        ("a [b", ["unmatched_brackets"]),
        ("a {b", ["unmatched_brackets"]),
        ("[a [b]]", ["unmatched_brackets"]),
    ],
)
def test_faults_of_a_script_are_named(text: str, problems: list[str]) -> None:
    assert problems_of(text) == problems


@pytest.mark.parametrize("words", [PEOPLE, CONTACTS, SCRIPTS, STANDARDS, TOPICS])
def test_both_languages_have_every_word(words: dict[str, dict[str, str]]) -> None:
    assert words["th"].keys() == words["en"].keys()
    assert all(text for texts in words.values() for text in texts.values())
