"""``hotline knowledge``: the knowledge base from the command line."""

import codecs
import getpass
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO

import click
from sqlalchemy import Connection

from crm.database import reading, writing
from crm.knowledge.importing import Unreadable, external_ids, import_lines, read_lines
from crm.knowledge.starter import fill
from crm.search.models import RESTRICTED, Kind
from crm.search.service import Found, find
from hotline.cli import Context

_MOST_FAULTS_SHOWN = 50
_KINDS = (Kind.ARTICLE, Kind.DOCUMENT, Kind.DEALER, Kind.SOURCE, Kind.CARD)
_SHELVES = (*_KINDS, RESTRICTED)
_LONGEST_LINE = 4 * 1024 * 1024  # bytes; more than the longest article, however it is written


@click.group()
def knowledge() -> None:
    """The knowledge base: import articles, search, the first set."""


@knowledge.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--published", is_flag=True, help="Agents find them at once; else they are drafts to be verified.")
@click.option("--by", default=getpass.getuser, show_default="your user name", help="Who does this.")
@click.pass_obj
def import_(context: Context, file: BinaryIO, published: bool, by: str) -> None:
    """Import articles from FILE: one JSON object a line with `id` and `text`, perhaps `title`, `also_asked_as`.

    An `id` that is there already gets a new version. When any line has a fault, nothing is imported.
    """
    engine = context.engine()
    lines, faults = read_lines(_lines(file))
    for fault in faults[:_MOST_FAULTS_SHOWN]:
        click.echo(f"line {fault.number}: {fault.problem}", err=True)
    if faults:
        raise click.ClickException(f"nothing was imported: {len(faults)} line(s) have faults")
    with writing(engine) as connection:
        new, changed = import_lines(connection, lines, datetime.now(UTC), None, by, published=published)
    state = "published" if published else "as drafts: verify and publish them on the page /knowledge"
    click.echo(f"{new} new, {changed} with a new version, {state}.")


@knowledge.command()
@click.pass_obj
def starter(context: Context) -> None:
    """Write the first set: steps of the service manuals and the ministry's nine web sites. Only where nothing is."""
    with writing(context.engine()) as connection:
        articles, sites = fill(connection, datetime.now(UTC))
    click.echo(f"{articles} articles and {sites} sources written.")


@knowledge.command()
@click.argument("question", required=False)
@click.option("--questions", type=click.File("rb"), help="Many: one JSON object or text a line.")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 100), help="At most so many answers.")
@click.option("--json", "as_json", is_flag=True, help="JSON: the ids in order of rank, with titles and scores.")
@click.option("--kind", type=click.Choice([str(one) for one in _KINDS]), help="Only things of this kind.")
@click.pass_obj
def search(
    context: Context, question: str | None, questions: BinaryIO | None, limit: int, as_json: bool, kind: str | None
) -> None:
    """Search for QUESTION, or for every question of a file, as agents do.

    With --questions a line is a JSON object with `question` (or `text`, `query`) and perhaps `id`, or plain text; the
    answer is a JSON object a line, in the same order.
    """
    if (question is None) == (questions is None):
        raise click.UsageError("Give a question, or --questions FILE.")
    shelves = [kind] if kind else list(_SHELVES)
    with reading(context.engine()) as connection:
        if questions is None:
            answers = _answers(connection, str(question), shelves, limit)
            _show({"question": question, "ids": [one["id"] for one in answers], "results": answers}, as_json)
            return
        for told in _questions(_lines(questions)):
            answers = _answers(connection, told["question"], shelves, limit)
            _show(told | {"ids": [one["id"] for one in answers], "results": answers}, True)


def _answers(connection: Connection, question: str, shelves: list[str], limit: int) -> list[dict[str, Any]]:
    found = find(connection, question, shelves=shelves, limit=limit)
    names = external_ids(connection, [one.ref for one in found if one.kind == Kind.ARTICLE])
    return [
        {"id": _name(one, names), "kind": one.kind, "title": one.title, "score": one.score, "text": one.snippet}
        for one in found
    ]


def _name(one: Found, names: dict[int, str | int]) -> str | int:
    own = f"{one.kind}/{one.ref}"
    return names.get(one.ref, own) if one.kind == Kind.ARTICLE else own


def _lines(file: BinaryIO) -> Iterator[str | Unreadable]:
    """The lines of a file, whatever is in them."""
    mark = codecs.BOM_UTF8
    while raw := file.readline(_LONGEST_LINE):
        if not raw.endswith(b"\n") and len(raw) == _LONGEST_LINE:
            while (rest := file.readline(_LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
            yield Unreadable(f"longer than {_LONGEST_LINE:,} bytes")
        else:
            try:
                yield raw.removeprefix(mark).decode("utf-8")
            except UnicodeDecodeError as error:
                yield Unreadable(f"not UTF-8 at byte {error.start + 1}")
        mark = b""


def _questions(file: Iterable[str | Unreadable]) -> Iterator[dict[str, Any]]:
    for number, raw in enumerate(file, 1):
        if isinstance(raw, Unreadable):
            raise click.ClickException(f"line {number} of the questions is {raw.problem}")
        line = raw.strip()
        if not line:
            continue
        try:
            told = json.loads(line) if line.startswith(("{", '"')) else line
        except json.JSONDecodeError as error:
            raise click.ClickException(f"line {number} of the questions is not JSON: {error.msg}") from error
        if isinstance(told, str):
            yield {"question": told}
            continue
        asked = next(
            (told[name] for name in ("question", "text", "query", "q") if isinstance(told.get(name), str)), None
        )
        if asked is None:
            raise click.ClickException(f"line {number} of the questions has no `question`")
        yield ({"id": told["id"]} if "id" in told else {}) | {"question": asked}


def _show(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
        sys.stdout.flush()
        return
    for one in answer["results"]:
        click.echo(f"{one['score']:6.3f}  {one['id']}  {one['title']}")
    if not answer["results"]:
        click.echo("Nothing found.")
