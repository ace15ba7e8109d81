"""Writes Grafana's dashboards and its alert rules into deploy/grafana: ``python tools/dashboards.py``.

What they show is in ``dashboard_panels.py``; a test compares the files with what this makes. Alerts themselves are
Prometheus' (deploy/prometheus/hotline.rules.yml): Grafana only passes on what fires there, so that nothing is defined
twice.
"""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from dashboard_panels import DASHBOARDS, SOURCE, Board, Panel
from grafana_foundation_sdk.builders import dashboard as dashboards
from grafana_foundation_sdk.builders import prometheus, stat, timeseries
from grafana_foundation_sdk.builders.common import (
    GraphThresholdsStyleConfig,
    ReduceDataOptions,
    StackingConfig,
    VizLegendOptions,
    VizTooltipOptions,
)
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    GridPos,
    Threshold,
    ThresholdsMode,
    VariableOption,
    VariableRefresh,
)

REPOSITORY: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = REPOSITORY / "deploy/grafana"
RULES: Final = REPOSITORY / "deploy/prometheus/hotline.rules.yml"
COLUMNS: Final = 24
DATA_SOURCE: Final = DataSourceRef(type_val="prometheus", uid=SOURCE)
BAD, GOOD, WARNING = "#D44A3A", "#299C46", "#E0A100"


def dashboard(board: Board) -> dict[str, Any]:
    """One dashboard as Grafana reads it from a file."""
    made = (
        dashboards.Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags(["hotline"])
        .readonly()
        .refresh(board.refresh)
        .time(board.since, "now")
        .timezone("browser")
        .tooltip(1)  # type: ignore[arg-type]
    )
    if board.by_queue:
        made = made.with_variable(_queues())
    across = down = height = 0
    for number, panel in enumerate(board.panels, start=1):
        if across + panel.width > COLUMNS:
            across, down, height = 0, down + height, 0
        place = GridPos(h=panel.height, w=panel.width, x=across, y=down)
        made = made.with_panel(_panel(panel).id(number).grid_pos(place))
        across, height = across + panel.width, max(height, panel.height)
    plain: dict[str, Any] = json.loads(json.dumps(made.build(), cls=JSONEncoder))
    return plain


def _queues() -> dashboards.QueryVariable:
    query = "label_values(hotline_calls_offered_total, queue)"
    everything = VariableOption(selected=True, text="All", value="$__all")
    return (
        dashboards.QueryVariable("queue")
        .label("คิว · Queue")
        .datasource(DATA_SOURCE)
        .query(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(everything)
    )


def _panel(panel: Panel) -> Any:
    made: Any = stat.Panel() if panel.kind == "stat" else timeseries.Panel()
    made = made.title(panel.title).description(panel.description).datasource(DATA_SOURCE).unit(panel.unit)
    for letter, (legend, expression) in zip("ABCDEFGH", panel.queries.items(), strict=False):
        query = prometheus.Dataquery().expr(expression).legend_format(legend).ref_id(letter).datasource(DATA_SOURCE)
        made = made.with_target(query.instant() if panel.kind == "stat" else query.range())
    if panel.decimals is not None:
        made = made.decimals(panel.decimals)
    if panel.unit == "percentunit":
        made = made.min(0).max(1)
    made = made.thresholds(_thresholds(panel))
    return _as_number(made, panel) if panel.kind == "stat" else _as_lines(made, panel)


def _thresholds(panel: Panel) -> dashboards.ThresholdsConfig:
    steps = [Threshold(value=None, color=GOOD)]
    if panel.at_least is not None:
        steps = [Threshold(value=None, color=BAD), Threshold(value=panel.at_least, color=GOOD)]
    elif panel.worse_from is not None:
        steps += [Threshold(value=panel.worse_from, color=panel.worse_colour)]
    return dashboards.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def _as_number(made: Any, panel: Panel) -> Any:
    judged = panel.at_least is not None or panel.worse_from is not None
    return (
        made.graph_mode(BigValueGraphMode.NONE)
        .color_mode(BigValueColorMode.BACKGROUND if judged else BigValueColorMode.NONE)
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]).values(False))
        .no_value("–")
    )


def _as_lines(made: Any, panel: Panel) -> Any:
    legend = VizLegendOptions().show_legend(True).display_mode(LegendDisplayMode.LIST)
    tooltip = VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING)
    made = made.legend(legend.placement(LegendPlacement.BOTTOM)).tooltip(tooltip).fill_opacity(8).line_width(2)
    if panel.stacked:
        made = made.stacking(StackingConfig().mode(StackingMode.NORMAL)).fill_opacity(40)
    if panel.at_least is not None or panel.worse_from is not None:
        made = made.thresholds_style(GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED))
    return made


def alert_rules(rules: str) -> dict[str, Any]:
    """What Grafana passes on to people: one rule for each alert of Prometheus, which fires when that one does."""
    found = re.findall(r"- alert: (\w+)\n.*?labels: \{severity: (\w+)\}\n(.*?)(?=\n      - |\n\n|\Z)", rules, re.DOTALL)
    made = [_passed_on(name, severity, body) for name, severity, body in found]
    group = {"orgId": 1, "name": "hotline", "folder": "Hotline", "interval": "1m", "rules": made}
    return {"apiVersion": 1, "groups": [group]}


def _passed_on(name: str, severity: str, body: str) -> dict[str, Any]:
    action = re.search(r'action: "(.*)"', body)
    query = {
        "refId": "A",
        "relativeTimeRange": {"from": 300, "to": 0},
        "datasourceUid": SOURCE,
        "model": {
            "refId": "A", "instant": True, "range": False,
            "expr": f'ALERTS{{alertname="{name}", alertstate="firing"}}',
        },
    }  # fmt: skip
    condition = {
        "refId": "B",
        "datasourceUid": "__expr__",
        "model": {
            "refId": "B", "type": "threshold", "expression": "A",
            "conditions": [{"evaluator": {"type": "gt", "params": [0]}}],
        },
    }  # fmt: skip
    return {
        "uid": re.sub(r"(?<!^)([A-Z])", r"-\1", name).lower(),
        "title": name,
        "condition": "B",
        "data": [query, condition],
        "noDataState": "OK",  # Prometheus tells of no ALERTS while all is well
        "execErrState": "Alerting",
        "for": "0s",
        "labels": {"severity": severity},
        "annotations": {"summary": name, "action": action[1] if action else ""},
    }


def files() -> Mapping[str, str]:
    """Path below deploy/grafana → text."""
    written = {f"dashboards/{board.uid}.json": dashboard(board) for board in DASHBOARDS}
    written["provisioning/alerting/hotline.json"] = alert_rules(RULES.read_text("utf-8"))
    return {name: json.dumps(value, ensure_ascii=False, indent=1) + "\n" for name, value in written.items()}


def main(arguments: Sequence[str]) -> int:
    """Writes them; with ``--check`` only says which are stale."""
    made = files()
    stale = [name for name, text in made.items() if not _same(FOLDER / name, text)]
    if "--check" in arguments:
        print("\n".join(stale) or "up to date")
        return 1 if stale else 0
    for name in stale:
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(made[name], "utf-8")
    return 0


def _same(path: Path, text: str) -> bool:
    return path.exists() and path.read_text("utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
