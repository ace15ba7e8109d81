"""What no page of ours sends: every request answers it with a clear 4xx, and never falls over."""

import json
import os
import random
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from guarded_house import SAFE, GuardedHouse, routes_of
from postgres_server import PostgresServer

ROUNDS = 6  # times all routes
SEED = 1169
LEFT_OUT = {  # they change who is logged in, or are streams
    "POST /logout",
    "POST /account/password",
}
HTML = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
TEXTS = [
    "",
    " ",
    "0",
    "-1",
    "1",
    "true",
    "null",
    "a",
    "ก็",
    "\0",
    "a\0b",
    "\r\nSet-Cookie: a=b",
    "\u202e\u200f\u2066",
    "é" * 300,
    "\ud800",
    "x" * 30_000,
    HTML,
    "javascript:alert(1)",
    "../../etc/passwd",
    "..%2f..%2fetc",
    "%00",
    "{agent}" * 50,
    "[" * 500,
    "1001&PJSIP/network/0812345678",
    "'; DROP TABLE people; --",
    "%' OR '1'='1",
    "NaN",
    "1e999",
    "๑๒๓",
    "²",
    "2026-02-30",
    "0001-01-01",
    "9999-12-31",
    "2026-01-01T00:00:00+99:00",
    "+66812345678",
    "sip:1001@hotline",
    "*" * 100,
]
NUMBERS = [
    0,
    -1,
    1,
    2**31 - 1,
    2**31,
    -(2**31) - 1,
    2**53,
    2**63 - 1,
    2**63,
    -(2**63) - 1,
    10**40,
    0.5,
    -0.0,
    1e308,
    1e-320,
]
HUGE = [float("nan"), float("inf"), -float("inf")]


class Hostile:
    """Makes requests that fit their form more or less, from what the application says of itself (OpenAPI)."""

    def __init__(self, house: GuardedHouse, seed: int) -> None:
        self.random = random.Random(seed)
        self.described = house.app.openapi()

    def scalar(self) -> Any:
        return self.random.choice([*TEXTS, *NUMBERS, *HUGE, None, True, False])

    def value(self, schema: dict[str, Any], depth: int = 0) -> Any:
        """Sometimes of the right kind, sometimes not."""
        if self.random.random() < 0.15 or depth > 5:
            return self.random.choice([self.scalar(), [], {}, [self.scalar()], {"a": self.scalar()}, [[[[[]]]]]])
        if "$ref" in schema:
            schema = self.described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        if options := schema.get("anyOf") or schema.get("allOf") or schema.get("oneOf"):
            return self.value(self.random.choice(options), depth + 1)
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        return self._of_kind(schema, depth)

    def _of_kind(self, schema: dict[str, Any], depth: int) -> Any:
        kind = schema.get("type")
        if kind == "object":
            known = schema.get("properties", {})
            made = {name: self.value(one, depth + 1) for name, one in known.items() if self.random.random() < 0.85}
            if not known:
                made = {name: self.scalar() for name in self.random.sample(FIELDS, 6)}
            return made | ({self.random.choice(TEXTS): self.scalar()} if self.random.random() < 0.1 else {})
        if kind == "array":
            return [self.value(schema.get("items", {}), depth + 1) for _ in range(self.random.choice([0, 1, 3, 50]))]
        if kind == "boolean":
            return self.random.choice([True, False])
        if kind in {"integer", "number"}:
            return self.random.choice(NUMBERS)
        return self.random.choice(TEXTS) if kind == "string" else self.scalar()

    def path(self, template: str, operation: dict[str, Any]) -> str:
        """With values for what is named in it, and for its query."""
        path, query = template, {}
        for parameter in operation.get("parameters", []):
            value = self.value(parameter["schema"])
            text = value if isinstance(value, str) else json.dumps(value)
            text = text.encode("utf-8", "replace").decode()[:300]
            if parameter["in"] == "path":
                path = path.replace("{" + parameter["name"] + "}", quote(text or "1", safe=""))
            elif parameter["in"] == "query" and self.random.random() < 0.7:
                query[parameter["name"]] = text
        return path + ("?" + urlencode(query) if query else "")

    def body(self, operation: dict[str, Any]) -> tuple[bytes, str]:
        """Of the right kind, and its content type."""
        content = operation.get("requestBody", {}).get("content", {})
        if "application/x-www-form-urlencoded" in content:
            made = self.value(content["application/x-www-form-urlencoded"]["schema"])
            fields = made if isinstance(made, dict) else {"a": made}
            encoded = urlencode({_bytes(name): _bytes(str(value)) for name, value in fields.items()})
            return encoded.encode(), "application/x-www-form-urlencoded"
        if "application/json" in content:
            made = self.value(content["application/json"]["schema"])
            return json.dumps(made).encode("utf-8", "replace"), "application/json"
        chosen = self.random.sample(FORM_FIELDS, 12)  # pages that read their form themselves
        fields = {name: self.random.choice([*TEXTS, *map(str, NUMBERS)]) for name in chosen}
        encoded = urlencode({name: _bytes(value) for name, value in fields.items()})
        return encoded.encode(), "application/x-www-form-urlencoded"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


FIELDS = [
    "first_name",
    "last_name",
    "display_name",
    "title",
    "language",
    "business_level",
    "occupation",
    "sex",
    "birth_year",
    "age",
    "province",
    "email",
    "notes",
    "topic_id",
    "person_id",
    "department",
    "internal_extension",
    "question",
    "answer",
    "outcome",
    "kind",
    "name_th",
    "name_en",
    "extension",
    "role",
    "username",
    "id",
    "version",
    "staff_id",
]
FORM_FIELDS = [
    *FIELDS,
    *("team_id", "sex", "phone", "queue-enquiries", "label_th", "label_en", "dial", "answer_days", "answer_hours"),
    *(
        "active",
        "day",
        "reason",
        "roles",
        "text",
        "position",
        "moment",
        "channel",
        "also",
        "min_seconds",
        "max_seconds",
    ),
    *("valid_from", "counted", "target_share", "retired", "by", "number", "note", "office_th", "office_en", "1", "2"),
    *(
        "standards",
        "step",
        "result",
        "details",
        "officer",
        "next_due_at",
        "next_day",
        "why",
        "caller_name",
        "supervisors_only",
    ),
]
BROKEN = [
    b"{",
    b"",
    b"null",
    b"[]",
    b"\xff\xfe",
    b'"\xc3\x28"',
    b'{"a": "\\ud800"}',
    b"[" * 100_000,
    b"1" * 5000,
    b'{"a":' * 5000,
    b"NaN",
    b"\0" * 10,
    b'{"changes": {"notes": "\\u0000"}}',
    b"a=%ff%fe&b=%00",
    b"--x\r\nContent-Disposition: form-data; name",
]
KINDS = [
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain",
    "image/x",
    "",
]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedHouse]:
    url = None
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.new_database()
    house = GuardedHouse(tmp_path_factory.mktemp("faults"), url)
    yield house
    house.close()


def asked_for(house: GuardedHouse) -> list[tuple[str, str]]:
    found = [(method, path) for method, path in routes_of(house.app.routes) if method not in {"MOUNT", "SOCKET"}]
    return [(method, path) for method, path in found if f"{method} {path}" not in LEFT_OUT]


def operation_of(hostile: Hostile, method: str, path: str) -> dict[str, Any]:
    named = re.sub(r":\w+}", "}", path)  # {article_id:int} is {article_id} in the description
    found: dict[str, Any] = hostile.described["paths"][named][method.lower()]
    return found


def known_ids(house: GuardedHouse) -> list[str]:
    """A person and a contact that are there, so that not everything ends at "there is none"."""
    session = house.session("agent")
    person = house.ask("POST", "/api/people", session, json_body={"fields": {"first_name": "A", "last_name": "B"}}).json
    contact = house.ask("POST", "/api/contacts", session, json_body={"person_id": person["id"]}).json
    return [str(person["id"]), str(contact["id"]), "1", "2"]


def test_hostile_values_never_make_it_fall_over(house: GuardedHouse) -> None:
    hostile, tried = Hostile(house, int(os.environ.get("HOTLINE_FAULT_SEED", SEED))), 0
    fallen: dict[str, tuple[str, bytes]] = {}
    ids = known_ids(house)
    for _ in range(ROUNDS):
        session = house.session("administrator")
        for method, path in asked_for(house):
            operation = operation_of(hostile, method, path)
            template = path
            if hostile.random.random() < 0.6:  # something that is there
                for name in ("{person_id}", "{contact_id}", "{topic_id}", "{script_id}", "{card_id}", "{staff_id}"):
                    template = template.replace(name, hostile.random.choice(ids))
            address = hostile.path(template, operation)
            body, kind = hostile.body(operation)
            accept = hostile.random.choice(["application/json", "text/html"])
            answer = house.ask(method, address, session, body=body, content_type=kind, accept=accept)
            tried += 1
            if answer.status >= 500 and answer.status != 503:  # 503: Asterisk is away
                fallen.setdefault(f"{method} {path} {answer.status}", (address, body[:300]))
    assert tried > 400
    assert fallen == {}


def test_broken_bodies_never_make_it_fall_over(house: GuardedHouse) -> None:
    fallen: dict[str, tuple[str, bytes]] = {}
    taken: dict[str, int] = {}
    session = house.session("administrator")
    for method, path in asked_for(house):
        if method in SAFE:
            continue
        for number, body in enumerate(BROKEN):
            for kind in {KINDS[0], KINDS[1], KINDS[number % len(KINDS)]}:
                address = path.replace("{channel}", "hotline").replace("{valid_from}", "2026-01-01")
                answer = house.ask(method, address, session, body=body, content_type=kind)
                if answer.status >= 500 and answer.status != 503:
                    fallen.setdefault(f"{method} {path} {answer.status}", (kind, body[:40]))
                without = house.ask(method, address, body=body, content_type=kind)
                if without.status < 400:
                    taken[f"{method} {path}"] = without.status
    assert fallen == {}
    assert taken == {}
