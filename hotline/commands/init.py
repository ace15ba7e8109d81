"""``hotline init``."""

from pathlib import Path

import click

from hotline.settings import settings_path
from hotline.settings_file import write_first


@click.command()
@click.pass_context
def init(ctx: click.Context) -> None:
    """Write a first settings file with every setting, its meaning and its default."""
    given: Path | None = ctx.obj.file
    path = settings_path(given)
    try:
        write_first(path)
    except FileExistsError:
        raise click.ClickException(f"{path} is there already; it was not touched.") from None
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error
    click.echo(f"Wrote {path}. Look through it, then: hotline doctor, hotline run.")
