"""Names as the search sees them (C3), and fields as people write them (C4)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.autosave.service import Author, apply
from crm.people.models import Profile, WordKind
from crm.people.names import full_name, is_near, spellings, words_of
from crm.people.occupations import OCCUPATIONS, occupation_label, occupation_of
from crm.people.provinces import PROVINCES, find_province
from crm.people.showing import national
from crm.thai import sound


def test_everything_by_which_a_person_is_found() -> None:
    profile = Profile(display_name="คุณสมชาย ใจดี", first_name="สมชาย", last_name="ใจดี", email="Somchai@Example.com")
    assert words_of(profile) == {
        "คุณสมชาย": WordKind.NAME,
        "ใจดี": WordKind.NAME,
        "สมชาย": WordKind.NAME,
        "สมชายใจดี": WordKind.WHOLE,
        "somchai@example.com": WordKind.EMAIL,
    }
    assert words_of(Profile(display_name="ร้านป้าแดง")) == {"รานปาแดง": WordKind.NAME}


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ("สมชาย", "สมขาย"),  # a wrong letter
        ("สมชาย", "สชาย"),  # one too few
        ("สมชาย", "สมมชชาย"),  # doubled: as it sounds
        ("สมชาย", "สมาชย"),  # two in the wrong order
        ("ณัฐพงศ์", "นัทพง"),
        ("smith", "smiht"),
        ("somchai", "sonchai"),
    ],
)
def test_one_mistake_meets_in_the_middle(asked: str, word: str) -> None:
    assert spellings(asked) & spellings(word)


@given(st.text(alphabet="กขคงจชซดตทนบปพมยลวสอาิี", min_size=5, max_size=14), st.data())
def test_any_single_typing_error_is_met(word: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word) - 1))
    kind = data.draw(st.sampled_from(["left out", "wrong", "twice"]))
    letter = {"left out": "", "wrong": "ก", "twice": word[place] * 2}[kind]
    typed = word[:place] + letter + word[place + 1 :]
    heard, mistaken = len(sound(word)), len(sound(typed))
    if min(heard, mistaken) >= 5 and abs(heard - mistaken) <= 1:  # two letters of one sound may have met
        assert spellings(word) & spellings(typed)


@pytest.mark.parametrize(
    ("asked", "word", "near"), [("สมชาย", "สมหญง", False), ("สมชาย", "วันเพญ", False), ("สม", "สง", True)]
)
def test_what_is_too_far_is_not_taken(asked: str, word: str, near: bool) -> None:
    assert is_near(asked, word) is near


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("นางสาว", "สมหญิง", "ใจดี"), "นางสาวสมหญิง ใจดี"),
        (("น.ส.", "สมหญิง", None), "น.ส. สมหญิง"),
        (("Mr", "John", "Smith"), "Mr John Smith"),
        ((None, None, "ใจดี"), "ใจดี"),
        (("นาย", None, None), ""),
    ],
)
def test_how_a_person_is_called_on_screens(parts: tuple[str | None, str | None, str | None], name: str) -> None:
    assert full_name(*parts) == name


def test_C4_every_province_is_found_in_both_languages() -> None:
    assert len({province.code for province in PROVINCES}) == len(PROVINCES) == 77
    for province in PROVINCES:
        thai, english = province.th, province.en
        for text in (thai, english, english.lower(), f"จังหวัด{thai}", f"จ.{thai}", province.code):
            assert find_province(text) == province
    assert [find_province(text).th for text in ("กทม.", "โคราช", "อยุธยา")] == [  # type: ignore[union-attr]
        "กรุงเทพมหานคร", "นครราชสีมา", "พระนครศรีอยุธยา",
    ]  # fmt: skip
    assert find_province("Atlantis") is None


def test_C4_occupations_are_stored_in_thai_and_shown_in_both() -> None:
    for th, en in OCCUPATIONS:
        assert occupation_of(en) == occupation_of(th) == th
        assert (occupation_label(th, "th"), occupation_label(th, "en")) == (th, en)
    assert occupation_of("หมอดู") == occupation_label("หมอดู", "en") == "หมอดู"
    assert occupation_label(None, "en") is None


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+66812345678", "081 234 5678"),
        ("0812345678", "081 234 5678"),
        ("+6625077999", "02 507 7999"),
        ("025077999", "02 507 7999"),
        ("+6634123456", "034 123 456"),
        ("0212345678", "021 234 5678"),
        ("0๘12345678", "0๘12345678"),
        ("", ""),
        ("+447911123456", "+447911123456"),
        ("1169", "1169"),
    ],
)
def test_numbers_as_people_here_read_them(number: str, shown: str) -> None:
    assert national(number) == shown


# --- field by field ---------------------------------------------------------------------------------------------------

SOMSRI, PRASERT = Author(1, "สมศรี", "a"), Author(2, "ประเสริฐ", "b")


def row(**more: object) -> dict[str, object]:
    return {"notes": None, "email": None, "version": 1, "field_versions": {}, **more}


def test_who_saw_an_old_version_is_told_what_others_changed_and_what_was_written_over() -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    first = apply(row(), {"notes": "ก"}, 1, PRASERT, now)
    assert (first.version, first.changed, first.others, first.overwritten) == (2, {"notes": (None, "ก")}, {}, {})
    stored = row(notes="ก", version=2, field_versions=first.field_versions)
    other_field = apply(stored, {"email": "a@b.co"}, 1, SOMSRI, now)
    assert (other_field.version, list(other_field.others), other_field.overwritten) == (3, ["notes"], {})
    same_field = apply(stored, {"notes": "ข"}, 1, SOMSRI, now)
    assert same_field.overwritten == {"notes": {"value": "ก", "by": PRASERT.as_json(), "version": 2}}
    assert apply(stored, {"notes": "ข"}, 2, SOMSRI, now).overwritten == {}  # it was seen
    assert apply(stored, {"notes": "ข"}, 1, PRASERT, now).overwritten == {}  # the own word
    unchanged = apply(stored, {"notes": "ก"}, 1, SOMSRI, now)
    assert (unchanged.version, unchanged.changed, unchanged.overwritten) == (2, {}, {})
