"""Cards, samples, reviews and rounds of calibration: what is on record and how it changes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from crm.audit.service import Doer, note
from crm.database import insert_into
from crm.quality.forms import Answers, BadForm, Form, answers_of, checked, first_form, missing, score
from crm.quality.models import (
    ReviewState,
    SampleReason,
    SampleState,
    qa_cards,
    qa_reviews,
    qa_rounds,
    qa_samples,
    qa_versions,
)
from crm.recordings.models import RecordingState, recordings

OPEN_SAMPLES: Final = 200


class Refused(ValueError):
    """What cannot be done now; ``code`` is a word of the pages."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Unknown(LookupError):
    """There is no such card, sample, review or round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A score card. ``published``: number of the newest version, None when there is none yet."""

    id: int
    name_th: str
    name_en: str
    active: bool
    draft: Form
    published: int | None
    version_id: int | None

    def name(self, language: str) -> str:
        """What it is called."""
        return self.name_th if language == "th" else self.name_en


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A talk to be scored: one agent's part of one call. ``recorded``: it can be heard."""

    id: int
    call_id: str
    agent: str
    answered_at: datetime
    queue: str | None
    reason: SampleReason
    state: SampleState
    recorded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One grader's score of one talk."""

    id: int
    sample_id: int
    round_id: int | None
    version_id: int
    call_id: str
    agent: str
    queue: str | None
    answered_at: datetime
    grader_id: int | None
    grader: str
    state: ReviewState
    answers: dict[str, int | None]
    comment: str
    score: float | None
    fatal: bool
    created_at: datetime
    finished_at: datetime | None
    seen_at: datetime | None
    reply: str | None
    replied_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Several graders score the same talk, without seeing each other's score until it is closed."""

    id: int
    sample_id: int
    version_id: int
    begun_at: datetime
    begun_by: str
    closed_at: datetime | None


# --- cards ------------------------------------------------------------------------------------------------------------


def cards(connection: Connection, *, active: bool | None = None) -> list[Card]:
    """The cards, by name."""
    query = select(qa_cards).order_by(qa_cards.c.name_th, qa_cards.c.id)
    if active is not None:
        query = query.where(qa_cards.c.active.is_(active))
    newest = _newest_versions(connection)
    return [_card(row, newest) for row in connection.execute(query).mappings()]


def card(connection: Connection, card_id: int) -> Card:
    """One card. Raises Unknown."""
    row = connection.execute(select(qa_cards).where(qa_cards.c.id == card_id)).mappings().one_or_none()
    if row is None:
        raise Unknown(card_id)
    return _card(row, _newest_versions(connection))


def _newest_versions(connection: Connection) -> dict[int, tuple[int, int]]:
    rows = connection.execute(select(qa_versions.c.card_id, qa_versions.c.number, qa_versions.c.id))
    newest: dict[int, tuple[int, int]] = {}
    for row in rows:
        newest[row.card_id] = max(newest.get(row.card_id, (0, 0)), (row.number, row.id))
    return newest


def _card(row: Mapping[Any, Any], newest: Mapping[int, tuple[int, int]]) -> Card:
    number, version_id = newest.get(row["id"], (None, None))
    return Card(
        id=row["id"], name_th=row["name_th"], name_en=row["name_en"], active=row["active"],
        draft=Form.of_text(row["draft"]), published=number, version_id=version_id,
    )  # fmt: skip


def make_card(connection: Connection, name_th: str, name_en: str, at: datetime, doer: Doer) -> int:
    """A new card, which begins as the card of a hotline call."""
    values = {"name_th": name_th, "name_en": name_en, "draft": first_form().text(), "created_at": at, "updated_at": at}
    card_id = int(connection.execute(insert(qa_cards).values(**values).returning(qa_cards.c.id)).scalar_one())
    note(connection, at, doer, "quality.card_made", f"qa-card/{card_id}", name=name_th)
    return card_id


def design(
    connection: Connection, card_id: int, name_th: str, name_en: str, form: Form, active: bool, at: datetime, doer: Doer
) -> None:
    """Keeps what was designed; scores go on by the published version. Raises Unknown."""
    values = {"name_th": name_th, "name_en": name_en, "draft": form.text(), "active": active, "updated_at": at}
    if not connection.execute(update(qa_cards).where(qa_cards.c.id == card_id).values(**values)).rowcount:
        raise Unknown(card_id)
    note(connection, at, doer, "quality.card_designed", f"qa-card/{card_id}")


def publish(connection: Connection, card_id: int, at: datetime, doer: Doer) -> int:
    """The draft is used from now on, and never changes any more; returns its number. Raises Unknown, Refused."""
    known = card(connection, card_id)
    if known.version_id is not None and version(connection, known.version_id) == known.draft:
        raise Refused("nothing_new")
    number = (known.published or 0) + 1
    connection.execute(
        insert(qa_versions).values(
            card_id=card_id, number=number, form=known.draft.text(), published_at=at, published_by=doer.username
        )
    )
    note(connection, at, doer, "quality.card_published", f"qa-card/{card_id}", version=number)
    return number


def version(connection: Connection, version_id: int) -> Form:
    """A published card as it was. Raises Unknown."""
    text = connection.scalar(select(qa_versions.c.form).where(qa_versions.c.id == version_id))
    if text is None:
        raise Unknown(version_id)
    return Form.of_text(text)


# --- samples ----------------------------------------------------------------------------------------------------------


def _samples() -> Any:
    kept = (recordings.c.call_id == qa_samples.c.call_id) & (recordings.c.state == RecordingState.KEPT)
    recorded = recordings.c.call_id.is_not(None).label("recorded")
    return select(qa_samples, recorded).select_from(qa_samples.outerjoin(recordings, kept))


def _sample(row: Mapping[Any, Any]) -> Sample:
    names = ("id", "call_id", "agent", "answered_at", "queue")
    return Sample(
        **{name: row[name] for name in names}, reason=SampleReason(row["reason"]), state=SampleState(row["state"]),
        recorded=bool(row["recorded"]),
    )  # fmt: skip


def samples(connection: Connection, state: SampleState = SampleState.OPEN) -> list[Sample]:
    """Talks that wait to be scored, oldest first."""
    query = _samples().where(qa_samples.c.state == state).order_by(qa_samples.c.answered_at).limit(OPEN_SAMPLES)
    return [_sample(row) for row in connection.execute(query).mappings()]


def sample(connection: Connection, sample_id: int) -> Sample:
    """One. Raises Unknown."""
    row = connection.execute(_samples().where(qa_samples.c.id == sample_id)).mappings().one_or_none()
    if row is None:
        raise Unknown(sample_id)
    return _sample(row)


def take_sample(
    connection: Connection, call_id: str, agent: str, answered_at: datetime, queue: str | None,
    reason: SampleReason, at: datetime,
) -> bool:  # fmt: skip
    """Puts a talk among those to be scored; False when it was there already."""
    values = {
        "call_id": call_id, "agent": agent, "answered_at": answered_at, "queue": queue, "reason": reason,
        "state": SampleState.OPEN, "drawn_at": at,
    }  # fmt: skip
    new = insert_into(connection, qa_samples).values(**values).on_conflict_do_nothing()
    return connection.execute(new.returning(qa_samples.c.id)).first() is not None  # rowcount: -1 on PostgreSQL


def sample_of(connection: Connection, call_id: str, agent: str) -> Sample:
    """The sample of a talk. Raises Unknown."""
    mine = (qa_samples.c.call_id == call_id) & (qa_samples.c.agent == agent)
    row = connection.execute(_samples().where(mine)).mappings().one_or_none()
    if row is None:
        raise Unknown(call_id)
    return _sample(row)


def skip(connection: Connection, sample_id: int, at: datetime, doer: Doer) -> None:
    """Not this one: nothing to be learnt of it."""
    open_one = (qa_samples.c.id == sample_id) & (qa_samples.c.state == SampleState.OPEN)
    if connection.execute(update(qa_samples).where(open_one).values(state=SampleState.SKIPPED)).rowcount:
        note(connection, at, doer, "quality.skipped", f"qa-sample/{sample_id}")


# --- reviews ----------------------------------------------------------------------------------------------------------


def _review(row: Mapping[Any, Any]) -> Review:
    values = {name: row[name] for name in Review.__dataclass_fields__}
    return Review(**values | {"state": ReviewState(row["state"]), "answers": answers_of(row["answers"])})


def review(connection: Connection, review_id: int) -> Review:
    """One. Raises Unknown."""
    row = connection.execute(select(qa_reviews).where(qa_reviews.c.id == review_id)).mappings().one_or_none()
    if row is None:
        raise Unknown(review_id)
    return _review(row)


def begin_review(
    connection: Connection, sample_id: int, version_id: int, at: datetime, grader: Doer, round_id: int | None = None
) -> int:
    """A draft of this grader; the one there is, if there is one. Raises Unknown."""
    talk = sample(connection, sample_id)
    columns = qa_reviews.c
    mine = (columns.sample_id == sample_id) & (columns.grader_id == grader.staff_id)
    same = columns.round_id.is_(None) if round_id is None else columns.round_id == round_id
    known = connection.scalar(select(columns.id).where(mine, same).order_by(columns.id.desc()).limit(1))
    if known is not None:
        return int(known)
    values = {
        "sample_id": sample_id, "round_id": round_id, "version_id": version_id, "call_id": talk.call_id,
        "agent": talk.agent, "queue": talk.queue, "answered_at": talk.answered_at, "grader_id": grader.staff_id,
        "grader": grader.username, "state": ReviewState.DRAFT, "answers": "{}", "comment": "", "created_at": at,
    }  # fmt: skip
    return int(connection.execute(insert(qa_reviews).values(**values).returning(qa_reviews.c.id)).scalar_one())


def save_review(
    connection: Connection, review_id: int, answers: Answers, comment: str, at: datetime, grader: Doer, *, final: bool
) -> Review:
    """Keeps answers; ``final``: the agent sees them from now on, and nothing changes any more.

    Raises Unknown, Refused (``not_yours``, ``final``, ``incomplete``, ``nothing_applies``).
    """
    known = review(connection, review_id)
    if known.grader_id != grader.staff_id:
        raise Refused("not_yours")
    if known.state is ReviewState.FINAL:
        raise Refused("is_final")
    form = version(connection, known.version_id)
    kept = checked(form, answers)
    result = score(form, kept)
    values: dict[str, Any] = {"answers": json.dumps(kept), "comment": comment.strip(), "score": result.share}
    values["fatal"] = result.fatal
    if final:
        if missing(form, kept):
            _write(connection, review_id, values)
            raise Refused("incomplete")
        if result.share is None:
            raise Refused("nothing_applies")
        values |= {"state": ReviewState.FINAL, "finished_at": at}
    _write(connection, review_id, values)
    if final and known.round_id is None:
        connection.execute(update(qa_samples).where(qa_samples.c.id == known.sample_id).values(state=SampleState.DONE))
    if final:
        note(connection, at, grader, "quality.scored", f"qa-review/{review_id}", agent=known.agent, score=result.share)
    return review(connection, review_id)


def _write(connection: Connection, review_id: int, values: Mapping[str, Any]) -> None:
    connection.execute(update(qa_reviews).where(qa_reviews.c.id == review_id).values(**values))


def seen(connection: Connection, review_id: int, at: datetime) -> None:
    """The agent has looked at it."""
    first = (qa_reviews.c.id == review_id) & qa_reviews.c.seen_at.is_(None)
    connection.execute(update(qa_reviews).where(first).values(seen_at=at))


def reply(connection: Connection, review_id: int, text: str, at: datetime, agent: Doer) -> None:
    """What the agent says to it. Raises Refused for nothing."""
    if not text.strip():
        raise Refused("empty_reply")
    _write(connection, review_id, {"reply": text.strip(), "replied_at": at})
    note(connection, at, agent, "quality.replied", f"qa-review/{review_id}")


def reviews(
    connection: Connection, *, agent: str | None = None, sample_id: int | None = None, round_id: int | None = None,
    final: bool | None = None, limit: int = 100,
) -> list[Review]:  # fmt: skip
    """The newest first; without a ``round_id`` none of a calibration."""
    columns = qa_reviews.c
    query = select(qa_reviews).order_by(columns.created_at.desc(), columns.id.desc()).limit(limit)
    query = query.where(columns.round_id.is_(None) if round_id is None else columns.round_id == round_id)
    if agent is not None:
        query = query.where(columns.agent == agent)
    if sample_id is not None:
        query = query.where(columns.sample_id == sample_id)
    if final is not None:
        query = query.where(columns.state == (ReviewState.FINAL if final else ReviewState.DRAFT))
    return [_review(row) for row in connection.execute(query).mappings()]


# --- calibration ------------------------------------------------------------------------------------------------------


def begin_round(connection: Connection, sample_id: int, version_id: int, at: datetime, doer: Doer) -> int:
    """Several graders shall score this talk."""
    values = {"sample_id": sample_id, "version_id": version_id, "begun_at": at, "begun_by": doer.username}
    round_id = int(connection.execute(insert(qa_rounds).values(**values).returning(qa_rounds.c.id)).scalar_one())
    note(connection, at, doer, "quality.round_begun", f"qa-round/{round_id}")
    return round_id


def rounds(connection: Connection, limit: int = 30) -> list[Round]:
    """The newest first."""
    rows = connection.execute(select(qa_rounds).order_by(qa_rounds.c.id.desc()).limit(limit)).mappings()
    return [Round(**row) for row in rows]


def round_(connection: Connection, round_id: int) -> Round:
    """One. Raises Unknown."""
    row = connection.execute(select(qa_rounds).where(qa_rounds.c.id == round_id)).mappings().one_or_none()
    if row is None:
        raise Unknown(round_id)
    return Round(**row)


def close_round(connection: Connection, round_id: int, at: datetime, doer: Doer) -> None:
    """Everybody sees everybody's score from now on."""
    open_one = (qa_rounds.c.id == round_id) & qa_rounds.c.closed_at.is_(None)
    if connection.execute(update(qa_rounds).where(open_one).values(closed_at=at)).rowcount:
        note(connection, at, doer, "quality.round_closed", f"qa-round/{round_id}")


__all__ = ["BadForm", "Card", "Refused", "Review", "Round", "Sample", "Unknown"]
