"""``hotline db``."""

import click

from crm import database
from hotline.cli import Context


@click.group()
def db() -> None:
    """The database: create, upgrade, check."""


@db.command()
@click.pass_obj
def upgrade(context: Context) -> None:
    """Create the tables, or bring those of an older version up to date. Nothing is lost."""
    engine = context.engine()
    with engine.connect() as connection:
        click.echo(f"The database is at revision {database.current_revision(connection)}.")
    engine.dispose()


@db.command()
@click.pass_obj
def check(context: Context) -> None:
    """Say whether the database answers, can be written and has the right tables."""
    settings = context.settings
    settings.make_state()
    engine = database.open_engine(settings.database_url)
    health = database.check(engine)
    engine.dispose()
    if health.problem:
        raise click.ClickException(health.problem)
    click.echo(f"The database is well: {health.kind} {health.version}, revision {health.revision}.")
