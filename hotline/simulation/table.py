"""A running simulation on the terminal: a live table, or plain lines where there is no terminal."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from hotline.simulation.observed import ObservedCall
from hotline.simulation.progress import NO_ANSWER, Progress, Stage

_PLAIN_SECONDS = 5.0
_LABELS = {
    "impressed": "impressed",
    "satisfied": "satisfied",
    "not_satisfied": "not satisfied",
    NO_ANSWER: "no key",
}


class SimulationTable:
    """Shows each Progress given to ``show``. ``wallboard_url``: where the same can be seen as the product counts it."""

    def __init__(self, wallboard_url: str | None = None, *, console: Console | None = None) -> None:
        self._wallboard_url = wallboard_url
        self._console = console or Console()
        self._live: Live | None = None
        self._next_line_seconds = 0.0
        self._ended = 0

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live = Live(console=self._console, refresh_per_second=4, transient=False)
            self._live.start()
        elif self._wallboard_url:
            self._console.print(f"Wallboard: {self._wallboard_url}", highlight=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, progress: Progress) -> None:
        """Shows where the simulation stands; cheap enough for four times a second."""
        if self._live is not None:
            self._live.update(render(progress, self._wallboard_url))
            return
        fresh = progress.last[: max(0, progress.ended - self._ended)]
        for call in reversed(fresh):
            self._console.print(describe(call), highlight=False, soft_wrap=True)
        self._ended = progress.ended
        finished = progress.planned is not None and progress.ended >= progress.planned
        if progress.seconds >= self._next_line_seconds or (finished and fresh):
            self._console.print(summary_line(progress), highlight=False, soft_wrap=True)
            self._next_line_seconds = progress.seconds + _PLAIN_SECONDS


def render(progress: Progress, wallboard_url: str | None) -> RenderableType:
    """The whole table."""
    counters = Table.grid(padding=(0, 2))
    for name, value in _counters(progress):
        counters.add_row(Text(name, style="dim"), Text(value, style="bold", justify="right"))
    surveys = Table.grid(padding=(0, 2))
    for meaning, number in progress.surveys.items():
        surveys.add_row(Text(_LABELS.get(meaning, meaning), style="dim"), Text(str(number), style="bold"))
    last = Table(expand=True, box=None, header_style="dim")
    for heading in ("call", "caller", "what happened", "picked up", "agent", "keys", "lasted"):
        last.add_column(heading)
    for call in progress.last:
        last.add_row(*_row(call))
    parts: list[RenderableType] = [
        Columns([Panel(counters, title="calls"), Panel(surveys, title="survey")], expand=False),
        Panel(last, title="last calls"),
    ]
    if wallboard_url:
        parts.append(Text.assemble(("Wallboard: ", "dim"), (wallboard_url, "bold underline")))
    parts.append(Text("Ctrl-C stops everything", style="dim"))
    return Group(*parts)


def describe(call: ObservedCall) -> str:
    """One ended call in a line."""
    index, caller, what, picked_up, agent, keys, lasted = _row(call)
    parts = [
        f"call {index}",
        caller,
        what,
        f"picked up after {picked_up}" if picked_up else "",
        agent and f"by {agent}",
    ]
    return ", ".join(part for part in [*parts, keys and f"keys {keys}", lasted and f"lasted {lasted}"] if part)


def summary_line(progress: Progress) -> str:
    """All counters in a line."""
    surveys = ", ".join(f"{_LABELS.get(meaning, meaning)} {number}" for meaning, number in progress.surveys.items())
    counters = ", ".join(f"{name} {value}" for name, value in _counters(progress))
    return f"{progress.seconds:.0f} s: {counters}; survey: {surveys}"


def what_happened(call: ObservedCall) -> str:
    """In words, as the network saw it."""
    if call.refused:
        return "could not be made"
    if talk := call.conversation:
        return "talked, agent hung up" if talk.ended_by == "agent" else "talked, caller hung up"
    if call.wait_key == "1":
        return "asked to be called back"
    if call.wait_key == "2":
        return "left a message"
    return "gave up" if call.ended_by == "caller" else "was let go"


def _counters(progress: Progress) -> list[tuple[str, str]]:
    stages = progress.stages
    promise = f"{progress.answer_within_seconds:g} s"
    of = f" of {progress.planned}" if progress.planned is not None else ""
    return [
        ("offered", f"{progress.offered}{of}"),
        ("ringing", str(stages[Stage.DIALLING] + stages[Stage.RINGING])),
        ("waiting", str(stages[Stage.WAITING])),
        ("talking", str(stages[Stage.TALKING])),
        ("in the survey", str(stages[Stage.SURVEY])),
        ("answered by a person", str(progress.answered)),
        (f"picked up within {promise}", str(progress.answered_within)),
        (f"by a person within {promise}", str(progress.answered_by_agent_within)),
        ("gave up", str(progress.abandoned)),
    ]


def _row(call: ObservedCall) -> tuple[str, str, str, str, str, str, str]:
    picked_up = lasted = ""
    if call.invited_at and call.picked_up_at:
        picked_up = f"{(call.picked_up_at - call.invited_at).total_seconds():.1f} s"
    if call.invited_at and call.ended_at:
        lasted = f"{(call.ended_at - call.invited_at).total_seconds():.1f} s"
    talk = call.conversation
    keys = " ".join(press.key for press in call.keys)
    caller = call.plan.caller_number or "withheld"
    return str(call.plan.index), caller, what_happened(call), picked_up, talk.agent if talk else "", keys, lasted
