"""Every page, every request, every stream and every socket: refused without a session, with the wrong role, without the
token of the own session, and from a foreign page."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
from guarded_house import SAFE, GuardedHouse, filled, routes_of
from route_roles import OPEN, ROLES, SIGNED
from sqlalchemy import update

from crm.database import writing
from crm.staff.models import Role, staff

OURS, FOREIGN = "http://hotline.test", "https://hotline.test.example.com"
FOREIGN_PAGES = (
    {"origin": FOREIGN},
    {"origin": "null"},
    {"sec_fetch_site": "cross-site"},
    {"sec_fetch_site": "same-site"},
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedHouse]:
    house = GuardedHouse(tmp_path_factory.mktemp("guarded"))
    yield house
    house.close()


def guarded(house: GuardedHouse) -> list[tuple[str, str, frozenset[Role]]]:
    """Method, path and roles of every route behind a door, but sockets."""
    found = [(method, path) for method, path in routes_of(house.app.routes) if f"{method} {path}" in ROLES]
    return [(method, path, ROLES[f"{method} {path}"]) for method, path in found if method != "SOCKET"]


def test_every_route_is_in_the_table(house: GuardedHouse) -> None:
    found = {f"{method} {path}" for method, path in routes_of(house.app.routes)}
    written = {*OPEN, *SIGNED, *ROLES}
    assert found - written == set(), "write down who may ask for these (tests/integration/route_roles.py)"
    assert written - found == set(), "these are not there any more"


def test_nothing_without_a_session(house: GuardedHouse) -> None:
    reached = {
        f"{method} {path}": answer.status
        for method, path, _ in guarded(house)
        if (answer := house.ask(method, filled(path))).status != 401
    }
    assert reached == {}


def test_a_page_without_a_session_leads_to_the_way_in(house: GuardedHouse) -> None:
    for method, path, _ in guarded(house):
        answer = house.ask(method, filled(path), accept="text/html")
        if method == "GET":
            assert (answer.status, answer.headers["location"].partition("?")[0]) == (303, "/login"), path
        else:
            assert answer.status == 401, path


def test_nothing_with_the_wrong_role(house: GuardedHouse) -> None:
    reached, shut = {}, {}
    for method, path, roles in guarded(house):
        for role in Role:
            answer = house.ask(method, filled(path), house.session(role.value))
            key = f"{method} {path} as {role.value}"
            if role not in roles and answer.status != 403:
                reached[key] = answer.status
            if role in roles and answer.status in {401, 403, 500}:
                shut[key] = answer.status
    assert reached == {}
    assert shut == {}, "the table says that these may pass"


def test_nothing_changes_without_the_token_of_the_own_session(house: GuardedHouse) -> None:
    """Neither without one, nor with that of another session, be it of the same person."""
    reached = {}
    for method, path, roles in guarded(house):
        if method in SAFE:
            continue
        username = next(role.value for role in (*Role,) if role in roles)
        foreign = [house.session(username).csrf, house.session("administrator").csrf, "", "x", "é", "null"]
        for token in foreign:
            answer = house.ask(method, filled(path), house.session(username), csrf=token)
            by_form = house.ask(method, filled(path), house.session(username), csrf="", form={"csrf": token})
            if (answer.status, by_form.status) != (403, 403):
                reached[f"{method} {path} with {token!r}"] = answer.status, by_form.status
    assert reached == {}


def test_nothing_changes_for_a_foreign_page_even_with_the_token(house: GuardedHouse) -> None:
    reached = {}
    for method, path, roles in guarded(house):
        if method in SAFE:
            continue
        username = next(role.value for role in (*Role,) if role in roles)
        for headers in FOREIGN_PAGES:
            answer = house.ask(method, filled(path), house.session(username), **cast(Any, headers))
            if answer.status != 403:
                reached[f"{method} {path} {headers}"] = answer.status
    assert reached == {}


def test_sockets_open_for_the_own_page_of_the_right_role_only(house: GuardedHouse) -> None:
    sockets = [path for method, path in routes_of(house.app.routes) if method == "SOCKET"]
    assert sockets
    for path in sockets:
        assert house.open_socket(path, None, OURS) == ["websocket.close"]
        for username in house.staff:  # nobody of them has asked for a telephone, so not even the own page
            for origin in (FOREIGN, None, "null", OURS):
                assert house.open_socket(path, house.session(username), origin) == ["websocket.close"]


def test_a_one_time_password_opens_nothing_but_its_change(house: GuardedHouse) -> None:
    house.staff.setdefault("newcomer", house.person("newcomer", Role.ADMINISTRATOR))
    with writing(house.service.engine) as connection:
        mine = staff.c.id == house.staff["newcomer"]
        connection.execute(update(staff).where(mine).values(password_is_temporary=True))
    passed = set()
    for method, path, _ in guarded(house):
        if house.ask(method, filled(path), house.session("newcomer")).status != 403:
            passed.add(f"{method} {path}")
    assert {one.partition(" ")[2].split("/")[1] for one in passed} == {"account", "logout"}
