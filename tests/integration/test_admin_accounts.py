"""Accounts, teams and skills: what is changed there holds, is in the audit, and reaches Asterisk."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from admin_office import PASSWORD, AdminOffice
from sqlalchemy import Engine

from crm.database import reading, writing
from crm.staff import service, teams
from crm.staff.models import Role, Sex


@pytest.fixture
def office(sqlite_engine: Engine, tmp_path: Path) -> Iterator[AdminOffice]:
    office = AdminOffice(sqlite_engine, tmp_path)
    yield office
    office.close()


def form(**more: str) -> dict[str, str]:
    return {
        "username": "malee.p", "role": "agent", "name_th": "มาลี พงษ์ไทย", "name_en": "Malee", "sex": "female",
        "email": "malee@example.go.th", "extension": "1101", "phone": "browser", "queue-enquiries": "0",
        "queue-technical": "2", "team_id": "", "department": "", "language": "", **more,
    }  # fmt: skip


def test_an_account_is_made_and_its_owner_comes_in(office: AdminOffice) -> None:
    boss = office.as_("boss")
    made = boss.send("/admin/staff", **form())
    assert made.status_code == 200
    [password] = re.findall(r'id="once">([^<]+)<', made.text)
    with reading(office.engine) as connection:
        malee = service.member_named(connection, "malee.p")
    assert (malee.role, malee.sex, malee.queues) == (Role.AGENT, Sex.FEMALE, {"enquiries": 0, "technical": 2})
    assert malee.password_is_temporary
    assert office.applied == 1
    assert [agent.extension for agent in office.settings.agents] == ["1001", "1002", "1101"]
    owner = office.stranger()
    assert owner.log_in("malee.p", password).headers["location"] == "/account"
    chosen = owner.send("/account/password", old=password, new=PASSWORD, again=PASSWORD)
    assert chosen.headers["location"] == "/"
    assert [line[:3] for line in office.audit()] == [
        ("boss", "staff.created", f"staff/{malee.id}"),
        ("malee.p", "staff.password_chosen", f"staff/{malee.id}"),
    ]
    assert password not in str(office.audit())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"username": "Malee Pong"}, "small letters"),
        ({"username": "boss"}, "Another account has this name"),
        ({"name_th": "", "name_en": ""}, "A name is needed"),
        ({"name_th": 'a";exec'}, "a sign that cannot be used"),
        ({"email": "malee"}, "not an e-mail address"),
        ({"extension": "11x1"}, "2 to 15 digits"),
        ({"extension": "201"}, "Somebody has this extension"),
        ({"role": "officer"}, "Choose the department"),
        ({"role": "officer", "department": "nowhere"}, "no such choice"),
        ({"team_id": "77"}, "no such choice"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_typed_is_lost(
    office: AdminOffice, wrong: dict[str, str], said: str
) -> None:
    typed = form(**wrong)
    refused = office.as_("boss").send("/admin/staff", **typed)
    assert refused.status_code == 422
    assert said in refused.text
    assert 'value="malee@example.go.th"' in refused.text or "email" in wrong
    assert office.applied == 0
    assert office.audit() == []


def test_a_change_is_noted_with_what_was_and_what_is(office: AdminOffice) -> None:
    boss = office.as_("boss")
    staff_id = office.ids["agent"]
    answer = boss.send(f"/admin/staff/{staff_id}", **form(username="agent", extension="1102", name_th="ก"))
    assert answer.headers["location"] == f"/admin/staff/{staff_id}?done=saved"
    who, action, _, details = office.audit()[-1]
    assert (who, action) == ("boss", "staff.changed")
    assert details["changes"]["extension"] == [None, "1102"]  # type: ignore[index]
    page = boss.get(f"/admin/staff/{staff_id}").text
    assert "<ins>1102</ins>" in page
    assert "changed an account" in page


def test_another_role_ends_the_sessions(office: AdminOffice) -> None:
    head = office.as_("head")
    assert head.get("/admin").status_code == 200
    office.as_("boss").send(f"/admin/staff/{office.ids['head']}", **form(username="head", role="agent"))
    assert head.get("/admin").headers["location"] == "/login?next=/admin"


def test_a_closed_account_is_out_at_once_and_can_come_back(office: AdminOffice) -> None:
    boss, agent = office.as_("boss"), office.as_("agent")
    path = f"/admin/staff/{office.ids['agent']}/active"
    assert boss.send(path, active="false").status_code == 303
    assert agent.get("/account").status_code == 303
    assert "agent" not in boss.get("/admin/staff?q=agent").text.partition("<tbody>")[2]
    assert "Closed" in boss.get("/admin/staff?q=agent&closed=true").text
    assert boss.send(path, active="true").status_code == 303
    assert office.applied == 2
    assert office.as_("agent")


def test_nobody_closes_the_last_administrator_or_themselves(office: AdminOffice) -> None:
    boss = office.as_("boss")
    own = office.ids["boss"]
    assert "your own account" in boss.send(f"/admin/staff/{own}/active", active="false").text
    refused = boss.send(f"/admin/staff/{own}", **form(username="boss", role="agent"))
    assert "At least one administrator must remain" in refused.text
    second = office.add("second", Role.ADMINISTRATOR)
    assert office.as_("second").send(f"/admin/staff/{own}/active", active="false").status_code == 303
    assert boss.get("/admin").status_code == 303
    third = office.as_("second")
    assert third.send(f"/admin/staff/{second}/active", active="false").status_code == 422


def test_supervisors_help_agents_back_in_but_nobody_above_them(office: AdminOffice) -> None:
    head, agent = office.as_("head"), office.as_("agent")
    mine = office.ids["agent"]
    reset = head.send(f"/admin/staff/{mine}/password")
    [password] = re.findall(r'id="once">([^<]+)<', reset.text)
    assert agent.get("/account").status_code == 303
    assert office.stranger().log_in("agent", password).headers["location"] == "/account"
    for name in ("boss", "head"):
        for what in ("password", "unlock", "log-out"):
            assert head.send(f"/admin/staff/{office.ids[name]}/{what}").status_code == 403
    page = head.get(f"/admin/staff/{office.ids['boss']}").text
    assert "/password" not in page.partition("<main")[2]
    assert '<fieldset class="card stack" disabled>' in page


def test_a_lock_is_shown_and_lifted(office: AdminOffice) -> None:
    stranger = office.stranger()
    for _ in range(5):
        stranger.log_in("agent", "wrong wrong wrong")
    head = office.as_("head")
    assert "Locked until 12:15" in head.get("/admin").text
    assert head.send(f"/admin/staff/{office.ids['agent']}/unlock").status_code == 303
    assert office.as_("agent")


def test_log_out_everywhere(office: AdminOffice) -> None:
    one, two = office.as_("agent"), office.as_("agent")
    office.as_("boss").send(f"/admin/staff/{office.ids['agent']}/log-out")
    assert {one.get("/account").status_code, two.get("/account").status_code} == {303}
    assert office.audit()[-1][1] == "staff.logged_out_everywhere"


def test_the_table_of_skills_changes_only_what_was_changed_in_it(office: AdminOffice) -> None:
    """K1. Two supervisors at once do not undo each other's work."""
    boss, head = office.as_("boss"), office.as_("head")
    boss.send("/admin/staff", **form())
    with reading(office.engine) as connection:
        malee = service.member_named(connection, "malee.p")
    page = head.get("/admin/queues").text
    assert f'name="p-{malee.id}-technical"' in page
    assert "hotline.toml" in page  # telephones of the file are shown, and cannot be changed
    with writing(office.engine) as connection:  # another changes enquiries meanwhile
        service.set_queues(connection, malee.id, {"enquiries": 5, "technical": 2}, office.now, None)
    names = [f"{malee.id}-{queue}" for queue in ("enquiries", "technical")]
    table = {f"old-{names[0]}": "0", f"p-{names[0]}": "0", f"old-{names[1]}": "2", f"p-{names[1]}": ""}
    assert head.send("/admin/queues", **table).headers["location"] == "/admin/queues?done=saved"
    with reading(office.engine) as connection:
        assert service.member(connection, malee.id).queues == {"enquiries": 5}
    assert office.settings.agents[-1].penalties == {"enquiries": 5}
    assert office.audit()[-1][:2] == ("head", "staff.changed")
    applied = office.applied
    head.send("/admin/queues", **{f"old-{names[0]}": "5", f"p-{names[0]}": "5"})
    assert office.applied == applied  # nothing was changed, nothing is told


def test_a_penalty_beyond_all_is_refused(office: AdminOffice) -> None:
    staff_id = office.add("tom", extension="1109")
    refused = office.as_("boss").send("/admin/queues", **{f"p-{staff_id}-enquiries": "99"})
    assert refused.status_code == 422
    assert "0 to 9" in refused.text


def test_teams(office: AdminOffice) -> None:
    boss = office.as_("boss")
    assert boss.send("/admin/teams", name_th="ทีมเช้า", name_en="Morning").status_code == 303
    with reading(office.engine) as connection:
        [team] = teams.teams_of(connection)
    boss.send(f"/admin/staff/{office.ids['agent']}", **form(username="agent", team_id=str(team.id)))
    assert boss.send(f"/admin/teams/{team.id}", name_th="ทีมบ่าย", name_en="").status_code == 303
    with reading(office.engine) as connection:
        assert teams.teams_of(connection) == [teams.Team(id=team.id, name_th="ทีมบ่าย", name_en="ทีมบ่าย", members=1)]
    assert boss.send("/admin/teams", name_th=" ", name_en="").status_code == 422
    assert boss.send(f"/admin/teams/{team.id}/remove").status_code == 303
    with reading(office.engine) as connection:
        assert service.member(connection, office.ids["agent"]).team_id is None
    assert boss.send("/admin/teams/77/remove").status_code == 404
    assert [line[1] for line in office.audit()] == ["team.created", "staff.changed", "team.changed", "team.removed"]
