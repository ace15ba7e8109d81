"""What Grafana's dashboards show: each panel a question to Prometheus. Names of figures are those of docs/kpi.md."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

SOURCE: Final = "hotline-prometheus"
Q: Final = 'queue=~"$queue"'
ANSWERED_TARGET, SATISFACTION_TARGET = 0.95, 0.85  # D17, as in metrics/kpi.py


@dataclass(frozen=True, kw_only=True)
class Panel:
    """``queries``: legend → PromQL. ``at_least``: green from there on; ``worse_from``: another colour from there on."""

    title: str
    queries: Mapping[str, str]
    kind: Literal["stat", "lines"] = "lines"
    unit: str = "short"
    width: int = 12
    height: int = 8
    description: str = ""
    decimals: int | None = None
    at_least: float | None = None
    worse_from: float | None = None
    worse_colour: str = "#D44A3A"
    stacked: bool = False


@dataclass(frozen=True, kw_only=True)
class Board:
    """One dashboard."""

    uid: str
    title: str
    description: str
    panels: tuple[Panel, ...]
    since: str = "now-6h"
    refresh: str = "30s"
    by_queue: bool = True


def number(title: str, expression: str, **more: object) -> Panel:
    """One big number."""
    values: dict[str, object] = {"width": 4, "height": 5} | more
    return Panel(title=title, queries={"": expression}, kind="stat", **values)  # type: ignore[arg-type]


def total(series: str, window: str, more: str = "") -> str:
    """How many in a window, over the queues shown."""
    return f"sum(increase({series}{{{Q}{more}}}[{window}]))"


def share(part: str, whole: str) -> str:
    """A ratio; nothing of nothing."""
    return f"{part} / ({whole} > 0)"


DECIDED: Final = "hotline_queue_wait_seconds_count"
ANSWERED: Final = ', outcome="answered"'
RATED: Final = ', meaning=~"impressed|satisfied|not_satisfied"'
PLEASED: Final = ', meaning=~"impressed|satisfied"'


def answered_rate(window: str) -> str:
    """answered_rate_strict."""
    return share(total(DECIDED, window, ANSWERED), total(DECIDED, window))


def answered_within(window: str) -> str:
    """answered_within."""
    return share(total("hotline_calls_answered_in_time_total", window), total(DECIDED, window))


def satisfaction(window: str) -> str:
    """satisfaction."""
    surveys = "hotline_surveys_total"
    return share(total(surveys, window, PLEASED), total(surveys, window, RATED))


def average(histogram: str) -> str:
    """Mean seconds over the panel's steps."""
    return share(total(f"{histogram}_sum", "$__rate_interval"), total(f"{histogram}_count", "$__rate_interval"))


def quantile(share_of: float, histogram: str, more: str = "") -> str:
    """How long the luckier ``share_of`` took."""
    return f"histogram_quantile({share_of}, sum by (le) (rate({histogram}_bucket{{{more}}}[$__rate_interval])))"


WALLBOARD: Final = Board(
    uid="hotline-wallboard",
    title="สายด่วน – จอแสดงผล · Hotline – wallboard",
    description="Today: who waits, is the promise kept, are callers satisfied.",
    since="now/d",
    refresh="10s",
    panels=(
        number("สายรอ · Waiting", f"sum(hotline_calls_waiting{{{Q}}})", worse_from=5, worse_colour="#E0A100"),
        number("รอนานที่สุด · Longest wait", f"max(hotline_longest_wait_seconds{{{Q}}})", unit="s", worse_from=9),
        number("รับสาย · Answered", answered_rate("$__range"), unit="percentunit", at_least=ANSWERED_TARGET, decimals=1,
               description="answered_rate_strict; target 95 %"),
        number("รับภายใน 9 วินาที · Answered in time", answered_within("$__range"), unit="percentunit", decimals=1,
               at_least=ANSWERED_TARGET, description="answered_within, answer_within_seconds of the settings"),
        number("พึงพอใจ · Satisfied", satisfaction("$__range"), unit="percentunit", at_least=SATISFACTION_TARGET,
               decimals=1, description="satisfaction; target 85 %"),
        number("สายเข้า · Offered", f"round({total('hotline_calls_offered_total', '$__range')})"),
        number("ว่าง · Agents available", 'hotline_staff{state="available"}'),
        number("กำลังสนทนา · Talking", 'sum(hotline_staff{state=~"in_call|on_hold"})'),
        number("สรุปงาน · Wrap-up", 'hotline_staff{state="wrap_up"}'),
        number("พัก · Paused", 'hotline_staff{state="paused"}'),
        number("รอโทรกลับ · Callbacks", f"sum(hotline_callbacks_waiting{{{Q}}})", worse_from=10),
        number("ข้อความใหม่ · Messages", f"sum(hotline_messages_waiting{{{Q}}})", worse_from=5),
        Panel(title="สายที่จบแล้วใน 15 นาที · Calls ended in 15 minutes", stacked=True, width=24, height=9,
              queries={"{{outcome}}": f"round(sum by (outcome) (increase(hotline_calls_ended_total{{{Q}}}[15m])))"}),
        Panel(title="สายรอตามคิว · Waiting by queue", queries={"{{queue}}": f"hotline_calls_waiting{{{Q}}}"}),
        Panel(title="รอนานที่สุดตามคิว · Longest wait by queue", unit="s", worse_from=9,
              queries={"{{queue}}": f"hotline_longest_wait_seconds{{{Q}}}"}),
    ),
)  # fmt: skip

SERVICE_LEVEL: Final = Board(
    uid="hotline-service-level",
    title="สายด่วน – ระดับการให้บริการ · Hotline – service level",
    description="Whether 95 % are answered in time, and what of the 5 % is burnt.",
    panels=(
        Panel(title="รับภายในเวลา 30 นาที · Answered in time, 30 minutes", unit="percentunit", at_least=ANSWERED_TARGET,
              queries={"{{queue}}": f"queue:hotline_answered_within:ratio_rate30m{{{Q}}}"}),
        Panel(title="รับสาย 30 นาที · Answered, 30 minutes", unit="percentunit", at_least=ANSWERED_TARGET,
              queries={"{{queue}}": f"queue:hotline_answered_rate_strict:ratio_rate30m{{{Q}}}"}),
        Panel(title="อัตราใช้โควตา 5 % · Budget burn (1 = 5 % late)", worse_from=6,
              description="Pages at 6 (30 min and 5 min) and at 3 (6 h and 30 min).",
              queries={f"{{{{queue}}}} {window}": f"queue:hotline_promises_broken:ratio_rate{window}{{{Q}}} / 0.05"
                       for window in ("5m", "30m", "6h", "3d")}),
        Panel(title="เวลารอ · Wait until answered", unit="s", worse_from=9,
              queries={f"{share_of:.0%}": quantile(share_of, "hotline_queue_wait_seconds", f"{Q}{ANSWERED}")
                       for share_of in (0.5, 0.9, 0.95)}),
        Panel(title="ผลของสาย · How waits ended", stacked=True,
              queries={"{{outcome}}": f"sum by (outcome) (increase({DECIDED}{{{Q}}}[$__rate_interval]))"}),
        Panel(title="ใครรับสาย · Picked up by", stacked=True,
              queries={"{{by}}": f"sum by (by) (increase(hotline_pick_up_seconds_count{{{Q}}}[$__rate_interval]))"}),
        Panel(title="สายที่วางก่อนรับ · Abandoned", queries={
            "all": total(DECIDED, "$__rate_interval", ', outcome="abandoned"'),
            "short": total("hotline_calls_abandoned_short_total", "$__rate_interval"),
            "while still in time": total("hotline_calls_abandoned_early_total", "$__rate_interval")}),
        Panel(title="แบบสอบถามความพึงพอใจ · Survey answers", stacked=True, queries={
            "{{meaning}}":
                f'sum by (meaning) (increase(hotline_surveys_total{{{Q}, meaning!="asked"}}[$__rate_interval]))'}),
        Panel(title="พึงพอใจ 1 วัน · Satisfied, one day", unit="percentunit", at_least=SATISFACTION_TARGET,
              queries={"{{queue}}": f"queue:hotline_satisfaction:ratio_rate1d{{{Q}}}"}),
        Panel(title="โทรกลับ · Callbacks", queries={
            "{{result}}": f"sum by (result) (increase(hotline_callbacks_total{{{Q}}}[$__rate_interval]))",
            "waiting": f"sum(hotline_callbacks_waiting{{{Q}}})"}),
        Panel(title="ฝากข้อความ · Messages", queries={
            "left": total("hotline_messages_total", "$__rate_interval"),
            "not heard yet": f"sum(hotline_messages_waiting{{{Q}}})"}),
        Panel(title="นอกเวลาทำการ · Closed doors",
              queries={"closed": 'sum(increase(hotline_calls_ended_total{outcome="closed"}[$__rate_interval]))'}),
    ),
)  # fmt: skip

AGENTS: Final = Board(
    uid="hotline-agents",
    title="สายด่วน – เจ้าหน้าที่ · Hotline – agents",
    description="What agents do, by state and queue. No person is named: see the supervisor's console.",
    panels=(
        Panel(title="เจ้าหน้าที่ตามสถานะ · Agents by state", stacked=True, width=24, height=9,
              queries={"{{state}}": 'hotline_staff{state!="offline"}'}),
        Panel(title="พร้อมรับสายตามคิว · Available by queue",
              queries={"{{queue}}": f'hotline_agents{{{Q}, state="available"}}'}),
        Panel(title="กำลังสนทนาตามคิว · Talking by queue",
              queries={"{{queue}}": f'sum by (queue) (hotline_agents{{{Q}, state=~"in_call|on_hold"}})'}),
        Panel(title="เวลาเฉลี่ยต่อสาย · Average handling", unit="s", stacked=True, queries={
            "talk": average("hotline_talk_seconds"),
            "hold": average("hotline_hold_seconds"),
            "wrap-up": average("hotline_wrap_up_seconds")}),
        Panel(title="สนทนา 50 % และ 90 % · Talk, half and nine in ten", unit="s", queries={
            "50%": quantile(0.5, "hotline_talk_seconds", Q), "90%": quantile(0.9, "hotline_talk_seconds", Q)}),
        Panel(title="ไม่รับเมื่อกระดิ่งดัง · Missed rings",
              queries={"{{queue}}": f"sum by (queue) (increase(hotline_missed_rings_total{{{Q}}}[$__rate_interval]))"}),
        Panel(title="โอนสาย · Transfers", queries={
            "{{kind}} {{result}}": "sum by (kind, result) (increase(hotline_transfers_total[$__rate_interval]))"}),
        number("การ์ดที่ยังไม่ปิด · Open cards", "hotline_cards_open", width=6),
        number("การ์ดเกินกำหนด · Overdue cards", "hotline_cards_overdue", width=6, worse_from=1),
        number("คะแนนคุณภาพ 30 วัน · QA score, 30 days",
               share(f"sum(hotline_qa_score_points{{{Q}}})", f"sum(hotline_qa_score_reviews{{{Q}}})"), width=6,
               unit="percentunit", decimals=1, description="qa_score of talks answered in the last 30 days"),
        number("สายที่ประเมินแล้ว · Talks scored", f"sum(hotline_qa_score_reviews{{{Q}}})", width=6),
        number("สนทนาเฉลี่ย · Average talk", share(total("hotline_talk_seconds_sum", "$__range"),
               total("hotline_talk_seconds_count", "$__range")), width=6, unit="s", decimals=0),
        number("สรุปงานเฉลี่ย · Average wrap-up", share(total("hotline_wrap_up_seconds_sum", "$__range"),
               total("hotline_wrap_up_seconds_count", "$__range")), width=6, unit="s", decimals=0),
    ),
)  # fmt: skip

SYSTEM: Final = Board(
    uid="hotline-system",
    title="สายด่วน – ระบบ · Hotline – system",
    description="Whether every part works.",
    by_queue=False,
    panels=(
        number("แจ้งเตือน · Alerts", 'count(ALERTS{alertname=~"Hotline.*", alertstate="firing"}) or vector(0)',
               worse_from=1),
        number("บริการ · Service", 'up{job="hotline"}', at_least=1),
        number("Asterisk · AMI", "hotline_ami_connected", at_least=1),
        number("ฐานข้อมูล · Database", "hotline_database_healthy", at_least=1),
        number("คู่สาย · Trunks up", "sum(hotline_trunk_up) / count(hotline_trunk_up)", at_least=1, unit="percentunit"),
        number("ช่วงที่ข้อมูลขาด · Journal gaps", "hotline_journal_gaps_total", worse_from=1),
        Panel(title="คู่สาย · Trunks", queries={"{{trunk}}": "hotline_trunk_up"}),
        Panel(title="เวลาบันทึกเหตุการณ์ · Event lag", unit="s", worse_from=1,
              queries={f"{share_of:.0%}": quantile(share_of, "hotline_event_lag_seconds")
                       for share_of in (0.5, 0.95, 0.99)}),
        Panel(title="รอบันทึก · Recorder backlog", queries={"events": "hotline_recorder_backlog"}, worse_from=500),
        Panel(title="คำถามจาก Asterisk · Call flows",
              unit="reqps",
              queries={"{{result}}": "sum by (result) (rate(hotline_agi_calls_total[$__rate_interval]))"}),
        Panel(title="การเชื่อมต่อ AMI · AMI stream", queries={
            "reconnects": "increase(hotline_ami_reconnects_total[$__rate_interval])",
            "dropped": "increase(hotline_ami_dropped_messages_total[$__rate_interval])"}),
        Panel(title="เวลาอ่านตัวเลข · Scrape", unit="s",
              queries={"seconds": 'scrape_duration_seconds{job="hotline"}'}),
        Panel(title="รุ่น · Version", queries={"{{version}}": "hotline_build_info"}),
        Panel(title="อ่านสถานะไม่ได้ · Unreadable gauges",
              queries={"scrapes": "increase(hotline_snapshot_failures_total[$__rate_interval])"}),
    ),
)  # fmt: skip

DASHBOARDS: Final = (WALLBOARD, SERVICE_LEVEL, AGENTS, SYSTEM)
