"""From data to what a template writes: rounded, worded, rated against its target."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ami_listener.events import AgentState
from crm.wallboard.board import AgentNow, BoardData, BoardSettings, QueueNow, Scored
from crm.wallboard.chart import Chart, chart_of
from crm.wallboard.words import STATES, WORDS
from crm.web.dates import long_date
from crm.web.figures import percent
from metrics import kpi
from metrics.tally import Tally

NEAR = 0.05  # this far below a target is a warning, more is a failure
MOST_TILES = 24
# Those a supervisor can do something about come first.
ORDER = (
    AgentState.RINGING,
    AgentState.AVAILABLE,
    AgentState.IN_CALL,
    AgentState.ON_HOLD,
    AgentState.WRAP_UP,
    AgentState.PAUSED,
    AgentState.OFFLINE,
)


class UnknownQueueError(LookupError):
    """The board of a queue that does not exist."""


@dataclass(frozen=True, slots=True)
class Share:
    """One figure against its target. ``level``: good, near, bad or none; ``percent`` is None without data."""

    percent: str | None
    level: str
    verdict: str
    target: str
    width: float
    tick: float
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many agents are in a state."""

    state: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Tile:
    """One agent on the board; ``since`` in epoch seconds."""

    name: str
    state: str
    label: str
    since: float | None


@dataclass(frozen=True, slots=True)
class View:
    """One board in one language."""

    language: str
    words: dict[str, str]
    title: str
    queue: str
    date: str
    heard: bool
    waiting: int
    waiting_since: float | None
    limit: float
    limit_text: str
    within: Share
    answered: Share
    satisfaction: Share
    qa: Share
    states: tuple[StateCount, ...]
    tiles: tuple[Tile, ...]
    more: int
    density: str
    offered: int
    abandoned: int
    asa: str | None
    callbacks_waiting: int
    messages_waiting: int
    chart: Chart


def view_of(data: BoardData, settings: BoardSettings, language: str, queue: str | None = None) -> View:
    """The board of all queues, or of one. Raises UnknownQueueError."""
    words = WORDS[language]
    queues = [one for one in data.queues if queue in {None, one.queue}]
    if queue is not None and not queues:
        raise UnknownQueueError(queue)
    agents = [agent for agent in data.agents if queue is None or queue in agent.queues]
    tallies = [one.today for one in queues] + ([data.elsewhere] if queue is None and data.elsewhere else [])
    today = sum(tallies, start=Tally(limits=settings.limits))
    since = min((one.waiting_since for one in queues if one.waiting_since is not None), default=None)
    here = [agent for agent in _in_order(agents) if agent.state is not AgentState.OFFLINE]
    asa = kpi.average_speed_of_answer(today)
    return View(
        language=language,
        words=words,
        title=settings.title_th if language == "th" else settings.title_en,
        queue=queues[0].label(language) if queue is not None else words["all_queues"],
        date=long_date(data.at.astimezone(settings.zone).date(), language),
        heard=data.heard,
        waiting=sum(one.waiting for one in queues),
        waiting_since=since.timestamp() if since is not None else None,
        limit=settings.limits.answer_within_seconds,
        limit_text=f"{settings.limits.answer_within_seconds:g}",
        within=_within(today, settings, words),
        answered=_answered(today, settings, words),
        satisfaction=_satisfaction(today, settings, words),
        qa=_qa([*(one.qa for one in queues), *([data.qa_elsewhere] if queue is None else [])], settings, words),
        states=_states(agents, language),
        tiles=tuple(_tile(agent, language) for agent in here[:MOST_TILES]),
        more=max(0, len(here) - MOST_TILES),
        density=_density(len(here)),
        offered=today.offered,
        abandoned=today.abandoned,
        asa=f"{asa:.1f}" if asa is not None else None,
        callbacks_waiting=sum(one.callbacks_waiting for one in queues),
        messages_waiting=sum(one.messages_waiting for one in queues),
        chart=chart_of(
            [*(one.quarters for one in queues), data.quarters_elsewhere if queue is None else {}],
            data.at,
            settings.zone,
        ),
    )


def queue_labels(queues: Sequence[QueueNow], language: str) -> list[tuple[str, str]]:
    """(name, label) of every board there is."""
    return [(one.queue, one.label(language)) for one in queues]


def utc_offset_seconds(at: datetime, settings: BoardSettings) -> float:
    """Seconds that local time is ahead of UTC, for the clock on the page."""
    return (at.astimezone(settings.zone).utcoffset() or timedelta()).total_seconds()


def _within(today: Tally, settings: BoardSettings, words: dict[str, str]) -> Share:
    details = [_of_calls(today.answered_within, today.decided, words)]
    details.append(_with_share(words["with_assistant"], kpi.picked_up_within(today)))
    return _share(kpi.answered_within(today), settings.within_target, words, details)


def _answered(today: Tally, settings: BoardSettings, words: dict[str, str]) -> Share:
    details = [_of_calls(today.answered, today.decided, words)]
    details.append(_with_share(words["without_short"], kpi.answered_rate_without_short_abandons(today)))
    return _share(kpi.answered_rate_strict(today), settings.answered_target, words, details)


def _satisfaction(today: Tally, settings: BoardSettings, words: dict[str, str]) -> Share:
    details = [words["surveys"].format(count=today.surveys_answered)]
    details.append(_with_share(words["response"], kpi.survey_response_rate(today)))
    return _share(kpi.satisfaction(today), settings.satisfaction_target, words, details)


def _qa(scored: Sequence[Scored], settings: BoardSettings, words: dict[str, str]) -> Share:
    reviews = sum(count for count, _ in scored)
    mean = sum(total for _, total in scored) / reviews if reviews else None
    return _share(mean, settings.qa_target, words, [words["qa_talks"].format(count=reviews)])


def _share(ratio: float | None, target: float, words: dict[str, str], details: Sequence[str]) -> Share:
    if ratio is None:
        level = "none"
    elif ratio >= target:
        level = "good"
    else:
        level = "near" if ratio >= target - NEAR else "bad"
    return Share(
        percent=percent(ratio),
        level=level,
        verdict=words[level],
        target=words["target"].format(share=f"{target * 100:g} %"),
        width=round((ratio or 0.0) * 100, 1),
        tick=round(target * 100, 1),
        details=tuple(detail for detail in details if detail),
    )


def _of_calls(part: int, whole: int, words: dict[str, str]) -> str:
    return words["of_calls"].format(part=part, whole=whole) if whole else ""


def _with_share(text: str, ratio: float | None) -> str:
    return text.format(share=f"{percent(ratio)} %") if ratio is not None else ""


def _in_order(agents: Sequence[AgentNow]) -> list[AgentNow]:
    return sorted(agents, key=lambda agent: (ORDER.index(agent.state), agent.agent))


def _states(agents: Sequence[AgentNow], language: str) -> tuple[StateCount, ...]:
    return tuple(
        StateCount(state.value, STATES[language][state], sum(agent.state is state for agent in agents))
        for state in ORDER
    )


def _tile(agent: AgentNow, language: str) -> Tile:
    since = agent.since.timestamp() if agent.since is not None else None
    return Tile(agent.name(language), agent.state.value, STATES[language][agent.state], since)


def _density(agents: int) -> str:
    if agents <= 6:
        return "roomy"
    return "normal" if agents <= 12 else "dense"
