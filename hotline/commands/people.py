"""``hotline people``."""

import csv
import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path

import click

from crm.database import reading, writing
from crm.people.models import Profile
from crm.people.numbers import Number, normalise
from crm.people.service import create_person, find_by_number
from hotline.cli import Context


@click.group()
def people() -> None:
    """People who call: add, find, import."""


@people.command()
@click.argument("name")
@click.argument("number")
@click.option("--language", type=click.Choice(["th", "en"]), help="Language the person is spoken to.")
@click.option("--email", help="Where documents go.")
@click.pass_obj
def add(context: Context, name: str, number: str, language: str | None, email: str | None) -> None:
    """Write down a person called NAME with the telephone NUMBER: the name is shown when the telephone rings (C1)."""
    spelled = _number(context, number)
    profile = Profile(display_name=name, language=language, email=email)
    with writing(context.engine()) as connection:
        person_id = create_person(connection, profile, datetime.now(UTC), spelled)
    click.echo(f"Person {person_id}: {name}, {spelled.number}.")


@people.command()
@click.argument("number")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def find(context: Context, number: str, as_json: bool) -> None:
    """Who has this NUMBER, however it is written; several people may share it."""
    spelled = _number(context, number)
    with reading(context.engine()) as connection:
        found = find_by_number(connection, spelled.number or "")
    for person in found:
        if as_json:
            click.echo(json.dumps(dataclasses.asdict(person), default=str, ensure_ascii=False))
        else:
            click.echo(f"{person.id}  {person.display_name}  {person.language or ''}  {person.email or ''}".rstrip())
    if not found and not as_json:
        click.echo(f"Nobody has {spelled.number}.")


@people.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.pass_obj
def import_(context: Context, file: Path) -> None:
    """Take in a CSV FILE with the columns name and number (and language, email). All lines, or none."""
    faults: list[str] = []
    rows: list[tuple[Profile, Number]] = []
    with file.open(encoding="utf-8-sig", newline="") as text:
        for line, row in enumerate(csv.DictReader(text), start=2):
            name, number = (row.get("name") or "").strip(), (row.get("number") or "").strip()
            spelled = normalise(number, country=context.settings.site.country)
            if not name or spelled.recognisable is None:
                faults.append(f"line {line}: " + ("the name is missing" if not name else f"{number!r} is not a number"))
                continue
            profile = Profile(display_name=name, language=row.get("language") or None, email=row.get("email") or None)
            rows.append((profile, spelled))
    if faults:
        raise click.ClickException("nothing was taken in:\n  " + "\n  ".join(faults))
    now = datetime.now(UTC)
    with writing(context.engine()) as connection:
        for profile, spelled in rows:
            create_person(connection, profile, now, spelled)
    click.echo(f"Took in {len(rows)} people.")


def _number(context: Context, text: str) -> Number:
    spelled = normalise(text, country=context.settings.site.country)
    if spelled.recognisable is None:
        raise click.ClickException(f"{text!r} is not a telephone number; write it as 0812345678 or +66812345678")
    return spelled
