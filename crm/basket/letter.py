"""The letter of a basket: from a template in Thai or English, as text and as a page, with its files (H6)."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, Final

from crm.basket.checks import print_of
from crm.basket.models import Item, ItemFile
from crm.basket.records import Round
from crm.basket.wording import filled, paragraphs
from crm.basket.words import LETTER
from crm.outbox.links import FileLinks
from crm.outbox.service import LetterFile
from crm.web.dates import long_date
from crm.web.pages import environment

TEMPLATES: Final = Path(__file__).parent / "templates"
_MEGABYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Whose letters they are. ``telephone``: the hotline's number; ``attached_bytes``: most that is attached."""

    name_th: str
    name_en: str
    telephone: str
    zone: tzinfo
    links: FileLinks
    attached_bytes: int

    def name(self, language: str) -> str:
        """Of the hotline."""
        return self.name_th if language == "th" else self.name_en


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file as the letter names it. ``link`` None: attached."""

    name: str
    size: str
    link: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """An item as the letter shows it."""

    number: int
    item: Item
    files: Sequence[SentFile] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """The letter. ``body``: the inner part of its page; ``print``: of everything in it that its reader sees."""

    subject: str
    text: str
    html: str
    body: str
    files: tuple[LetterFile, ...]
    print: str


def compose(one: Round, desk: Desk, now: datetime) -> Composed:
    """Writes the letter of what has not been sent yet."""
    language = one.language
    files, lines = _files(one.basket.open_items, desk, now, language)
    said = filled(one.wording, _known(one, desk), language)
    values: dict[str, Any] = {
        "words": LETTER[language],
        "language": language,
        "house": desk.name(language),
        "said": said,
        "opening": paragraphs(said.opening),
        "closing": paragraphs(said.closing),
        "answer": one.answer.strip(),
        "note": (one.basket.note or "").strip(),
        "lines": lines,
        "paragraphs": paragraphs,
    }
    templates = environment(TEMPLATES)
    body = templates.get_template("letter_body.html").render(**values)
    return Composed(
        subject=said.subject,
        text=_text(values),
        html=templates.get_template("letter.html").render(**values, body=body),
        body=body,
        files=files,
        print=letter_print(one),
    )


def _known(one: Round, desk: Desk) -> dict[str, str]:
    """What may stand in the wording."""
    return {
        "name": one.recipient_name,
        "about": one.subject,
        "day": long_date(one.contact.begun_at.astimezone(desk.zone).date(), one.language),
        "house": desk.name(one.language),
        "telephone": desk.telephone,
        "number": str(one.contact.id),
        "agent": one.agent,
    }


def letter_print(one: Round) -> str:
    """A fingerprint of the letter and its wording: what was previewed, or shown to the visitor, is what is sent."""
    seen = [one.language, one.recipient, one.recipient_name, one.answer, one.basket.note or "", one.subject, one.agent]
    seen += [one.wording.subject, one.wording.opening, one.wording.closing]
    seen += [print_of(item) for item in one.basket.open_items]
    return hashlib.sha256(json.dumps(seen, ensure_ascii=False).encode()).hexdigest()


def _files(
    items: Sequence[Item], desk: Desk, now: datetime, language: str
) -> tuple[tuple[LetterFile, ...], list[Line]]:
    """Attached while there is room; the others as links that end with their day."""
    room = desk.attached_bytes
    until = now + desk.links.lasts
    sent: list[LetterFile] = []
    lines: list[Line] = []
    attached: dict[tuple[str, str], SentFile] = {}
    for number, item in enumerate(items, 1):
        named: list[SentFile] = []
        for ordinal, file in enumerate(item.files):
            if known := attached.get((file.sha256, file.name)):  # of two articles, and sent once
                named.append(known)
                continue
            one = _letter_file(file, f"{item.id}-{ordinal}-{item.basket_id}", until, attach=file.size_bytes <= room)
            if one.link_key is None:
                room -= file.size_bytes
            shown = _shown(one, desk, until, language)
            attached[file.sha256, file.name] = shown
            sent.append(one)
            named.append(shown)
        lines.append(Line(number, item, named))
    return tuple(sent), lines


def _letter_file(file: ItemFile, key: str, until: datetime, *, attach: bool) -> LetterFile:
    return LetterFile(
        name=file.name,
        media_type=file.media_type,
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        link_key=None if attach else f"{key}-{int(until.timestamp())}",
        link_until=None if attach else until,
    )


def _shown(file: LetterFile, desk: Desk, until: datetime, language: str) -> SentFile:
    if file.link_key is None:
        return SentFile(file.name, size_words(file.size_bytes))
    day = long_date(until.astimezone(desk.zone).date(), language)
    return SentFile(file.name, size_words(file.size_bytes), desk.links.link(file.link_key, until), day)


def size_words(size_bytes: int) -> str:
    """1.2 MB."""
    if size_bytes < _MEGABYTE:
        return f"{max(1, round(size_bytes / 1024))} KB"
    return f"{size_bytes / _MEGABYTE:.1f} MB"


def _text(values: dict[str, Any]) -> str:
    words = values["words"]
    lines = [values["said"].opening, ""]
    if values["answer"]:
        lines += [values["answer"], ""]
    if values["lines"]:
        lines += [words["list"], ""]
        for line in values["lines"]:
            lines += [*_text_of(line, words), ""]
    if values["note"]:
        lines += [values["note"], ""]
    return "\n".join([*lines, values["said"].closing, ""])


def _text_of(line: Line, words: dict[str, str]) -> list[str]:
    item = line.item
    lines = [f"{line.number}. {item.title}"]
    if item.warning:
        lines.append(f"   ({item.warning})")
    if item.url:
        lines.append(f"   {item.url}")
    lines += [f"   {part}" if part else "" for part in (item.text or "").splitlines()]
    for file in line.files:
        if file.link:
            lines += [f"   {words['link'].format(name=file.name, size=file.size, until=file.until)}", f"   {file.link}"]
        else:
            lines.append(f"   {words['attached'].format(name=file.name, size=file.size)}")
    return lines
