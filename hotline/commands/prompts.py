"""``hotline prompts``."""

import json
from pathlib import Path

import click

from dialplan.prompts.build import main as build_prompts
from dialplan.prompts.catalogue import load
from dialplan.prompts.install import install_prompts
from hotline import pbx
from hotline.cli import Context


@click.group()
def prompts() -> None:
    """What callers hear: list, build, check."""


@prompts.command("list")
@click.option("--language", type=click.Choice(["th", "en"]), default="th", show_default=True, help="Of which language.")
@click.option("--synthetic", is_flag=True, help="Only those not yet recorded in a studio.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def list_(context: Context, language: str, synthetic: bool, as_json: bool) -> None:
    """Every prompt, its words, and whether it is a studio recording or still synthetic."""
    settings = context.settings
    data = settings.asterisk_folders().data
    manifest = install_prompts(data, settings.site.languages, settings.asterisk.studio_folder)
    still_synthetic = set(manifest.synthetic(language))
    for name, prompt in load(language).prompts.items():
        source = "synthetic" if name in still_synthetic else "studio"
        if synthetic and source != "synthetic":
            continue
        if as_json:
            click.echo(json.dumps({"id": name, "text": prompt.text, "source": source}, ensure_ascii=False))
        else:
            click.echo(f"{name:<28} {source:<10} {prompt.text}")


@prompts.command()
@click.pass_obj
def check(context: Context) -> None:
    """Whether every prompt is there and sound; names all that are not (exit status 1)."""
    pbx.prepare_prompts(context.settings)
    click.echo("Every prompt is there.")


@prompts.command(context_settings={"ignore_unknown_options": True})
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def build(options: tuple[str, ...]) -> None:
    """Speak the texts anew with a synthesiser: for those who change the words. See dialplan/prompts/README.md."""
    raise SystemExit(build_prompts([*options]))


@prompts.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.pass_obj
def studio(context: Context, folder: Path) -> None:
    """Try a FOLDER of studio recordings (th/greeting.wav …): says what is wrong with each, and uses those that are fit.

    To keep them in use set studio_folder in [asterisk].
    """
    settings = context.settings
    manifest = install_prompts(settings.asterisk_folders().data, settings.site.languages, folder)
    for language in settings.site.languages:
        click.echo(f"{language}: {len(manifest.synthetic(language))} prompts are still synthetic.")
