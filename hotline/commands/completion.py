"""``hotline completion``."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script: hotline completion bash > ~/.local/share/bash-completion/completions/hotline."""
    kind = get_completion_class(shell)
    root = ctx.find_root().command
    if kind is None:
        raise click.ClickException(f"no completion is known for {shell}")
    click.echo(kind(root, {}, "hotline", "_HOTLINE_COMPLETE").source())
