"""Letters about cards. They name the card, its office and its time, and nothing of the caller: mail is read by many."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Final

from crm.cards.records import Card
from crm.web.dates import date_and_time, long_date


class LetterKind(StrEnum):
    """What a letter is for."""

    NEW = "new"  # a caller was transferred to this office
    AGAIN = "again"  # the caller is not satisfied, or the card was opened again
    DUE = "due"  # the answer is due soon
    OVERDUE = "overdue"  # the time has passed: to the office
    OVERDUE_SUPERVISOR = "overdue_supervisor"  # the same, to supervisors


_SUBJECTS: Final = {
    "th": {
        LetterKind.NEW: "การ์ดโอนสาย {number}: มีผู้รับบริการรอคำตอบจากหน่วยงานของท่าน",
        LetterKind.AGAIN: "การ์ดโอนสาย {number}: ผู้รับบริการยังไม่พึงพอใจ โปรดติดต่ออีกครั้ง",
        LetterKind.DUE: "การ์ดโอนสาย {number}: ใกล้ครบกำหนดตอบ",
        LetterKind.OVERDUE: "การ์ดโอนสาย {number}: เกินกำหนดตอบแล้ว",
        LetterKind.OVERDUE_SUPERVISOR: "การ์ดโอนสาย {number} เกินกำหนด",
    },
    "en": {
        LetterKind.NEW: "Transfer card {number}: a caller is waiting for your office's answer",
        LetterKind.AGAIN: "Transfer card {number}: the caller is not satisfied yet, please try again",
        LetterKind.DUE: "Transfer card {number}: the answer is due soon",
        LetterKind.OVERDUE: "Transfer card {number}: the answer is overdue",
        LetterKind.OVERDUE_SUPERVISOR: "Transfer card {number} is overdue",
    },
}
_BEGINNINGS: Final = {
    "th": {
        LetterKind.NEW: "{house} ได้โอนผู้รับบริการมายังหน่วยงานของท่าน โปรดตอบผู้รับบริการและบันทึกผลภายในกำหนด",
        LetterKind.AGAIN: "ผู้รับบริการยังไม่พึงพอใจกับคำตอบ โปรดติดต่ออีกครั้งและบันทึกผลภายในกำหนด",
        LetterKind.DUE: "การ์ดโอนสายใบนี้ใกล้ครบกำหนดตอบ โปรดตอบผู้รับบริการและบันทึกผล",
        LetterKind.OVERDUE: "การ์ดโอนสายใบนี้เกินกำหนดตอบแล้ว โปรดติดต่อผู้รับบริการและบันทึกผลโดยเร็ว",
        LetterKind.OVERDUE_SUPERVISOR: "การ์ดโอนสายใบนี้เกินกำหนดแล้ว โปรดติดตาม",
    },
    "en": {
        LetterKind.NEW: "{house} has transferred a caller to your office. Please answer the caller and record the"
        " result in time.",
        LetterKind.AGAIN: "The caller is not satisfied with the answer yet. Please get in touch again and record the"
        " result in time.",
        LetterKind.DUE: "The answer to this transfer card is due soon. Please answer the caller and record the result.",
        LetterKind.OVERDUE: "The answer to this transfer card is overdue. Please get in touch with the caller and"
        " record the result as soon as you can.",
        LetterKind.OVERDUE_SUPERVISOR: "This transfer card is overdue. Please see to it.",
    },
}
_LINES: Final = {
    "th": {
        "hello": "เรียน {office}",
        "supervisor": "เรียน หัวหน้างาน",
        "number": "เลขที่การ์ด",
        "office": "หน่วยงาน",
        "agent": "ผู้โอนสาย",
        "handed_over": "โอนเมื่อ",
        "due": "กำหนดตอบ",
        "open": "เปิดการ์ดและบันทึกคำตอบ:",
        "alone": "ลิงก์นี้ใช้กับการ์ดใบนี้เท่านั้น โปรดอย่าส่งต่อ ใช้ได้ถึง{until} หรือจนกว่าการ์ดจะปิดงาน",
        "machine": "จดหมายนี้ส่งโดยระบบอัตโนมัติ",
    },
    "en": {
        "hello": "To {office}",
        "supervisor": "To the supervisors",
        "number": "Card",
        "office": "Office",
        "agent": "Transferred by",
        "handed_over": "Transferred",
        "due": "Due",
        "open": "Open the card and record the answer:",
        "alone": "This link is for this card alone; please do not pass it on. It works until {until}, or until the card"
        " is closed.",
        "machine": "This letter was sent by a machine.",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What a letter needs. ``link_until``: None for links that need a log-in."""

    kind: LetterKind
    card: Card
    house: str
    language: str
    zone: tzinfo
    link: str
    link_until: datetime | None


def subject(sheet: Sheet) -> str:
    """One line."""
    return _SUBJECTS[sheet.language][sheet.kind].format(number=sheet.card.number)


def text(sheet: Sheet) -> str:
    """The letter, plain text."""
    words, card, language = _LINES[sheet.language], sheet.card, sheet.language
    office = card.to_name(language)
    hello = words["supervisor"] if sheet.kind is LetterKind.OVERDUE_SUPERVISOR else words["hello"].format(office=office)
    facts = [("number", card.number), ("office", office), ("agent", card.agent_name(language))]
    for name, at in (("handed_over", card.handed_over_at), ("due", card.due_at)):
        if at is not None:
            facts.append((name, date_and_time(at, sheet.zone, language)))
    lines = [hello, "", _BEGINNINGS[language][sheet.kind].format(house=sheet.house), ""]
    lines += [f"{words[name]}: {value}" for name, value in facts]
    lines += ["", words["open"], sheet.link, ""]
    if sheet.link_until is not None:
        until = long_date(sheet.link_until.astimezone(sheet.zone).date(), language)
        lines += [words["alone"].format(until=until), ""]
    return "\n".join([*lines, "--", sheet.house, words["machine"], ""])
