"""A brief as people read it: rows for the page, and the whole text of the letter."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from crm.briefs.service import FIGURES, Brief, Kind
from crm.briefs.words import WORDS
from crm.closure.models import ALL_NUMBERS
from crm.closure.service import Closure
from crm.quality.figures import QaFigures, together
from crm.web import dates
from crm.web.figures import percent
from metrics.kpi import QA_TARGET, Kpi
from metrics.tally import Tally

UNKNOWN: Final = "–"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. ``met``: None where there is no target, or nothing to judge."""

    name: str
    value: str
    target: str
    met: bool | None
    by_queue: tuple[str, ...]


def rows(brief: Brief, queues: tuple[str | None, ...], language: str) -> list[Row]:
    """The figures, those of ``queues`` beside the total."""
    empty = Tally(limits=brief.total.limits)
    parts = [brief.by_queue.get(queue, empty) for queue in queues]
    return [*(_row(figure, brief.total, parts, language) for figure in FIGURES), _quality(brief, queues, language)]


def _quality(brief: Brief, queues: tuple[str | None, ...], language: str) -> Row:
    whole = together(brief.qa.values())
    parts = [brief.qa.get(queue, QaFigures()) for queue in queues]
    return Row(
        name=WORDS[language]["qa_score"],
        value=_share(whole.mean),
        target=_target(QA_TARGET),
        met=None if whole.mean is None else whole.mean >= QA_TARGET,
        by_queue=tuple(_share(part.mean) for part in parts),
    )


def _share(value: float | None) -> str:
    return UNKNOWN if value is None else f"{percent(value)} %"


def _target(value: float | None) -> str:
    return "" if value is None else f"≥ {value:.0%}".replace("%", " %")


def _row(figure: Kpi, total: Tally, parts: list[Tally], language: str) -> Row:
    value = figure.function(total)
    met = None if value is None or figure.target is None else value >= figure.target
    return Row(
        name=WORDS[language][figure.name],
        value=shown(figure, total, language),
        target=_target(figure.target),
        met=met,
        by_queue=tuple(shown(figure, part, language) for part in parts),
    )


def shown(figure: Kpi, tally: Tally, language: str) -> str:
    """A figure with its unit."""
    value = figure.function(tally)
    if value is None or figure.unit == "ratio":
        return _share(value)
    if figure.unit == "seconds":
        words = WORDS[language]
        return f"{value:.0f} {words['seconds']}" if value < 90 else f"{dates.length(value)} {words['minutes']}"
    return f"{value:,}"


def queues_of(brief: Brief, names: Mapping[str, str]) -> tuple[str | None, ...]:
    """Queues with calls, in the settings' order, those no longer in the settings and calls without a queue last."""
    there = [name for name in names if name in brief.by_queue]
    gone = sorted(name for name in brief.by_queue if name is not None and name not in names)
    return (*there, *gone, *((None,) if None in brief.by_queue else ()))


def subject(brief: Brief, house: str, language: str) -> str:
    """Of the letter: the three promises at a glance."""
    words = WORDS[language]
    told = [f"{row.name} {row.value}" for row in rows(brief, (), language) if row.target and row.value != UNKNOWN] or [
        words["nothing_counted"]
    ]
    return f"{house}: {words[brief.kind.value]} {dates.short_date(brief.day, language)} · {' · '.join(told)}"


def letter(brief: Brief, names: Mapping[str, str], address: str, zone: tzinfo, language: str) -> str:
    """The text of the letter. ``names``: label of each queue; ``address``: of our pages."""
    return "\n".join(_lines(brief, names, address, zone, language)) + "\n"


def _lines(brief: Brief, names: Mapping[str, str], address: str, zone: tzinfo, language: str) -> Iterator[str]:
    words = WORDS[language]
    yield words[brief.kind.value] + " · " + dates.long_date(brief.day, language)
    yield ""
    yield f"{words['figures_of']} {dates.long_date(brief.of_day, language)}"
    for row in rows(brief, (), language):
        verdict = (
            "" if row.met is None else f" ({words['target']} {row.target}: {words['met' if row.met else 'missed']})"
        )
        yield f"  {row.name}: {row.value}{verdict}"
    queues = queues_of(brief, names)
    if len(queues) > 1:
        yield ""
        for queue in queues:
            tally = brief.by_queue[queue]
            figures = (f"{words[one.name]} {shown(one, tally, language)}" for one in FIGURES[:3])
            yield f"  {label(queue, names, language)}: {', '.join(figures)}"
    yield from ("", words["to_do"])
    for name in ("callbacks", "messages", "cards_open", "cards_overdue"):
        yield f"  {words[name]}: {getattr(brief, name)}"
    yield from _lists(brief, names, zone, language)
    yield from ("", f"{words['open_page']}: {address}/briefs?kind={brief.kind.value}&day={brief.day.isoformat()}")


def _lists(brief: Brief, names: Mapping[str, str], zone: tzinfo, language: str) -> Iterator[str]:
    words = WORDS[language]
    if brief.cards_due:
        yield from ("", words["cards_due"])
        for card in brief.cards_due:
            due = dates.date_and_time(card.due_at, zone, language) if card.due_at else ""
            late = f" ({words['late']})" if card.is_overdue(brief.made_at) else ""
            yield f"  {card.number} · {card.to_name(language)} · {words['due']} {due}{late}"
    yield from ("", words["closures"])
    yield from [f"  {line}" for line in closure_lines(brief, zone, language)] or [f"  {words['no_closures']}"]
    yield from ("", words["holidays"])
    holidays = [(day.date, day.name_th if language == "th" else day.name_en) for day in brief.holidays]
    yield from [f"  {dates.long_date(day, language)}: {name}" for day, name in holidays] or [
        f"  {words['no_holidays']}"
    ]
    yield from ("", words["low_ratings"])
    for rating in brief.low_ratings:
        yield f"  {dates.clock(rating.arrived_at, zone)} · {label(rating.queue, names, language)}"
    if more := brief.low_ratings_in_all - len(brief.low_ratings):
        yield f"  {words['and_more']} {more} {words['more_calls']}"
    if not brief.low_ratings:
        yield f"  {words['no_low_ratings']}"


def closure_lines(brief: Brief, zone: tzinfo, language: str) -> list[str]:
    """What is closed now, then what was closed on that day and is open again."""
    words = WORDS[language]
    now = [f"{words['closed_now']}: {_closure(one, zone, language)}" for one in brief.closed_now]
    then = [one for one in brief.closed_then if one.reopened_at is not None]
    return now + [f"{words['closed_then']}: {_closure(one, zone, language)}" for one in then]


def _closure(one: Closure, zone: tzinfo, language: str) -> str:
    words = WORDS[language]
    scope = words["all"] if one.scope == ALL_NUMBERS else one.scope
    text = f"{scope} {words['since']} {dates.date_and_time(one.closed_at, zone, language)}"
    if one.reopened_at is not None:
        text += f" {words['until']} {dates.date_and_time(one.reopened_at, zone, language)}"
    return f"{text} ({one.reason})" if one.reason else text


def label(queue: str | None, names: Mapping[str, str], language: str) -> str:
    """Of a queue."""
    return WORDS[language]["no_queue"] if queue is None else names.get(queue) or queue


def kind_now(clock: str, evening: str) -> Kind:
    """Which one people want at this time of the day (``18:40``)."""
    return Kind.EVENING if evening and clock >= evening else Kind.MORNING
