"""Finding whom to transfer to: by what people type, the likeliest first (K3)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ami_listener.events import AgentState
from ami_listener.floor import AgentNow
from crm.directory.targets import Availability, Target, TargetKind, Uses, dialled, find, folded

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)


def target(kind: TargetKind, key: str, th: str, en: str, dial: str | None, **more: Any) -> Target:
    return Target(kind=kind, key=key, name_th=th, name_en=en, dial=dial, **more)


LEGAL = target(TargetKind.DEPARTMENT, "legal", "กองกฎหมาย", "Legal office", "701", department="legal")
TRADE = target(TargetKind.DEPARTMENT, "trade", "กองการค้า", "Trade office", "702", department="trade")
NITI = target(
    TargetKind.OFFICER, "niti", "นิติ กฎหมาย", "Niti Kotmai", "1501", office_th="กองกฎหมาย", office_en="Legal office"
)
SOMSRI = target(TargetKind.AGENT, "1001", "สมศรี ใจดี", "Somsri Jaidee", "1001", watched=True)
PRASERT = target(TargetKind.AGENT, "1002", "ประเสริฐ สุขใจ", "Prasert Sukjai", "1002", watched=True)
CUSTOMS = target(TargetKind.OUTSIDE, "026677000", "ศุลกากร", "Customs", "026677000")
ALL = [LEGAL, TRADE, NITI, SOMSRI, PRASERT, CUSTOMS]


def now(state: AgentState) -> AgentNow:
    return AgentNow(state, NOW)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("กฎหมาย", ["legal", "niti"]),
        ("กองกฏ", []),  # another letter is another word
        ("ศุลกากร", ["026677000"]),
        ("legal", ["legal", "niti"]),
        ("LEGAL niti", ["niti"]),
        ("สมศรี", ["1001"]),
        ("ประเสริฐ", ["1002"]),
        ("ประเสรฐ", []),
        ("กองการคา", ["trade"]),  # without the tone mark
        ("701", ["legal"]),
        ("๗๐๑", ["legal"]),
        ("02-667-7000", ["026677000"]),
        ("+6626677000", ["026677000"]),
        ("nobody", []),
    ],
)
def test_what_people_type(query: str, found: list[str]) -> None:
    assert [one.target.key for one in find(ALL, query, {})] == found


def test_the_order_of_an_empty_question() -> None:
    """Most used by the one who asks, then by all, then who is free, then departments first."""
    keys = [one.target.key for one in find(ALL, "", {"1002": now(AgentState.AVAILABLE)})]
    assert keys == ["1002", "legal", "trade", "niti", "026677000", "1001"]
    uses = Uses({("outside", "026677000"): 2}, {("outside", "026677000"): 2, ("agent", "1001"): 9})
    keys = [one.target.key for one in find(ALL, "", {}, uses)]
    assert keys[:2] == ["026677000", "1001"]


def test_an_extension_goes_before_all() -> None:
    other = target(TargetKind.OUTSIDE, "1001234567", "ก", "A", "1001234567")
    uses = Uses({("outside", "1001234567"): 50}, {})
    assert [one.target.key for one in find([other, SOMSRI], "1001", {}, uses)] == ["1001", "1001234567"]


@pytest.mark.parametrize(
    ("state", "availability"),
    [
        (AgentState.AVAILABLE, Availability.FREE), (AgentState.RINGING, Availability.BUSY),
        (AgentState.IN_CALL, Availability.BUSY), (AgentState.ON_HOLD, Availability.BUSY),
        (AgentState.WRAP_UP, Availability.BUSY), (AgentState.PAUSED, Availability.PAUSED),
        (AgentState.OFFLINE, Availability.OFFLINE),
    ],
)  # fmt: skip
def test_who_is_free(state: AgentState, availability: Availability) -> None:
    (found,) = find([SOMSRI], "", {"1001": now(state)})
    assert (found.availability, found.state, found.since) == (availability, state, NOW)


def test_who_is_not_watched_is_not_known() -> None:
    assert [one.availability for one in find([LEGAL, CUSTOMS], "", {"026677000": now(AgentState.AVAILABLE)})] == [
        Availability.UNKNOWN, Availability.UNKNOWN,
    ]  # fmt: skip
    assert find([SOMSRI], "", {})[0].availability is Availability.OFFLINE


def test_a_list_has_an_end() -> None:
    assert len(find([SOMSRI] * 50, "", {}, limit=20)) == 20


@pytest.mark.parametrize(
    ("text", "number"),
    [("02-507 7999", "025077999"), ("(02) 507.7999", "025077999"), ("+66812345678", "0812345678"), ("๑๑๖๙", "1169")],
)
def test_numbers_as_they_are_dialled(text: str, number: str) -> None:
    assert dialled(text) == number


def test_folding() -> None:
    assert folded("การค้า ABC ๑") == "การคา abc 1"
