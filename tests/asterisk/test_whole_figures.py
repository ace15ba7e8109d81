"""Closed doors; and after all calls of the run: wallboard, `/metrics`, report page, CSV, XLSX, `hotline kpi` and a
calculation from queue_log alone tell the same figures."""

import asyncio
import csv
import io
import re
import wave
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import openpyxl
import pytest
from day_of_journal import calls_of, figures_of
from exchange import Scenario, Slot, play, verdict
from product import sound
from sqlalchemy import select
from telephone_audio import tone
from telephones import Call
from whole import Whole, of

from ami_listener.events import EndedBy, PickUpReason
from ami_listener.records import Outcome
from crm.database import reading, writing
from crm.reports.queries import facts_between
from crm.staff import sessions
from crm.staff.access import COOKIE
from crm.staff.accounts import StaffDraft
from crm.staff.models import PhoneKind, Role, staff
from crm.staff.passwords import Hasher
from crm.staff.service import create
from crm.staffing.history import calls_by_slot, measured, slot_of
from crm.wallboard.words import WORDS as BOARD_WORDS
from crm.web.figures import percent
from hotline.board import limits_of
from metrics.facts import OUTCOMES, CallFact
from metrics.kpi import KPIS
from metrics.tally import tally

BOARD = BOARD_WORDS["en"]


async def a_call_between(s: Slot) -> None:
    """With the doors open, so that there is something to count when these tests run alone."""
    call, leg, _ = await s.talk()
    await asyncio.sleep(0.3)
    await leg.hang_up()
    await call.heard(sound("survey-123"))
    await call.press("1")
    await call.ended()


async def hangs_up_while_it_rings(s: Slot) -> None:
    call = await s.call()
    await s.rung()
    await call.hang_up()


async def told_when_open(s: Slot, caller: str, seconds: float = 20) -> Call:
    """A closed call that is told the next opening: the service looks every ten seconds what the program has changed."""
    deadline = s.exchange.network.clock() + seconds
    while True:
        call = await s.call(caller)
        await call.heard(sound("closed-holiday"))
        try:
            await call.heard(sound("opens-again"), 1.5)
            return call
        except AssertionError:
            assert s.exchange.network.clock() < deadline
            await call.hang_up()


async def leaves_a_message(s: Slot) -> None:
    """The next opening is told; the message is on the list, and its file plays."""
    caller = s.caller()
    call = await told_when_open(s, caller)
    heard = [await call.heard(sound(prompt)) for prompt in ("greeting", "closed-holiday", "opens-again", "tomorrow")]
    heard.append(await call.heard(sound("o-clock")))
    heard.append(await call.heard(sound("message-invite")))
    assert heard == sorted(heard)
    await call.heard(sound("beep"))
    call.audio.sound = tone(1300)
    await asyncio.sleep(2.5)
    await call.press("#")
    await call.heard(sound("message-thanks"))
    name = await s.id_of(call)
    await call.ended()
    record = await of(s).over(name)
    assert (record.outcome, record.ended_by) == (Outcome.MESSAGE, EndedBy.SYSTEM)
    assert (record.closed_reason, record.assistant_reason) == ("holiday", PickUpReason.CLOSED)
    assert record.message is not None
    assert 1.5 < record.message.seconds < 3.0  # without the beep, and what the key cuts off
    listed = [line for line in await of(s).listed("messages", "list") if line["call_id"] == name]
    assert [(line["caller_number"], line["state"], line["sound_there"]) for line in listed] == [
        (f"+66{caller[1:]}", "new", True)
    ]
    path = (await of(s).hotline("messages", "path", str(listed[0]["id"]))).strip()
    with wave.open(path) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        assert abs(file.getnframes() / 8000 - record.message.seconds) < 0.05


async def hangs_up_on_the_closed_message(s: Slot) -> None:
    call = await s.call()
    await call.heard(sound("closed-holiday"))
    name = await s.id_of(call)
    await call.hang_up()
    record = await of(s).over(name)
    assert (record.outcome, record.ended_by, record.rings) == (Outcome.CLOSED, EndedBy.CALLER, [])


def today(whole: Whole) -> str:
    return datetime.now(ZoneInfo(whole.settings.site.timezone)).date().isoformat()


async def is_answered_late(s: Slot) -> None:
    """After the guard: the assistant picked up in time, a person did not."""
    call = await s.call()
    await s.product.fact(await s.id_of(call), "ASSISTANT", "guard", seconds=11)
    leg = await s.rung()
    await leg.answer()
    await asyncio.sleep(0.3)
    await leg.hang_up()
    await call.heard(sound("survey-123"))
    await call.press("3")
    await call.ended()


OPEN: list[Scenario] = [a_call_between, hangs_up_while_it_rings, is_answered_late]
CLOSED: list[Scenario] = [leaves_a_message, hangs_up_on_the_closed_message]


@pytest.fixture(scope="module")
def played(whole: Whole) -> dict[str, BaseException | None]:
    results = play(whole, OPEN)
    day = today(whole)
    asyncio.run(whole.hotline("calendar", "add", day, "วันหยุดพิเศษ"))
    try:
        results |= play(whole, CLOSED)
    finally:
        asyncio.run(whole.hotline("calendar", "remove", day))
    asyncio.run(whole.gone(20))
    return results


@pytest.mark.parametrize("scenario", OPEN + CLOSED, ids=lambda scenario: scenario.__name__)
def test_doors(played: dict[str, BaseException | None], scenario: Scenario) -> None:
    verdict(played, scenario)


def facts(whole: Whole) -> list[CallFact]:
    """Every call on record, as the figures see it, once all have ended."""
    with reading(whole.engine) as connection:
        found = list(facts_between(connection, datetime.now(UTC) - timedelta(hours=12), datetime.now(UTC)))
    assert [fact.call_id for fact in found if fact.ended_at is None] == []
    return found


def summed(series: dict[str, float], name: str, queue: str, *labels: str) -> float:
    """A metric of one queue, summed over all other labels but those given."""
    return sum(
        value
        for key, value in series.items()
        if key.startswith(name + "{") and f'queue="{queue}"' in key and all(label in key for label in labels)
    )


@pytest.mark.usefixtures("played")
def test_metrics_are_what_the_records_say(whole: Whole) -> None:
    """K-figures: one definition, counted as it happens and counted afterwards, for every queue."""
    series = whole.metrics()
    limits = limits_of(whole.settings)
    calls = facts(whole)
    for queue in [queue.name for queue in whole.settings.queues]:
        mine = [call for call in calls if call.queue == queue]
        counted = tally(mine, limits)
        said = {
            "offered": summed(series, "hotline_calls_offered_total", queue),
            "picked_up": summed(series, "hotline_pick_up_seconds_count", queue),
            "answered": summed(series, "hotline_queue_wait_seconds_count", queue, 'outcome="answered"'),
            "answered_within": summed(series, "hotline_calls_answered_in_time_total", queue),
            "picked_up_within": summed(series, "hotline_calls_picked_up_in_time_total", queue),
            "abandoned_within": summed(series, "hotline_calls_abandoned_early_total", queue),
            "short_abandoned": summed(series, "hotline_calls_abandoned_short_total", queue),
            "abandoned": summed(series, "hotline_queue_wait_seconds_count", queue, 'outcome="abandoned"'),
            "surveys_asked": summed(series, "hotline_surveys_total", queue, 'meaning="asked"'),
            "impressed": summed(series, "hotline_surveys_total", queue, 'meaning="impressed"'),
            "satisfied": summed(series, "hotline_surveys_total", queue, 'meaning="satisfied"'),
            "not_satisfied": summed(series, "hotline_surveys_total", queue, 'meaning="not_satisfied"'),
            "talk_known": summed(series, "hotline_talk_seconds_count", queue),
            "hold_known": summed(series, "hotline_hold_seconds_count", queue),
        }
        assert said == {name: getattr(counted, name) for name in said}, queue
        for outcome in OUTCOMES:
            ended = summed(series, "hotline_calls_ended_total", queue, f'outcome="{outcome}"')
            assert ended == sum(call.outcome == outcome for call in mine), (queue, outcome)
        asked = summed(series, "hotline_callbacks_total", queue, 'result="requested"')
        assert asked == sum(call.callback for call in mine)
        for name, total in (
            ("hotline_queue_wait_seconds_sum", counted.answer_wait),
            ("hotline_talk_seconds_sum", counted.talk),
            ("hotline_hold_seconds_sum", counted.hold),
        ):
            label = ('outcome="answered"',) if "wait" in name else ()
            assert summed(series, name, queue, *label) == pytest.approx(total.total_seconds(), abs=1e-3), (queue, name)


@pytest.mark.usefixtures("played")
def test_gauges_are_back_at_nothing(whole: Whole) -> None:
    series = whole.metrics()
    assert [key for key, value in series.items() if key.startswith("hotline_calls_waiting{") and value] == []
    assert [key for key, value in series.items() if key.startswith("hotline_longest_wait_seconds{") and value] == []
    assert [key for key, value in series.items() if key.startswith("hotline_callbacks_waiting{") and value] == []
    busy = ('state="in_call"', 'state="ringing"', 'state="on_hold"')
    assert [key for key, value in series.items() if value and any(state in key for state in busy)] == []
    assert series['hotline_trunk_up{trunk="carrier"}'] in {0, 1}  # the network is there only while it plays
    assert (series["hotline_ami_connected"], series["hotline_recorder_backlog"]) == (1, 0)
    assert series['hotline_agi_calls_total{result="failed"}'] == 0


@pytest.mark.usefixtures("played")
def test_the_program_tells_the_same(whole: Whole) -> None:
    told = asyncio.run(whole.listed("kpi"))[0]
    counted = tally(facts(whole), limits_of(whole.settings))
    for figure in KPIS:
        assert told[figure.name] == pytest.approx(figure.function(counted)), figure.name
    exported = asyncio.run(whole.hotline("calls", "export", "--format", "jsonl")).splitlines()
    assert len(exported) == counted.offered + counted.closed


def supervisor(whole: Whole) -> httpx.Client:
    """Somebody who may see reports."""
    now = datetime.now(UTC)
    draft = StaffDraft(username="boss", role=Role.SUPERVISOR, name_th="หัวหน้า", name_en="Boss", phone=PhoneKind.DESK)
    with writing(whole.engine) as connection:
        chosen = Hasher(memory_kib=64).chosen("a long password of ours")
        known = connection.scalar(select(staff.c.id).where(staff.c.username == "boss"))
        token = sessions.begin(connection, known or create(connection, draft, now, None, chosen), now)
    url = f"http://127.0.0.1:{whole.site.ports.web}"
    return httpx.Client(base_url=url, cookies={COOKIE: token}, timeout=20, trust_env=False)


@pytest.fixture(scope="module")
def told(whole: Whole, played: dict[str, BaseException | None]) -> dict[str, dict[str, float | None]]:
    """Who tells → figures of today, after all calls."""
    with supervisor(whole) as client:
        query = f"span=day&on={today(whole)}&hours=all&lang=en"
        page = client.get(f"/reports?{query}").text
        table = client.get(f"/reports/export.csv?{query}").content.decode("utf-8-sig")
        book = client.get(f"/reports/export.xlsx?{query}").content
    total = next(csv.DictReader(io.StringIO(table)))
    rows = openpyxl.load_workbook(io.BytesIO(book), read_only=True).worksheets[0].iter_rows(max_row=2, values_only=True)
    head, cells = next(rows), next(rows)
    shown = dict(re.findall(r'data-figure="(\w+)" data-value="([^"]*)"', page))
    program = asyncio.run(whole.listed("kpi"))[0]
    names = [figure.name for figure in KPIS]
    return {
        "page": {name: float(shown[name]) if shown[name] else None for name in names},
        "csv": {name: float(total[name]) if total[name] else None for name in names},
        "xlsx": {name: cells[head.index(name)] for name in names},
        "program": {name: program[name] for name in names},
    }


@pytest.mark.parametrize("who", ["page", "csv", "xlsx", "program"])
def test_everybody_tells_what_the_records_say(whole: Whole, told: dict[str, dict[str, float | None]], who: str) -> None:
    """R8: every figure of the day, with all its digits (a spreadsheet keeps fifteen)."""
    counted = tally(facts(whole), limits_of(whole.settings))
    for figure in KPIS:
        assert told[who][figure.name] == pytest.approx(figure.function(counted), rel=1e-13), figure.name


def test_the_journal_alone_says_the_same(whole: Whole, told: dict[str, dict[str, float | None]]) -> None:
    """H1, H8: calculated from Asterisk's queue_log by other code, by the words of docs/kpi.md."""
    limits = limits_of(whole.settings)
    journal = calls_of(whole.settings.asterisk_folders().log / "queue_log")
    said = figures_of(journal, limits.answer_within_seconds, limits.guard_tolerance_seconds)
    assert {name: told["page"][name] for name in said} == {name: pytest.approx(value) for name, value in said.items()}


@pytest.mark.usefixtures("played")
def test_the_wallboard_shows_the_same(whole: Whole, told: dict[str, dict[str, float | None]]) -> None:
    """D17: live and afterwards, in the same words and rounded alike."""
    with supervisor(whole) as client:
        board = " ".join(client.get("/wallboard?lang=en").text.split())
    figures = told["page"]
    for name in ("answered_within", "answered_rate_strict", "satisfaction"):
        shown = percent(figures[name])
        assert f">{shown}<span" in board, (name, shown)
    for word, name in ((BOARD["offered"], "offered"),):
        assert f"<dt>{word}</dt><dd>{figures[name]:.0f}</dd>" in board, word
    assert f">{figures['average_speed_of_answer']:.1f}<span" in board


@pytest.mark.usefixtures("played")
def test_prometheus_counts_the_same(whole: Whole, told: dict[str, dict[str, float | None]]) -> None:
    """H1: over all queues, with calls that reached none."""
    series, figures = whole.metrics(), told["page"]
    every = [queue.name for queue in whole.settings.queues] + ["none", ""]

    def total(name: str, *labels: str) -> float:
        return sum(summed(series, name, queue, *labels) for queue in every)

    assert total("hotline_calls_offered_total") == figures["offered"]
    assert total("hotline_queue_wait_seconds_count", 'outcome="answered"') == figures["answered"]
    assert total("hotline_calls_answered_in_time_total") / total("hotline_calls_offered_total") == pytest.approx(
        figures["answered_within"]
    )


@pytest.mark.usefixtures("played")
def test_staffing_learns_from_these_calls(whole: Whole) -> None:
    """How many agents are needed is reckoned from the calls on record: as many, answered as often, by half hour."""
    zone, calls = ZoneInfo(whole.settings.site.timezone), facts(whole)
    first, last = (pick(call.arrived_at for call in calls) for pick in (min, max))
    span = (first - timedelta(seconds=1), last + timedelta(seconds=1))
    with reading(whole.engine) as connection:
        by_slot = calls_by_slot(connection, *span, zone, None)
        learnt = measured(connection, *span, zone, None)
    counted = tally(calls, limits_of(whole.settings))
    assert (learnt.calls, learnt.answered) == (counted.offered, counted.answered)
    expected = Counter(
        (local.date(), slot_of(local)) for local in (call.arrived_at.astimezone(zone) for call in calls if call.offered)
    )
    assert {(day, slot): count for day, slots in by_slot.items() for slot, count in slots.items()} == expected
