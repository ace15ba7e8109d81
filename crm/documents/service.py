"""Documents: taken in, checked by a second person, published, taken back; and who may see which.

``sensitive``: leaves the house only when a second person agrees (the basket asks). ``restricted``: agents neither find
nor open it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from crm.audit.service import Doer, note
from crm.documents.models import DocumentState, TextState, documents
from crm.search.models import RESTRICTED
from crm.search.service import Entry, Kind, forget, write_entries
from crm.staff.models import Role
from crm.thai import norm

EDITORS: Final = (Role.SUPERVISOR, Role.OFFICER)
LARGEST_BYTES: Final = 50 * 1024 * 1024
SHELF: Final = "document"
LONGEST: Final = 300


class DocumentProblem(ValueError):
    """It cannot be done. ``code``: a key of `crm.documents.words`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document without its text."""

    id: int
    name: str
    title_th: str
    title_en: str
    also: str
    media_type: str
    size_bytes: int
    sha256: str
    sensitive: bool
    restricted: bool
    state: DocumentState
    topic_id: int | None
    department: str
    valid_until: date | None
    text_state: TextState
    added_by: int | None
    added_at: datetime
    verified_by: int | None
    verified_at: datetime | None
    updated_at: datetime

    def title(self, language: str) -> str:
        """Its title, else its name."""
        return (self.title_th if language == "th" else self.title_en) or self.title_th or self.title_en or self.name

    def expired(self, today: date) -> bool:
        """Whether its last day has passed."""
        return self.valid_until is not None and self.valid_until < today

    @property
    def is_picture(self) -> bool:
        """Whether a browser shows it as picture."""
        return self.media_type.startswith("image/")


_COLUMNS: Final = tuple(documents.c[name] for name in Document.__dataclass_fields__)


def may_edit(role: Role) -> bool:
    """Whether this role brings documents and sees what is not published."""
    return role in {*EDITORS, Role.ADMINISTRATOR}


def may_see(document: Document, role: Role) -> bool:
    """Whether this role may see it."""
    return may_edit(role) or (document.state == DocumentState.PUBLISHED and not document.restricted)


def document_for(connection: Connection, document_id: int, role: Role) -> Document | None:
    """One document; None when there is none that this role may see."""
    found = documents_for(connection, [document_id], role)
    return found[0] if found else None


def documents_for(connection: Connection, ids: Sequence[int], role: Role) -> list[Document]:
    """These documents in this order; those that the role may not see are left out."""
    rows = connection.execute(select(*_COLUMNS).where(documents.c.id.in_(list(ids))))
    found = {row.id: _document(row._mapping) for row in rows}
    return [found[one] for one in dict.fromkeys(ids) if one in found and may_see(found[one], role)]


def text_of(connection: Connection, document_id: int) -> str:
    """What was taken out of it."""
    return connection.scalar(select(documents.c.text).where(documents.c.id == document_id)) or ""


def _document(row: Any) -> Document:
    return Document(**{**row, "state": DocumentState(row["state"]), "text_state": TextState(row["text_state"])})


def add_document(
    connection: Connection,
    *,
    name: str,
    media_type: str,
    size_bytes: int,
    sha256: str,
    text: str,
    text_state: TextState,
    at: datetime,
    doer: Doer | None,
    title_th: str = "",
    title_en: str = "",
) -> int:
    """A new document, not yet to be found; returns its id. Its file is in the store and checked already."""
    values = {
        "name": name, "title_th": _line(title_th) or ("" if title_en else name.rpartition(".")[0]),
        "title_en": _line(title_en), "media_type": media_type, "size_bytes": size_bytes, "sha256": sha256,
        "state": DocumentState.DRAFT, "text": text, "text_state": text_state,
        "added_by": doer.staff_id if doer else None, "added_at": at, "updated_at": at,
    }  # fmt: skip
    document_id: int = connection.execute(insert(documents).values(**values).returning(documents.c.id)).scalar_one()
    note(connection, at, doer, "document.added", f"document/{document_id}", name=name, sha256=sha256)
    return document_id


def change_document(connection: Connection, document_id: int, at: datetime, doer: Doer | None, **values: Any) -> None:
    """Changes what is said of it: ``title_th``, ``title_en``, ``also``, ``sensitive``, ``restricted``, ``topic_id``,
    ``department``, ``valid_until``. Raises DocumentProblem."""
    known = {"title_th", "title_en", "also", "sensitive", "restricted", "topic_id", "department", "valid_until"}
    if values.keys() - known:
        raise TypeError(f"a document has no {', '.join(sorted(values.keys() - known))}")
    before = _existing(connection, document_id)
    for field in ("title_th", "title_en", "department"):
        if field in values:
            values[field] = _line(values[field])[:LONGEST]
    if "also" in values:
        values["also"] = "\n".join(line for raw in values["also"].splitlines() if (line := _line(raw)))[:4000]
    if values.get("restricted"):
        values["sensitive"] = True
    changes = {key: [str(getattr(before, key)), str(new)] for key, new in values.items() if getattr(before, key) != new}
    if not changes:
        return
    connection.execute(update(documents).where(documents.c.id == document_id).values(**values, updated_at=at))
    note(connection, at, doer, "document.changed", f"document/{document_id}", changes=changes)
    index_documents(connection, [document_id])


def publish_document(connection: Connection, document_id: int, at: datetime, doer: Doer) -> None:
    """A second person has looked at it: agents find it. Raises DocumentProblem: ``same_person`` for who brought it."""
    before = _existing(connection, document_id)
    if before.state == DocumentState.PUBLISHED:
        return
    if before.added_by == doer.staff_id:
        raise DocumentProblem("same_person")
    values = {"state": DocumentState.PUBLISHED, "verified_by": doer.staff_id, "verified_at": at, "updated_at": at}
    connection.execute(update(documents).where(documents.c.id == document_id).values(**values))
    note(connection, at, doer, "document.published", f"document/{document_id}", sha256=before.sha256)
    index_documents(connection, [document_id])


def retire_document(connection: Connection, document_id: int, at: datetime, doer: Doer | None) -> None:
    """Agents do not find it any more; what was sent stays sent. Raises DocumentProblem."""
    _existing(connection, document_id)
    values = {"state": DocumentState.RETIRED, "updated_at": at}
    connection.execute(update(documents).where(documents.c.id == document_id).values(**values))
    note(connection, at, doer, "document.retired", f"document/{document_id}")
    forget(connection, Kind.DOCUMENT, [document_id])


def index_documents(connection: Connection, ids: Iterable[int]) -> None:
    """Writes published documents into the search index, and takes the others out."""
    rows = connection.execute(select(*_COLUMNS, documents.c.text).where(documents.c.id.in_(list(ids)))).mappings()
    entries, hidden = [], []
    for row in rows:
        if row["state"] != DocumentState.PUBLISHED:
            hidden.append(row["id"])
            continue
        title = row["title_th"] or row["title_en"] or row["name"]
        also = tuple(dict.fromkeys(one for one in (row["title_en"], row["name"], *row["also"].split("\n")) if one))
        shelf = RESTRICTED if row["restricted"] else SHELF
        entries.append(Entry(kind=Kind.DOCUMENT, ref=row["id"], shelf=shelf, title=title, also=also, body=row["text"]))
    forget(connection, Kind.DOCUMENT, hidden)
    write_entries(connection, entries)


def listed(
    connection: Connection, role: Role, *, state: DocumentState | None = None, limit: int = 300
) -> list[Document]:
    """The newest first, as far as this role may see them."""
    query = select(*_COLUMNS).order_by(documents.c.updated_at.desc(), documents.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(documents.c.state == state)
    found = (_document(row._mapping) for row in connection.execute(query))
    return [one for one in found if may_see(one, role)]


def _existing(connection: Connection, document_id: int) -> Document:
    row = connection.execute(select(*_COLUMNS).where(documents.c.id == document_id)).one_or_none()
    if row is None:
        raise DocumentProblem("no_document")
    return _document(row._mapping)


def _line(text: str) -> str:
    return " ".join(norm(text).split())
