"""How scores go, week by week, per agent and team; and how far graders are apart. Mostly pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from sqlalchemy import Connection, select

from crm.quality.figures import QaFigures, together
from crm.quality.forms import Form
from crm.quality.models import ReviewState, qa_reviews
from crm.quality.service import Review
from crm.staff.models import staff, teams

WEEKS = 8


@dataclass(frozen=True, slots=True)
class Trend:
    """One agent or team: a figure a week, oldest first, and all together. ``change``: the later half less the earlier,
    None without both."""

    weeks: tuple[QaFigures, ...]

    @property
    def whole(self) -> QaFigures:
        """All weeks."""
        return together(self.weeks)

    @property
    def change(self) -> float | None:
        """How much better it became."""
        half = len(self.weeks) // 2
        before, after = together(self.weeks[:half]).mean, together(self.weeks[half:]).mean
        return after - before if before is not None and after is not None else None


def week_starts(today: date, zone: tzinfo, weeks: int = WEEKS) -> list[datetime]:
    """Mondays, local, oldest first; the last is of this week."""
    monday = today - timedelta(days=today.weekday())
    return [datetime.combine(monday - timedelta(weeks=n), time(0), tzinfo=zone) for n in range(weeks - 1, -1, -1)]


def trends(connection: Connection, starts: Sequence[datetime]) -> dict[str, Trend]:
    """Agent → trend over these weeks; from one query."""
    columns = qa_reviews.c
    query = select(columns.agent, columns.answered_at, columns.score).where(
        columns.state == ReviewState.FINAL, columns.round_id.is_(None), columns.answered_at >= starts[0]
    )
    found: dict[str, list[QaFigures]] = {}
    for agent, answered_at, share in connection.execute(query):
        place = max((n for n, start in enumerate(starts) if start <= answered_at), default=0)
        weeks = found.setdefault(agent, [QaFigures()] * len(starts))
        weeks[place] = QaFigures(weeks[place].reviews + 1, weeks[place].score_sum + (share or 0.0))
    return {agent: Trend(tuple(weeks)) for agent, weeks in found.items()}


def of_teams(by_agent: Mapping[str, Trend], team_of: Mapping[str, int | None], weeks: int) -> dict[int, Trend]:
    """The same of teams: every agent's scores with the same weight as they were given."""
    found: dict[int, list[QaFigures]] = {}
    for agent, trend in by_agent.items():
        team = team_of.get(agent)
        if team is None:
            continue
        sums = found.setdefault(team, [QaFigures()] * weeks)
        for n, week in enumerate(trend.weeks):
            sums[n] = together([sums[n], week])
    return {team: Trend(tuple(sums)) for team, sums in found.items()}


def team_of_agents(connection: Connection) -> dict[str, int | None]:
    """Extension → team."""
    rows = connection.execute(select(staff.c.extension, staff.c.team_id).where(staff.c.extension.is_not(None)))
    return {row.extension: row.team_id for row in rows}


def team_names(connection: Connection) -> dict[int, dict[str, str]]:
    """Team → what it is called, by language."""
    return {row.id: {"th": row.name_th, "en": row.name_en} for row in connection.execute(select(teams))}


@dataclass(frozen=True, slots=True)
class ItemSpread:
    """One item of a calibration: what each grader gave, in the order of the graders; ``agreed``: all the same."""

    key: str
    given: tuple[int | None, ...]

    @property
    def agreed(self) -> bool:
        """Whether nobody differs."""
        return len(set(self.given)) <= 1


def spread(form: Form, reviews: Sequence[Review]) -> list[ItemSpread]:
    """Item by item, what the graders gave."""
    return [ItemSpread(item.key, tuple(one.answers.get(item.key) for one in reviews)) for item in form.items]


def agreement(spreads: Sequence[ItemSpread]) -> float | None:
    """Share of items that all graders gave the same."""
    return sum(one.agreed for one in spreads) / len(spreads) if spreads else None
