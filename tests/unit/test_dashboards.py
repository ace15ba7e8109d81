"""Grafana's dashboards are what the code says, hold what Grafana knows, and ask for series that exist."""

import importlib
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from hotline.reference import metric_families

REPOSITORY = Path(__file__).parents[2]
FOLDER = REPOSITORY / "deploy/grafana"
DASHBOARDS = sorted((FOLDER / "dashboards").glob("*.json"))
RULES = (REPOSITORY / "deploy/prometheus/hotline.rules.yml").read_text("utf-8")


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def test_they_are_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else: python tools/dashboards.py."""
    monkeypatch.setattr(sys, "path", [str(REPOSITORY / "tools"), *sys.path])
    made = importlib.import_module("dashboards").files()
    assert {path.relative_to(FOLDER).as_posix() for path in DASHBOARDS} == {n for n in made if n.startswith("dash")}
    assert [name for name, text in made.items() if (FOLDER / name).read_text("utf-8") != text] == []


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_grafana_knows_every_key(path: Path) -> None:
    """What the published types do not know is lost when they read it."""
    written = read(path)
    again = json.loads(json.dumps(Dashboard.from_json(written), cls=JSONEncoder))
    assert again == written


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_is_whole(path: Path) -> None:
    written = read(path)
    panels = written["panels"]
    assert len(panels) >= 10
    assert len({panel["id"] for panel in panels}) == len(panels) == len({panel["title"] for panel in panels})
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        assert re.search("[ก-๙]|Asterisk", panel["title"]), "Thai first"
        letters = [target["refId"] for target in panel["targets"]]
        assert letters
        assert len(set(letters)) == len(letters)
        assert panel["datasource"]["uid"] == "hotline-prometheus"
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}  # fmt: skip
        assert not cells & taken, "no panel lies over another"
        assert place["x"] + place["w"] <= 24
        taken |= cells


def test_they_ask_for_series_that_exist() -> None:
    """Every series of the exporter is known to Prometheus; no label is asked for a person or a number."""
    known = {"up", "scrape_duration_seconds", "ALERTS"} | set(re.findall(r"record: (\S+)", RULES))
    for family in metric_families():
        known |= {f"{family.name}{end}" for end in ("", "_total", "_bucket", "_count", "_sum")}
    asked = set()
    for path in DASHBOARDS:
        for panel in read(path)["panels"]:
            for target in panel["targets"]:
                asked |= set(re.findall(r"\b(?:queue:)?hotline_\w+(?::\w+)?|\bALERTS\b", target["expr"]))
    assert asked <= known
    assert {name.removesuffix("_total") for name in asked} >= {
        "hotline_calls_offered", "hotline_surveys", "hotline_transfers", "hotline_cards_open", "hotline_callbacks",
        "hotline_messages", "hotline_event_lag_seconds_bucket", "hotline_ami_connected", "hotline_agi_calls",
        "hotline_database_healthy", "hotline_journal_gaps", "hotline_trunk_up", "hotline_staff",
    }  # fmt: skip


def test_every_alert_is_passed_on() -> None:
    """Grafana has one rule for each alert of Prometheus, which is the only place where it is defined."""
    [group] = read(FOLDER / "provisioning/alerting/hotline.json")["groups"]
    alerts = re.findall(r"- alert: (\w+)", RULES)
    assert [rule["title"] for rule in group["rules"]] == alerts
    for rule in group["rules"]:
        assert f'alertname="{rule["title"]}"' in rule["data"][0]["model"]["expr"]
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["action"]
        assert len(rule["uid"]) <= 40
    assert len({rule["uid"] for rule in group["rules"]}) == len(alerts)
