"""The administration: what is changed there holds, is in the audit, and reaches Asterisk."""

import ast
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from admin_office import PASSWORD, AdminOffice
from sqlalchemy import Engine

from crm.admin.audit_terms import ACTIONS
from crm.admin.audit_words import text_of
from crm.admin.words import WORDS
from crm.calendar.service import list_holidays
from crm.closure.service import current_closures
from crm.database import reading, writing
from crm.departments.service import department
from crm.pauses.service import reasons
from crm.scripts.service import list_scripts
from crm.staff import service, teams
from crm.staff.models import Role, Sex
from crm.standards.models import StepChannel
from crm.standards.service import standards_on
from crm.topics.service import topic_tree


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


# --- accounts ---------------------------------------------------------------------------------------------------------


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


# --- queues, teams, departments, pauses -------------------------------------------------------------------------------


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


OFFICE = {
    "name": "export", "label_th": "กองส่งออก", "label_en": "Export", "extension": "202", "dial": "025078000",
    "email": "export@example.go.th", "answer_days": "2", "answer_hours": "4",
}  # fmt: skip


def test_departments_come_to_those_of_the_file(office: AdminOffice) -> None:
    """K3, K4."""
    boss = office.as_("boss")
    assert boss.send("/admin/departments", **OFFICE).headers["location"] == "/admin/departments?done=saved"
    assert [one.name for one in office.settings.departments] == ["legal", "export"]
    assert office.settings.departments[1].answer_days == 2
    page = boss.get("/admin/departments").text
    assert page.index("Export") < page.index("Legal office")
    changed = boss.send("/admin/departments/export", **{**OFFICE, "dial": "+6625079999", "name": "other"})
    assert changed.status_code == 303
    with reading(office.engine) as connection:
        assert department(connection, "export").dial == "+6625079999"
    assert boss.send("/admin/departments/export/active", active="false").status_code == 303
    assert [one.name for one in office.settings.departments] == ["legal"]
    assert boss.get("/admin/departments/nothing").status_code == 404
    assert [line[1] for line in office.audit()] == ["department.created", "department.changed", "department.closed"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "Export"}, "beginning with a letter"),
        ({"name": "legal"}, "one of this name"),
        ({"extension": "201"}, "Somebody has this extension"),
        ({"extension": "1001"}, "Somebody has this extension"),  # a telephone of ours, and an outside number
        ({"dial": ""}, "Give an outside number"),
        ({"dial": "02-507"}, "Digits, or +"),
        ({"email": "export"}, "not an e-mail address"),
        ({"answer_days": "-1"}, "0 to 60 days"),
        ({"answer_hours": "x"}, "0 to 100 hours"),
        ({"label_th": "", "label_en": ""}, "A name is needed"),
    ],
)
def test_a_department_that_cannot_be(office: AdminOffice, wrong: dict[str, str], said: str) -> None:
    refused = office.as_("boss").send("/admin/departments", **{**OFFICE, **wrong})
    assert refused.status_code == 422
    assert said in refused.text
    assert 'value="กองส่งออก"' in refused.text or "label_th" in wrong


def test_pause_reasons(office: AdminOffice) -> None:
    boss = office.as_("boss")
    with reading(office.engine) as connection:
        seeded = [one.name for one in reasons(connection)]
    assert seeded == ["lunch", "restroom", "meeting", "training", "paperwork", "other"]
    new = {"name": "prayer", "label_th": "ละหมาด", "label_en": "Prayer"}
    assert boss.send("/admin/pauses", **new).status_code == 303
    assert "one of this name" in boss.send("/admin/pauses", **new).text
    assert "one of this name" in boss.send("/admin/pauses", **{**new, "name": "wrap-up"}).text  # the system's own
    assert boss.send("/admin/pauses", name="x y", label_th="ก").status_code == 422
    boss.send("/admin/pauses/prayer/move", by="-1")
    boss.send("/admin/pauses/training", label_th="อบรม", label_en="Course", supervisors_only="true")
    boss.send("/admin/pauses/other/active", active="false")
    with reading(office.engine) as connection:
        agents = [one.name for one in reasons(connection, role=Role.AGENT)]
        heads = [one.name for one in reasons(connection, role=Role.SUPERVISOR)]
    assert agents == ["lunch", "restroom", "meeting", "paperwork", "prayer"]
    assert heads == ["lunch", "restroom", "meeting", "training", "paperwork", "prayer"]
    assert boss.send("/admin/pauses/none/move", by="1").status_code == 404


# --- opening ----------------------------------------------------------------------------------------------------------


def test_the_emergency_switch(office: AdminOffice) -> None:
    head = office.as_("head")
    closed = head.send("/admin/closure/all/close", reason="น้ำท่วม <b>")
    assert closed.headers["location"] == "/admin/closure?done=doors_closed"
    assert [action.name for action in office.asked] == ["DBPut"]
    with reading(office.engine) as connection:
        [one] = current_closures(connection)
    assert (one.scope, one.closed_by, one.reason) == ("all", "head", "น้ำท่วม <b>")
    page = head.get("/admin/closure").text
    assert "Emergency closure" in page
    assert "น้ำท่วม &lt;b&gt;" in page
    office.away = True
    assert head.send("/admin/closure/all/open").headers["location"] == "/admin/closure?done=doors_later"
    with reading(office.engine) as connection:
        assert current_closures(connection) == []
    assert head.send("/admin/closure/9999/close").status_code == 404
    assert [line[1:3] for line in office.audit()] == [
        ("closure.closed", "number/all"),
        ("closure.opened", "number/all"),
    ]


def test_holidays(office: AdminOffice) -> None:
    """A year may be of the Buddhist era; a day taken away can be closed again."""
    head = office.as_("head")
    added = head.send("/admin/calendar", day="2569-12-30", name_th="วันหยุดพิเศษ", name_en="")
    assert added.headers["location"] == "/admin/calendar?year=2026&done=saved"
    with reading(office.engine) as connection:
        [day] = list_holidays(connection)
    assert (day.date.isoformat(), day.name_en) == ("2026-12-30", "วันหยุดพิเศษ")
    assert office.asked
    assert "Wednesday 30 December 2026" in head.get("/admin/calendar").text
    assert head.send("/admin/calendar/2026-12-30/remove").status_code == 303
    assert head.send("/admin/calendar/2026-12-30/remove").status_code == 404
    assert "we are open" in head.get("/admin/calendar?year=2026").text
    assert head.send("/admin/calendar", day="2026-12-30", name_th="วันหยุดพิเศษ").status_code == 303
    for wrong in ("31/12/2569", "2569-13-01", "soon", ""):
        assert "not a date" in head.send("/admin/calendar", day=wrong, name_th="ก").text
    assert "needs a name" in head.send("/admin/calendar", day="2026-12-29", name_th=" ").text
    assert [line[1] for line in office.audit()] == ["calendar.added", "calendar.removed", "calendar.added"]


# --- home and audit ---------------------------------------------------------------------------------------------------


def test_what_asterisk_complains_of_is_said(office: AdminOffice) -> None:
    office.complaints = ["ERROR[1] res_pjsip: <nonsense>"]
    page = office.as_("boss").get("/admin/staff").text
    assert "Not everything has reached the telephone system" in page
    assert "&lt;nonsense&gt;" in page


def test_the_screens_address_is_for_administrators(office: AdminOffice) -> None:
    boss, head = office.as_("boss"), office.as_("head")
    key = office.key.value
    assert f"https://hotline.test/wallboard?key={key}" in boss.get("/admin").text
    assert key not in head.get("/admin").text
    assert head.send("/admin/screen-key").status_code == 403
    assert boss.send("/admin/screen-key").status_code == 303
    assert office.key.value != key
    assert office.audit()[-1][:2] == ("boss", "screen.key_renewed")


def test_the_audit_is_filtered_and_paged(office: AdminOffice) -> None:
    boss, head = office.as_("boss"), office.as_("head")
    boss.send("/admin/teams", name_th="ทีม <i>", name_en="Team")
    office.later(days=1)
    boss, head = office.as_("boss"), office.as_("head")
    head.send("/admin/closure/all/close", reason="flood")
    everything = boss.get("/admin/audit").text
    assert "closed in an emergency" in everything
    assert "ทีม &lt;i&gt;" in everything
    body = boss.get("/admin/audit?by=head&kind=closure").text.partition("<tbody>")[2]
    assert body.count("<tr>") == 1
    assert "flood" in body
    assert "closed in an emergency" not in boss.get("/admin/audit?until=2569-11-20").text
    assert "made a team" not in boss.get("/admin/audit?since=2026-11-21").text
    assert "not a date" in boss.get("/admin/audit?since=yesterday").text
    for n in range(101):
        boss.send("/admin/teams", name_th=f"team {n}", name_en="")
    first = boss.get("/admin/audit?kind=team").text
    [older] = re.findall(r'href="(/admin/audit\?[^"]*before=\d+)"', first)
    assert boss.get(older.replace("&amp;", "&")).text.count("made a team") == 2


# --- words ------------------------------------------------------------------------------------------------------------


def test_both_languages_say_everything() -> None:
    assert WORDS["th"].keys() == WORDS["en"].keys()
    assert all(text.strip() for words in WORDS.values() for text in words.values())


def noted_actions(source: str) -> set[str]:
    """What is written into the audit, as far as the call says it in so many letters."""
    called = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    noted = [node for node in called if getattr(node.func, "id", getattr(node.func, "attr", "")) in {"note", "noted"}]
    words = [
        part.value
        for node in noted
        for given in node.args
        for part in ast.walk(given)
        if isinstance(part, ast.Constant)
    ]
    return {word for word in words if isinstance(word, str) and re.fullmatch(r"[a-z]+\.[a-z_]+", word)}


def test_what_is_noted_has_words() -> None:
    """Every action of every feature is a sentence in the audit, in both languages."""
    root = Path(__file__).parents[2]
    files = [*(root / "crm").rglob("*.py"), *(root / "hotline").rglob("*.py")]
    noted = set().union(*(noted_actions(path.read_text("utf-8")) for path in files))
    assert len(noted) > 80
    assert noted <= ACTIONS.keys()


def test_actions_of_other_features_have_words_too() -> None:
    assert text_of("card.picked_up", "th") == "ปลายทางรับสาย"
    assert text_of("inbox.callback_done", "en") == "callback done"
    assert text_of("inbox.other_thing", "en") == "Inbox: other thing"
    assert text_of("never.heard_of", "en") == "never.heard_of"


# --- what agents choose from, read and are measured by ----------------------------------------------------------------


def test_subjects(office: AdminOffice) -> None:
    """K1."""
    head = office.as_("head")
    with reading(office.engine) as connection:
        roots = [one for one in topic_tree(connection).values() if one.parent_id is None]
    root = roots[0].id
    assert head.send(f"/admin/topics/{root}/add", name_th="ภาษีนำเข้า", name_en="Duty", also="พิกัด").status_code == 303
    with reading(office.engine) as connection:
        [new] = [one for one in topic_tree(connection).values() if one.name_en == "Duty"]
    assert (new.parent_id, new.also) == (root, "พิกัด")
    head.send(f"/admin/topics/{new.id}", name_th="ภาษี", name_en="Import duty", also="")
    head.send(f"/admin/topics/{new.id}/move", by="-1")
    assert "Import duty" in head.get("/admin/topics").text
    head.send(f"/admin/topics/{new.id}/retired", retired="true")
    with reading(office.engine) as connection:
        assert topic_tree(connection)[new.id].retired_at is not None
    head.send(f"/admin/topics/{new.id}/retired", retired="false")
    assert "A name is needed" in head.send(f"/admin/topics/{new.id}", name_th=" ", name_en="").text
    assert "cannot be retired" in head.send(f"/admin/topics/{root}/retired", retired="true").text
    assert head.send("/admin/topics/99999", name_th="x").status_code == 404
    assert {"topic.added", "topic.changed", "topic.retired", "topic.brought_back"} <= {one[1] for one in office.audit()}


def test_scripts(office: AdminOffice) -> None:
    """H2, H7."""
    head = office.as_("head")
    new = {"channel": "hotline", "moment": "ending", "language": "en", "name_en": "Short", "text": "Goodbye, {caller}."}
    assert head.send("/admin/scripts", **new).headers["location"] == "/admin/scripts?channel=hotline&done=saved"
    with reading(office.engine) as connection:
        [one] = [script for script in list_scripts(connection) if script.name_en == "Short"]
    assert head.send(f"/admin/scripts/{one.id}", **{**new, "text": "Bye.", "position": "3"}).status_code == 303
    wrong = head.send(f"/admin/scripts/{one.id}", **{**new, "text": "Bye {nobody}"})
    assert "Unknown placeholder" in wrong.text
    assert "Bye {nobody}" in wrong.text
    head.send(f"/admin/scripts/{one.id}", **{**new, "retired": "true"})
    with reading(office.engine) as connection:
        assert one.id not in [script.id for script in list_scripts(connection)]
    assert head.send("/admin/scripts", **{**new, "moment": "never"}).status_code == 422
    assert head.send("/admin/scripts/99999", **new).status_code == 404
    assert [line[1] for line in office.audit()] == ["script.added", "script.changed", "script.changed"]


def test_standard_times_hold_from_their_day_on(office: AdminOffice) -> None:
    head = office.as_("head")
    with reading(office.engine) as connection:
        before = standards_on(connection, StepChannel.HOTLINE, office.now.date())
    filled: dict[str, str] = {}
    for step, one in before.standards.items():
        filled |= {
            f"min-{step}": "" if one.min_seconds is None else str(one.min_seconds),
            f"max-{step}": "" if one.max_seconds is None else str(one.max_seconds),
            f"target-{step}": "" if one.target_share is None else str(one.target_share * 100),
        } | ({f"counted-{step}": "true"} if one.counted else {})
    changed = {**filled, "max-H2": "45", "valid_from": "2570-01-01"}
    saved = head.send("/admin/standards/hotline", **changed)
    assert saved.headers["location"] == "/admin/standards?channel=hotline&day=2027-01-01&done=saved"
    with reading(office.engine) as connection:
        old = standards_on(connection, StepChannel.HOTLINE, office.now.date())
        new = standards_on(connection, StepChannel.HOTLINE, date(2027, 1, 1))
    assert old == before
    assert new.standards["H2"].max_seconds == 45
    assert new.standards["H3"] == before.standards["H3"]
    assert 'value="45"' in head.get("/admin/standards?channel=hotline&day=2570-01-02").text
    for wrong, said in (
        ({"max-H2": "soon"}, "Whole seconds"),
        ({"min-H2": "50", "max-H2": "30"}, "must not exceed"),
        ({"target-H1": "120"}, "between 0 and 100"),
        ({"target-H1": "x"}, "between 0 and 100"),
        ({"valid_from": "later"}, "not a date"),
    ):
        refused = head.send("/admin/standards/hotline", **{**changed, **wrong})
        assert refused.status_code == 422
        assert said in refused.text
    assert [line[1] for line in office.audit()] == ["standards.set"]
