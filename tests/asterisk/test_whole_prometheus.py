"""A real Prometheus beside the product: no panel of the dashboards is empty, and an alert fires and ends."""

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from exchange import SURVEY, Scenario, Slot, play, verdict
from prometheus_server import RULES, Prometheus, quick
from sqlalchemy import Engine
from whole import Whole, of

from crm.database import reading, writing
from crm.quality import service as quality
from crm.quality.forms import first_form
from crm.quality.models import SampleReason
from crm.reports.queries import facts_between
from crm.staff.accounts import StaffDraft
from crm.staff.models import Role
from crm.staff.passwords import Hasher
from crm.staff.service import create
from hotline.board import limits_of
from metrics import kpi
from metrics.tally import tally

FOLDER = Path(__file__).parents[2] / "deploy/grafana/dashboards"
DASHBOARDS = sorted(FOLDER.glob("*.json"))
TIMES = {"3m": "6s", "1m": "1s", "30s": "1s", "2m": "1s"} | {
    window: window for window in ("5m", "10m", "30m", "1h", "6h", "1d", "3d", "15m")
}
BUILT_IN = {"__rate_interval": "60s", "__range": "300s", "queue": ".*"}
NOBODY = "HotlineNobodyAnswers"


async def answered_held_and_rated(s: Slot) -> None:
    """Wait, talk, hold, wrap-up and rating: something for every panel."""
    call, leg, _ = await s.talk()
    await leg.hold()
    await asyncio.sleep(1)
    await leg.hold(False)
    await asyncio.sleep(0.5)
    await leg.hang_up()
    await call.heard(SURVEY)
    await call.press("1")
    name = await s.id_of(call)
    await call.ended()
    record = await of(s).over(name)
    assert record.survey is not None
    agent = s.agents[0]
    await s.product.until(lambda: [x for x in of(s).states(agent) if x[0] == "wrap_up" and x[3]], 10)


async def given_up(s: Slot) -> None:
    """A caller who hangs up while it rings."""
    call = await s.call()
    await s.rung()
    name = await s.id_of(call)
    await call.hang_up()
    await of(s).over(name)


async def nobody_answers_then_somebody(s: Slot) -> None:
    """Three callers ring on; the alert fires; an agent picks up, and it ends."""
    prometheus = WATCHED[0]
    calls = [await s.call(s.caller()) for _ in range(3)]

    def told() -> bool:
        return any(
            alert["labels"].get("queue") == s.queue and alert["state"] == "firing"
            for alert in prometheus.ask("alerts")["alerts"]
            if alert["labels"]["alertname"] == NOBODY
        )

    while not await asyncio.to_thread(told):
        await asyncio.sleep(0.2)
    leg = await s.rung()
    await leg.answer()
    while await asyncio.to_thread(told):
        await asyncio.sleep(0.2)
    await leg.hang_up()
    for call in calls:
        if call.ended_at is None:
            await call.hang_up()


SCENARIOS: list[Scenario] = [answered_held_and_rated, given_up, nobody_answers_then_somebody]
WATCHED: list[Prometheus] = []


@pytest.fixture(scope="module")
def prometheus(whole: Whole, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    rules = quick(RULES.read_text("utf-8"), TIMES)
    target = f"127.0.0.1:{whole.site.ports.web}"
    with Prometheus(tmp_path_factory.mktemp("prometheus"), target, rules) as running:
        running.until(lambda: running.value("up") == 1, 15, "the product is scraped")
        WATCHED.append(running)
        yield running
        WATCHED.clear()


def grade(engine: Engine) -> None:
    """A talk of some days ago has been scored: the panels of the QA score show something."""
    at = datetime.now(UTC) - timedelta(days=2)
    with writing(engine) as connection:
        draft = StaffDraft(username="grader", role=Role.SUPERVISOR, name_en="Grader")
        password = Hasher(memory_kib=64).chosen("four plain words here")
        boss = SimpleNamespace(staff_id=create(connection, draft, at, None, password), username="grader")
        card = quality.make_card(connection, "แบบ", "Card", at, boss)
        quality.publish(connection, card, at, boss)
        version = quality.card(connection, card).version_id
        assert version is not None
        quality.take_sample(connection, "1.1", "1001", at, "general", SampleReason.CHOSEN, at)
        sample = quality.sample_of(connection, "1.1", "1001")
        review = quality.begin_review(connection, sample.id, version, at, boss)
        full = {item.key: item.points for item in first_form().items}
        quality.save_review(connection, review, full, "", at, boss, final=True)


@pytest.fixture(scope="module")
def played(whole: Whole, prometheus: Prometheus) -> dict[str, BaseException | None]:
    grade(whole.engine)
    results = play(whole, SCENARIOS)
    asyncio.run(whole.gone(20))
    prometheus.until(lambda: prometheus.value("sum(hotline_qa_score_reviews)") == 1, 20, "the QA score is scraped")
    for series in ('hotline_surveys_total{meaning="impressed"}', "hotline_wrap_up_seconds_count"):
        seen = f"sum(increase({series}[60s])) > 0"
        prometheus.until(partial(prometheus.value, seen), 15, f"{series} is scraped")
    return results


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_calls(played: dict[str, BaseException | None], scenario: Scenario) -> None:
    """H1, H8; `nobody_answers_then_somebody`: an alert fires and ends for real."""
    verdict(played, scenario)


def whole_day() -> tuple[datetime, datetime]:
    """All calls of the run."""
    now = datetime.now(UTC)
    return now - timedelta(hours=12), now


def asked(query: str) -> str:
    """The query as Grafana sends it."""
    return re.sub(r"\$(\w+)", lambda found: BUILT_IN[found[1]], query)


@pytest.mark.usefixtures("played")
@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_no_panel_is_empty(prometheus: Prometheus, path: Path) -> None:
    """Every query of every panel: no error, and at least one number."""
    now = prometheus.value("vector(time())") or 0.0
    empty = []
    for panel in json.loads(path.read_text("utf-8"))["panels"]:
        for target in panel["targets"]:
            query = asked(target["expr"])
            if target.get("instant"):
                found = prometheus.ask("query", query=query)["result"]
                values = [series["value"][1] for series in found]
            else:
                found = prometheus.ask("query_range", query=query, start=now - 60, end=now, step=1)["result"]
                values = [value for series in found for _, value in series["values"]]
            if not [value for value in values if value != "NaN"]:
                empty.append((panel["title"], target["expr"]))
    assert empty == []


@pytest.mark.usefixtures("played")
def test_prometheus_says_what_the_report_says(prometheus: Prometheus, whole: Whole) -> None:
    """H1, H8: rates formed from the counters are those of `metrics.kpi` over the same calls, exactly."""
    with reading(whole.engine) as connection:
        calls = list(facts_between(connection, *whole_day()))
    counted = tally([call for call in calls if call.queue is not None], limits_of(whole.settings))
    of_queues = '{queue!="none"}'
    count, real = "hotline_queue_wait_seconds_count", 'queue!="none"'
    decided = f"sum({count}{of_queues})"
    said: dict[Any, str] = {
        kpi.answered_within: f"sum(hotline_calls_answered_in_time_total{of_queues}) / {decided}",
        kpi.answered_rate_strict: f"sum({count}{{{real},outcome='answered'}}) / {decided}",
        kpi.abandon_rate: f"sum({count}{{{real},outcome='abandoned'}}) / {decided}",
        kpi.service_level_late_losses_only: f"sum(hotline_calls_answered_in_time_total{of_queues})"
        f" / ({decided} - sum(hotline_calls_abandoned_early_total{of_queues}))",
        kpi.satisfaction: 'sum(hotline_surveys_total{queue!="none",meaning=~"impressed|satisfied"})'
        ' / sum(hotline_surveys_total{queue!="none",meaning=~"impressed|satisfied|not_satisfied"})',
        kpi.average_talk: f"sum(hotline_talk_seconds_sum{of_queues}) / sum(hotline_talk_seconds_count{of_queues})",
    }
    for figure, query in said.items():
        assert prometheus.value(query) == pytest.approx(figure(counted), rel=1e-6), figure.__name__
