"""Who may open which page of the administration, and that no foreign page can act in somebody's name."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from admin_office import AdminOffice
from fastapi.routing import APIRoute

from crm.database import open_engine, reading
from crm.staff import service

SUPERVISORS_MAY = {  # everything else is for administrators
    ("GET", "/admin"),
    ("GET", "/admin/staff"),
    ("GET", "/admin/staff/{staff_id}"),
    ("POST", "/admin/staff/{staff_id}/password"),
    ("POST", "/admin/staff/{staff_id}/unlock"),
    ("POST", "/admin/staff/{staff_id}/log-out"),
    ("GET", "/admin/queues"),
    ("POST", "/admin/queues"),
    ("GET", "/admin/closure"),
    ("POST", "/admin/closure/{scope}/close"),
    ("POST", "/admin/closure/{scope}/open"),
    ("GET", "/admin/calendar"),
    ("POST", "/admin/calendar"),
    ("POST", "/admin/calendar/{day}/remove"),
    *(("POST", f"/admin/topics/{{topic_id}}{what}") for what in ("", "/add", "/move", "/retired")),
    *(("GET", f"/admin/{page}") for page in ("topics", "scripts", "letter", "standards")),
    *(("POST", f"/admin/letter/{{of}}{what}") for what in ("", "/preview", "/default")),
    ("POST", "/admin/scripts"),
    ("POST", "/admin/scripts/{script_id}"),
    ("POST", "/admin/standards/{channel}"),
}
NAMES = ("</script><script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}", "${jndi:x}")


@pytest.fixture(scope="module")
def office(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdminOffice]:
    folder = tmp_path_factory.mktemp("doors")
    shutil.copyfile(migrated_sqlite, folder / "hotline.sqlite3")
    engine = open_engine(f"sqlite:///{folder / 'hotline.sqlite3'}")
    office = AdminOffice(engine, folder)
    yield office
    office.close()
    engine.dispose()


def routes(office: AdminOffice) -> Iterator[tuple[str, str]]:
    found: list[object] = list(office.app.routes)
    while found:
        route = found.pop()
        found += getattr(getattr(route, "original_router", None), "routes", [])
        if isinstance(route, APIRoute) and route.path.startswith("/admin"):
            yield from ((method, route.path) for method in route.methods or ())


def address(path: str) -> str:
    return re.sub(r"\{[^}]*\}", lambda found: "2026-12-31" if found[0] == "{day}" else "1", path)


@pytest.mark.parametrize("who", ["agent", "clerk", "head"])
def test_who_may_not_is_turned_away_from_every_page(office: AdminOffice, who: str) -> None:
    browser = office.as_(who)
    csrf = browser.csrf
    allowed = SUPERVISORS_MAY if who == "head" else set()
    found = set(routes(office))
    assert found >= SUPERVISORS_MAY
    assert len(found) > 25
    before = office.audit()
    for method, path in sorted(found - allowed):
        answer = browser.request(method, address(path), headers={"x-csrf-token": csrf})
        assert answer.status_code == 403, f"{who} {method} {path}"
    assert office.audit() == before


@pytest.mark.parametrize("token", ["none", "foreign", "of another session"])
def test_no_change_without_the_token_of_this_session(office: AdminOffice, token: str) -> None:
    boss = office.as_("boss")
    given = {
        "none": {},
        "foreign": {"x-csrf-token": "x"},
        "of another session": {"x-csrf-token": office.as_("boss").csrf},
    }
    before = office.audit()
    changing = [(method, path) for method, path in routes(office) if method != "GET"]
    assert len(changing) > 15
    for method, path in changing:
        answer = boss.request(method, address(path), headers=given[token], data={"csrf": "x"})
        assert answer.status_code == 403, f"{method} {path}"
    assert office.audit() == before


def test_a_foreign_page_cannot_act_even_with_the_token(office: AdminOffice) -> None:
    boss = office.as_("boss")
    headers = {"x-csrf-token": boss.csrf, "origin": "https://evil.test"}
    assert boss.post("/admin/teams", headers=headers, data={"name_th": "x"}).status_code == 403
    headers["origin"] = "https://hotline.test"
    assert boss.post("/admin/teams", headers=headers, data={"name_th": "x"}).status_code == 303


@pytest.mark.parametrize("name", NAMES)
def test_names_are_text_on_every_page(office: AdminOffice, name: str) -> None:
    boss = office.as_("boss")
    ending = str(NAMES.index(name))
    said = name.replace('"', "").replace(";", "")
    boss.send("/admin/teams", name_th=said, name_en=said)
    boss.send(
        "/admin/staff", username=f"tricky{ending}", name_th=said, name_en=said, role="agent", extension=f"120{ending}"
    )
    with reading(office.engine) as connection:
        staff_id = service.member_named(connection, f"tricky{ending}").id
    boss.send(f"/admin/staff/{staff_id}", username=f"tricky{ending}", name_th=f"{said} 2", role="agent", email=name)
    boss.send("/admin/pauses", name=f"p{ending}", label_th=name, label_en=name)
    boss.send("/admin/calendar", day="2026-12-3" + str(int(ending) % 2), name_th=name, name_en=name)
    boss.send("/admin/closure/all/close", reason=name)
    pages = [
        "", "/staff", f"/staff/{staff_id}", "/queues", "/teams", "/departments", "/pauses", "/closure",
        "/calendar?year=2026", "/audit", f"/audit?by={name}&subject={name}&since={name}",
        f"/staff?q={name}&role={name}", f"?done={name}",
    ]  # fmt: skip
    for page in pages:
        answer = boss.get(f"/admin{page}")
        assert answer.status_code == 200, page
        for planted in ("<script>alert", "<img src=x", "= 49", ">49<"):
            assert planted not in answer.text, page
    boss.send("/admin/closure/all/open")


def test_what_goes_into_asterisks_files_cannot_break_out_of_its_line(office: AdminOffice) -> None:
    boss = office.as_("boss")
    for field, text in (
        ("name_en", "x\ntype=endpoint"), ("name_en", "x;#exec"), ("name_en", 'x" <1>'), ("name_th", "x\\"),
        ("extension", "1100\n[general]"), ("extension", "${SHELL(x)}"),
    ):  # fmt: skip
        form = {"username": "sneaky", "name_th": "ก", "name_en": "a", "role": "agent", "extension": "1150", field: text}
        answer = boss.send("/admin/staff", **form)
        if answer.status_code == 200:  # a line break between words is only a blank
            assert "\n" not in {agent.extension: agent.name_en for agent in office.settings.agents}["1150"]
            with reading(office.engine) as connection:
                staff_id = service.member_named(connection, "sneaky").id
            boss.send(
                f"/admin/staff/{staff_id}", **{**form, "username": f"sneaky{staff_id}", "extension": "", "name_en": "a"}
            )
        else:
            assert answer.status_code == 422, text
