"""The name behind a number for a telephone that is about to ring (C1), past connections that died meanwhile."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, text

from crm.database import open_engine, writing
from crm.ivr_adapters import CallerDirectory
from crm.people.caller_names import CallerNames
from crm.people.models import Profile
from crm.people.numbers import normalise
from crm.people.service import attach_number, create_person
from ivr.ports import CallerName

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ONE, SHARED = normalise("0812345678"), normalise("02-507-7999")


@pytest.fixture
def names(engine: Engine) -> Iterator[CallerNames]:
    with writing(engine) as connection:
        somchai = create_person(connection, Profile(display_name="คุณสมชาย ใจดี", language="th"), NOON, ONE)
        create_person(connection, Profile(display_name="Ann"), NOON, SHARED)
        create_person(connection, Profile(display_name="Ben"), NOON, SHARED)
        attach_number(connection, somchai, SHARED)
    made = CallerNames(engine)
    yield made
    made.close()


def test_name_and_language_and_two_of_several_c1(names: CallerNames) -> None:
    assert names.find("+66812345678") == [("คุณสมชาย ใจดี", "th")]
    assert names.find("+66899999999") == []
    assert len(names.find("+6625077999")) == 2


def test_a_connection_that_died_while_idle_is_replaced_c1(names: CallerNames, engine: Engine) -> None:
    assert names.find("+66812345678")
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
    else:
        for one in names._idle:
            one.close()
    assert names.find("+66812345678") == [("คุณสมชาย ใจดี", "th")]


def test_a_name_is_seen_as_soon_as_it_is_changed_c1(names: CallerNames, engine: Engine) -> None:
    assert names.find("+66812345678") == [("คุณสมชาย ใจดี", "th")]
    with writing(engine) as connection:
        connection.execute(text("UPDATE people SET display_name = 'ดร.สมชาย' WHERE language = 'th'"))
    assert names.find("+66812345678") == [("ดร.สมชาย", "th")]


def test_the_directory_names_one_person_or_nobody_c1(names: CallerNames, engine: Engine) -> None:
    directory = CallerDirectory(engine)
    assert directory.find("+66812345678") == CallerName("คุณสมชาย ใจดี", "th")
    assert directory.find("+6625077999") is None
    assert directory.find(None) is None
    directory.close()


def test_a_database_that_is_away_means_no_name_c1(tmp_path_factory: pytest.TempPathFactory) -> None:
    for url in (
        f"sqlite:///{tmp_path_factory.mktemp('empty')}/empty.sqlite3",  # has no tables
        "postgresql://nobody@127.0.0.1:1/none",
    ):
        directory = CallerDirectory(open_engine(url, busy_timeout_seconds=0.1))
        assert directory.find("+66812345678") is None
