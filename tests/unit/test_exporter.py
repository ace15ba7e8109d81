"""What Prometheus is shown (H1, H8): everything from the start, each thing once, the edge at 9 s, nobody's data."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from metrics import kpi
from metrics.exporter import SURVEY_LABELS, WAIT_OUTCOMES, Exporter
from metrics.facts import OUTCOMES, CallFact
from metrics.now import AGENT_STATES
from metrics.snapshot import Snapshot
from metrics.tally import Limits, tally

NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def call(call_id: str = "1", **known: Any) -> CallFact:
    base = CallFact(call_id=call_id, arrived_at=NOON, called_number="1169", queue="general")
    return replace(base, **known)


def answered(wait: float, call_id: str = "1", **known: Any) -> CallFact:
    known = {"agent_answered_at": after(wait), "ended_at": after(wait + 60), "outcome": "answered"} | known
    return call(call_id, **known)


def exporter(snapshot: Callable[[], Snapshot] = Snapshot, queues: tuple[str, ...] = ("general",)) -> Exporter:
    return Exporter(CollectorRegistry(), queues, snapshot, version="0.1.0", asterisk_version="22.10.1")


def samples(exported: Exporter) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    families = text_string_to_metric_families(exported.text().decode())
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def value(exported: Exporter, name: str, **labels: str) -> float | None:
    return samples(exported).get((name, frozenset(labels.items())))


def test_every_label_set_is_there_before_the_first_call() -> None:
    found = samples(exporter(queues=("general", "technical")))
    for queue in ("general", "technical"):
        assert found["hotline_calls_offered_total", frozenset({("queue", queue)})] == 0
        for outcome in OUTCOMES:
            assert found["hotline_calls_ended_total", frozenset({("queue", queue), ("outcome", outcome)})] == 0
        for outcome in WAIT_OUTCOMES:
            labels = {("queue", queue), ("outcome", outcome)}
            assert found["hotline_queue_wait_seconds_bucket", frozenset(labels | {("le", "9.0")})] == 0
            assert found["hotline_queue_wait_seconds_count", frozenset(labels)] == 0
        for meaning in SURVEY_LABELS:
            assert found["hotline_surveys_total", frozenset({("queue", queue), ("meaning", meaning)})] == 0
        for state in AGENT_STATES:
            assert found["hotline_agents", frozenset({("queue", queue), ("state", state)})] == 0
        for name in ("answered_in_time", "picked_up_in_time", "abandoned_early", "abandoned_short"):
            assert found[f"hotline_calls_{name}_total", frozenset({("queue", queue)})] == 0
        assert found["hotline_messages_waiting", frozenset({("queue", queue)})] == 0
        for by in ("agent", "assistant"):
            assert found["hotline_pick_up_seconds_count", frozenset({("queue", queue), ("by", by)})] == 0


def test_no_series_is_told_twice() -> None:
    """Prometheus would take one of the two and leave the other."""
    exported = exporter(queues=("general", "technical"))
    exported.observe_wrap_up("general", 12.0)
    names = [line.rpartition(" ")[0] for line in exported.text().decode().splitlines() if not line.startswith("#")]
    assert len(set(names)) == len(names)
    assert value(exported, "hotline_wrap_up_seconds_count", queue="general") == 1


def test_the_series_never_change() -> None:
    exported = exporter()
    before = samples(exported).keys()
    exported.observe_call(answered(3, survey_asked=True, survey_meaning="impressed", talk_seconds=1.0))
    exported.observe_call(call("2", queue="unknown", ended_at=after(2), outcome="abandoned"))
    assert samples(exported).keys() == before


@pytest.mark.parametrize(("wait", "inside"), [(8.999999, 1), (9.0, 1), (9.000001, 0)])
def test_edge_at_exactly_nine_seconds(wait: float, inside: int) -> None:
    """H1."""
    exported = exporter()
    exported.observe_call(answered(wait))
    name, labels = "hotline_queue_wait_seconds_bucket", {"queue": "general", "outcome": "answered"}
    assert value(exported, name, **labels, le="9.0") == inside
    assert value(exported, name, **labels, le="+Inf") == 1


def test_a_call_is_counted_once_however_often_it_is_told() -> None:
    exported = exporter()
    story = [
        call(),
        call(assistant_answered_at=after(9)),
        call(assistant_answered_at=after(9), agent_answered_at=after(20)),
        answered(20, assistant_answered_at=after(9), talk_seconds=50.0, hold_seconds=10.0),
    ]
    counts = []
    for fact in story:
        for _ in range(3):
            exported.observe_call(fact)
        counts.append(
            (
                value(exported, "hotline_calls_offered_total", queue="general"),
                value(exported, "hotline_pick_up_seconds_count", queue="general", by="assistant"),
                value(exported, "hotline_queue_wait_seconds_count", queue="general", outcome="answered"),
                value(exported, "hotline_calls_ended_total", queue="general", outcome="answered"),
            )
        )
    assert counts == [(1, 0, 0, 0), (1, 1, 0, 0), (1, 1, 1, 0), (1, 1, 1, 1)]
    assert value(exported, "hotline_queue_wait_seconds_sum", queue="general", outcome="answered") == 20
    assert value(exported, "hotline_talk_seconds_sum", queue="general") == 50
    assert value(exported, "hotline_hold_seconds_sum", queue="general") == 10
    assert value(exported, "hotline_wrap_up_seconds_count", queue="general") == 0


def test_a_call_whose_queue_is_not_known_yet_is_not_counted_under_none() -> None:
    exported = exporter()
    exported.observe_call(call(queue=None))
    exported.observe_call(call(queue="general"))
    exported.observe_call(call("2", queue=None, ended_at=after(2), outcome="abandoned"))
    assert value(exported, "hotline_calls_offered_total", queue="general") == 1
    assert value(exported, "hotline_calls_offered_total", queue="none") == 1


def test_closed_calls_and_callbacks_are_not_offered() -> None:
    exported = exporter()
    exported.observe_call(call("1", ended_at=after(20), outcome="closed", closed=True))
    exported.observe_call(call("2", ended_at=after(20), outcome="message", closed=True))
    exported.observe_call(answered(4, "3", callback_of="9"))
    assert value(exported, "hotline_calls_offered_total", queue="general") == 0
    assert value(exported, "hotline_queue_wait_seconds_count", queue="general", outcome="answered") == 0
    assert value(exported, "hotline_calls_ended_total", queue="general", outcome="closed") == 1
    assert value(exported, "hotline_messages_total", queue="general") == 1


def test_a_pick_up_by_the_menu_counts_for_the_queue_that_is_chosen_then() -> None:
    exported = exporter()
    picked_up = {"assistant_answered_at": after(0.1)}
    exported.observe_call(call("1", queue=None, **picked_up))
    exported.observe_call(call("1", queue="general", **picked_up))
    for queue, count in (("none", 0), ("general", 1)):
        assert value(exported, "hotline_calls_offered_total", queue=queue) == count
        assert value(exported, "hotline_pick_up_seconds_count", queue=queue, by="assistant") == count


def test_a_called_back_callers_survey_counts_when_it_is_over() -> None:
    exported = exporter()
    told = {"callback_of": "0", "survey_asked": True}
    exported.observe_call(answered(1, "1", **told, survey_open=True))
    assert value(exported, "hotline_surveys_total", queue="general", meaning="asked") == 0
    for _ in range(2):
        exported.observe_call(answered(1, "1", **told, survey_meaning="impressed"))
    found = {m: value(exported, "hotline_surveys_total", queue="general", meaning=m) for m in SURVEY_LABELS}
    assert {m: count for m, count in found.items() if count} == {"asked": 1, "impressed": 1}


def test_surveys_callbacks_and_missed_rings() -> None:
    exported = exporter()
    exported.observe_call(answered(1, "1", survey_asked=True, survey_meaning="not_satisfied"))
    exported.observe_call(answered(1, "2", survey_asked=True))
    exported.observe_call(call("3", ended_at=after(30), outcome="callback", callback=True))
    exported.observe_callback_try("general", "calling")
    exported.observe_callback_try("general", "busy")
    exported.observe_missed_ring("general")
    exported.observe_lag(0.004)
    found = {m: value(exported, "hotline_surveys_total", queue="general", meaning=m) for m in SURVEY_LABELS}
    assert found == {"asked": 2, "impressed": 0, "satisfied": 0, "not_satisfied": 1, "no_answer": 1}
    assert value(exported, "hotline_callbacks_total", queue="general", result="requested") == 1
    assert value(exported, "hotline_callbacks_total", queue="general", result="busy") == 1
    assert value(exported, "hotline_missed_rings_total", queue="general") == 1
    assert value(exported, "hotline_event_lag_seconds_bucket", le="0.005") == 1
    assert value(exported, "hotline_event_lag_seconds_bucket", le="0.0025") == 0


def test_after_a_restart_gauges_are_right_and_counters_start_again() -> None:
    now = Snapshot(
        waiting={"general": 3},
        longest_wait_seconds={"general": 41.5},
        agents={("general", "in_call"): 5},
        staff={"in_call": 4},
        callbacks_waiting={"general": 2},
        messages_waiting={"general": 1, "": 6},
        trunks={"provider": False},
        ami_reconnects=2,
        ami_dropped=0,
        qa_scores={"general": (4, 3.5), "": (1, 0.5), "closed last year": (2, 1.5)},
        cards_open=12,
        cards_overdue=3,
        ami_connected=True,
        database_healthy=False,
        recorder_backlog=7,
        journal_gaps=1,
        agi_served=10,
        agi_refused=2,
        agi_failed=0,
    )
    exported = exporter(lambda: now)
    assert value(exported, "hotline_calls_waiting", queue="general") == 3
    assert value(exported, "hotline_longest_wait_seconds", queue="general") == 41.5
    assert value(exported, "hotline_agents", queue="general", state="in_call") == 5
    assert value(exported, "hotline_agents", queue="general", state="paused") == 0
    assert value(exported, "hotline_callbacks_waiting", queue="general") == 2
    assert value(exported, "hotline_staff", state="in_call") == 4
    assert value(exported, "hotline_staff", state="paused") == 0
    assert value(exported, "hotline_messages_waiting", queue="general") == 1
    assert value(exported, "hotline_messages_waiting", queue="none") == 6
    assert value(exported, "hotline_trunk_up", trunk="provider") == 0
    assert value(exported, "hotline_ami_reconnects_total") == 2
    assert value(exported, "hotline_ami_dropped_messages_total") == 0
    assert value(exported, "hotline_cards_open") == 12
    assert value(exported, "hotline_qa_score_points", queue="general") == 3.5
    assert value(exported, "hotline_qa_score_reviews", queue="general") == 4
    assert value(exported, "hotline_qa_score_reviews", queue="none") == 3
    assert value(exported, "hotline_qa_score_points", queue="none") == 2.0
    assert value(exported, "hotline_cards_overdue") == 3
    assert value(exported, "hotline_ami_connected") == 1
    assert value(exported, "hotline_database_healthy") == 0
    assert value(exported, "hotline_recorder_backlog") == 7
    assert value(exported, "hotline_journal_gaps_total") == 1
    assert value(exported, "hotline_agi_calls_total", result="refused") == 2
    assert value(exported, "hotline_build_info", version="0.1.0", asterisk="22.10.1") == 1
    assert value(exported, "hotline_calls_offered_total", queue="general") == 0


def test_transfers_are_counted_by_kind_and_end() -> None:
    """K3: every series is there from the start; a word that is none is not counted."""
    exported = exporter()
    assert value(exported, "hotline_transfers_total", kind="attended", result="connected") == 0
    for kind, result in (("blind", "failed"), ("blind", "failed"), ("attended", "connected"), ("blind", "lost")):
        exported.observe_transfer(kind, result)
    assert value(exported, "hotline_transfers_total", kind="blind", result="failed") == 2
    assert value(exported, "hotline_transfers_total", kind="attended", result="connected") == 1


def test_unknown_is_absent_not_zero() -> None:
    exported = exporter()
    assert value(exported, "hotline_ami_connected") is None
    assert value(exported, "hotline_agi_calls_total", result="served") is None


def test_a_snapshot_that_fails_does_not_fail_the_scrape() -> None:
    def broken() -> Snapshot:
        raise OSError("database away")

    exported = exporter(broken)
    exported.observe_call(answered(3))
    assert value(exported, "hotline_calls_waiting", queue="general") is None
    assert value(exported, "hotline_calls_offered_total", queue="general") == 1
    assert value(exported, "hotline_snapshot_failures_total") == 3


def test_no_personal_data_in_any_label() -> None:
    exported = exporter()
    exported.observe_call(answered(3, "1763615.77", agent="1001", called_number="1169", survey_asked=True))
    text = exported.text().decode()
    for private in ("1763615.77", "1001", "1169"):
        assert private not in text


def test_same_text_as_the_library() -> None:
    registry = CollectorRegistry()
    exported = Exporter(registry, ("general", 'od"d\\queue'))
    exported.observe_call(answered(12.25))
    exported.observe_lag(1e-07)
    theirs = [line for line in generate_latest(registry).decode().splitlines() if "_created" not in line]
    assert exported.text().decode().splitlines() == theirs


def test_ended_calls_are_forgotten_in_the_end_and_live_ones_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metrics.exporter._REMEMBERED_CALLS", 10)
    exported = exporter()
    exported.observe_call(call("live"))
    for number in range(100):
        exported.observe_call(answered(3, str(number)))
    exported.observe_call(call("live"))
    assert value(exported, "hotline_calls_offered_total", queue="general") == 101


waits = st.floats(0, 700).map(lambda wait: round(wait, 6))


@given(st.lists(st.tuples(waits, st.sampled_from(WAIT_OUTCOMES)), max_size=20))
def test_histogram_and_figures_agree(ended: list[tuple[float, str]]) -> None:
    """H1: what Prometheus can calculate from the buckets is what `metrics.kpi` says."""
    calls = [
        answered(wait, str(number))
        if outcome == "answered"
        else call(str(number), ended_at=after(wait), outcome=outcome)
        for number, (wait, outcome) in enumerate(ended)
    ]
    exported = exporter()
    for one in calls:
        exported.observe_call(one)
    found = samples(exported)
    name, general = "hotline_queue_wait_seconds", ("queue", "general")
    total = sum(found[f"{name}_count", frozenset({general, ("outcome", o)})] for o in WAIT_OUTCOMES)
    good = found[f"{name}_bucket", frozenset({general, ("outcome", "answered"), ("le", "9.0")})]
    counted = tally(calls)
    assert (good / total if total else None) == kpi.answered_within(counted)

    def told(metric: str) -> float:
        return found[f"hotline_calls_{metric}_total", frozenset({general})]

    assert told("answered_in_time") == good == counted.answered_within
    assert (told("picked_up_in_time"), told("abandoned_short")) == (counted.picked_up_within, counted.short_abandoned)
    late = total - told("abandoned_early")
    assert (good / late if late else None) == kpi.service_level_late_losses_only(counted)


@pytest.mark.parametrize(("wait", "inside"), [(4.0, 1), (4.000001, 0)])
def test_another_promise_has_its_own_edge(wait: float, inside: int) -> None:
    """H1: the threshold is a setting; what counts as in time follows it, and so do the buckets."""
    exported = Exporter(CollectorRegistry(), ["general"], limits=Limits(answer_within_seconds=4.0))
    exported.observe_call(answered(wait))
    name, labels = "hotline_queue_wait_seconds_bucket", {"queue": "general", "outcome": "answered"}
    assert value(exported, name, **labels, le="4.0") == inside
    assert value(exported, "hotline_calls_answered_in_time_total", queue="general") == inside
    assert value(exported, "hotline_pick_up_seconds_bucket", queue="general", by="agent", le="4.5") == 1
    assert value(exported, "hotline_answer_within_seconds") == 4
