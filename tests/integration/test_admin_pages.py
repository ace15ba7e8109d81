"""The administration: what is changed there holds, is in the audit, and reaches Asterisk."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from admin_office import AdminOffice
from sqlalchemy import Engine

from crm.admin.audit_terms import ACTIONS
from crm.admin.audit_words import text_of
from crm.admin.words import WORDS
from crm.calendar.service import list_holidays
from crm.closure.service import current_closures
from crm.database import reading
from crm.departments.service import department
from crm.pauses.service import reasons
from crm.staff.models import Role


@pytest.fixture
def office(sqlite_engine: Engine, tmp_path: Path) -> Iterator[AdminOffice]:
    office = AdminOffice(sqlite_engine, tmp_path)
    yield office
    office.close()


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
