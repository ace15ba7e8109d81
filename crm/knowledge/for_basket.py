"""What of the knowledge base goes into a basket: one shape for articles, documents, dealers and sources (H5, H6)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from typing import Final

from sqlalchemy import Connection, select

from crm.audit.service import Doer
from crm.dealers.models import dealers
from crm.documents.service import Document, document_for, documents_for
from crm.documents.service import text_of as text_of_document
from crm.knowledge.markdown import letter_text
from crm.knowledge.service import article_for
from crm.people.showing import national
from crm.search.asking import search as search_as
from crm.search.asking import suggest as suggest_as
from crm.search.models import Found, Kind
from crm.search.useful import mark_useful
from crm.sources.models import sources
from crm.staff.models import Role

_TEXT_SHOWN: Final = 2_000


@dataclass(frozen=True, slots=True)
class ItemFile:
    """A file of an item, in the store by its ``sha256``."""

    document_id: int
    name: str
    media_type: str
    sha256: str
    size_bytes: int
    sensitive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing as it can be put into a basket. ``html``: safe; ``version``: of an article; ``expired``: to be offered
    only with a warning; ``url``: its page here, ``link``: its address in the web, when it has one;
    ``numbers``: of the officer or dealer, extensions too."""

    kind: Kind
    ref: int
    title: str
    html: str
    text: str
    version: int | None = None
    sensitive: bool = False
    expired: bool = False
    valid_until: date | None = None
    url: str = ""
    link: str = ""
    sources: tuple[str, ...] = ()
    files: tuple[ItemFile, ...] = ()
    numbers: tuple[str, ...] = ()


def search(
    connection: Connection,
    asked: str,
    role: Role,
    *,
    kind: Kind | None = None,
    topic_id: int | None = None,
    limit: int = 10,
) -> list[Found]:
    """What answers a question, for this role; the best first."""
    return search_as(connection, asked, role, kind=kind, topic_id=topic_id, limit=limit)


def suggest(connection: Connection, topic_id: int | None, subject: str, role: Role, *, limit: int = 5) -> list[Found]:
    """What may help with a subject, unasked."""
    return suggest_as(connection, subject, role, topic_id=topic_id, limit=limit)


def answered(
    connection: Connection,
    kind: Kind,
    ref: int,
    question: str,
    at: datetime,
    doer: Doer,
    *,
    topic_id: int | None = None,
    contact_id: int | None = None,
) -> None:
    """ "This answered it"."""
    mark_useful(connection, kind, ref, question, at, staff_id=doer.staff_id, topic_id=topic_id, contact_id=contact_id)


def item(connection: Connection, kind: str, ref: int, role: Role, language: str, today: date) -> Item | None:
    """One thing as ``role`` may see it, in this language; None when it may not, or there is none."""
    makers: Mapping[str, Callable[[Connection, int, Role, str, date], Item | None]] = {
        Kind.ARTICLE: _article, Kind.DOCUMENT: _document, Kind.DEALER: _dealer, Kind.SOURCE: _source,
    }  # fmt: skip
    maker = makers.get(kind)
    return maker(connection, ref, role, language, today) if maker else None


def _article(connection: Connection, ref: int, role: Role, language: str, today: date) -> Item | None:
    article = article_for(connection, ref, role)
    if article is None:
        return None
    version = article.version
    files = tuple(_file(one) for one in documents_for(connection, version.attachments, role))
    return Item(
        kind=Kind.ARTICLE, ref=ref, title=version.question(language), html=version.answer_html(language),
        text=letter_text(version.answer(language)), version=version.number, expired=version.expired(today),
        valid_until=version.valid_until, url=f"/knowledge/{ref}", sources=version.source_lines, files=files,
        sensitive=any(one.sensitive for one in files),
    )  # fmt: skip


def _file(document: Document) -> ItemFile:
    return ItemFile(
        document.id, document.name, document.media_type, document.sha256, document.size_bytes, document.sensitive
    )


def _document(connection: Connection, ref: int, role: Role, language: str, today: date) -> Item | None:
    document = document_for(connection, ref, role)
    if document is None:
        return None
    text = text_of_document(connection, ref)[:_TEXT_SHOWN]
    return Item(
        kind=Kind.DOCUMENT, ref=ref, title=document.title(language), html=_paragraphs(text), text=text,
        sensitive=document.sensitive, expired=document.expired(today), valid_until=document.valid_until,
        url=f"/documents/{ref}", files=(_file(document),),
    )  # fmt: skip


def _dealer(connection: Connection, ref: int, _role: Role, language: str, _today: date) -> Item | None:
    row = connection.execute(select(dealers).where(dealers.c.id == ref, dealers.c.retired_at.is_(None))).one_or_none()
    if row is None:
        return None
    title = (row.name_th if language == "th" else row.name_en) or row.name_th or row.name_en
    numbers = tuple(one for one in row.telephones.split("; ") if one)
    shown = "; ".join(national(one) for one in numbers)
    told = (row.contact, row.products, row.areas, shown, row.email, row.website, row.address)
    text = "\n".join(one for one in told if one)
    return Item(
        kind=Kind.DEALER,
        ref=ref,
        title=title,
        html=_paragraphs(text),
        text=text,
        url=f"/dealers/{ref}",
        link=row.website,
        numbers=numbers,
    )


def _source(connection: Connection, ref: int, _role: Role, language: str, _today: date) -> Item | None:
    row = connection.execute(select(sources).where(sources.c.id == ref, sources.c.retired_at.is_(None))).one_or_none()
    if row is None:
        return None
    thai = language == "th"
    title = (row.name_th if thai else row.name_en) or row.name_th or row.name_en
    about = (row.about_th if thai else row.about_en) or row.about_th or row.about_en
    text = "\n".join(one for one in (about, row.url, national(row.telephone)) if one)
    numbers = tuple(one for one in (row.extension, row.telephone) if one)
    return Item(
        kind=Kind.SOURCE, ref=ref, title=title, html=_paragraphs(text), text=text, url=f"/sources#source-{ref}",
        link=row.url, numbers=numbers,
    )  # fmt: skip


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in text.split("\n") if line)
