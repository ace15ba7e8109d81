"""Accounts, teams, departments, pause reasons and audit on both databases; and what happens at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from crm.audit.service import AuditFilter, doers, kinds, lines, note
from crm.database import reading, writing
from crm.departments import service as departments
from crm.departments.service import DepartmentDraft
from crm.pauses import service as pauses
from crm.pauses.service import ReasonDraft
from crm.staff import service, sessions, teams
from crm.staff.accounts import Faults, StaffDraft
from crm.staff.log_in import MOST_TRIES, LogIn, Refused
from crm.staff.models import PhoneKind, Role, Sex
from crm.staff.passwords import Hasher, one_time_password, weakness

NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)
PASSWORD = "four plain words here"
QUICK = Hasher(memory_kib=64)


def draft(**more: object) -> StaffDraft:
    values = {"username": "malee", "role": Role.AGENT, "name_th": "มาลี"} | more
    return StaffDraft(**values)  # type: ignore[arg-type]


def make(engine: Engine, **more: object) -> int:
    with writing(engine) as connection:
        return service.create(connection, draft(**more), NOON, None, QUICK.chosen(PASSWORD))


def test_an_account_comes_back_as_it_was_made(engine: Engine) -> None:
    with writing(engine) as connection:
        team_id = teams.create(connection, "ทีมเช้า", "", NOON, None)
    staff_id = make(
        engine, username=" Malee.P ", name_en=" Malee  Pong ", sex=Sex.FEMALE, email="m@example.go.th", language="th",
        team_id=team_id, extension="1101", phone=PhoneKind.DESK, queues={"b": 2, "a": 0},
    )  # fmt: skip
    with reading(engine) as connection:
        one = service.member(connection, staff_id)
        assert (one.username, one.name_en, one.sex, one.phone) == ("malee.p", "Malee Pong", "female", "desk")
        assert (one.team_id, dict(one.queues), one.created_at) == (team_id, {"a": 0, "b": 2}, NOON)
        assert service.member_at(connection, "1101") == one
        assert service.member_at(connection, "1102") is None
        assert service.members(connection, active=False) == []


def test_two_accounts_cannot_share_a_name_or_a_telephone(engine: Engine) -> None:
    make(engine, extension="1101")
    for wrong, field in (
        ({"username": "MALEE"}, "username"),
        ({"username": "other", "extension": "1101"}, "extension"),
    ):
        with pytest.raises(Faults) as refused:
            make(engine, **wrong)
        assert list(refused.value.faults) == [field]


def test_two_who_take_the_same_name_at_once_are_told_so(engine: Engine) -> None:
    def one(n: int) -> str:
        try:
            make(engine, username="malee", extension=f"110{n}")
        except Faults as refused:
            return next(iter(refused.faults.values()))
        return "made"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(one, range(4))) == ["made", "username_taken", "username_taken", "username_taken"]


def test_departments_pauses_and_teams(engine: Engine) -> None:
    with writing(engine) as connection:
        office = DepartmentDraft(name="export", label_en="Export", extension="202", dial="025078000")
        departments.create(connection, office, NOON, None)
        departments.set_active(connection, "export", False, NOON, None)
        pauses.create(connection, ReasonDraft(name="prayer", label_th="ละหมาด", label_en=""), NOON, None)
        pauses.move(connection, "prayer", -6, NOON, None)
        team_id = teams.create(connection, "ก", "", NOON, None)
        teams.remove(connection, team_id, NOON, None)
    with reading(engine) as connection:
        assert [one.name for one in departments.departments_of(connection, active=False)] == ["export"]
        assert pauses.reasons(connection)[0].label_en == "ละหมาด"
        assert teams.teams_of(connection) == []
        assert [line.action for line in lines(connection)][:2] == ["team.removed", "team.created"]


def test_the_audit_is_found_by_who_what_and_when(engine: Engine) -> None:
    with writing(engine) as connection:
        for hour, action in enumerate(("staff.changed", "staff_x.changed", "person.changed")):
            note(connection, NOON + timedelta(hours=hour), None, action, f"staff/{hour}", old=None, new="ก")
    with reading(engine) as connection:
        assert [line.subject for line in lines(connection, AuditFilter(kind="staff"))] == ["staff/0"]
        later = AuditFilter(from_at=NOON + timedelta(hours=1), until_at=NOON + timedelta(hours=2), who="system")
        assert [line.action for line in lines(connection, later)] == ["staff_x.changed"]
        newest = lines(connection, limit=1)[0]
        assert newest.details == {"old": None, "new": "ก"}
        assert len(lines(connection, AuditFilter(before=newest.id))) == 2
        assert (doers(connection), kinds(connection)) == (["system"], ["person", "staff", "staff_x"])


def test_many_tries_at_the_same_moment_are_not_more_than_five(engine: Engine) -> None:
    """A wrong try is counted before it is judged."""
    judged = 0

    class Counting(Hasher):
        def matches(self, password: str, kept: str | None) -> bool:
            nonlocal judged
            judged += 1
            return super().matches(password, kept)

    make(engine)
    way_in = LogIn(engine, lambda: NOON, Counting(memory_kib=64))

    def guess(n: int) -> str:
        try:
            way_in.enter("malee", f"wrong guess {n}", f"192.0.2.{n}", None)
        except Refused as refused:
            return refused.reason
        return "in"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(guess, range(24)))
    assert "in" not in answers
    assert judged == MOST_TRIES
    assert answers.count("wrong") == MOST_TRIES - 1


def test_a_name_that_nobody_has_costs_a_comparison_too(engine: Engine) -> None:
    compared: list[bool] = []

    class Watching(Hasher):
        def matches(self, password: str, kept: str | None) -> bool:
            compared.append(kept is None)
            return super().matches(password, kept)

    make(engine)
    way_in = LogIn(engine, lambda: NOON, Watching(memory_kib=64))
    for name in ("malee", "nobody"):
        with pytest.raises(Refused):
            way_in.enter(name, "wrong wrong wrong", "192.0.2.1", None)
    assert compared == [False, True]


def test_two_first_starts_make_one_administrator(engine: Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: service.make_first_administrator(engine, NOON, QUICK), range(4)))
    assert len([password for password in made if password]) == 1
    with reading(engine) as connection:
        assert [one.username for one in service.members(connection)] == ["admin"]


def test_sessions_are_forgotten_when_they_open_nothing(engine: Engine) -> None:
    staff_id = make(engine)
    with writing(engine) as connection:
        old = sessions.begin(connection, staff_id, NOON - sessions.LONGEST)
        new = sessions.begin(connection, staff_id, NOON)
        assert sessions.forget_old(connection, NOON) == 1
    with reading(engine) as connection:
        assert sessions.visitor_of(connection, old, NOON) is None
        assert sessions.visitor_of(connection, new, NOON) is not None
        assert old not in str(connection.exec_driver_sql("SELECT token_hash FROM sessions").all())


def test_a_hash_of_other_costs_is_renewed_at_the_next_log_in(engine: Engine) -> None:
    make(engine)
    stronger = Hasher(memory_kib=128)
    LogIn(engine, lambda: NOON, stronger).enter("malee", PASSWORD, None, None)
    with reading(engine) as connection:
        kept = str(connection.exec_driver_sql("SELECT password_hash FROM staff").scalar_one())
    assert "m=128" in kept
    assert not stronger.is_outdated(kept)


def test_one_time_passwords_are_good_and_never_the_same() -> None:
    made = {one_time_password() for _ in range(200)}
    assert len(made) == 200
    assert {weakness(password) for password in made} == {None}


@pytest.mark.parametrize("password", ["1234567890", "0987654321", "aaaabbbbcccc", "Password2569", "qwertyuiop"])
def test_what_everybody_chooses_is_refused(password: str) -> None:
    assert weakness(password) == "common"
