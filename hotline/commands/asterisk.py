"""``hotline asterisk``."""

import os
import time

import click

from dialplan.asterisk import control, supervise
from dialplan.asterisk.install import install as install_asterisk
from hotline import pbx
from hotline.cli import Context
from hotline.logs import set_up


@click.group()
def asterisk() -> None:
    """Install, start, stop and watch Asterisk."""


@asterisk.command()
@click.option("--with-sipp", is_flag=True, help="Also SIPp, the test telephone.")
@click.pass_obj
def install(context: Context, with_sipp: bool) -> None:
    """Unpack Debian's Asterisk into the state folder, without root rights. Goes on where an earlier try stopped."""
    root = context.settings.asterisk_folders().install_root
    if root is None:
        raise click.ClickException('hotline.toml says [asterisk] use = "system": install it with the system\'s tools.')
    started = time.monotonic()
    installed = install_asterisk(root, with_sipp=with_sipp, progress=click.echo)
    click.echo(f"Asterisk {installed.version} is in {installed.root} ({time.monotonic() - started:.0f} s).")


@asterisk.command()
@click.option("--foreground", is_flag=True, help="Stay, until SIGTERM or Ctrl-C: for systemd.")
@click.pass_obj
def start(context: Context, foreground: bool) -> None:
    """Start Asterisk in the background, watched: it is started again when it dies, until `hotline asterisk stop`."""
    settings = context.settings
    ready = pbx.prepare(settings, click.echo)
    if foreground:
        set_up(settings.service.log, settings.service.log_level)
        file = ready.folders.run / "supervise-settings.json"
        file.write_text(supervise.SuperviseSettings(ready.folders).to_json(), encoding="utf-8")
        raise SystemExit(supervise.main([str(file)]))
    pid = supervise.start_daemon(supervise.SuperviseSettings(ready.folders))
    click.echo(f"Asterisk {ready.program.version} runs (watched by process {pid}).")


@asterisk.command()
@click.pass_obj
def stop(context: Context) -> None:
    """Stop the Asterisk that `hotline asterisk start` started. Calls get a moment to end."""
    if supervise.stop_daemon(context.settings.asterisk_folders()):
        click.echo("Asterisk has stopped.")
    else:
        raise click.ClickException("no Asterisk was started by `hotline asterisk start`.")


@asterisk.command()
@click.pass_obj
def status(context: Context) -> None:
    """Whether it runs, since when, and how many calls there are. Exit status 1 when it does not run."""
    state = control.status(context.settings.asterisk_folders())
    if not state.running:
        click.echo("Asterisk does not run. Start it with: hotline asterisk start")
        raise SystemExit(1)
    click.echo(
        f"Asterisk {state.version} runs (process {state.pid}), up {state.uptime_seconds} s, {state.active_calls} calls."
    )


@asterisk.command()
@click.argument("command", nargs=-1)
@click.pass_obj
def console(context: Context, command: tuple[str, ...]) -> None:
    """Open Asterisk's own console, or run one COMMAND on it and print the answer."""
    ready = pbx.locate(context.settings)
    if command:
        click.echo(control.cli(ready.folders, " ".join(command)), nl=False)
        return
    arguments = ready.program.console(ready.folders)
    os.execv(arguments[0], arguments)  # noqa: S606  the console takes over this terminal


@asterisk.command()
@click.option("-n", "--lines", type=click.IntRange(1), default=50, show_default=True, help="How many.")
@click.option(
    "--log",
    type=click.Choice(["full", "queue_log", "console", "supervisor"]),
    default="full",
    show_default=True,
    help="Which: all messages, the journal of calls, Asterisk's own output, or what watches it.",
)
@click.option("-F", "--follow", is_flag=True, help="Go on as lines are written.")
@click.pass_obj
def logs(context: Context, lines: int, log: str, follow: bool) -> None:
    """The last lines of Asterisk's log."""
    folders = context.settings.asterisk_folders()
    for line in control.tail_log(folders, lines, log):
        click.echo(line)
    if follow:
        for line in control.follow_log(folders, log):
            click.echo(line)
