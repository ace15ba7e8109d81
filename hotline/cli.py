"""The one program: ``hotline``. Each command lives in `hotline.commands` and is loaded only when it is used."""

import atexit
import gc
import importlib
import logging
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from hotline.settings import Settings

COMMANDS = {
    "init": ("init:init", "Write a first hotline.toml."),
    "run": ("run:run", "Answer calls: the service, with its Asterisk unless one runs already."),
    "demo": ("demo:demo", "Show it: simulated callers and agents on a telephone network of its own."),
    "simulate": ("demo:simulate", "Try your own running installation with simulated callers before it goes live."),
    "doctor": ("doctor:doctor", "Check every part and say what to do about each."),
    "asterisk": ("asterisk:asterisk", "Install, start, stop and watch Asterisk."),
    "dialplan": ("dialplan:dialplan", "Render Asterisk's configuration, compare it, apply it."),
    "prompts": ("prompts:prompts", "What callers hear: list, build, check."),
    "db": ("db:db", "The database: create, upgrade, check."),
    "calls": ("calls:calls", "Calls: list, show, export."),
    "people": ("people:people", "People who call: add, find, import."),
    "staff": ("staff:staff", "People who work here: accounts for the pages."),
    "agents": ("agents:agents", "Agents: who is there, pause, take back."),
    "knowledge": ("knowledge:knowledge", "The knowledge base: import articles, search, the first set."),
    "dealers": ("dealers:dealers", "Dealers and representatives: check, import and export tables."),
    "calendar": ("calendar:calendar", "Holidays and opening hours."),
    "closure": ("closure:closure", "Emergency closure of the hotline."),
    "callbacks": ("callbacks:callbacks", "Callers who wait to be called back."),
    "messages": ("messages:messages", "Messages that callers left."),
    "staffing": ("staffing:staffing", "How many agents are needed, and where the roster falls short."),
    "kpi": ("kpi:kpi", "The figures of a period."),
    "figures": ("figures:figures", "Counted days: count anew, compare with the calls."),
    "completion": ("completion:completion", "Shell completion for bash, zsh and fish."),
}


class Context:
    """What commands get: settings and database, opened when first asked for."""

    def __init__(self, file: Path | None = None) -> None:
        self.file = file

    @cached_property
    def settings(self) -> "Settings":
        """The settings. Ends the program with every fault named when they cannot be used."""
        from hotline.settings import SettingsError, load

        try:
            return load(self.file)
        except SettingsError as error:
            click.echo(str(error), err=True)
            raise SystemExit(2) from error

    def engine(self) -> "Engine":
        """The database, upgraded if it was made by an older version."""
        from crm import database

        settings = self.settings
        settings.make_state()
        engine = database.open_engine(
            settings.database_url,
            busy_timeout_seconds=settings.database.busy_timeout_seconds,
            pool_size=settings.database.pool_size,
        )
        database.upgrade(engine)
        return engine


class LazyGroup(click.Group):
    """Loads a command's module only when the command is used: ``hotline --help`` must be quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of use, not of the alphabet."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        loaded: Any = getattr(importlib.import_module(f"hotline.commands.{module}"), attribute)
        return loaded if isinstance(loaded, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in ``--help``, without loading anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


def _show_version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        click.echo(f"hotline {version('hotline')}")
    except PackageNotFoundError:
        click.echo("hotline, from a source tree that is not installed")
    context.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("-f", "--file", type=click.Path(path_type=Path, dir_okay=False), help="Settings file [hotline.toml].")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
@click.pass_context
def cli(ctx: click.Context, file: Path | None) -> None:
    """Open call centre for a public telephone hotline, on Asterisk.

    A first try: hotline demo. For your own: hotline init, edit hotline.toml, hotline doctor, hotline run.

    Exit status: 0 all well; 1 it did not work, or what was looked at is not well; 2 wrong usage or settings.
    """
    ctx.obj = Context(file)


def main() -> None:
    """Entry point of the program ``hotline``: errors we expect are one plain message, never a trace."""
    atexit.register(gc.freeze)  # else Python, at its end, looks through all that is left: a second, for nothing
    logging.captureWarnings(capture=True)
    logging.getLogger().addHandler(logging.NullHandler())  # a command says itself what went wrong
    try:
        cli.main(prog_name="hotline")
    except Exception as error:
        message = plain_message(error)
        if message is None:
            raise
        click.echo(f"hotline: {message}", err=True)
        sys.exit(1)


def plain_message(error: Exception) -> str | None:
    """What an error that can be expected says to people; None for one that is a fault of the program."""
    from sqlalchemy.exc import SQLAlchemyError

    from crm.database import DatabaseProblem, explain
    from dialplan.asterisk.errors import AsteriskError
    from dialplan.prompts.errors import PromptsError
    from dialplan.secrets import SecretMissing

    if isinstance(error, AsteriskError | DatabaseProblem | PromptsError | SecretMissing):
        return str(error)
    if isinstance(error, SQLAlchemyError):
        return explain(error).advice
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return None
