"""``hotline demo`` and ``hotline simulate``."""

import asyncio
import ipaddress
import signal
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import click
import uvloop

from crm.calls.service import export_calls
from crm.database import reading
from dialplan.asterisk import control
from dialplan.asterisk.layout import AsteriskFolders
from hotline import demonstration
from hotline.cli import Context
from hotline.demonstration import Result
from hotline.logs import set_up_file
from hotline.settings import Settings
from hotline.simulation.check import compare
from hotline.simulation.configuration import NetworkPorts
from hotline.simulation.run import Simulation, Summary
from hotline.simulation.table import SimulationTable
from hotline.welcome import screen_address

SIMULATED_SHOWN = 30


@click.command()
@click.option("--calls", type=click.IntRange(1), help="End after so many calls, with a summary [go on until Ctrl-C].")
@click.option("--rate", type=click.FloatRange(0.01, 100), default=0.4, show_default=True, help="Calls a second.")
@click.option("--agents", type=click.IntRange(1, 10), default=5, show_default=True, help="How many people answer.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same calls.")
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".state"),
    show_default=True,
    help="Folder of the unpacked Asterisk, and of what the last demo recorded.",
)
def demo(calls: int | None, rate: float, agents: int, seed: int, state: Path) -> None:
    """Show the whole product at work, here and now.

    Callers and agents' telephones are played by a second Asterisk: real SIP calls with audio and keys on this machine.
    Exit status 1 when any call was lost or recorded wrongly.
    """
    root = (state / "asterisk-root").absolute()
    with ExitStack() as stack:
        folder = stack.enter_context(demonstration.demo_folder(state.absolute()))
        set_up_file(folder / "service.log")

        def on_start(settings: Settings) -> object:
            return stack.enter_context(SimulationTable(screen_address(settings))).show

        work = demonstration.run_demo(
            folder,
            root,
            calls=calls,
            rate_per_second=rate,
            agents=agents,
            seed=seed,
            progress=click.echo,
            on_start=on_start,  # type: ignore[arg-type]
        )
        result = _until_interrupted(work)
    _report(result, calls, folder)


@click.command()
@click.option("--calls", type=click.IntRange(1), default=20, show_default=True, help="How many calls.")
@click.option("--rate", type=click.FloatRange(0.01, 100), default=0.4, show_default=True, help="Calls a second.")
@click.option("--agents", "phones", help="Extensions whose telephones are played: 1001,1002 [all desks].")
@click.option(
    "--source-ip", default=demonstration.TRUNK_IP, show_default=True, help="Where calls come from: a trunk's."
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same calls.")
@click.pass_obj
def simulate(context: Context, calls: int, rate: float, phones: str | None, source_ip: str, seed: int) -> None:
    """Try your own running installation with simulated callers and agents, before it goes live.

    The agents' telephones that are played register in the place of the real ones: do this before people work with it.
    Exit status 1 when any call was lost or recorded wrongly.
    """
    settings = context.settings
    if not control.is_running(settings.asterisk_folders()):
        raise click.ClickException("the hotline does not run here; start it first: hotline run")
    port = _trunk_port(settings, source_ip)
    target = demonstration.target_of(
        settings, seed=seed, trunk_ip=source_ip, phones=tuple(phones.split(",")) if phones else ()
    )
    if not target.agents:
        raise click.ClickException("there are no desk phones to play; name some with --agents")
    (ami,) = demonstration.free_tcp_ports(1)
    folders = AsteriskFolders.for_instance(
        settings.state, "network", install_root=settings.asterisk_folders().install_root
    )
    begun = datetime.now(UTC)
    simulation = Simulation(target, folders, ports=NetworkPorts(sip=port, ami=ami))
    address = screen_address(settings)

    async def work() -> Result:
        with SimulationTable(address) as table:
            summary = await simulation.run(calls, rate, table.show)
        await asyncio.sleep(1.0)  # the service's last transaction; it is another process
        with reading(context.engine()) as connection:
            records = list(export_calls(connection, begun, None))
        return Result(summary, compare(summary.calls, records, meanings=target.survey_meanings), len(records))

    _report(_until_interrupted(work()), calls, settings.state)


def _trunk_port(settings: Settings, source_ip: str) -> int:
    """The port our network must use, so that calls to callers (callbacks) find it."""
    for trunk in settings.trunks:
        addresses = trunk.match or (trunk.host,)
        if any(
            ipaddress.ip_address(source_ip) in ipaddress.ip_network(a, strict=False) for a in addresses if _is_ip(a)
        ):
            return trunk.port
    raise click.ClickException(
        f"no trunk takes calls from {source_ip}. Add one for trials and run `hotline dialplan apply`:\n"
        f'[[trunks]]\nname = "trial"\nhost = "{source_ip}"\nport = 5070'
    )


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _until_interrupted(work: object) -> Result | None:
    """Runs to the end; None when Ctrl-C ended it. Everything is ended in order either way."""

    async def main() -> Result | None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload]
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        try:
            result: Result = await task
        except asyncio.CancelledError:
            return None
        return result

    return uvloop.run(main())


def _report(result: Result | None, calls: int | None, folder: Path) -> None:
    if result is None:
        click.echo("Ended. Nothing is left running.")
        if calls is not None:
            raise SystemExit(130)
        return
    for line in _summary_lines(result.summary, result.records):
        click.echo(line)
    if result.summary.unfinished:
        click.echo(f"{result.summary.unfinished} calls had not ended when time was up.", err=True)
    for difference in result.differences[:SIMULATED_SHOWN]:
        click.echo(f"WRONG  {difference}", err=True)
    if not result.good:
        click.echo(f"{len(result.differences)} differences. What was recorded is in {folder}.", err=True)
        raise SystemExit(1)
    click.echo("Every call is recorded once, and as the network saw it.")


def _summary_lines(summary: Summary, records: int) -> list[str]:
    progress = summary.progress
    return [
        "",
        f"{len(summary.calls)} calls in {summary.seconds:.0f} s, {records} records.",
        f"Answered by a person: {progress.answered}; within the promise: {progress.answered_within};"
        f" hung up while waiting: {progress.abandoned}.",
        "Satisfaction: " + (", ".join(f"{key} {n}" for key, n in progress.surveys.items()) or "nobody was asked") + ".",
    ]
