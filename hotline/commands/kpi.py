"""``hotline kpi``."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click

from crm.quality.figures import qa_figures
from crm.reports.counting import Wanted, total
from crm.reports.sealed import snapshot
from crm.web.figures import percent
from hotline.board import day_start
from hotline.cli import Context
from hotline.commands.periods import Moment, check_period
from hotline.office.reports import frame_of
from metrics.kpi import KPIS, Kpi
from metrics.tally import Tally


@click.command()
@click.option("--from", "from_at", type=Moment(), help="Arrived at or after [today].")
@click.option("--to", "to_at", type=Moment(), help="Arrived before [now].")
@click.option("--queue", help="Only of this queue.")
@click.option("--open-hours", "open_only", is_flag=True, help="Without calls outside opening hours.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def kpi(
    context: Context,
    from_at: datetime | None,
    to_at: datetime | None,
    queue: str | None,
    open_only: bool,
    as_json: bool,
) -> None:
    """The figures of a period, as defined in docs/kpi.md; those with a target show it."""
    settings = context.settings
    now = datetime.now(UTC)
    since = from_at or day_start(ZoneInfo(settings.site.timezone))(now)
    check_period(since, to_at)
    with snapshot(context.engine()) as connection:
        wanted = Wanted(start_at=since, end_at=to_at or now, queue=queue, open_only=open_only)
        counted = total(connection, wanted, frame_of(settings))
        quality = qa_figures(connection, since, to_at or now, queues=None if queue is None else [queue])
    if as_json:
        figures = {figure.name: figure.function(counted) for figure in KPIS}
        period = {"from": since.isoformat(), "to": (to_at or now).isoformat(), "queue": queue}
        scores = {"qa_score": quality.mean, "qa_reviews": quality.reviews}
        click.echo(json.dumps(period | figures | scores))
        return
    for figure in KPIS:
        click.echo(_line(figure, counted))
    mean = "-" if quality.mean is None else f"{quality.mean:.1%}"
    click.echo(f"{'qa score':<42} {mean:>10}   of {quality.reviews} talks scored")


def _line(figure: Kpi, counted: Tally) -> str:
    value = figure.function(counted)
    if value is None:
        text = "-"
    elif figure.unit == "ratio":
        text = f"{percent(value)} %"
    elif figure.unit == "seconds":
        text = f"{value:.1f} s"
    else:
        text = f"{value}"
    target = f"   target {figure.target:.0%}" if figure.target is not None else ""
    return f"{figure.name.replace('_', ' '):<42} {text:>10}{target}"
