"""``hotline agents``."""

import json
from contextlib import suppress
from zoneinfo import ZoneInfo

import click

from ami_listener.actions import DeleteFromDatabase, PauseAgent
from crm.calls.stored import load_agent_states
from dialplan.names import Store, agent_interface
from hotline.asking import ask_asterisk
from hotline.cli import Context


@click.group()
def agents() -> None:
    """Agents: who is there, pause, take back."""


@agents.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def list_(context: Context, as_json: bool) -> None:
    """Every agent, the last state known and since when."""
    settings = context.settings
    zone = ZoneInfo(settings.site.timezone)
    states = load_agent_states(context.engine())
    for agent in settings.agents:
        state, reason, since = states.get(agent.extension, ("offline", None, None))
        if as_json:
            line = {
                "agent": agent.extension,
                "name": agent.name_th or agent.name_en,
                "queues": agent.queues,
                "state": state,
                "reason": reason,
                "since": since.isoformat() if since else None,
            }
            click.echo(json.dumps(line, ensure_ascii=False))
        else:
            when = f"since {since.astimezone(zone):%H:%M:%S}" if since else ""
            click.echo(
                f"{agent.extension:<6} {agent.name_th or agent.name_en:<24} {state:<10} {reason or '':<14} {when}"
            )


@agents.command()
@click.argument("extension")
@click.option("--reason", default="break", show_default=True, help="Shown on the boards.")
@click.pass_obj
def pause(context: Context, extension: str, reason: str) -> None:
    """No calls for EXTENSION until it is taken back."""
    _set_pause(context, extension, paused=True, reason=reason)
    click.echo(f"{extension} is paused.")


@agents.command()
@click.argument("extension")
@click.pass_obj
def unpause(context: Context, extension: str) -> None:
    """Calls for EXTENSION again."""
    _set_pause(context, extension, paused=False, reason="")
    click.echo(f"{extension} takes calls again.")


def _set_pause(context: Context, extension: str, *, paused: bool, reason: str) -> None:
    known = [agent.extension for agent in context.settings.agents]
    if extension not in known:
        raise click.ClickException(f"there is no agent {extension}; there are: {', '.join(known)}")
    # a wrap-up that ends later must not lift this pause
    with suppress(click.ClickException):
        ask_asterisk(context.settings, DeleteFromDatabase(Store.WRAP_UP, extension))
    ask_asterisk(context.settings, PauseAgent(agent_interface(extension), paused, reason))
