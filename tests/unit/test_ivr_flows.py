"""Call flows: what is set on the call for whom."""

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fakes import FakeDirectory, FakeNumbers, FakeSession, FakeVoice

from dialplan.names import Route, Variable
from dialplan.prompts import numbers
from ivr.flows.announce import Announce
from ivr.flows.callback_number import CallbackNumber
from ivr.flows.closed import Closed
from ivr.flows.identify import Identify
from ivr.ports import CallerName, NormalNumber, NumberKind
from ivr.routes import PROMPTS, Ports, routes
from ivr.settings import IvrSettings

SOMSRI = CallerName("สมศรี ใจดี")
JOHN = CallerName("John Smith", "en")
BANGKOK = ZoneInfo("Asia/Bangkok")
NOW = datetime(2024, 5, 1, 15, 0, tzinfo=UTC)


# -- identify (C1, C3)


@pytest.mark.parametrize(
    ("caller", "people", "expected"),
    [
        ("0812345678", {"+66812345678": SOMSRI}, {"HOTLINE_CALLER": "+66812345678", "CALLERID(name)": "สมศรี ใจดี"}),
        # what the dialplan has noted already is not set again
        ("+66812345678", {"+66812345678": JOHN}, {"CALLERID(name)": "John Smith", "HOTLINE_LANG": "en"}),
        ("1677", {}, {}),
        ("191", {}, {}),
        ("1*7", {}, {"HOTLINE_CALLER": "1*7"}),
        ("0812345678", {}, {"HOTLINE_CALLER": "+66812345678"}),  # a new caller: the network's name stays
        ("0812345678", {"+66812345678": CallerName("  ")}, {"HOTLINE_CALLER": "+66812345678"}),
        (
            "0812345678",
            {"+66812345678": CallerName("x", "fr")},  # a language we do not speak
            {"HOTLINE_CALLER": "+66812345678", "CALLERID(name)": "x"},
        ),
        (
            "0812345678",
            {"+66812345678": CallerName("x", "th")},  # spoken already
            {"HOTLINE_CALLER": "+66812345678", "CALLERID(name)": "x"},
        ),
        (None, {}, {"HOTLINE_CALLER": ""}),
        ("odd-7", {}, {"HOTLINE_CALLER": "odd-7"}),
    ],
)
def test_identify_c1(caller: str | None, people: dict[str, CallerName], expected: dict[str, str]) -> None:
    session = FakeSession(caller_number=caller)
    Identify(FakeNumbers(), FakeDirectory(people))(session)
    assert session.variables == expected
    assert session.commands <= 4


@pytest.mark.parametrize(("kind", "kept"), [("unknown", "odd-7"), ("anonymous", "")])
def test_number_that_nobody_can_spell_stays_as_it_came_c1(kind: NumberKind, kept: str) -> None:
    class Plan:
        def normalise(self, raw: str | None, country: str) -> NormalNumber:
            return NormalNumber(kind, None)

    session = FakeSession(caller_number="odd-7")
    Identify(Plan(), FakeDirectory())(session)
    assert session.variables == {"HOTLINE_CALLER": kept}


def test_only_real_numbers_are_looked_up_c1() -> None:
    directory = FakeDirectory()
    for caller in (None, "191", "1001", "odd-7", "0812345678"):
        Identify(FakeNumbers(), directory)(FakeSession(caller_number=caller))
    assert directory.asked == ["+66812345678"]


def test_language_reaches_the_agents_leg() -> None:
    session = FakeSession()
    Identify(FakeNumbers(), FakeDirectory({"+66812345678": JOHN}))(session)
    assert session.inherited == {Variable.LANGUAGE}


def test_number_is_set_before_a_directory_that_fails_c1() -> None:
    class Broken:
        def find(self, number: str | None) -> CallerName | None:
            raise OSError("database away")

    session = FakeSession()
    with pytest.raises(OSError, match="away"):
        Identify(FakeNumbers(), Broken())(session)
    assert session.variables == {"HOTLINE_CALLER": "+66812345678"}


# -- announce


@dataclass
class Queues:
    position: int | None
    wait_seconds: float | None

    def place(self, call_id: str, queue: str) -> tuple[int | None, float | None]:
        assert (call_id, queue) == ("1700000000.1", "general")
        return self.position, self.wait_seconds


@pytest.mark.parametrize(
    ("position", "wait_seconds", "round_", "expected"),
    [
        (1, 59.9, "0", "hotline/th-position-1&hotline/th-minutes-0"),
        (3, 60, "0", "hotline/th-position-3&hotline/th-minutes-1"),
        (3, 61, None, "hotline/th-position-3&hotline/th-minutes-2"),
        (101, 600, "2", "hotline/still-waiting&hotline/th-position-101&hotline/th-minutes-10"),
        (2, None, "0", "hotline/th-position-2"),
        (None, 120, "0", "hotline/th-minutes-2"),
        (5, 3601, "0", "hotline/th-position-5"),
        (None, None, "0", None),
        (None, None, "4", None),
        (0, -1, "1", None),
    ],
)
def test_announce(position: int | None, wait_seconds: float | None, round_: str | None, expected: str | None) -> None:
    session = FakeSession(arguments={"round": round_} if round_ else {})
    Announce(Queues(position, wait_seconds), FakeVoice())(session)
    assert session.variables.get(Variable.PROMPTS) == expected
    assert session.commands <= 1


def test_announce_needs_a_queue() -> None:
    with pytest.raises(ValueError, match=r"\?queue="):
        Announce(Queues(1, 1), FakeVoice())(FakeSession(queue=None))


# -- closed


@dataclass
class Opens:
    at: datetime | None

    def next_opening(self, now: datetime) -> datetime | None:
        assert now == NOW
        return self.at


@pytest.mark.parametrize(
    ("reason", "opens_at", "expected"),
    [
        ("hours", NOW + timedelta(hours=10), "hotline/th-opens&hotline/0800"),
        ("holiday", NOW + timedelta(hours=10), "hotline/th-opens&hotline/0800"),
        ("emergency", NOW + timedelta(hours=10), None),
        ("hours", None, None),
        ("hours", NOW, None),
    ],
)
def test_closed(reason: str, opens_at: datetime | None, expected: str | None) -> None:
    session = FakeSession(arguments={"reason": reason})
    Closed(Opens(opens_at), FakeVoice(), lambda: NOW, BANGKOK)(session)
    assert session.variables.get(Variable.PROMPTS) == expected
    assert session.commands <= 1


# -- callback number


def spoken(number: str) -> list[str]:
    return ["callback-confirm", *(f"th-digit-{digit}" for digit in number)]


@pytest.mark.parametrize("caller", ["0812345678", "+66812345678"])
def test_callback_to_the_number_that_calls(caller: str) -> None:
    session = FakeSession(caller_number=caller)
    CallbackNumber(FakeNumbers(), FakeVoice())(session)
    assert session.variables == {
        "HOTLINE_CALLBACK_NUMBER": "0812345678",
        "HOTLINE_PROMPTS": "&".join(f"hotline/{prompt}" for prompt in spoken("0812345678")),
    }
    assert session.played == []


@pytest.mark.parametrize("caller", [None, "+4930123456", "1001", "191", "odd-7"])
def test_who_cannot_be_called_back_enters_a_number(caller: str | None) -> None:
    session = FakeSession(caller_number=caller, keys=["021234567", "1"])
    CallbackNumber(FakeNumbers(), FakeVoice())(session)
    assert session.variables == {"HOTLINE_CALLBACK_NUMBER": "021234567"}
    assert session.played == [["callback-no-number"], [*spoken("021234567"), "callback-change"]]


@pytest.mark.parametrize(
    ("keys", "number", "questions"),
    [
        (["0812345678", ""], "0812345678", 2),  # no objection
        (["0812345678", "5"], "0812345678", 2),
        (["0812345678", "2", "021234567", "1"], "021234567", 4),
        (["08", "0812345678", "1"], "0812345678", 3),
        (["", "191", "0812345678", "1"], "0812345678", 4),
        (["", "191", "1001"], "", 3),
        (["", "", ""], "", 3),
        (["0812345678", "2"] * 3, "", 6),
    ],
)
def test_three_tries_to_enter_a_number(keys: list[str], number: str, questions: int) -> None:
    session = FakeSession(caller_number=None, keys=list(keys))
    CallbackNumber(FakeNumbers(), FakeVoice())(session)
    assert session.variables == {"HOTLINE_CALLBACK_NUMBER": number}
    assert len(session.played) == questions
    own = {prompt for played in session.played for prompt in played if not prompt.startswith("th-digit")}
    assert own <= PROMPTS


# -- all together


def test_every_route_of_the_dialplan_is_served() -> None:
    ports = Ports(FakeNumbers(), FakeDirectory(), Queues(1, 1), Opens(None), FakeVoice(), lambda: NOW)
    served = routes(IvrSettings(), ports, BANGKOK)
    assert set(served) == set(Route)
    quick = {name for name, route in served.items() if route.deadline_seconds < 1}
    assert quick == set(Route) - {Route.CALLBACK_NUMBER}


def test_flows_speak_with_the_composer_of_the_dialplan() -> None:
    """What `dialplan.prompts.numbers` composes fits the port: 22:00 in Bangkok, opening tomorrow at 08:30."""
    opens_at = datetime(2024, 5, 2, 1, 30, tzinfo=UTC)
    closed, announced = FakeSession(arguments={"reason": "hours"}), FakeSession()
    Closed(Opens(opens_at), numbers, lambda: NOW, BANGKOK)(closed)
    Announce(Queues(1, 30), numbers)(announced)
    assert "hotline/tomorrow" in closed.variables[Variable.PROMPTS].split("&")
    assert announced.variables[Variable.PROMPTS] == (
        "hotline/you-are-next&hotline/expected-wait&hotline/less-than-one-minute"
    )


def test_all_prompts_of_flows_are_in_the_catalogue() -> None:
    for language in ("th", "en"):
        path = Path(numbers.__file__).parent / "catalogue" / f"{language}.toml"
        assert set(tomllib.loads(path.read_text(encoding="utf-8"))) >= PROMPTS
