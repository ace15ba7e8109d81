"""What Prometheus is given in deploy/: every alert has its own test, in both languages, and asks for what there is."""

import re
from pathlib import Path

import pytest

from hotline.reference import metric_families

FOLDER = Path(__file__).parents[2] / "deploy/prometheus"
RULES = (FOLDER / "hotline.rules.yml").read_text("utf-8")
TESTS = (FOLDER / "hotline.tests.yml").read_text("utf-8")
ALERTS = re.findall(r"- alert: (\w+)\n(.*?)(?=\n      - alert|\n\n|\Z)", RULES, re.DOTALL)


def series() -> set[str]:
    """Names of all series that the exporter has."""
    names = set()
    for family in metric_families():
        names |= {sample.name for sample in family.samples} | {family.name}
        names |= {f"{family.name}{end}" for end in ("_total", "_bucket", "_count", "_sum")}
    return names


@pytest.mark.parametrize(("name", "body"), ALERTS, ids=[name for name, _ in ALERTS])
def test_alert(name: str, body: str) -> None:
    """It fires and ends in the tests of promtool, says who must act and what is to do, in Thai and English."""
    told = [(label, test) for label, test in re.findall(r"eval_time: (\w+), alertname: (\w+)\}", TESTS) if test == name]
    assert len(told) >= 2, "silent before, and over afterwards"
    assert re.search(rf"alertname: {name}\n\s+exp_alerts:", TESTS)
    assert re.search(r"labels: \{severity: (page|ticket)\}", body)
    for text in ("summary", "summary_th", "action"):
        assert f"          {text}: " in body
    summary_th = re.search(r'summary_th: "(.*)"', body)
    assert summary_th is not None
    assert re.search("[ก-๙]", summary_th[1])


def test_rules_ask_for_series_that_exist() -> None:
    asked = set(re.findall(r"\bhotline_\w+", "\n".join(re.findall(r"expr:(.*(?:\n {10,}.*)*)", RULES))))
    recorded = set(re.findall(r"record: queue:(hotline_\w+):", RULES))
    assert asked - recorded
    assert asked - recorded <= series()


def test_nine_seconds_are_nowhere_but_in_the_settings() -> None:
    """H1: rules count what the exporter found in time, whatever the threshold is."""
    assert 'le="9' not in RULES
