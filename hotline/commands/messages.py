"""``hotline messages``."""

import dataclasses
import getpass
import json
from datetime import datetime
from zoneinfo import ZoneInfo

import click

from crm.calls.models import MessageState
from crm.database import reading, writing
from crm.messages import service
from crm.messages.service import MessageGone, UnknownMessage
from hotline.cli import Context

BY = click.option("--by", default=getpass.getuser, show_default="your user name", help="Who has listened.")


@click.group()
def messages() -> None:
    """Messages that callers left."""


@messages.command("list")
@click.option(
    "--state",
    type=click.Choice([*(state.value for state in MessageState), "all"]),
    default="new",
    show_default=True,
    help="Only these.",
)
@click.option("-n", "--limit", type=click.IntRange(1), default=50, show_default=True, help="How many, the newest.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def list_(context: Context, state: str, limit: int, as_json: bool) -> None:
    """The messages, oldest first."""
    zone = ZoneInfo(context.settings.site.timezone)
    folder = context.settings.messages_folder
    with reading(context.engine()) as connection:
        found = service.list_messages(connection, None if state == "all" else MessageState(state), limit)
    for one in found:
        there = service.has_sound(one, folder)
        if as_json:
            line = dataclasses.asdict(one) | {"sound_there": there}
            click.echo(json.dumps(line, default=_plain, ensure_ascii=False))
            continue
        click.echo(
            f"{one.id:>5}  {one.left_at.astimezone(zone):%Y-%m-%d %H:%M:%S}  {one.caller_number or 'withheld':<15}"
            f" {one.queue or '-':<12} {one.seconds:5.0f} s  {one.state.value:<5} {one.heard_by or ''}"
            f"{'' if there else '  the sound is not there'}".rstrip()
        )
    if not found and not as_json:
        click.echo("No messages.")


@messages.command()
@click.argument("message_id", type=int)
@click.pass_obj
def path(context: Context, message_id: int) -> None:
    """Print where the sound is, for a player: aplay "$(hotline messages path 7)"."""
    try:
        with reading(context.engine()) as connection:
            message = service.get_message(connection, message_id)
        click.echo(service.sound_of(message, context.settings.messages_folder))
    except (UnknownMessage, MessageGone) as error:
        raise click.ClickException(str(error)) from error


@messages.command()
@click.argument("message_id", type=int)
@BY
@click.pass_obj
def heard(context: Context, message_id: int, by: str) -> None:
    """Somebody has listened to it."""
    _mark(context, message_id, MessageState.HEARD, by)


@messages.command()
@click.argument("message_id", type=int)
@BY
@click.pass_obj
def done(context: Context, message_id: int, by: str) -> None:
    """Nothing is left to do about it."""
    _mark(context, message_id, MessageState.DONE, by)


@messages.command()
@click.argument("message_id", type=int)
@click.pass_obj
def renew(context: Context, message_id: int) -> None:
    """Put it back among the new ones."""
    _mark(context, message_id, MessageState.NEW, "")


def _mark(context: Context, message_id: int, state: MessageState, by: str) -> None:
    with writing(context.engine()) as connection:
        try:
            if state is MessageState.HEARD:
                message = service.mark_heard(connection, message_id, by)
            elif state is MessageState.DONE:
                message = service.mark_done(connection, message_id, by)
            else:
                message = service.mark_new(connection, message_id)
        except UnknownMessage as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"Message {message_id}: {message.state.value}{f' ({message.heard_by})' if message.heard_by else ''}.")


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
