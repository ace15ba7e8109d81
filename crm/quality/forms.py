"""Score cards: sections with weights, items with points, some of them fatal; and the score of answers. Pure.

A section counts by its weight, an item within its section by its points. What does not apply is left out of the sum and
of what could be reached. A fatal item without a point makes the whole score nothing, whatever else was good.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

MOST_POINTS: Final = 10
NOT_APPLICABLE: Final = None

Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]

Answers = Mapping[str, int | None]
"""Item → points, None when it does not apply."""


class BadForm(ValueError):
    """A card that cannot be used; says why."""


class Item(BaseModel):
    """One thing that is looked at."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Key
    th: Label
    en: Label
    points: int = Field(1, ge=1, le=MOST_POINTS)
    fatal: bool = False

    def text(self, language: str) -> str:
        """What it asks."""
        return self.th if language == "th" else self.en


class FormSection(BaseModel):
    """Items that belong together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    th: Label
    en: Label
    weight: int = Field(1, ge=1, le=100)
    items: tuple[Item, ...] = Field(min_length=1, max_length=30)

    def text(self, language: str) -> str:
        """Its heading."""
        return self.th if language == "th" else self.en


class Form(BaseModel):
    """A whole card."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sections: tuple[FormSection, ...] = Field(min_length=1, max_length=20)

    @model_validator(mode="after")
    def _keys_once(self) -> "Form":
        keys = [item.key for item in self.items]
        if len(set(keys)) < len(keys):
            raise ValueError("two items have the same key")
        return self

    @property
    def items(self) -> list[Item]:
        """All items, in order."""
        return [item for section in self.sections for item in section.items]

    def text(self) -> str:
        """As it is kept."""
        return self.model_dump_json()

    @classmethod
    def of_text(cls, text: str) -> "Form":
        """Back again. Raises BadForm."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = " → ".join(str(part) for part in first["loc"])
            raise BadForm(f"{where}: {first['msg']}") from error


@dataclass(frozen=True, slots=True)
class Score:
    """``share`` 0–1, None when nothing applied; ``sections``: each section's share without the fatal rule."""

    share: float | None
    fatal: bool
    sections: tuple[float | None, ...]


def checked(form: Form, answers: Answers) -> dict[str, int | None]:
    """The answers that fit the card: points of known items, not more than they have."""
    return {
        item.key: None if (points := answers[item.key]) is None else max(0, min(points, item.points))
        for item in form.items
        if item.key in answers
    }


def missing(form: Form, answers: Answers) -> list[str]:
    """Items without an answer."""
    return [item.key for item in form.items if item.key not in answers]


def score(form: Form, answers: Answers) -> Score:
    """What the answers are worth; items without an answer count as what does not apply."""
    shares: list[float | None] = []
    weighed, weights = 0.0, 0
    for section in form.sections:
        applied = [(item, answers[item.key]) for item in section.items if answers.get(item.key) is not None]
        possible = sum(item.points for item, _ in applied)
        share = sum(points or 0 for _, points in applied) / possible if possible else None
        shares.append(share)
        if share is not None:
            weighed += section.weight * share
            weights += section.weight
    fatal = any(item.fatal and answers.get(item.key) == 0 for item in form.items)
    whole = None if not weights else 0.0 if fatal else weighed / weights
    return Score(whole, fatal, tuple(shares))


def answers_of(text: str) -> dict[str, int | None]:
    """Answers as they are kept."""
    found = json.loads(text)
    return {str(key): None if value is None else int(value) for key, value in found.items()}


def first_form() -> Form:
    """A card to begin with, after the steps of a hotline call (H2–H9)."""

    def item(key: str, th: str, en: str, points: int = 2, *, fatal: bool = False) -> Item:
        return Item(key=key, th=th, en=en, points=points, fatal=fatal)

    return Form(
        sections=(
            FormSection(
                th="การกล่าวต้อนรับ", en="Greeting", weight=15,
                items=(
                    item("greeting", "กล่าวต้อนรับด้วยบทสนทนาที่จัดเตรียมไว้ (H2)", "Greeted by the prepared script (H2)"),
                    item("tone", "น้ำเสียงสุภาพ ชัดเจน", "Polite and clear voice"),
                ),
            ),
            FormSection(
                th="การสอบถามและวิเคราะห์", en="Questions", weight=25,
                items=(
                    item("listen", "ฟังคำถามจนจบ ไม่พูดแทรก (H3)", "Let the caller finish (H3)"),
                    item("classify", "สอบถามความพร้อม ระดับ และความต้องการ (H4)", "Asked readiness, level, need (H4)"),
                ),
            ),
            FormSection(
                th="การให้ข้อมูล", en="Answer", weight=40,
                items=(
                    item("correct", "ข้อมูลถูกต้อง", "The answer was correct", 5, fatal=True),
                    item("complete", "ข้อมูลครบถ้วน เหมาะกับผู้ขอรับบริการ (H5)", "Complete, fit for the caller (H5)", 3),
                    item("hold", "พักสายอย่างเหมาะสม แจ้งเหตุผล", "Held only with a reason, and said so"),
                ),
            ),
            FormSection(
                th="การจบการสนทนาและบันทึก", en="Ending and record", weight=20,
                items=(
                    item("ending", "กล่าวข้อความจบและขอบคุณ (H7)", "Ending by the script, with thanks (H7)"),
                    item("record", "บันทึกสรุปการให้บริการครบถ้วน (H9)", "Complete record of the service (H9)"),
                    item("privacy", "รักษาความลับของผู้ขอรับบริการ", "Kept the caller's privacy", 1, fatal=True),
                ),
            ),
        )
    )  # fmt: skip
