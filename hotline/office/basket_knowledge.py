"""The knowledge base as baskets see it."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from pathlib import Path

from sqlalchemy import Connection

from crm.basket.desk import FileRefused, Taken
from crm.basket.models import ItemFile
from crm.basket.ports import Hit, Piece
from crm.files.checks import BadFile, check
from crm.knowledge import for_basket
from crm.search.models import Found, Kind
from crm.staff.access import Visitor
from crm.web.dates import long_date

_EXPIRED = {"th": "ข้อมูลนี้พ้นกำหนดใช้แล้ว", "en": "This is past its date"}
_EXPIRED_ON = {"th": "พ้นกำหนดแล้ว ใช้ได้ถึง{day}", "en": "Past its date: valid until {day}"}
_OFFERED = frozenset({Kind.ARTICLE, Kind.DOCUMENT, Kind.DEALER, Kind.SOURCE})


@dataclass(frozen=True, slots=True)
class KnowledgeBase:
    """`crm.basket.ports.Knowledge` over the product's own knowledge base."""

    zone: tzinfo
    clock: Callable[[], datetime]

    def search(self, connection: Connection, question: str, who: Visitor, language: str, limit: int) -> Sequence[Hit]:
        """What answers a question."""
        found = for_basket.search(connection, question, who.role, limit=limit)
        return [hit for one in found if (hit := self._hit(connection, one, who, language))]

    def suggest(
        self, connection: Connection, topic_id: int | None, subject: str, who: Visitor, language: str
    ) -> Sequence[Hit]:
        """What may help, unasked."""
        found = for_basket.suggest(connection, topic_id, subject, who.role)
        return [hit for one in found if (hit := self._hit(connection, one, who, language))]

    def item(self, connection: Connection, kind: str, ref: str, who: Visitor, language: str) -> Piece | None:
        """One piece."""
        if not ref.isdecimal() or len(ref) > 18:
            return None
        one = for_basket.item(connection, kind, int(ref), who.role, language, self._today())
        if one is None:
            return None
        return Piece(
            kind=one.kind.value,
            ref=ref,
            title=one.title,
            version=_version(one),
            text=None if one.kind is Kind.DOCUMENT else one.text,
            html=None if one.kind is Kind.DOCUMENT else one.html,
            url=one.link or None,
            warning=self._warning(expired=one.expired, until=one.valid_until, language=language),
            sensitive=one.sensitive,
            files=tuple(ItemFile(file.name, file.media_type, file.sha256, file.size_bytes) for file in one.files),
            numbers=one.numbers,
        )

    def answered(
        self, connection: Connection, kind: str, ref: str, question: str, topic_id: int | None, who: Visitor
    ) -> None:
        """This answered it."""
        if kind in {one.value for one in Kind} and ref.isdecimal() and question.strip():
            for_basket.answered(connection, Kind(kind), int(ref), question, self.clock(), who, topic_id=topic_id)

    def _hit(self, connection: Connection, found: Found, who: Visitor, language: str) -> Hit | None:
        if found.kind not in _OFFERED:
            return None
        piece = self.item(connection, found.kind, str(found.ref), who, language)  # as it is now, with its warning
        if piece is None:
            return None
        return Hit(
            kind=piece.kind,
            ref=piece.ref,
            title=piece.title,
            snippet=found.snippet,
            warning=piece.warning,
            sensitive=piece.sensitive,
            url=piece.url,
        )

    def _today(self) -> date:
        return self.clock().astimezone(self.zone).date()

    @staticmethod
    def _warning(*, expired: bool, until: date | None, language: str) -> str | None:
        if not expired:
            return None
        return _EXPIRED_ON[language].format(day=long_date(until, language)) if until else _EXPIRED[language]


def _version(one: for_basket.Item) -> str:
    """Changes with what a caller sees of it, and not with who looks: what is attached to an article depends on that."""
    files = [file.sha256 for file in one.files] if one.kind is Kind.DOCUMENT else []
    seen = "\0".join([str(one.version), one.title, one.html, one.link, *files])
    return hashlib.sha256(seen.encode()).hexdigest()[:16]


def checked(path: Path, name: str) -> Taken:
    """A dropped file, looked at by its content."""
    try:
        found = check(path, name)
    except BadFile as bad:
        known = {"empty": "empty_file", "wrong_type": "wrong_type", "active": "active_file", "macros": "active_file"}
        raise FileRefused(known.get(bad.code, "bad_file")) from None
    return Taken(found.safe_name, found.media_type)
