"""What a scrape costs with 50 queues and 200 agents, every label set in use: the service's own text, as Prometheus asks
for it by HTTP, and what counting a call costs (``metrics/exporter.py``)."""

import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from itertools import count, islice
from pathlib import Path
from threading import Thread

import uvicorn
from prometheus_client import CollectorRegistry

from ami_listener.events import AgentState, AgentStateChanged, CallArrived, QueueJoined
from ami_listener.floor import FloorState
from benchmarks.report import Figure, Section
from crm.web.app import create_app
from metrics.exporter import WAIT_OUTCOMES, Exporter
from metrics.facts import MEANINGS, CallFact
from metrics.snapshot import Snapshot

QUEUES, AGENTS, WAITING, CALLS, SCRAPES = 50, 200, 100, 20_000, 100
BETWEEN = 100  # calls from one scrape to the next: 15 s at 7 calls a second
NOW = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)


def run(folder: Path, root: Path, quick: bool, say: Callable[[str], None]) -> Section:
    """Counts calls, then scrapes."""
    queues = [f"queue-{number:02}" for number in range(QUEUES)]
    floor = _floor(queues)
    exporter = Exporter(CollectorRegistry(), queues, lambda: _snapshot(floor, queues), version="0")
    calls = [_call(number, queues[number % QUEUES]) for number in range(CALLS)]
    begun = time.perf_counter()
    for call in calls:
        exporter.observe_call(call)
    counted = (time.perf_counter() - begun) / CALLS * 1e6
    first = _timed(exporter.text)
    more = (_call(CALLS + number, queues[number % QUEUES]) for number in count())
    own = sorted(_timed(exporter.text) for _ in range(SCRAPES) if _went_on(exporter, more))
    busy = sorted(_timed(exporter.text, time.thread_time) for _ in range(SCRAPES) if _went_on(exporter, more))
    text = exporter.text()
    asked = sorted(_over_http(exporter, more))
    figures = [
        Figure("p99 of a scrape by HTTP", _at(asked, 0.99) * 1e3, "ms", "≤ 50 ms", _at(asked, 0.99) <= 0.050),
        Figure("p50 of a scrape by HTTP", _at(asked, 0.5) * 1e3, "ms", "", None),
        Figure("p50 of the text alone", _at(own, 0.5) * 1e3, "ms", "", None),
        Figure("p50 of its processor time", _at(busy, 0.5) * 1e3, "ms", "", None),
        Figure("the first scrape's text", first * 1e3, "ms", "", None),
        Figure("counting one call, its whole life told once", counted, "µs", "≤ 200 µs", counted <= 200),
    ]
    lines = text.count(b"\n")
    return Section(
        "A scrape of /metrics",
        figures,
        [
            f"{QUEUES} queues, {AGENTS} agents in three queues each, {WAITING} callers waiting; {SCRAPES} scrapes, with"
            f" {BETWEEN} calls counted before each: {lines:,} lines, {len(text) / 1024:.0f} kB.",
        ],
    )


def _floor(queues: list[str]) -> FloorState:
    floor = FloorState()
    states = [state for state in AgentState if state is not AgentState.OFFLINE]
    for number in range(AGENTS):
        state = states[number % len(states)]
        floor.apply(AgentStateChanged(event_id=f"a{number}", occurred_at=NOW, agent=f"{1000 + number}", state=state))
    for number in range(WAITING):
        call, queue = f"{number}.1", queues[number % QUEUES]
        arrived = CallArrived(
            event_id=f"c{number}", occurred_at=NOW, call_id=call, caller_number=None, called_number="1169", trunk="p"
        )
        floor.apply(arrived)
        floor.apply(QueueJoined(event_id=f"j{number}", occurred_at=NOW, call_id=call, queue=queue, pass_number=1))
    return floor


def _snapshot(floor: FloorState, queues: list[str]) -> Snapshot:
    """As `hotline.board.Now.snapshot` takes it: whose agents are in three queues each."""
    now = floor.snapshot(NOW + timedelta(seconds=30))
    agents: Counter[tuple[str, str]] = Counter()
    staff: Counter[str] = Counter()
    for place, agent in enumerate(now.agents.values()):
        staff[agent.state.value] += 1
        for step in range(3):
            agents[queues[(place + step) % QUEUES], agent.state.value] += 1
    return Snapshot(
        waiting={queue: len(calls) for queue, calls in now.waiting.items()},
        longest_wait_seconds={queue: now.longest_wait_seconds(queue) for queue in now.waiting},
        agents=agents, staff=staff, callbacks_waiting=dict.fromkeys(queues, 1), trunks={"provider": True},
        cards_open=9, cards_overdue=1, ami_connected=True, database_healthy=True, recorder_backlog=0, journal_gaps=0,
        ami_reconnects=0, ami_dropped=0, agi_served=CALLS, agi_refused=0, agi_failed=0,
    )  # fmt: skip


def _call(number: int, queue: str) -> CallFact:
    outcome = WAIT_OUTCOMES[number % 3 % len(WAIT_OUTCOMES)] if number % 10 == 0 else "answered"
    answered_at = NOW + timedelta(seconds=number % 40) if outcome == "answered" else None
    return CallFact(
        call_id=f"{number}.9", arrived_at=NOW, called_number="1169", queue=queue, outcome=outcome,
        agent_answered_at=answered_at, assistant_answered_at=NOW + timedelta(seconds=9) if number % 3 else None,
        ended_at=NOW + timedelta(seconds=60 + number % 300), talk_seconds=float(number % 300),
        hold_seconds=float(number % 20), survey_asked=True, survey_meaning=MEANINGS[number % 3],
    )  # fmt: skip


def _went_on(exporter: Exporter, calls: Iterator[CallFact]) -> bool:
    for call in islice(calls, BETWEEN):
        exporter.observe_call(call)
    return True


def _timed(scrape: Callable[[], bytes], clock: Callable[[], float] = time.perf_counter) -> float:
    begun = clock()
    scrape()
    return clock() - begun


def _over_http(exporter: Exporter, calls: Iterator[CallFact]) -> list[float]:
    """Seconds of scrapes through the product's own application, by a client in another thread."""

    def ready() -> Mapping[str, bool]:
        return {}

    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    app = create_app([], ready=ready, metrics=exporter.text)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    serving = Thread(target=lambda: server.run([listening]), daemon=True)
    serving.start()
    while not server.started:
        time.sleep(0.01)
    try:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        return [_scraped(connection) for _ in range(SCRAPES) if _went_on(exporter, calls)]
    finally:
        server.should_exit = True
        serving.join(5)


def _scraped(connection: HTTPConnection) -> float:
    begun = time.perf_counter()
    connection.request("GET", "/metrics")
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200 or b"hotline_trunk_up" not in body:
        raise RuntimeError(f"/metrics answered {answer.status}")
    return time.perf_counter() - begun


def _at(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
