"""Figures after the calls, per agent and team, for coaching: the period against the one before, beside the QA score.

The figures are those of `metrics.agent_figures`, so that they are the same here and in every report.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from crm.database import reading
from crm.quality import figures
from crm.quality.figures import QaFigures, together
from crm.quality.trends import team_names, team_of_agents
from crm.quality.web import Around, QualityPages
from crm.reports.agents import agents_between
from crm.staff.access import SUPERVISORS, Visitor
from metrics.agent_figures import AgentTally, average_hold, average_talk, average_wrap_up, satisfaction

PERIODS: Final = (7, 28, 90)


@dataclass(frozen=True, slots=True)
class Line:
    """One agent's, or one team's, figures now and in the period before."""

    name: dict[str, str]
    now: AgentTally
    before: AgentTally
    qa: QaFigures
    qa_before: QaFigures
    extension: str | None = None


def summed(tallies: Iterable[AgentTally]) -> AgentTally:
    """Several agents' together."""
    total = AgentTally()
    for one in tallies:
        total = total + one
    return total


class CoachingPages:
    """``router`` for the application."""

    def __init__(self, around: Around, quality: QualityPages) -> None:
        self._around = around
        self._pages = quality.pages
        self.router = APIRouter()

        @self.router.get("/quality/coaching")
        def coaching(
            request: Request,
            who: Annotated[Visitor, Depends(around.access.of(*SUPERVISORS))],
            days: Annotated[int, Query(ge=1, le=366)] = 28,
        ) -> Response:
            """Every agent and team."""
            agents, teams, everybody = self.lines(days)
            return self._pages.page(
                request, who, "quality_coaching.html",
                lines=agents, teams=teams, everybody=everybody, days=days, periods=PERIODS,
                talk=average_talk, hold=average_hold, wrap_up=average_wrap_up, satisfaction=satisfaction,
            )  # fmt: skip

    def lines(self, days: int) -> tuple[list[Line], list[Line], Line]:
        """Agents, teams and everybody, over the last days and as many before."""
        around, now = self._around, self._around.clock()
        start, earlier = now - timedelta(days=days), now - timedelta(days=2 * days)
        with reading(around.engine) as connection:
            current = agents_between(connection, start, now)
            before = agents_between(connection, earlier, start)
            qa = figures.qa_by_agent(connection, start, now)
            qa_before = figures.qa_by_agent(connection, earlier, start)
            team_of, names = team_of_agents(connection), team_names(connection)
        known = around.agents()

        def line(name: dict[str, str], own: list[str], extension: str | None = None) -> Line:
            return Line(
                name,
                summed(current[one] for one in own if one in current),
                summed(before[one] for one in own if one in before),
                together([qa[one] for one in own if one in qa]),
                together([qa_before[one] for one in own if one in qa_before]),
                extension,
            )

        everyone = sorted((current.keys() | before.keys() | qa.keys()) & known.keys())
        agents = [line(dict(known[one]), [one], one) for one in everyone]
        teams = [
            line(name, [one for one in everyone if team_of.get(one) == team])
            for team, name in names.items()
            if any(team_of.get(one) == team for one in everyone)
        ]
        return agents, teams, line({}, everyone)
