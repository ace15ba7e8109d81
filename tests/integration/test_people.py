"""One number may belong to several people, one person has several numbers (C1 to C5)."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from crm.database import reading, writing
from crm.people.models import BusinessLevel, Profile, Sex
from crm.people.numbers import WITHHELD, normalise
from crm.people.service import (
    UnknownPersonError,
    attach_number,
    change_person,
    create_person,
    detach_number,
    find_by_number,
    get_person,
    numbers_of,
)

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MOBILE, OFFICE = normalise("0812345678"), normalise("02-507-7999")


def _names(connection: Connection, number: str) -> list[str]:
    return [person.display_name for person in find_by_number(connection, number)]


def test_C2_C4_a_new_caller_is_stored_with_all_that_was_said(engine: Engine) -> None:
    profile = Profile(
        display_name="คุณสมชาย ใจดี",
        title="นาย",
        first_name="สมชาย",
        last_name="ใจดี",
        language="th",
        business_level=BusinessLevel.BEGINNER,
        occupation="ผู้ส่งออก",
        sex=Sex.MALE,
        birth_year=1980,
        province="ระยอง",
        email="somchai@example.com",
        notes="ถามเรื่องส่งออกทุเรียน",
    )
    with writing(engine) as connection:
        person_id = create_person(connection, profile, NOON, MOBILE)
    with reading(engine) as connection:
        [person] = find_by_number(connection, "+66812345678")
        assert numbers_of(connection, person_id)[0].is_primary
    assert person.id == person_id
    assert {name: getattr(person, name) for name in Profile.__dataclass_fields__} == {
        name: getattr(profile, name) for name in Profile.__dataclass_fields__
    }
    assert person.created_at == person.last_used_at == NOON
    assert person.age(2026) == 46


def test_C1_nobody_has_an_unknown_number(engine: Engine) -> None:
    with reading(engine) as connection:
        assert find_by_number(connection, "+66899999999") == []


def test_C3_of_several_people_the_one_who_called_last_comes_first(engine: Engine) -> None:
    with writing(engine) as connection:
        mother = create_person(connection, Profile(display_name="Mother"), NOON, OFFICE)
        daughter = create_person(connection, Profile(display_name="Daughter"), NOON + MINUTE, OFFICE)
        attach_number(connection, create_person(connection, Profile(display_name="Never"), NOON), OFFICE)
        assert _names(connection, "+6625077999") == ["Daughter", "Mother", "Never"]
        attach_number(connection, mother, OFFICE, used_at=NOON + 2 * MINUTE)
        assert _names(connection, "+6625077999") == ["Mother", "Daughter", "Never"]
        attach_number(connection, daughter, OFFICE, used_at=NOON)  # an older contact, told late
        assert _names(connection, "+6625077999") == ["Mother", "Daughter", "Never"]


def test_C5_a_second_number_is_remembered_and_the_first_stays_primary(engine: Engine) -> None:
    with writing(engine) as connection:
        person_id = create_person(connection, Profile(display_name="Somchai"), NOON, MOBILE)
        attach_number(connection, person_id, OFFICE, used_at=NOON + MINUTE)
        attach_number(connection, person_id, OFFICE, used_at=NOON + MINUTE)
        numbers = [(one.number, one.kind, one.is_primary) for one in numbers_of(connection, person_id)]
        assert numbers == [("+66812345678", "e164", True), ("+6625077999", "e164", False)]
        attach_number(connection, person_id, OFFICE, primary=True)
        numbers = [(one.number, one.kind, one.is_primary) for one in numbers_of(connection, person_id)]
        assert numbers == [("+6625077999", "e164", True), ("+66812345678", "e164", False)]
        detach_number(connection, person_id, "+66812345678")
        assert _names(connection, "+66812345678") == []
        assert _names(connection, "+6625077999") == ["Somchai"]


def test_C5_the_profile_grows(engine: Engine) -> None:
    with writing(engine) as connection:
        person_id = create_person(connection, Profile(display_name="Somchai"), NOON)
        change_person(connection, person_id, {"province": "เชียงใหม่", "sex": Sex.OTHER}, NOON + MINUTE)
        person = get_person(connection, person_id)
    assert (person.province, person.sex, person.updated_at) == ("เชียงใหม่", "other", NOON + MINUTE)


def test_what_cannot_be_is_refused(engine: Engine) -> None:
    with writing(engine) as connection:
        person_id = create_person(connection, Profile(display_name="Somchai"), NOON, WITHHELD)
        assert numbers_of(connection, person_id) == []
        with pytest.raises(ValueError, match="withheld"):
            attach_number(connection, person_id, WITHHELD)
        with pytest.raises(TypeError, match="shoe_size"):
            change_person(connection, person_id, {"shoe_size": 43}, NOON)
        with pytest.raises(UnknownPersonError):
            change_person(connection, 999, {"province": "ระยอง"}, NOON)
        with pytest.raises(UnknownPersonError):
            get_person(connection, 999)
    with pytest.raises(IntegrityError), writing(engine) as connection:
        change_person(connection, person_id, {"sex": "fish"}, NOON)


def test_R7_a_deleted_person_leaves_no_number_behind(engine: Engine) -> None:
    with writing(engine) as connection:
        person_id = create_person(connection, Profile(display_name="Somchai"), NOON, MOBILE)
    with writing(engine) as connection:
        connection.execute(text("DELETE FROM people WHERE id = :id"), {"id": person_id})
    with reading(engine) as connection:
        assert find_by_number(connection, "+66812345678") == []
        assert connection.execute(text("SELECT count(*) FROM person_numbers")).scalar_one() == 0


def test_C1_the_lookup_uses_indexes_alone(engine: Engine) -> None:
    """No table is read from end to end, whatever its size (10 million people: benchmarks/lookup.py)."""
    explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
    query = (
        "SELECT p.id FROM phone_numbers n JOIN person_numbers pn ON pn.number_id = n.id "
        "JOIN people p ON p.id = pn.person_id WHERE n.number = '+66812345678' ORDER BY pn.last_used_at DESC LIMIT 20"
    )
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join(str(row) for row in connection.execute(text(f"{explain} {query}")))
    assert "SCAN" not in plan if engine.dialect.name == "sqlite" else "Seq Scan" not in plan
