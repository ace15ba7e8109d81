"""``hotline dealers``: the database of dealers and representatives in files (K1)."""

import io
from datetime import UTC, datetime
from pathlib import Path

import click

from crm.database import reading, writing
from crm.dealers.service import all_of, compare, count, import_rows, index_pending
from crm.dealers.tables import BadTable, Table, read_table, write_csv, write_xlsx
from crm.dealers.words import WORDS
from hotline.cli import Context

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True, readable=True)
_MOST_FAULTS_SHOWN = 200


@click.group()
def dealers() -> None:
    """Dealers and representatives: check, import and export tables."""


@dealers.command()
@click.argument("file", type=_FILE)
@click.pass_obj
def check(context: Context, file: Path) -> None:
    """Read a CSV or XLSX FILE, tell the faults of every line and what importing it would change. Changes nothing."""
    table = _read(context, file)
    _tell_faults(table)
    with reading(context.engine()) as connection:
        changes = compare(connection, table.rows)
    click.echo(f"{table.lines} lines: {changes.new} new, {changes.changed} changed, {changes.same} the same.")
    if table.faults:
        raise click.ClickException(f"{table.bad_lines} line(s) have faults; the file would not be imported")


@dealers.command("import")
@click.argument("file", type=_FILE)
@click.pass_obj
def import_(context: Context, file: Path) -> None:
    """Take in a CSV or XLSX FILE with the columns code, name_th or name_en, products, areas, telephones …

    A code that is there already is changed. When any line has a fault, nothing is imported.
    """
    table = _read(context, file)
    _tell_faults(table)
    if table.faults:
        raise click.ClickException(f"nothing was imported: {table.bad_lines} line(s) have faults")
    engine = context.engine()
    with writing(engine) as connection:
        changes = import_rows(connection, table.rows, datetime.now(UTC), None)
    click.echo(f"{changes.new} new, {changes.changed} changed, {changes.same} the same.")
    index_pending(engine)


@dealers.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, writable=True, allow_dash=True))
@click.pass_obj
def export(context: Context, file: Path) -> None:
    """Write all dealers into FILE, by its ending .csv or .xlsx; - writes CSV to the terminal."""
    if str(file) != "-" and file.suffix.lower() not in {".csv", ".xlsx"}:
        raise click.UsageError("The file must end in .csv or .xlsx.")
    with reading(context.engine()) as connection:
        number = count(connection)
        if file.suffix.lower() == ".xlsx":
            book = io.BytesIO()
            write_xlsx(all_of(connection), book)
            file.write_bytes(book.getvalue())
        else:
            text = io.StringIO(newline="")
            write_csv(all_of(connection), text)
            if str(file) == "-":
                click.echo(text.getvalue().removeprefix("\ufeff"), nl=False)
                return
            file.write_bytes(text.getvalue().encode())
    click.echo(f"{number} dealers written to {file}.")


def _read(context: Context, file: Path) -> Table:
    country = context.settings.site.country
    try:
        return read_table(file, file.name, country=country)
    except BadTable as bad:
        words = WORDS["en"]
        raise click.ClickException(words.get(f"bad_{bad.code}", words["bad_file"])) from bad


def _tell_faults(table: Table) -> None:
    words = WORDS["en"]
    for fault in table.faults[:_MOST_FAULTS_SHOWN]:
        said = f" ({fault.value})" if fault.value else ""
        click.echo(f"line {fault.line}: {fault.field}{said}: {words[f'fault_{fault.code}']}", err=True)
    if len(table.faults) > _MOST_FAULTS_SHOWN:
        click.echo(f"… and {len(table.faults) - _MOST_FAULTS_SHOWN} more faults", err=True)
