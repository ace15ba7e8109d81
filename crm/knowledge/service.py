"""Articles: written, verified by a second person, published, taken back. Everything published is found at once.

Readers get only what is published (`article_for`); editors also what is being written (`article_of`, `versions_of`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, and_, func, insert, or_, select, update

from crm.audit.service import Doer, note
from crm.knowledge.articles import (
    LONGEST,
    LONGEST_LIST,
    MOST_ATTACHMENTS,
    Article,
    Draft,
    Version,
)
from crm.knowledge.models import VersionState, knowledge_articles, knowledge_versions
from crm.search.service import Entry, Kind, forget, write_entries
from crm.staff.models import Role
from crm.thai import norm

EDITORS: Final = (Role.SUPERVISOR, Role.OFFICER)
REVIEW_AFTER: Final = timedelta(days=180)
SHELF: Final = "article"
_OPEN: Final = (VersionState.DRAFT, VersionState.WAITING, VersionState.VERIFIED, VersionState.REFUSED)
_COLUMNS: Final = tuple(knowledge_versions.c[name] for name in Version.__dataclass_fields__)
_BY_SYSTEM: Final = "system"


class KnowledgeProblem(ValueError):
    """It cannot be done. ``code``: a key of `crm.knowledge.words`, ``field``: what it is about."""

    def __init__(self, code: str, field: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.field = field


def may_edit(role: Role) -> bool:
    """Whether this role writes articles and sees drafts."""
    return role in {*EDITORS, Role.ADMINISTRATOR}


def article_for(connection: Connection, article_id: int, role: Role) -> Article | None:
    """The published version, for whoever may read; None when there is none."""
    found = articles_for(connection, [article_id], role)
    return found[0] if found else None


def articles_for(connection: Connection, ids: Sequence[int], _role: Role) -> list[Article]:
    """These articles as published, in this order; what is not published is left out."""
    table, versions = knowledge_articles.c, knowledge_versions.c
    published = and_(versions.article_id == table.id, versions.number == table.published_version)
    query = (
        select(table.retired_at, table.review_at, *_COLUMNS)
        .select_from(knowledge_articles.join(knowledge_versions, published))
        .where(table.id.in_(list(ids)), table.retired_at.is_(None))
    )
    found = {row["article_id"]: _article(row, True) for row in connection.execute(query).mappings()}
    return [found[one] for one in dict.fromkeys(ids) if one in found]


def article_of(connection: Connection, article_id: int) -> Article:
    """The newest version, for editors. Raises KnowledgeProblem."""
    table, versions = knowledge_articles.c, knowledge_versions.c
    newest = and_(versions.article_id == table.id, versions.number == table.latest_version)
    query = (
        select(table.retired_at, table.review_at, table.published_version, *_COLUMNS)
        .select_from(knowledge_articles.join(knowledge_versions, newest))
        .where(table.id == article_id)
    )
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise KnowledgeProblem("no_article")
    return _article(row, row["published_version"] == row["number"])


def versions_of(connection: Connection, article_id: int) -> list[Version]:
    """All versions, the newest first."""
    columns = knowledge_versions.c
    query = select(*_COLUMNS).where(columns.article_id == article_id).order_by(columns.number.desc())
    return [_version(row) for row in connection.execute(query).mappings()]


def _article(row: RowMapping, published: bool) -> Article:
    return Article(
        id=row["article_id"],
        version=_version(row),
        published=published,
        retired_at=row["retired_at"],
        review_at=row["review_at"],
    )


def _version(row: RowMapping) -> Version:
    values = {column.name: row[column.name] for column in _COLUMNS}
    return Version(**values | {"state": VersionState(values["state"]), "attachments": tuple(values["attachments"])})


def write_article(connection: Connection, draft: Draft, at: datetime, doer: Doer | None, name: str) -> int:
    """A new article, as draft; returns its id. ``name``: of the doer. Raises KnowledgeProblem."""
    values = checked(draft)
    article_id: int = connection.execute(
        insert(knowledge_articles)
        .values(latest_version=1, created_at=at, updated_at=at)
        .returning(knowledge_articles.c.id)
    ).scalar_one()
    _insert_version(connection, article_id, 1, values, at, doer, name)
    note(connection, at, doer, "article.written", f"article/{article_id}", version=1)
    return article_id


def change_article(
    connection: Connection, article_id: int, draft: Draft, at: datetime, doer: Doer | None, name: str
) -> int:
    """Changes the draft, or begins a new version of what is published; returns the version's number. What had been
    verified of it is to be verified again. Raises KnowledgeProblem."""
    current = article_of(connection, article_id)
    values = checked(draft)
    version = current.version
    if version.state in _OPEN:
        number = version.number
        changes = {key: [getattr(version, key), new] for key, new in values.items() if _differs(version, key, new)}
        fresh = _authorship(at, doer, name)
        _update_version(connection, article_id, number, **values, **fresh, **_NOT_VERIFIED, state=VersionState.DRAFT)
    else:
        number = version.number + 1
        changes = {"version": [version.number, number]}
        _insert_version(connection, article_id, number, values, at, doer, name)
    _touch(connection, article_id, at, latest_version=number)
    note(connection, at, doer, "article.changed", f"article/{article_id}", version=number, fields=sorted(changes))
    return number


_NOT_VERIFIED: Final[dict[str, Any]] = {
    "verifier_id": None, "verifier": "", "verified_at": None, "refusal": "", "published_at": None,
}  # fmt: skip


def _differs(version: Version, key: str, new: Any) -> bool:
    old = getattr(version, key)
    return bool((list(old) if isinstance(old, tuple) else old) != new)


def hand_in(connection: Connection, article_id: int, at: datetime, doer: Doer | None) -> None:
    """The draft is ready to be verified by somebody else. Raises KnowledgeProblem."""
    version = _expect(connection, article_id, VersionState.DRAFT, VersionState.REFUSED)
    if not (version.question("th") and version.answer("th")):
        raise KnowledgeProblem("not_whole", "answer_th")
    _update_version(connection, article_id, version.number, state=VersionState.WAITING, refusal="")
    _touch(connection, article_id, at)
    note(connection, at, doer, "article.handed_in", f"article/{article_id}", version=version.number)


def verify(connection: Connection, article_id: int, at: datetime, doer: Doer, name: str) -> None:
    """A second person has read it and found it right. Raises KnowledgeProblem: ``same_person`` for its author."""
    version = _expect(connection, article_id, VersionState.WAITING)
    if version.author_id == doer.staff_id:
        raise KnowledgeProblem("same_person")
    _update_version(
        connection, article_id, version.number,
        state=VersionState.VERIFIED, verifier_id=doer.staff_id, verifier=name, verified_at=at,
    )  # fmt: skip
    _touch(connection, article_id, at)
    note(connection, at, doer, "article.verified", f"article/{article_id}", version=version.number)


def refuse(connection: Connection, article_id: int, why: str, at: datetime, doer: Doer) -> None:
    """A second person has found a fault. Raises KnowledgeProblem."""
    version = _expect(connection, article_id, VersionState.WAITING, VersionState.VERIFIED)
    why = _one_line(why)[:LONGEST_LIST]
    if not why:
        raise KnowledgeProblem("why_missing", "refusal")
    fresh = _NOT_VERIFIED | {"refusal": why}
    _update_version(connection, article_id, version.number, state=VersionState.REFUSED, **fresh)
    _touch(connection, article_id, at)
    note(connection, at, doer, "article.refused", f"article/{article_id}", version=version.number, why=why)


def publish(
    connection: Connection, article_id: int, at: datetime, doer: Doer | None, review_at: date | None = None
) -> None:
    """Agents find it from now on. Only what was verified. Raises KnowledgeProblem."""
    version = _expect(connection, article_id, VersionState.VERIFIED)
    columns = knowledge_versions.c
    connection.execute(
        update(knowledge_versions)
        .where(columns.article_id == article_id, columns.state == VersionState.PUBLISHED)
        .values(state=VersionState.REPLACED)
    )
    _update_version(connection, article_id, version.number, state=VersionState.PUBLISHED, published_at=at)
    due = review_at or (at + REVIEW_AFTER).date()
    _touch(connection, article_id, at, published_version=version.number, retired_at=None, review_at=due)
    index_versions(connection, [version])
    note(connection, at, doer, "article.published", f"article/{article_id}", version=version.number)


def reviewed(connection: Connection, article_id: int, at: datetime, doer: Doer | None, next_at: date | None) -> None:
    """Somebody has looked it through, and it still holds. Raises KnowledgeProblem."""
    article_of(connection, article_id)
    due = next_at or (at + REVIEW_AFTER).date()
    _touch(connection, article_id, at, review_at=due)
    note(connection, at, doer, "article.reviewed", f"article/{article_id}", next=due.isoformat())


def retire(connection: Connection, article_id: int, at: datetime, doer: Doer | None) -> None:
    """Nobody finds it any more; its versions stay. Raises KnowledgeProblem."""
    article = article_of(connection, article_id)
    columns = knowledge_versions.c
    connection.execute(
        update(knowledge_versions)
        .where(columns.article_id == article_id, columns.state == VersionState.PUBLISHED)
        .values(state=VersionState.REPLACED)
    )
    _touch(connection, article_id, at, published_version=None, retired_at=at)
    forget(connection, Kind.ARTICLE, [article_id])
    note(connection, at, doer, "article.retired", f"article/{article_id}", version=article.version.number)


def index_versions(connection: Connection, versions: Iterable[Version]) -> None:
    """Writes published versions into the search index."""
    write_entries(connection, [entry_of(version) for version in versions])


def entry_of(version: Version) -> Entry:
    """What is searched of a version: both languages; the question is its title."""
    title = version.question("th")
    english = version.question_en if version.question_en != title else ""
    also = tuple(line for line in (english, *version.also.split("\n")) if line)
    answers = [text for text in (version.answer_text("th"), version.answer_text("en")) if text]
    body = "\n".join(dict.fromkeys(answers))
    if title.endswith("…") and body.startswith(title[:-1]):
        title = ""  # imported without a title: its text is there once
    return Entry(kind=Kind.ARTICLE, ref=version.article_id, shelf=SHELF, title=title, also=also, body=body)


def checked(draft: Draft) -> dict[str, Any]:
    """The columns of a draft. Raises KnowledgeProblem."""
    draft = replace(
        draft,
        question_th=_one_line(draft.question_th),
        question_en=_one_line(draft.question_en),
        answer_th=norm(draft.answer_th).replace("\r\n", "\n").strip(),
        answer_en=norm(draft.answer_en).replace("\r\n", "\n").strip(),
        also=_lines(draft.also),
        sources=_lines(draft.sources),
        department=_one_line(draft.department),
        why=_one_line(draft.why),
    )
    if not draft.question_th and not draft.question_en:
        raise KnowledgeProblem("question_missing", "question_th")
    for name, longest in LONGEST.items():
        if len(getattr(draft, name)) > longest:
            raise KnowledgeProblem("too_long", name)
    if len(draft.attachments) > MOST_ATTACHMENTS:
        raise KnowledgeProblem("too_many", "attachments")
    values = {name: getattr(draft, name) for name in Draft.__dataclass_fields__}
    return values | {"attachments": list(dict.fromkeys(draft.attachments))}


def _one_line(text: str) -> str:
    return " ".join(norm(text).split())


def _lines(text: str) -> str:
    return "\n".join(line for raw in norm(text).splitlines() if (line := _one_line(raw)))


def _expect(connection: Connection, article_id: int, *states: VersionState) -> Version:
    version = article_of(connection, article_id).version
    if version.state not in states:
        raise KnowledgeProblem("wrong_state")
    return version


def _authorship(at: datetime, doer: Doer | None, name: str) -> dict[str, Any]:
    return {"author_id": doer.staff_id if doer else None, "author": name or _BY_SYSTEM, "made_at": at}


def _insert_version(
    connection: Connection,
    article_id: int,
    number: int,
    values: Mapping[str, Any],
    at: datetime,
    doer: Doer | None,
    name: str,
) -> None:
    own = {"article_id": article_id, "number": number, "state": VersionState.DRAFT} | _authorship(at, doer, name)
    connection.execute(insert(knowledge_versions).values(**values, **own))


def _update_version(connection: Connection, article_id: int, number: int, **values: Any) -> None:
    columns = knowledge_versions.c
    this = and_(columns.article_id == article_id, columns.number == number)
    connection.execute(update(knowledge_versions).where(this).values(**values))


def _touch(connection: Connection, article_id: int, at: datetime, **values: Any) -> None:
    connection.execute(
        update(knowledge_articles).where(knowledge_articles.c.id == article_id).values(updated_at=at, **values)
    )


def newest(connection: Connection, limit: int = 12) -> list[Article]:
    """What was published last."""
    table = knowledge_articles.c
    query = select(table.id).where(table.published_version.is_not(None)).order_by(table.updated_at.desc()).limit(limit)
    return articles_for(connection, list(connection.scalars(query)), Role.AGENT)


def listed(
    connection: Connection, *, shown: str = "all", today: date, words: str = "", limit: int = 200
) -> list[Article]:
    """For editors: the newest versions. ``shown``: all, open (being written), waiting, review (due), expired,
    retired."""
    table, versions = knowledge_articles.c, knowledge_versions.c
    newest = and_(versions.article_id == table.id, versions.number == table.latest_version)
    query = select(table.retired_at, table.review_at, table.published_version, *_COLUMNS).select_from(
        knowledge_articles.join(knowledge_versions, newest)
    )
    conditions: dict[str, Any] = {
        "all": table.retired_at.is_(None),
        "open": versions.state.in_(_OPEN),
        "waiting": versions.state == VersionState.WAITING,
        "review": and_(table.retired_at.is_(None), table.review_at <= today),
        "expired": and_(table.retired_at.is_(None), versions.valid_until < today),
        "retired": table.retired_at.is_not(None),
    }
    query = query.where(conditions.get(shown, conditions["all"]))
    if words:
        some = norm(words)
        query = query.where(
            or_(
                versions.question_th.contains(some, autoescape=True),
                func.lower(versions.question_en).contains(some.lower(), autoescape=True),
                versions.also.contains(some, autoescape=True),
            )
        )
    rows = connection.execute(query.order_by(table.updated_at.desc(), table.id.desc()).limit(limit)).mappings()
    return [_article(row, row["published_version"] == row["number"]) for row in rows]
