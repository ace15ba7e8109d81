"""What people write on cards, checked before it is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from crm.cards.ledger import Hand
from crm.cards.records import Card
from crm.cards.states import Part, Result
from crm.directory.targets import Target
from crm.staff.access import Visitor

LONGEST: Final = {"why": 500, "question": 4000, "outcome": 4000, "details": 4000, "answer": 4000, "text": 2000}
LONGEST_NAME: Final = 100
FURTHEST_DUE: Final = timedelta(days=90)
_SHOWN: Final = ("why", "question", "outcome", "caller_name", "to_kind", "to_key", "mode")


class Faults(ValueError):
    """What was written cannot be taken. ``faults``: field → key of the words that say what is wrong."""

    def __init__(self, **faults: str) -> None:
        super().__init__(", ".join(f"{name}: {fault}" for name, fault in faults.items()))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and as what. ``part`` OFFICE without ``visitor``: by the link of a letter."""

    part: Part
    name: str
    visitor: Visitor | None = None

    @property
    def hand(self) -> Hand:
        """For the ledger."""
        return Hand(self.name, self.visitor)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardDraft:
    """A card as the transfer dialog makes it. ``caller_number``: E.164 or short code. ``without_call``: the office is
    to call back, nothing is transferred."""

    target: Target
    why: str = ""
    question: str = ""
    mode: str | None = None
    without_call: bool = False
    call_id: str | None = None
    contact_id: int | None = None
    person_id: int | None = None
    caller_name: str = ""
    caller_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptDraft:
    """What the office did. ``next_due_at``: chosen for the next attempt, None: as the rule says. ``report``: with a
    satisfied caller, report back to the agent at once."""

    result: Result
    answer: str = ""
    details: str = ""
    officer: str = ""
    next_due_at: datetime | None = None
    report: bool = True

    def checked(self, name: str, now: datetime) -> "AttemptDraft":
        """In its one form; ``name``: of who writes, when no officer is named. Raises Faults."""
        answer, details = clean("answer", self.answer), clean("details", self.details)
        officer = name_of(self.officer) or name
        faults = {}
        if self.result is Result.NOT_REACHED and not details:
            faults["details"] = "missing"
        if self.result is not Result.NOT_REACHED and not answer:
            faults["answer"] = "missing"
        if not officer:
            faults["officer"] = "missing"
        next_due_at = None if self.result is Result.SATISFIED else self.next_due_at
        if next_due_at is not None and not now < next_due_at <= now + FURTHEST_DUE:
            faults["next_due_at"] = "past" if next_due_at <= now else "too_far"
        if faults:
            raise Faults(**faults)
        return AttemptDraft(
            result=self.result,
            answer=answer,
            details=details,
            officer=officer,
            next_due_at=next_due_at,
            report=self.report and self.result is Result.SATISFIED,
        )


def clean(name: str, text: str) -> str:
    """A text that may have several lines, without control characters. Raises Faults when it is too long."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = "\n".join(
        "".join(c for c in line if c.isprintable() or c in "\t\u200b\u200c\u200d").rstrip() for line in lines
    )
    kept = kept.strip()
    if len(kept) > LONGEST[name]:
        raise Faults(**{name: "too_long"})
    return kept


def name_of(text: str) -> str:
    """A name: one line, not endless."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST_NAME]


def shown_name(who: Visitor) -> str:
    """Of an account, as the story shows it."""
    return who.name_th or who.name_en or who.username


def target_values(target: Target) -> dict[str, Any]:
    """A target as columns of a card."""
    return {
        "to_kind": target.kind,
        "to_key": target.key,
        "to_name_th": target.name_th,
        "to_name_en": target.name_en,
        "to_dial": target.dial,
        "department": target.department,
        "to_staff_id": target.staff_id,
    }


def changes(before: Card, later: Card) -> Mapping[str, list[Any]]:
    """What is another than before, for the story."""
    return {
        name: [_plain(getattr(before, name)), _plain(getattr(later, name))]
        for name in _SHOWN
        if getattr(before, name) != getattr(later, name)
    }


def _plain(value: Any) -> Any:
    return None if value is None else str(value)
