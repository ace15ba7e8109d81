"""People are found however they are written or heard (C3), by indexes alone, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, delete, select, text

from crm.database import reading, writing
from crm.people.models import Profile, people, person_words, word_spellings
from crm.people.numbers import normalise
from crm.people.search import forget_unused_words, search
from crm.people.service import attach_number, change_person, create_person

NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)
PEOPLE = [
    Profile(display_name="คุณสมชาย ใจดี", email="somchai@example.com"),
    Profile(display_name="นางสาวสมหญิง รักไทย", title="นางสาว", first_name="สมหญิง", last_name="รักไทย"),
    Profile(display_name="ณัฐพงศ์ รุ่งเรือง", first_name="ณัฐพงศ์", last_name="รุ่งเรือง"),
    Profile(display_name="บริษัท ไทยผลไม้ส่งออก จำกัด"),
    Profile(display_name="Mr John O'Neill", title="Mr", first_name="John", last_name="O'Neill"),
    Profile(display_name="José Ángel", first_name="José", last_name="Ángel"),
    Profile(display_name="สมชาย น้ำเพชร", first_name="สมชาย", last_name="น้ำเพชร"),
]
NUMBERS = ["0812345678", "0898765432", "025077999", "021112222", "+447911123456", None, "0812345679"]


@pytest.fixture
def filled(engine: Engine) -> Engine:
    with writing(engine) as connection:
        for n, (profile, number) in enumerate(zip(PEOPLE, NUMBERS, strict=True)):
            create_person(connection, profile, NOON + timedelta(minutes=n), normalise(number) if number else None)
    return engine


def found(connection: Connection, asked: str) -> list[str]:
    return [one.person.display_name for one in search(connection, asked)]


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("สมชาย ใจดี", "คุณสมชาย ใจดี"),
        ("ใจดี สมชาย", "คุณสมชาย ใจดี"),
        ("สมชายใจดี", "คุณสมชาย ใจดี"),
        ("สม ชาย ใจ ดี", "คุณสมชาย ใจดี"),
        ("คุณสมชาย", "คุณสมชาย ใจดี"),
        ("ใจด", "คุณสมชาย ใจดี"),
        ("somchai@example.com", "คุณสมชาย ใจดี"),
        ("SOMCHAI@", "คุณสมชาย ใจดี"),
        ("สมหญง รักไทย", "นางสาวสมหญิง รักไทย"),
        ("นางสาวสมหญิง", "นางสาวสมหญิง รักไทย"),
        ("นัทพง ลุ่งเลือง", "ณัฐพงศ์ รุ่งเรือง"),  # as it sounds
        ("ณัฐพงษ์", "ณัฐพงศ์ รุ่งเรือง"),
        ("รุงเรือง", "ณัฐพงศ์ รุ่งเรือง"),  # no tone mark
        ("ณัฐพงศ์ รุ่งเรื่ง", "ณัฐพงศ์ รุ่งเรือง"),  # a letter too few
        ("ไทยผลไม้", "บริษัท ไทยผลไม้ส่งออก จำกัด"),
        ("ผลไม้", "บริษัท ไทยผลไม้ส่งออก จำกัด"),  # from inside a word
        ("oneill", "Mr John O'Neill"),
        ("O'Neil", "Mr John O'Neill"),
        ("jonh neill", "Mr John O'Neill"),
        ("jose", "José Ángel"),
        ("angel jose", "José Ángel"),
        ("นำเพชร", "สมชาย น้ำเพชร"),
        ("น\u0e4d\u0e49\u0e32เพชร", "สมชาย น้ำเพชร"),  # sara am taken apart
        ("081-234-5678", "คุณสมชาย ใจดี"),
        ("๐๘๑๒๓๔๕๖๗๘", "คุณสมชาย ใจดี"),
        ("+66 81 234 5678", "คุณสมชาย ใจดี"),
        ("02507", "ณัฐพงศ์ รุ่งเรือง"),
        ("+4479", "Mr John O'Neill"),
    ],
)
def test_C3_the_likeliest_person_comes_first(filled: Engine, asked: str, first: str) -> None:
    with reading(filled) as connection:
        assert found(connection, asked)[:1] == [first]


def test_whole_words_before_beginnings_before_mistakes_and_who_called_last_first(engine: Engine) -> None:
    with writing(engine) as connection:
        for n, name in enumerate(["มานะ ทอง", "มานะชัย ทอง", "มานา ทอง", "มานะ ทองดี"]):
            number = normalise(f"081000000{n}")
            create_person(connection, Profile(display_name=name), NOON + timedelta(hours=n), number)
        again = create_person(connection, Profile(display_name="มานะ ทอง"), NOON)
        attach_number(connection, again, normalise("0820000000"), used_at=NOON + timedelta(days=1))
        names = [(one.person.display_name, one.person.id) for one in search(connection, "มานะ ทอง")]
    assert names[0] == ("มานะ ทอง", again)
    assert [name for name, _id in names] == ["มานะ ทอง", "มานะ ทอง", "มานะ ทองดี", "มานะชัย ทอง", "มานา ทอง"]


@pytest.mark.parametrize(
    "asked", ["", " ", "ส", "ไม่มีใครชื่อนี้เลย", "%%%", "__", "'; DROP TABLE people", "0899999999", "x@y"]
)
def test_nobody_is_found_for_nothing_or_nonsense(filled: Engine, asked: str) -> None:
    with reading(filled) as connection:
        assert found(connection, asked) == []


def test_numbers_of_several_people_and_part_of_a_number(filled: Engine) -> None:
    with reading(filled) as connection:
        assert set(found(connection, "081234567")) == {"คุณสมชาย ใจดี", "สมชาย น้ำเพชร"}
        assert found(connection, "0812345679") == ["สมชาย น้ำเพชร"]


def test_a_new_name_is_found_and_the_old_one_no_more(filled: Engine) -> None:
    with writing(filled) as connection:
        person_id = search(connection, "รักไทย")[0].person.id
        change_person(connection, person_id, {"last_name": "แต่งงานแล้ว"}, NOON)
        assert found(connection, "แต่งงานแล้ว") == ["นางสาวสมหญิง แต่งงานแล้ว"]
        assert found(connection, "รักไทย") == []


def test_R7_nothing_of_a_name_is_left_when_its_person_is_deleted(filled: Engine) -> None:
    with writing(filled) as connection:
        connection.execute(delete(people))
        assert connection.scalars(select(person_words.c.word)).all() == []
        assert forget_unused_words(connection) > 0
        assert connection.scalars(select(word_spellings.c.word)).all() == []


def test_words_that_others_share_stay(filled: Engine) -> None:
    with writing(filled) as connection:
        one = search(connection, "สมชาย ใจดี")[0].person.id
        connection.execute(delete(people).where(people.c.id == one))
        forget_unused_words(connection)
        assert found(connection, "สมขาย") == ["สมชาย น้ำเพชร"]


def test_the_search_walks_down_indexes(filled: Engine) -> None:
    explain = "EXPLAIN QUERY PLAN" if filled.dialect.name == "sqlite" else "EXPLAIN"
    words = "SELECT person_id FROM person_words WHERE word >= 'สม' AND word < 'สม\U0010ffff'"
    near = "SELECT DISTINCT word FROM word_spellings WHERE spelling IN ('สมชาย', 'มชาย')"
    with writing(filled) as connection:
        if filled.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        for query in (words, near):
            plan = "\n".join(str(row) for row in connection.execute(text(f"{explain} {query}")))
            assert "SCAN" not in plan if filled.dialect.name == "sqlite" else "Seq Scan" not in plan
