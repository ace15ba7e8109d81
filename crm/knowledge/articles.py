"""An article as its readers and its editors have it."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from crm.knowledge.markdown import plain_text, safe_html
from crm.knowledge.models import VersionState

LONGEST_QUESTION: Final = 300
LONGEST_ANSWER: Final = 60_000
LONGEST_LIST: Final = 4_000
LONGEST: Final = {  # letters of each field
    "question_th": LONGEST_QUESTION, "question_en": LONGEST_QUESTION, "answer_th": LONGEST_ANSWER,
    "answer_en": LONGEST_ANSWER, "also": LONGEST_LIST, "sources": LONGEST_LIST, "why": LONGEST_LIST,
}  # fmt: skip
MOST_ATTACHMENTS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What an editor writes. ``also``, ``sources``: one a line; ``attachments``: ids of documents."""

    question_th: str = ""
    question_en: str = ""
    answer_th: str = ""
    answer_en: str = ""
    also: str = ""
    sources: str = ""
    topic_id: int | None = None
    department: str = ""
    valid_until: date | None = None
    attachments: tuple[int, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of an article. ``attachments``: ids of documents; ``valid_until``: the last day."""

    article_id: int
    number: int
    state: VersionState
    question_th: str
    question_en: str
    answer_th: str
    answer_en: str
    also: str
    sources: str
    topic_id: int | None
    department: str
    valid_until: date | None
    attachments: tuple[int, ...] = field(default_factory=tuple)
    author_id: int | None
    author: str
    made_at: datetime
    why: str
    verifier_id: int | None
    verifier: str
    verified_at: datetime | None
    refusal: str
    published_at: datetime | None

    def question(self, language: str) -> str:
        """In this language, else in the other."""
        return (self.question_th if language == "th" else self.question_en) or self.question_th or self.question_en

    def answer(self, language: str) -> str:
        """The answer in Markdown, in this language, else in the other."""
        return (self.answer_th if language == "th" else self.answer_en) or self.answer_th or self.answer_en

    def answer_html(self, language: str) -> str:
        """The answer as HTML without anything that runs."""
        return safe_html(self.answer(language))

    def answer_text(self, language: str) -> str:
        """The answer without any marks."""
        return plain_text(self.answer(language))

    def expired(self, today: date) -> bool:
        """Whether its last day has passed: it is never offered without a warning then."""
        return self.valid_until is not None and self.valid_until < today

    @property
    def source_lines(self) -> tuple[str, ...]:
        """Its sources."""
        return tuple(line for line in self.sources.split("\n") if line)

    def draft(self) -> dict[str, Any]:
        """What an editor may change, to begin a new version with."""
        return {name: getattr(self, name) for name in Draft.__dataclass_fields__ if name != "why"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """An article with the version that its reader sees. ``published``: that version is the published one."""

    id: int
    version: Version
    published: bool
    retired_at: datetime | None = None
    review_at: date | None = None

    def due_for_review(self, today: date) -> bool:
        """Whether somebody is to look it through again."""
        return self.review_at is not None and self.review_at <= today
