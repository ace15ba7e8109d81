"""Articles from a file of lines (JSON Lines): every line is checked first, and nothing is half imported."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from crm.audit.service import Doer, note
from crm.knowledge.articles import LONGEST, Draft, Version
from crm.knowledge.models import VersionState, knowledge_articles, knowledge_versions
from crm.knowledge.service import REVIEW_AFTER, KnowledgeProblem, checked, index_versions
from crm.thai import norm

_AT_ONCE: Final = 16_000
_LONGEST_ID: Final = 200
_NAMES: Final = {  # of the article's fields in a file
    "question_th": "title", "question_en": "title_en", "answer_th": "text", "answer_en": "text_en",
    "also": "also_asked_as",
}  # fmt: skip
_SHOWN: Final = 90  # letters of a text that stands for its missing title


@dataclass(frozen=True, slots=True)
class Line:
    """One thing of the file, as it will be kept. ``key``: its own name for it; ``is_number``: it stands there as a
    number."""

    key: str
    values: dict[str, Any]
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that is no text, and why."""

    problem: str


@dataclass(frozen=True, slots=True)
class LineFault:
    """What is wrong with a line, counted from 1, in words."""

    number: int
    problem: str


def read_lines(lines: Iterable[str | Unreadable]) -> tuple[list[Line], list[LineFault]]:
    """What the lines say: objects with ``id`` and ``text``, perhaps ``title``, ``also_asked_as`` (text or list),
    ``title_en``, ``text_en``, ``sources``. Every fault of every line."""
    return _read((number, raw) for number, raw in enumerate(lines, 1) if isinstance(raw, Unreadable) or raw.strip())


def read_articles(told: Iterable[dict[str, Any]]) -> tuple[list[Line], list[LineFault]]:
    """The same of objects."""
    return _read(enumerate(told, 1))


def _read(numbered: Iterable[tuple[int, str | Unreadable | dict[str, Any]]]) -> tuple[list[Line], list[LineFault]]:
    found: list[Line] = []
    faults: list[LineFault] = []
    seen: dict[str, int] = {}
    for number, raw in numbered:
        try:
            line = _line(raw)
            if line.key in seen:
                raise ValueError(f"id {line.key!r} stands in line {seen[line.key]} already")
        except ValueError as error:  # JSON's and ours
            faults.append(LineFault(number, str(error)))
            continue
        seen[line.key] = number
        found.append(line)
    return found, faults


def _line(raw: str | Unreadable | dict[str, Any]) -> Line:
    if isinstance(raw, Unreadable):
        raise ValueError(raw.problem)
    try:
        told = json.loads(raw) if isinstance(raw, str) else raw
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at letter {error.pos + 1}") from None
    if not isinstance(told, dict):
        raise ValueError("not a JSON object")
    key, is_number = _key(told.get("id"))
    text, title = _text(told, "text"), _text(told, "title")
    if not text:
        raise ValueError("`text` is missing or empty")
    draft = Draft(
        question_th=title or _beginning(text),
        question_en=_text(told, "title_en"),
        answer_th=text,
        answer_en=_text(told, "text_en"),
        also=_several(told, "also_asked_as"),
        sources=_several(told, "sources"),
    )
    try:
        return Line(key, checked(draft), is_number)
    except KnowledgeProblem as problem:
        name = _NAMES.get(problem.field or "", problem.field or "line")
        most = f" (at most {LONGEST[problem.field]:,} letters)" if problem.field in LONGEST else ""
        raise ValueError(f"`{name}` is {problem.code.replace('_', ' ')}{most}") from None


def _key(told: object) -> tuple[str, bool]:
    """The thing's own name, exactly as it stands there, and whether it is a number."""
    is_number = isinstance(told, int) and not isinstance(told, bool)
    key = str(told) if is_number else told
    if not isinstance(key, str) or not key.strip() or len(key) > _LONGEST_ID:
        raise ValueError(f"`id` is missing, neither text nor a whole number, or longer than {_LONGEST_ID} letters")
    if "\x00" in key or key != key.encode("utf-8", "replace").decode("utf-8"):
        raise ValueError("`id` has letters that cannot be kept (a zero byte or half a letter)")
    return key, is_number


def _text(told: dict[str, Any], name: str) -> str:
    value = told.get(name) or ""
    if not isinstance(value, str):
        raise ValueError(f"`{name}` is not a text")
    return _clean(value)


def _clean(text: str) -> str:
    """Without what no database keeps: zero bytes, and halves of letters."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8").strip()


def _several(told: dict[str, Any], name: str) -> str:
    value = told.get(name) or []
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
        raise ValueError(f"`{name}` is neither a text nor a list of texts")
    return "\n".join(_clean(one.replace("\n", " ")) for one in values)


def _beginning(text: str) -> str:
    """A title for what has none: its beginning, marked as cut."""
    line = " ".join(norm(text).split())
    return line[:_SHOWN].rstrip() + "…"


def import_lines(
    connection: Connection, lines: Sequence[Line], at: datetime, doer: Doer | None, name: str, *, published: bool
) -> tuple[int, int]:
    """Writes them all; returns how many are new and how many were there already and got a new version."""
    new = changed = 0
    for start in range(0, len(lines), _AT_ONCE):
        some = lines[start : start + _AT_ONCE]
        known = _known(connection, [line.key for line in some])
        fresh = [line for line in some if line.key not in known]
        added = _add(connection, fresh, at)
        numbers = {line.key: (added[line.key], 1) for line in fresh}
        numbers |= {key: (article_id, latest + 1) for key, (article_id, latest) in known.items()}
        if known:
            _rename(connection, [line for line in some if line.key in known])
            _make_room(connection, [article_id for article_id, _ in known.values()], at)
        versions = [_row(line, *numbers[line.key], at, doer, name, published) for line in some]
        connection.execute(insert(knowledge_versions), versions)
        _point(connection, numbers.values(), at, published)
        if published:
            index_versions(connection, (_as_version(row) for row in versions))
        new, changed = new + len(fresh), changed + len(known)
    note(connection, at, doer, "article.imported", None, new=new, changed=changed, published=published)
    return new, changed


def _known(connection: Connection, keys: Sequence[str]) -> dict[str, tuple[int, int]]:
    columns = knowledge_articles.c
    found: dict[str, tuple[int, int]] = {}
    for start in range(0, len(keys), 500):
        query = select(columns.external_id, columns.id, columns.latest_version).where(
            columns.external_id.in_(keys[start : start + 500])
        )
        found |= {row.external_id: (row.id, row.latest_version) for row in connection.execute(query)}
    return found


def _add(connection: Connection, lines: Sequence[Line], at: datetime) -> dict[str, int]:
    if not lines:
        return {}
    rows = [
        {"external_id": line.key, "external_number": line.is_number, "latest_version": 1, "created_at": at,
         "updated_at": at}
        for line in lines
    ]  # fmt: skip
    columns = knowledge_articles.c
    made = connection.execute(insert(knowledge_articles).returning(columns.external_id, columns.id), rows)
    return {row.external_id: row.id for row in made}


def _rename(connection: Connection, lines: Sequence[Line]) -> None:
    """A name that was a text and is a number now, or the other way round."""
    columns = knowledge_articles.c
    for is_number in (False, True):
        keys = [line.key for line in lines if line.is_number == is_number]
        for start in range(0, len(keys), 500):
            here = columns.external_id.in_(keys[start : start + 500])
            other = columns.external_number.is_not(is_number)
            connection.execute(update(knowledge_articles).where(here, other).values(external_number=is_number))


def _make_room(connection: Connection, ids: Sequence[int], at: datetime) -> None:
    """What was there of these articles is replaced."""
    columns = knowledge_versions.c
    for start in range(0, len(ids), 500):
        here = columns.article_id.in_(ids[start : start + 500])
        connection.execute(
            update(knowledge_versions)
            .where(here, columns.state == VersionState.PUBLISHED)
            .values(state=VersionState.REPLACED)
        )


def _row(
    line: Line, article_id: int, number: int, at: datetime, doer: Doer | None, name: str, published: bool
) -> dict[str, Any]:
    return line.values | {
        "article_id": article_id, "number": number, "author_id": doer.staff_id if doer else None, "author": name,
        "made_at": at, "why": "import", "verifier_id": None, "verifier": name if published else "",
        "verified_at": at if published else None, "refusal": "", "published_at": at if published else None,
        "state": VersionState.PUBLISHED if published else VersionState.DRAFT,
    }  # fmt: skip


def _point(connection: Connection, numbers: Iterable[tuple[int, int]], at: datetime, published: bool) -> None:
    """The articles' own rows to their new versions."""
    columns = knowledge_articles.c
    by_number: dict[int, list[int]] = {}
    for article_id, number in numbers:
        by_number.setdefault(number, []).append(article_id)
    for number, ids in by_number.items():
        values: dict[str, Any] = {"latest_version": number, "updated_at": at}
        if published:
            values |= {"published_version": number, "retired_at": None, "review_at": (at + REVIEW_AFTER).date()}
        for start in range(0, len(ids), 500):
            some = columns.id.in_(ids[start : start + 500])
            connection.execute(update(knowledge_articles).where(some).values(**values))


def _as_version(row: dict[str, Any]) -> Version:
    return Version(**row)


def external_ids(connection: Connection, ids: Sequence[int]) -> dict[int, str | int]:
    """Article → its name in the file it came from, a number where it stood there as a number."""
    columns = knowledge_articles.c
    query = select(columns.id, columns.external_id, columns.external_number).where(columns.id.in_(list(ids)))
    return {
        row.id: int(row.external_id) if row.external_number else row.external_id
        for row in connection.execute(query)
        if row.external_id
    }
