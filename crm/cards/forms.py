"""The forms of the pages: what was typed, kept as it was typed until it can be taken."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Form

from crm.calendar.working_time import due_after
from crm.cards.drafts import AttemptDraft, Faults
from crm.cards.house import CardHouse
from crm.cards.states import Result

CHOICE_DAYS: Final = (1, 2, 3, 5, 10, 20)


@dataclass(frozen=True, slots=True)
class Typed:
    """A form that could not be taken: its name, what was typed, and what is wrong (field → key of the words)."""

    form: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""

    def value(self, form: str, name: str, otherwise: Any = "") -> Any:
        """What to put into a field."""
        return self.values.get(name, otherwise) if form == self.form else otherwise

    def fault(self, form: str, name: str) -> str:
        """What is wrong with it."""
        return self.faults.get(name, "") if form == self.form else ""


NOTHING = Typed()


@dataclass(frozen=True, slots=True)
class AttemptForm:
    """What the office did, as it was typed."""

    result: str
    answer: str
    details: str
    officer: str
    next_due: str

    def draft(self, house: CardHouse, now: datetime) -> AttemptDraft:
        """To be taken. Raises Faults."""
        try:
            result = Result(self.result)
        except ValueError:
            raise Faults(result="choose") from None
        due_at = due_choices(house, now).get(self.next_due)
        return AttemptDraft(
            result=result, answer=self.answer, details=self.details, officer=self.officer, next_due_at=due_at
        )

    @property
    def values(self) -> dict[str, str]:
        """As it was typed."""
        return {
            "result": self.result,
            "answer": self.answer,
            "details": self.details,
            "officer": self.officer,
            "next_due": self.next_due,
        }


def due_choices(house: CardHouse, now: datetime) -> dict[str, datetime]:
    """Working days from today → when that is: the times that can be chosen for the next attempt."""
    return {str(days): due_after(house.opening(), now, days) for days in CHOICE_DAYS}


def attempt_form(
    result: Annotated[str, Form()] = "",
    answer: Annotated[str, Form()] = "",
    details: Annotated[str, Form()] = "",
    officer: Annotated[str, Form()] = "",
    next_due: Annotated[str, Form()] = "",
) -> AttemptForm:
    """A dependency."""
    return AttemptForm(result, answer, details, officer, next_due)


@dataclass(frozen=True, slots=True)
class CompleteForm:
    """What the agent adds to a card. ``target``: ``kind key``, empty: as it is."""

    why: str
    question: str
    caller_name: str
    target: str
    number: str

    @property
    def values(self) -> dict[str, str]:
        """As it was typed."""
        return {
            "why": self.why,
            "question": self.question,
            "caller_name": self.caller_name,
            "target": self.target,
            "number": self.number,
        }

    @property
    def to(self) -> tuple[str, str] | None:
        """Kind and key of the target; None: as it is."""
        if self.number.strip():
            return "outside", self.number.strip()
        kind, _, key = self.target.partition(" ")
        return (kind, key) if key else None


def complete_form(
    why: Annotated[str, Form()] = "",
    question: Annotated[str, Form()] = "",
    caller_name: Annotated[str, Form()] = "",
    target: Annotated[str, Form()] = "",
    number: Annotated[str, Form()] = "",
) -> CompleteForm:
    """A dependency."""
    return CompleteForm(why, question, caller_name, target, number)
