"""Report pages for supervisors: figures of a period, the calls behind each, who was lost, and tables to take away."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import Engine

from crm.audit.service import note
from crm.database import writing
from crm.people.showing import national
from crm.reports.abandoned import became
from crm.reports.asking import address, asked_of, calls_address, cursor_of, cursor_text, local_today, wanted_of
from crm.reports.behind import Side, agent_calls, calls_behind
from crm.reports.counting import total
from crm.reports.export import agents_table, as_csv, as_xlsx, calls_table
from crm.reports.periods import Span, days_of
from crm.reports.quality import ReadScores, no_scores
from crm.reports.sealed import Frame, snapshot
from crm.reports.service import Report, report
from crm.reports.showing import HEIGHT, WIDTH, bars, change, month_name, period_name, shown, span_name
from crm.reports.words import WORDS
from crm.staff.access import SUPERVISORS, Access, Visitor
from crm.web.dates import BUDDHIST_ERA
from crm.web.shell import House, Pages
from metrics.agent_figures import AGENT_KPIS
from metrics.behind import BEHIND, LONGEST, number, others
from metrics.intervals import Period, Step, period_of
from metrics.kpi import KPIS, QA_TARGET, Kpi
from metrics.tally import Tally

TEMPLATES: Final = Path(__file__).parent / "templates"
TILES: Final = (
    "offered", "answered_rate_strict", "answered_within", "satisfaction", "abandon_rate", "average_handling_time",
)  # fmt: skip
COLUMNS: Final = (
    "offered", "answered", "answered_rate_strict", "answered_within", "abandon_rate", "average_speed_of_answer",
    "longest_wait", "average_handling_time", "satisfaction",
)  # fmt: skip
YEARS: Final = 6
KINDS: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_KPIS: Final = {kpi.name: kpi for kpi in KPIS}
_AGENT_KPIS: Final = {kpi.name: kpi for kpi in AGENT_KPIS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """``queues``: name → label by language; ``agents``: extension → name by language; both asked each time."""

    engine: Engine
    access: Access
    house: House
    zone: ZoneInfo
    clock: Callable[[], datetime]
    frame: Callable[[], Frame]
    queues: Callable[[], Mapping[str, Mapping[str, str]]]
    agents: Callable[[], Mapping[str, Mapping[str, str]]]
    scores: ReadScores = no_scores


class ReportPages:
    """``router`` for the application."""

    def __init__(self, around: Around) -> None:
        self._around = around
        self._pages = Pages(around.house, WORDS, TEMPLATES)
        self.router = APIRouter(prefix="/reports")
        self._supervisors = Depends(around.access.of(*SUPERVISORS))
        self._add_report()
        self._add_tables()
        self._add_calls()

    # --- the report

    def _add_report(self) -> None:
        @self.router.get("", response_class=HTMLResponse)
        def page(request: Request, who: Annotated[Visitor, self._supervisors]) -> HTMLResponse:
            """A period's figures."""
            language = self._pages.language(request, who)
            made = self._report(request)
            return self._pages.page(request, who, "reports.html", **self._values(made, language))

    def _report(self, request: Request) -> Report:
        around, now = self._around, self._around.clock()
        asked = asked_of(request.query_params, local_today(now, around.zone))
        return report(around.engine, asked, around.frame(), now, around.scores)

    def _values(self, made: Report, language: str) -> dict[str, Any]:
        asked, zone, words = made.asked, self._around.zone, WORDS[language]
        first, last = days_of(made.period, zone)
        parts = _worth_showing(made)
        names = [self._row_name(period, asked.step, language, asked.choice.span) for period, _ in parts]
        here = address(asked)
        return {
            "asked": asked,
            "here": here.partition("?")[2],
            "title": self._title(made.period, asked.choice.span, language),
            "before_title": self._title(made.before_period, self._span_before(made), language),
            "spans": [(span.value, address(asked, choice=type(asked.choice)(span, first, last))) for span in Span],
            "earlier": address(asked, choice=asked.choice.moved(-1, zone)),
            "later": address(asked, choice=asked.choice.moved(1, zone)),
            "steps": asked.choice.steps(),
            "days": [(first, ""), (last, "2")] if asked.choice.span is Span.OWN else [(first, "")],
            "months": [(month, month_name(month, language)) for month in range(1, 13)],
            "years": self._years(first.year, language),
            "queues": [(name, labels[language]) for name, labels in self._around.queues().items()],
            "tiles": [*(self._figure(_KPIS[name], made, words) for name in TILES), _quality(made, words)],
            "figures": [*(self._figure(kpi, made, words) for kpi in KPIS), _quality(made, words)],
            "columns": [(name, self._word(name, words)) for name in COLUMNS],
            "rows": [
                (name, self._cells(period, tally, asked.queue, asked.open_only, words))
                for name, (period, tally) in zip(names, parts, strict=True)
            ],
            "total": self._cells(made.period, made.total, asked.queue, asked.open_only, words),
            "by_queue": [
                (self._queue(queue, language), self._cells(made.period, tally, queue, asked.open_only, words))
                for queue, tally in sorted(made.by_queue.items(), key=lambda one: -one[1].offered)
            ],
            "agent_columns": [(kpi.name, words[f"a_{kpi.name}"]) for kpi in AGENT_KPIS],
            "by_agent": self._agents(made, language),
            "bars": bars(parts, names, words),
            "chart": (WIDTH, HEIGHT),
        }

    def _span_before(self, made: Report) -> Span:
        """Of a period that goes on only as much of the one before is compared: told by its days."""
        whole = made.asked.choice.moved(-1, self._around.zone).period(self._around.zone)
        return made.asked.choice.span if whole == made.before_period else Span.OWN

    def _years(self, shown_year: int, language: str) -> list[tuple[int, int]]:
        this = local_today(self._around.clock(), self._around.zone).year
        years = sorted({*range(this - YEARS + 1, this + 1), shown_year}, reverse=True)
        return [(year, year + BUDDHIST_ERA if language == "th" else year) for year in years]

    def _title(self, period: Period, span: Span, language: str) -> str:
        zone = self._around.zone
        if span is Span.MONTH:
            return period_name(period, Step.MONTH, zone, language)
        first, last = days_of(period, zone)
        if span is Span.YEAR:
            return str(first.year + BUDDHIST_ERA if language == "th" else first.year)
        return span_name(
            datetime.combine(first, datetime.min.time(), zone),
            datetime.combine(last, datetime.min.time(), zone),
            language,
        )

    def _row_name(self, period: Period, step: Step, language: str, span: Span) -> str:
        name = period_name(period, step, self._around.zone, language)
        if step in {Step.HOUR, Step.HALF_HOUR} and span is not Span.DAY:
            return f"{period_name(period, Step.DAY, self._around.zone, language)} {name}"
        return name

    def _word(self, figure: str, words: Mapping[str, str]) -> str:
        return words[f"k_{figure}"].format(f"{self._around.frame().limits.answer_within_seconds:g}")

    def _figure(self, kpi: Kpi, made: Report, words: dict[str, str]) -> dict[str, Any]:
        value, before = kpi.function(made.total), kpi.function(made.before)
        level = ""
        if kpi.target is not None and value is not None:
            level = "good" if value >= kpi.target else "bad"
        return {
            "name": kpi.name,
            "label": self._word(kpi.name, words),
            "value": shown(value, kpi.unit, words["seconds"]),
            "raw": value,
            "before": shown(before, kpi.unit, words["seconds"]),
            "change": change(value, before, kpi.unit, words),
            "target": f"{kpi.target:.0%}".replace("%", " %") if kpi.target is not None else "",
            "level": level,
            "href": calls_address(kpi.name, made.period, made.asked.queue, made.asked.open_only),
        }

    def _cells(
        self, period: Period, tally: Tally, queue: str | None, open_only: bool, words: dict[str, str]
    ) -> list[dict[str, str]]:
        cells = []
        for name in COLUMNS:
            kpi = _KPIS[name]
            value = kpi.function(tally)
            level = "bad" if kpi.target is not None and value is not None and value < kpi.target else ""
            href = calls_address(name, period, queue, open_only) if value else ""
            cells.append({"text": shown(value, kpi.unit, words["seconds"]), "level": level, "href": href})
        return cells

    def _queue(self, queue: str | None, language: str) -> str:
        if queue is None:
            return WORDS[language]["no_queue"]
        labels = self._around.queues().get(queue)
        return labels[language] if labels else queue

    def _agents(self, made: Report, language: str) -> list[tuple[str, str, list[dict[str, str]]]]:
        words, names = WORDS[language], self._around.agents()
        lines = []
        for agent, tally in sorted(made.agents.items(), key=lambda one: (-one[1].talks, one[0])):
            cells = []
            for kpi in AGENT_KPIS:
                value = kpi.function(tally)
                more = {"agent": agent}
                href = calls_address(kpi.name, made.period, None, made.asked.open_only, **more) if value else ""
                level = "bad" if kpi.target is not None and value is not None and value < kpi.target else ""
                cells.append({"text": shown(value, kpi.unit, words["seconds"]), "level": level, "href": href})
            lines.append((agent, names.get(agent, {}).get(language, ""), cells))
        return lines

    # --- tables

    def _add_tables(self) -> None:
        zone = self._around.zone

        @self.router.get("/export.csv")
        def calls_csv(request: Request, who: Annotated[Visitor, self._supervisors]) -> Response:
            """All figures of the period, its parts, and queues."""
            language, made = self._pages.language(request, who), self._report(request)
            table = list(calls_table(made, zone, lambda queue: self._queue(queue, language)))
            return self._sent(who, made, as_csv(table), "report", "csv", len(table) - 1)

        @self.router.get("/agents.csv")
        def agents_csv(request: Request, who: Annotated[Visitor, self._supervisors]) -> Response:
            """Figures of agents."""
            language, made = self._pages.language(request, who), self._report(request)
            table = list(agents_table(made, self._names(language)))
            return self._sent(who, made, as_csv(table), "agents", "csv", len(table) - 1)

        @self.router.get("/export.xlsx")
        def workbook(request: Request, who: Annotated[Visitor, self._supervisors]) -> Response:
            """Both as one workbook."""
            language, made = self._pages.language(request, who), self._report(request)
            words = WORDS[language]
            sheets = {
                words["reports"]: list(calls_table(made, zone, lambda queue: self._queue(queue, language))),
                words["by_agent"]: list(agents_table(made, self._names(language))),
            }
            rows = sum(len(table) - 1 for table in sheets.values())
            return self._sent(who, made, as_xlsx(sheets), "report", "xlsx", rows)

    def _sent(self, who: Visitor, made: Report, body: bytes, name: str, ending: str, rows: int) -> Response:
        """The file; who took what, of which days, is in the audit."""
        first, last = (day.isoformat() for day in days_of(made.period, self._around.zone))
        file = f"{name}-{first}-{last}.{ending}"
        told = {"from": first, "to": last, "queue": made.asked.queue, "file": file, "rows": rows}
        with writing(self._around.engine) as connection:
            note(connection, self._around.clock(), who, "report.exported", f"report/{name}", **told)
        return Response(
            body, media_type=KINDS[ending], headers={"Content-Disposition": f'attachment; filename="{file}"'}
        )

    def _names(self, language: str) -> dict[str, str]:
        return {agent: names[language] for agent, names in self._around.agents().items()}

    # --- calls

    def _add_calls(self) -> None:
        @self.router.get("/calls", response_class=HTMLResponse)
        def behind(request: Request, who: Annotated[Visitor, self._supervisors]) -> HTMLResponse:
            """Calls behind a figure."""
            return self._calls(request, who)

        @self.router.get("/abandoned", response_class=HTMLResponse)
        def lost(request: Request, who: Annotated[Visitor, self._supervisors]) -> HTMLResponse:
            """Callers who hung up first, to be called back."""
            around, now = self._around, self._around.clock()
            default = period_of(now, Step.DAY, around.zone)
            wanted = wanted_of(request.query_params, default)
            before = cursor_of(request.query_params)
            with snapshot(around.engine) as connection:
                page = calls_behind(connection, wanted, around.frame(), "abandon_rate", Side.COUNTED, before)
                since = became(connection, page.lines)
            language = self._pages.language(request, who)
            return self._pages.page(
                request,
                who,
                "abandoned.html",
                lines=page.lines,
                since=since,
                title=self._title(Period(wanted.start_at, wanted.end_at), Span.OWN, language),
                more=_with(request, before=cursor_text(page.more)) if page.more else "",
                **self._functions(language),
            )

    def _calls(self, request: Request, who: Visitor) -> HTMLResponse:
        query, around = request.query_params, self._around
        language = self._pages.language(request, who)
        words, frame = WORDS[language], around.frame()
        figure, agent, before = query.get("figure", ""), query.get("agent"), cursor_of(query)
        wanted = wanted_of(query, period_of(around.clock(), Step.DAY, around.zone))
        side = Side(query["side"]) if query.get("side") in set(Side) else Side.ALL
        if figure not in (_AGENT_KPIS if agent else BEHIND):
            raise HTTPException(404)
        with snapshot(around.engine) as connection:
            if agent:
                page, counts = agent_calls(connection, wanted, frame, agent, figure, before), {}
            else:
                counted = total(connection, wanted, frame)
                longest = counted.longest_wait if figure == LONGEST else None
                page = calls_behind(connection, wanted, frame, figure, side, before, longest=longest)
                counts = _sides(figure, counted)
        names = around.agents()
        of_agent = f"{names.get(agent, {}).get(language, '')} {agent}".strip() if agent else ""
        period = Period(wanted.start_at, wanted.end_at)
        return self._pages.page(
            request,
            who,
            "calls.html",
            figure=words[f"a_{figure}"] if agent else self._word(figure, words),
            of=" · ".join(
                part
                for part in (
                    of_agent,
                    self._queue(wanted.queue, language) if wanted.queue else "",
                    self._when(period, language),
                )
                if part
            ),
            lines=page.lines,
            sides=[(name, count, _with(request, side=name, before="")) for name, count in counts.items()],
            side=side.value,
            more=_with(request, before=cursor_text(page.more)) if page.more else "",
            **self._functions(language),
        )

    def _when(self, period: Period, language: str) -> str:
        zone = self._around.zone
        if period.end_at - period.start_at >= timedelta(days=1):
            return self._title(period, Span.OWN, language)
        first = period_name(period, Step.DAY, zone, language)
        start, end = (at.astimezone(zone) for at in (period.start_at, period.end_at))
        return f"{first} {start:%H:%M}–{end:%H:%M}"

    def _functions(self, language: str) -> dict[str, Any]:
        names, words = self._around.agents(), WORDS[language]
        return {
            "national": national,
            "queue_name": lambda queue: self._queue(queue, language),
            "agent_name": lambda agent: names.get(agent, {}).get(language) or agent or "",
            "seconds": lambda value: shown(value, "seconds", words["seconds"]),
        }


def _quality(made: Report, words: dict[str, str]) -> dict[str, Any]:
    """The QA score as the figures are shown; the talks behind it are on the pages of quality."""
    now, before = made.quality(made.period), made.quality_before()
    return {
        "name": "qa_score",
        "label": words["k_qa_score"].format(now.reviews),
        "value": shown(now.mean, "ratio"),
        "raw": now.mean,
        "before": shown(before.mean, "ratio"),
        "change": change(now.mean, before.mean, "ratio", words),
        "target": f"{QA_TARGET:.0%}".replace("%", " %"),
        "level": "" if now.mean is None else "good" if now.mean >= QA_TARGET else "bad",
        "href": "/quality",
    }


def _worth_showing(made: Report) -> list[tuple[Period, Tally]]:
    """Rows of hours without the empty ones before the first call and after the last."""
    if made.asked.step not in {Step.HOUR, Step.HALF_HOUR} or made.asked.choice.span is not Span.DAY:
        return made.rows
    filled = [place for place, (_, tally) in enumerate(made.rows) if tally != Tally(limits=tally.limits)]
    return made.rows[filled[0] : filled[-1] + 1] if filled else []


def _sides(figure: str, counted: Tally) -> dict[str, int]:
    behind = BEHIND[figure]
    if behind.part is None:
        return {}
    return {
        Side.ALL.value: number(behind.whole, counted),
        Side.COUNTED.value: number(behind.part, counted),
        Side.OTHERS.value: number(others(behind), counted),
    }


def _with(request: Request, **values: str) -> str:
    url = request.url.include_query_params(**values)
    return f"{url.path}?{url.query}"
