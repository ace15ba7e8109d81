"""First come, first served: the arithmetic of QUEUE_PRIO, from the rendered dialplan and done as Asterisk does."""

import math
import re
from dataclasses import dataclass, field
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rendered import contexts, files

MOST, DAY_SECONDS = 2**31 - 1, 86400
NOON = 1_800_014_400  # some noon, UTC
TEXT = files()["extensions.conf"]


def arguments(application: str) -> list[str]:
    """What the rendered dialplan says of the queue `enquiries`, once for each of its three passes."""
    found = [line.partition(",")[2] for lines in contexts(TEXT).values() for line in lines if application in line]
    return [line for line in found if "HOTLINE_DAY_technical" not in line]


def one(application: str) -> str:
    (text,) = set(arguments(application))
    return text


PRIORITY, DAY = one("Set(QUEUE_PRIO="), one("Set(GLOBAL(HOTLINE_DAY_")
SET_PLACE = re.compile(r"\$\{SET\(HOTLINE_PLACE=\$\[(FLOOR\([^\]]*\))\]\)\}")


def floor_of(expression: str, **values: str) -> int:
    """An expression with FLOOR, computed exactly."""
    for name, value in values.items():
        expression = expression.replace("${" + name + "}", f"Fraction('{value}')")
    assert "${" not in expression
    return int(eval(expression, {"__builtins__": {}}, {"FLOOR": math.floor, "Fraction": Fraction}))


def place_of(day: int, arrived: str) -> int:
    expression = SET_PLACE.search(PRIORITY)
    assert expression is not None
    return floor_of(
        expression[1].replace("GLOBAL(HOTLINE_DAY_enquiries)", "DAY"), DAY=str(day), HOTLINE_ARRIVED=arrived
    )


def day_of(now: int) -> int:
    expression = re.search(r"\$\[(FLOOR[^\]]*)\]\)\)$", DAY)
    assert expression is not None
    return floor_of(expression[1], EPOCH=str(now))


def priority_of(day: int, arrived: str) -> int:
    """`QUEUE_PRIO` as the dialplan sets it."""
    limits = re.fullmatch(
        r"Set\(QUEUE_PRIO=\$\{IF\(\$\[\$\{HOTLINE_PLACE\} > (\d+)\]\?(\d+):"
        r"\$\{IF\(\$\[\$\{HOTLINE_PLACE\} < (-\d+)\]\?(-\d+):\$\{HOTLINE_PLACE\}\)\}\)\}\)",
        SET_PLACE.sub("${HOTLINE_PLACE}", PRIORITY),
    )
    assert limits is not None
    above, most, below, least = map(int, limits.groups())
    place = place_of(day, arrived)
    return most if place > above else least if place < below else place


def epoch(microseconds: int) -> str:
    """As `${STRFTIME(,,%s.%6q)}` writes it."""
    return f"{microseconds // 1_000_000}.{microseconds % 1_000_000:06}"


@dataclass
class Queue:
    """A queue as app_queue keeps it: behind all whose priority is the same or higher. Entries: priority, arrival."""

    day: int | None = None
    waiting: list[tuple[int, int]] = field(default_factory=list)

    def enter(self, arrived: int, now_seconds: int) -> None:
        if self.day is None or not self.waiting:
            self.day = day_of(now_seconds)
        mine = priority_of(self.day, epoch(arrived))
        place = next((at for at, (theirs, _) in enumerate(self.waiting) if mine > theirs), len(self.waiting))
        self.waiting.insert(place, (mine, arrived))

    def leave(self, index: int) -> int:
        return self.waiting.pop(index % len(self.waiting))[1]


def test_every_pass_counts_anew_right_before_it() -> None:
    """Two passes and the callback's, of each queue; else a place could hang on a midnight that is no more."""
    lines = [line.partition(",")[2] for found in contexts(TEXT).values() for line in found]
    passes = [at for at, line in enumerate(lines) if line.startswith("Queue(")]
    assert len(passes) == 6
    for at in passes:
        name = lines[at].removeprefix("Queue(").partition(",")[0]
        assert lines[at - 2].startswith(
            f'ExecIf($["${{GLOBAL(HOTLINE_DAY_{name})}}" = "" | ${{QUEUE_WAITING_COUNT({name})}} = 0]'
        )
        assert lines[at - 1].startswith("Set(QUEUE_PRIO=")
        assert f"${{SET(HOTLINE_PLACE=$[FLOOR((${{GLOBAL(HOTLINE_DAY_{name})}} - " in lines[at - 1]


@pytest.mark.parametrize(
    ("day", "arrived", "expected"),
    [
        (NOON, f"{NOON}.000000", 0),
        (NOON, f"{NOON}.000001", -1),
        (NOON, f"{NOON}.001000", -1),
        (NOON, f"{NOON}.001001", -2),
        (NOON, f"{NOON - 1}.999999", 0),
        (NOON, f"{NOON - 1}.998999", 1),
        (NOON, f"{NOON - 3 * DAY_SECONDS}.000000", 3 * DAY_SECONDS * 1000),  # a callback of a long weekend
        (NOON, f"{NOON + 24 * DAY_SECONDS}.000000", -24 * DAY_SECONDS * 1000),
        (NOON, f"{NOON + 25 * DAY_SECONDS}.000000", -MOST),
        (NOON, f"{NOON - 25 * DAY_SECONDS}.000000", MOST),
    ],
)
def test_priorities(day: int, arrived: str, expected: int) -> None:
    assert priority_of(day, arrived) == expected


@given(st.integers(0, 2**33), st.integers(0, 2**33 * 1_000_000), st.integers(0, 10**9))
def test_who_came_first_is_never_behind(day: int, first: int, later_by: int) -> None:
    """Also where app_queue's int ends; a millisecond apart they differ, as long as it does not."""
    ahead, behind = (priority_of(day, epoch(arrived)) for arrived in (first, first + later_by))
    assert -MOST <= behind <= ahead <= MOST
    if later_by >= 1000 and abs(ahead) < MOST and abs(behind) < MOST:
        assert ahead > behind


@given(st.integers(0, 2**33))
def test_the_midnight_is_the_last_one(now: int) -> None:
    assert now - DAY_SECONDS < day_of(now) <= now
    assert day_of(now) % DAY_SECONDS == 0


steps = st.lists(
    st.tuples(
        st.sampled_from(["arrive", "again", "serve", "callback"]),
        st.integers(0, 10**7) | st.integers(0, 30 * DAY_SECONDS * 10**6),  # until then, in microseconds
        st.integers(0, 50),
    ),
    max_size=60,
)


@given(steps)
@settings(max_examples=300)
def test_over_many_days_the_first_is_served_first(steps: list[tuple[str, int, int]]) -> None:
    """People arrive, go from the first pass into the second, come back as callbacks, are served, for months; whenever
    the queue runs empty its midnight moves on. Only within a millisecond may two change places, and only there where
    nobody has found the queue empty for 24 days."""
    queue, now, emptied = Queue(), NOON * 1_000_000, NOON * 1_000_000
    for what, passed, index in steps:
        now += passed
        if not queue.waiting:
            emptied = now
        if what == "arrive":
            queue.enter(now, now // 1_000_000)
        elif what == "callback":
            queue.enter(now - index * 3600 * 1_000_000, now // 1_000_000)
        elif queue.waiting and what == "again":
            queue.enter(queue.leave(index), now // 1_000_000)
        elif queue.waiting:
            queue.leave(0)
        if now - emptied < 23 * DAY_SECONDS * 1_000_000:
            milliseconds = [-(-arrived // 1000) for _, arrived in queue.waiting]  # each ends with its whole one
            assert milliseconds == sorted(milliseconds)
        priorities = [priority for priority, _ in queue.waiting]
        assert priorities == sorted(priorities, reverse=True)
