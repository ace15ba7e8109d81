"""``hotline staff``."""

import dataclasses
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click
from sqlalchemy import Connection

from crm.database import reading, writing
from crm.staff import service
from crm.staff.accounts import Faults, Premises, StaffDraft, UnknownStaff
from crm.staff.models import PhoneKind, Role
from crm.staff.passwords import Hasher
from crm.staff.words import WORDS
from hotline.cli import Context
from hotline.people import overlay_of
from hotline.people_overlay import write

ONCE = "It is for one time, and must be changed at the first log-in."


@click.group()
def staff() -> None:
    """People who work here: accounts for the pages."""


@staff.command()
@click.argument("username")
@click.option(
    "--role", type=click.Choice([role.value for role in Role]), default="agent", show_default=True, help="Role."
)
@click.option("--name", "name_en", default="", help="Name on English screens [the Thai one].")
@click.option("--name-th", default="", help="Name on Thai screens [the English one].")
@click.option("--email", help="For letters from the hotline.")
@click.option("--department", help="Department of an officer.")
@click.option("--extension", help="Extension of the telephone.")
@click.option(
    "--phone", type=click.Choice([kind.value for kind in PhoneKind]), default="browser", show_default=True,
    help="What rings: the page, or a telephone on the desk.",
)  # fmt: skip
@click.option("--queue", "queues", multiple=True, help="A queue to answer, or QUEUE=PENALTY (0 is rung first).")
@click.pass_obj
def add(
    context: Context,
    username: str,
    role: str,
    name_en: str,
    name_th: str,
    email: str | None,
    department: str | None,
    extension: str | None,
    phone: str,
    queues: tuple[str, ...],
) -> None:
    """Make an account called USERNAME; its one-time password is shown once.

    A service that runs has the telephone rung within some seconds; else: hotline dialplan apply.
    """
    draft = StaffDraft(
        username=username,
        role=Role(role),
        name_th=name_th or name_en or username,
        name_en=name_en or name_th or username,
        email=email,
        department=department,
        extension=extension,
        phone=PhoneKind(phone),
        queues=dict(_queue(text) for text in queues),
    )
    password = Hasher().one_time()
    try:
        with writing(context.engine()) as connection:
            service.create(connection, draft, datetime.now(UTC), None, password, premises=_premises(context))
    except Faults as faults:
        raise click.ClickException(_in_words(faults)) from faults
    _write_down(context)
    click.echo(f"{username}: password {password.plain}\n{ONCE}")


@staff.command("list")
@click.option("--all", "everyone", is_flag=True, help="Also closed accounts.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def list_(context: Context, everyone: bool, as_json: bool) -> None:
    """The accounts."""
    zone = ZoneInfo(context.settings.site.timezone)
    now = datetime.now(UTC)
    with reading(context.engine()) as connection:
        found = service.members(connection, active=None if everyone else True)
    for one in found:
        if as_json:
            click.echo(json.dumps(dataclasses.asdict(one), default=str, ensure_ascii=False))
            continue
        marks = [] if one.active else ["closed"]
        if one.locked_until and one.is_locked(now):
            marks.append(f"locked until {one.locked_until.astimezone(zone):%H:%M}")
        if one.password_is_temporary:
            marks.append("one-time password")
        queues = ", ".join(f"{queue}={penalty}" if penalty else queue for queue, penalty in one.queues.items())
        place = one.extension or one.department or ""
        line = f"{one.username:<20} {one.role:<14} {place:<8} {one.name('th'):<24} {queues}  {', '.join(marks)}"
        click.echo(line.rstrip())
    if not found and not as_json:
        click.echo("No accounts. The first administrator is made by: hotline run")


@staff.command("reset-password")
@click.argument("username")
@click.pass_obj
def reset_password(context: Context, username: str) -> None:
    """Give USERNAME a new one-time password; all its sessions end, a lock is lifted."""
    password = Hasher().one_time()
    at = datetime.now(UTC)
    with writing(context.engine()) as connection:
        service.reset_password(connection, _id(connection, username), at, None, password)
    click.echo(f"{username}: password {password.plain}\n{ONCE}")


@staff.command()
@click.argument("username")
@click.pass_obj
def deactivate(context: Context, username: str) -> None:
    """Close the account USERNAME, at once and everywhere. What was done with it stays on record."""
    try:
        with writing(context.engine()) as connection:
            service.set_active(connection, _id(connection, username), False, datetime.now(UTC), None)
    except Faults as faults:
        raise click.ClickException(_in_words(faults)) from faults
    _write_down(context)
    click.echo(f"{username} is closed.")


def _write_down(context: Context) -> None:
    """For the next start and for `hotline dialplan apply`; a service that runs sees the change in the database."""
    with reading(context.engine()) as connection:
        write(context.settings.state, overlay_of(connection))


def _id(connection: Connection, username: str) -> int:
    try:
        return service.member_named(connection, username).id
    except UnknownStaff as error:
        raise click.ClickException(f"{error}; see: hotline staff list") from error


def _premises(context: Context) -> Premises:
    settings = context.settings
    return Premises(
        queues=frozenset(queue.name for queue in settings.queues),
        departments=frozenset(department.name for department in settings.departments),
        taken=frozenset(department.extension for department in settings.departments if department.dial),
    )


def _queue(text: str) -> tuple[str, int]:
    name, _, penalty = text.partition("=")
    if penalty and not penalty.isdecimal():
        raise click.BadParameter(f"{text!r}: write a queue as enquiries, or with a penalty as enquiries=1")
    return name, int(penalty or 0)


def _in_words(faults: Faults) -> str:
    words = WORDS["en"]
    return "; ".join(f"{field}: {words[f'fault_{fault}']}" for field, fault in faults.faults.items())
