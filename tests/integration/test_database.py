"""Tables grow from nothing to what the models say, on both databases, and time is kept exactly."""

import multiprocessing
import traceback
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, insert, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from ami_listener.events import AgentState, EndedBy, LeaveStatus, PickUpReason, Precision
from ami_listener.records import Outcome
from crm.calls.models import CallbackState, MessageState, calls
from crm.database import (
    DatabaseProblem,
    _migrating,
    _migrations,
    check,
    current_revision,
    differences,
    newest_revision,
    open_engine,
    reading,
    revisions,
    seconds_between,
    upgrade,
    writing,
)
from crm.people.models import BusinessLevel, Sex

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def _call(call_id: str, arrived_at: datetime, **more: object) -> dict[str, object]:
    plain = {"called_number": "1169", "trunk": "provider", "precision": "microsecond", "updated_at": NOON}
    return {"call_id": call_id, "arrived_at": arrived_at, **plain, **more}


def test_an_empty_database_becomes_what_the_models_say(database_url: str) -> None:
    engine = open_engine(database_url)
    assert check(engine).problem == "the tables are not there or old: run `hotline db upgrade`"
    assert upgrade(engine) == newest_revision()
    assert differences(engine) == []
    health = check(engine)
    assert health.problem is None
    assert health.revision == newest_revision()
    assert upgrade(engine) == newest_revision()  # again: nothing to do
    engine.dispose()


def test_the_names_of_the_migrations_are_their_revisions() -> None:
    """So that whether there is anything to do is known without loading all of them."""
    script = ScriptDirectory.from_config(_migrations())
    assert revisions() == [one.revision for one in script.walk_revisions()][::-1]
    assert newest_revision() == script.get_current_head()


def test_going_back_to_nothing_and_up_again(database_url: str) -> None:
    engine = open_engine(database_url)
    upgrade(engine)
    with _migrating(engine) as config:
        command.downgrade(config, "base")
    with reading(engine) as connection:
        assert current_revision(connection) is None
    upgrade(engine)
    assert differences(engine) == []
    engine.dispose()


def _upgrade_elsewhere(url: str) -> None:
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()


def test_two_programs_may_upgrade_at_once(database_url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    both = [spawn.Process(target=_upgrade_elsewhere, args=(database_url,)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(60)
    assert [one.exitcode for one in both] == [0, 0]
    engine = open_engine(database_url)
    assert check(engine).problem is None
    engine.dispose()


def test_a_newer_database_is_not_touched(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert check(engine).problem == "the database was made by a newer version of this program: install that version"


def test_check_says_what_to_do_when_there_is_no_server(tmp_path: Path) -> None:
    engine = open_engine(f"postgresql://hotline@/none?host={tmp_path}")
    assert check(engine).problem == "the database does not answer: is it running?"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://host/db", "mysql is not supported"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("not a url", "cannot be read"),
    ],
)
def test_urls_that_cannot_work_are_refused(url: str, says: str) -> None:
    with pytest.raises(DatabaseProblem, match=says):
        open_engine(url)


@pytest.mark.parametrize(
    ("column", "kinds"),
    [
        ("calls.assistant_reason", PickUpReason),
        ("calls.ended_by", EndedBy),
        ("calls.outcome", Outcome),
        ("calls.precision", Precision),
        ("queue_passes.status", LeaveStatus),
        ("rings.precision", Precision),
        ("conversations.ended_by", EndedBy),
        ("callbacks.state", CallbackState),
        ("messages.state", MessageState),
        ("agent_states.state", AgentState),
        ("people.sex", Sex),
        ("people.business_level", BusinessLevel),
    ],
)
def test_every_word_of_the_field_may_be_stored(sqlite_engine: Engine, column: str, kinds: type[StrEnum]) -> None:
    """A word that is new in the events but not in the tables would keep real calls out: it needs a migration."""
    table, _, name = column.partition(".")
    with reading(sqlite_engine) as connection:
        ddl = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": table}).scalar_one()
    allowed = ddl.partition(f"{name} IN (")[2].partition(")")[0]
    assert allowed.replace("'", "").split(", ") == [str(kind) for kind in kinds]


def test_other_words_are_refused(engine: Engine) -> None:
    with pytest.raises(IntegrityError), writing(engine) as connection:
        connection.execute(insert(calls), _call("1", NOON, outcome="lost"))


TIMES = [
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2026, 11, 20, 12, 0, 0, 1, tzinfo=UTC),
    datetime(2026, 11, 20, 12, 0, 0, 999_999, tzinfo=UTC),
    datetime(2026, 11, 20, 19, 0, 1, tzinfo=timezone(timedelta(hours=7))),  # 12:00:01 UTC, as Bangkok writes it
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
]


def test_times_come_back_exactly_in_utc_and_in_order(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(insert(calls), [_call(str(n), at) for n, at in reversed(list(enumerate(TIMES)))])
    with reading(engine) as connection:
        back = list(connection.scalars(select(calls.c.arrived_at).order_by(calls.c.arrived_at)))
    assert back == TIMES
    assert {at.tzinfo for at in back} == {UTC}


def test_a_time_without_zone_is_refused(engine: Engine) -> None:
    with pytest.raises(StatementError, match="zone"), writing(engine) as connection:
        connection.execute(insert(calls), _call("1", datetime(2026, 11, 20)))  # noqa: DTZ001


def test_seconds_between_are_the_same_in_both_databases(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(insert(calls), _call("1", NOON, agent_answered_at=NOON + timedelta(seconds=9.000001)))
    with reading(engine) as connection:
        seconds = connection.scalar(select(seconds_between(calls.c.arrived_at, calls.c.agent_answered_at)))
    assert seconds == pytest.approx(9.000001, abs=1e-9)


@pytest.mark.parametrize("rows", [[{}, {}], [{"outcome": "lost"}]], ids=["twice the same", "unknown word"])
def test_errors_never_quote_the_rows(engine: Engine, rows: list[dict[str, object]]) -> None:
    """Callers' numbers are personal data and stay out of logs."""
    calls_with_number = [_call("1", NOON, caller_number="0812345678", **more) for more in rows]
    with pytest.raises(IntegrityError) as caught, writing(engine) as connection:
        connection.execute(insert(calls), calls_with_number)
    assert "0812345678" not in "".join(traceback.format_exception(caught.value))
