"""Things found, as pages and requests show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, select

from crm.documents.models import documents
from crm.knowledge.models import knowledge_articles, knowledge_versions
from crm.search.models import Found, Kind

_PAGES: Final = {
    Kind.ARTICLE: "/knowledge/{}", Kind.DOCUMENT: "/documents/{}", Kind.DEALER: "/dealers/{}",
    Kind.SOURCE: "/sources#source-{}", Kind.CARD: "/cards/{}",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One thing found. ``expired``: only to be offered with a warning."""

    kind: str
    id: int
    title: str
    snippet: str
    url: str
    score: float
    expired: bool = False
    sensitive: bool = False
    valid_until: date | None = None


def results(connection: Connection, found: Sequence[Found], today: date, language: str) -> list[Shown]:
    """What was found, with what must be known before it is offered."""
    told = _articles(connection, [one.ref for one in found if one.kind == Kind.ARTICLE], language)
    papers = _documents(connection, [one.ref for one in found if one.kind == Kind.DOCUMENT], language)
    shown = []
    for one in found:
        title, last, sensitive = (
            told.get(one.ref, ("", None, False)) if one.kind == Kind.ARTICLE
            else papers.get(one.ref, ("", None, False)) if one.kind == Kind.DOCUMENT
            else ("", None, False)
        )  # fmt: skip
        shown.append(
            Shown(
                kind=one.kind, id=one.ref, title=title or one.title or one.snippet[:80], snippet=one.snippet,
                url=_PAGES[one.kind].format(one.ref), score=one.score, sensitive=sensitive,
                expired=last is not None and last < today, valid_until=last,
            )
        )  # fmt: skip
    return shown


def _articles(connection: Connection, ids: Sequence[int], language: str) -> dict[int, tuple[str, date | None, bool]]:
    table, versions = knowledge_articles.c, knowledge_versions.c
    query = (
        select(table.id, versions.question_th, versions.question_en, versions.valid_until)
        .select_from(
            knowledge_articles.join(
                knowledge_versions,
                (versions.article_id == table.id) & (versions.number == table.published_version),
            )
        )
        .where(table.id.in_(list(ids)))
    )
    return {
        row.id: (_named(row.question_th, row.question_en, language), row.valid_until, False)
        for row in connection.execute(query)
    }


def _documents(connection: Connection, ids: Sequence[int], language: str) -> dict[int, tuple[str, date | None, bool]]:
    columns = documents.c
    query = select(columns.id, columns.title_th, columns.title_en, columns.valid_until, columns.sensitive).where(
        columns.id.in_(list(ids))
    )
    return {
        row.id: (_named(row.title_th, row.title_en, language), row.valid_until, row.sensitive)
        for row in connection.execute(query)
    }


def _named(thai: str, english: str, language: str) -> str:
    return (thai if language == "th" else english) or thai or english


def as_json(shown: Shown) -> dict[str, Any]:
    """For scripts."""
    return {
        "kind": shown.kind, "id": shown.id, "title": shown.title, "snippet": shown.snippet, "url": shown.url,
        "expired": shown.expired, "sensitive": shown.sensitive,
        "valid_until": shown.valid_until.isoformat() if shown.valid_until else None,
    }  # fmt: skip
