"""``hotline dialplan``."""

from pathlib import Path

import click

from dialplan.render import difference
from dialplan.render import write as write_files
from hotline import pbx
from hotline.cli import Context


@click.group()
def dialplan() -> None:
    """Render Asterisk's configuration, compare it with what runs, apply it."""


@dialplan.command()
@click.option("--check", is_flag=True, help="Show the difference to what runs; exit status 1 when there is one.")
@click.option("--to", type=click.Path(path_type=Path, file_okay=False), help="Write the files into this folder.")
@click.option("--file", "name", help="Print only this file, e.g. extensions.conf.")
@click.pass_obj
def render(context: Context, check: bool, to: Path | None, name: str | None) -> None:
    """Render the whole configuration from hotline.toml."""
    ready = pbx.locate(context.settings)
    files = pbx.files_of(context.settings, ready)
    if check:
        lines = difference(files, ready.folders.etc)
        for line in lines:
            click.echo(line)
        if lines:
            raise SystemExit(1)
        click.echo("What runs is what hotline.toml says.")
    elif to is not None:
        write_files(files, to)
        click.echo(f"Wrote {len(files)} files into {to}.")
    elif name is not None:
        if name not in files:
            raise click.ClickException(f"there is no {name}; there are: {', '.join(sorted(files))}")
        click.echo(files[name], nl=False)
    else:
        for file, text in files.items():
            click.echo(f"; ==== {file}\n{text}")


@dialplan.command()
@click.pass_obj
def apply(context: Context) -> None:
    """Write what differs and reload it. No call is dropped; Asterisk's own complaints are shown (exit status 1)."""
    ready = pbx.prepare_prompts(context.settings)
    report = pbx.apply(context.settings, ready)
    for line in report or ["Nothing to do: what runs is what hotline.toml says."]:
        click.echo(line)
    if any(map(pbx.is_complaint, report)):
        raise SystemExit(1)
