"""Putting letters into the table, looking them up, and what becomes of each."""

import re
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, func, insert, literal, select, update

from crm.database import Instant
from crm.outbox.models import LetterState, letter_files, letters

GIVE_UP_AFTER: Final = timedelta(hours=48)
_FIRST_DELAYS: Final = tuple(timedelta(minutes=n) for n in (1, 2, 5, 10, 20, 40, 60))
_LATER_DELAY: Final = timedelta(hours=2)
_ADDRESS: Final = re.compile(r"[^\s@<>,;:\"\\()\[\]]+@[A-Za-z0-9.-]+")
LONGEST_ADDRESS: Final = 254


class BadAddress(ValueError):
    """No letter can be sent to this; the message says what is expected."""


class NotPossible(Exception):
    """This letter cannot be treated like that as it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFile:
    """A file of a letter. ``sha256``: of `crm.files`. With ``link_key`` it is not attached: whoever has the link of the
    letter fetches it until ``link_until``."""

    name: str
    media_type: str
    sha256: str
    size_bytes: int
    link_key: str | None = None
    link_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A letter to be. ``about``: what it is about, as in the audit ("card/7"). ``html``: the text as a page, beside it.
    ``useless_after``: then it is not sent any more."""

    kind: str
    recipient: str
    subject: str
    text: str
    about: str | None = None
    useless_after: datetime | None = None
    html: str | None = None
    files: tuple[LetterFile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter as it stands. ``answer``: the last words of ``server``, None before the first try. ``bounced_at``: it
    came back, because of ``bounce``."""

    id: int
    message_id: str
    kind: str
    about: str | None
    recipient: str
    subject: str
    text: str
    state: LetterState
    created_at: datetime
    useless_after: datetime | None
    tries: int
    first_tried_at: datetime | None
    next_try_at: datetime
    settled_at: datetime | None
    answer: str | None
    html: str | None = None
    server: str | None = None
    bounced_at: datetime | None = None
    bounce: str | None = None


def is_address(text: str) -> bool:
    """Whether a letter can be addressed to ``text``."""
    return len(text) <= LONGEST_ADDRESS and text.isascii() and _ADDRESS.fullmatch(text) is not None


def put(connection: Connection, draft: Draft, at: datetime) -> int:
    """Takes a letter in, in the transaction of what causes it; returns its id. Raises BadAddress."""
    if not is_address(draft.recipient):
        raise BadAddress("an e-mail address is written as name@example.go.th")
    statement = insert(letters).values(
        message_id=uuid.uuid4().hex,
        kind=draft.kind,
        about=draft.about,
        recipient=draft.recipient,
        subject=" ".join(draft.subject.split()),
        text=draft.text,
        html=draft.html,
        state=LetterState.QUEUED,
        created_at=at,
        useless_after=draft.useless_after,
        next_try_at=at,
    )
    letter_id: int = connection.execute(statement.returning(letters.c.id)).scalar_one()
    for ordinal, file in enumerate(draft.files):
        connection.execute(insert(letter_files).values(letter_id=letter_id, ordinal=ordinal, **asdict(file)))
    return letter_id


def get(connection: Connection, letter_id: int) -> Letter:
    """One letter. Raises LookupError."""
    return _one(connection, letter_id)


def files_of(connection: Connection, letter_id: int) -> list[LetterFile]:
    """What goes with a letter, in order."""
    query = select(letter_files).where(letter_files.c.letter_id == letter_id).order_by(letter_files.c.ordinal)
    return [_file(row) for row in connection.execute(query)]


def linked_file(connection: Connection, link_key: str) -> LetterFile | None:
    """The file of a link."""
    row = connection.execute(select(letter_files).where(letter_files.c.link_key == link_key)).one_or_none()
    return _file(row) if row else None


def live_links(connection: Connection, letter_ids: Iterable[int], at: datetime) -> dict[int, datetime]:
    """Those letters whose links still give their files, and until when."""
    query = (
        select(letter_files.c.letter_id, func.max(letter_files.c.link_until).label("until"))
        .where(letter_files.c.letter_id.in_(list(letter_ids)), letter_files.c.link_until > at)
        .group_by(letter_files.c.letter_id)
    )
    return {row.letter_id: row.until for row in connection.execute(query)}


def withdraw_links(connection: Connection, letter_id: int, at: datetime) -> int:
    """The links of a letter end now; returns how many there were."""
    live = (letter_files.c.letter_id == letter_id) & (letter_files.c.link_until > at)
    return connection.execute(update(letter_files).where(live).values(link_until=at)).rowcount


def _file(row: Any) -> LetterFile:
    return LetterFile(**{name: row._mapping[name] for name in LetterFile.__dataclass_fields__})


def letters_about(connection: Connection, about: str) -> list[Letter]:
    """All letters about one thing, the newest first."""
    return _letters(connection, letters.c.about == about)


def list_letters(connection: Connection, states: Iterable[LetterState] = (), limit: int = 200) -> list[Letter]:
    """The newest letters first; ``states``: only these, empty: all."""
    wanted = list(states)
    return _letters(connection, letters.c.state.in_(wanted) if wanted else None, limit)


def counts(connection: Connection) -> dict[LetterState, int]:
    """How many letters there are in each state; all states are there."""
    rows = connection.execute(select(letters.c.state, func.count()).group_by(letters.c.state))
    found = {LetterState(state): count for state, count in rows}
    return {state: found.get(state, 0) for state in LetterState}


def _letters(connection: Connection, condition: Any, limit: int = 200) -> list[Letter]:
    query = select(letters).order_by(letters.c.created_at.desc(), letters.c.id.desc()).limit(limit)
    if condition is not None:
        query = query.where(condition)
    return [_letter(row) for row in connection.execute(query)]


def _letter(row: Any) -> Letter:
    values = dict(row._mapping)
    return Letter(**values | {"state": LetterState(values["state"])})


# ---- for the sender ------------------------------------------------------------------------------------------------


def next_due(connection: Connection, at: datetime) -> Letter | None:
    """The letter whose turn it is; None when none is due."""
    row = connection.execute(
        select(letters)
        .where(letters.c.state == LetterState.QUEUED, letters.c.next_try_at <= at)
        .order_by(letters.c.next_try_at, letters.c.id)
        .limit(1)
    ).one_or_none()
    return _letter(row) if row else None


def begin(connection: Connection, letter_id: int) -> bool:
    """From now on the server may have it. False when the letter is no longer waiting: then it must not be sent."""
    waiting = (letters.c.id == letter_id) & (letters.c.state == LetterState.QUEUED)
    return connection.execute(update(letters).where(waiting).values(state=LetterState.SENDING)).rowcount == 1


def settle(
    connection: Connection, letter_id: int, state: LetterState, answer: str, at: datetime, server: str | None = None
) -> None:
    """How a try ended for good: sent, refused or uncertain."""
    connection.execute(
        update(letters)
        .where(letters.c.id == letter_id)
        .values(
            state=state,
            settled_at=at,
            answer=answer,
            server=server,
            tries=letters.c.tries + 1,
            first_tried_at=func.coalesce(letters.c.first_tried_at, literal(at, Instant)),
        )
    )


def try_later(
    connection: Connection, letter: Letter, answer: str, at: datetime, server: str | None = None
) -> LetterState:
    """It could not be handed over: queued for another try, or refused when that has gone on for too long."""
    first = letter.first_tried_at or at
    following = at + delay_before(letter.tries + 2)
    over = following - first > GIVE_UP_AFTER
    state = LetterState.REFUSED if over else LetterState.QUEUED
    connection.execute(
        update(letters)
        .where(letters.c.id == letter.id)
        .values(
            state=state,
            tries=letter.tries + 1,
            first_tried_at=first,
            next_try_at=following,
            settled_at=at if over else None,
            answer=answer,
            server=server,
        )
    )
    return state


def delay_before(try_number: int) -> timedelta:
    """How long is waited before the second, third … try: minutes at first, hours later."""
    index = try_number - 2
    return _FIRST_DELAYS[index] if index < len(_FIRST_DELAYS) else _LATER_DELAY


def found_at_start(connection: Connection, at: datetime) -> int:
    """What was just being handed over when the last run ended may have been taken or not: returns how many."""
    interrupted = update(letters).where(letters.c.state == LetterState.SENDING)
    words = "the program ended while the letter was being handed over"
    return connection.execute(
        interrupted.values(state=LetterState.UNCERTAIN, settled_at=at, answer=words, tries=letters.c.tries + 1)
    ).rowcount


# ---- what people decide --------------------------------------------------------------------------------------------


def send_again(connection: Connection, letter_id: int, at: datetime) -> Letter:
    """Another round of tries for a refused or uncertain letter. Raises LookupError, NotPossible."""
    letter = _one(connection, letter_id)
    if letter.state not in {LetterState.REFUSED, LetterState.UNCERTAIN} and letter.bounced_at is None:
        raise NotPossible("only a letter that was refused, came back, or whose fate is uncertain can be sent again")
    again = {"state": LetterState.QUEUED, "next_try_at": at, "first_tried_at": None, "useless_after": None}
    values = {**again, "tries": 0, "settled_at": None, "bounced_at": None, "bounce": None}
    connection.execute(update(letters).where(letters.c.id == letter_id).values(**values))
    return _one(connection, letter_id)


def has_arrived(connection: Connection, letter_id: int, at: datetime) -> Letter:
    """Somebody asked: an uncertain letter did arrive. Raises LookupError, NotPossible."""
    if _one(connection, letter_id).state is not LetterState.UNCERTAIN:
        raise NotPossible("the fate of this letter is not uncertain")
    arrived = update(letters).where(letters.c.id == letter_id).values(state=LetterState.SENT, settled_at=at)
    connection.execute(arrived)
    return _one(connection, letter_id)


def came_back(connection: Connection, message_ids: Iterable[str], why: str, at: datetime) -> Letter | None:
    """A letter of ours was brought back: that is noted, once. None when none of ``message_ids`` is ours, or it is known
    already. A letter that came back was taken by a server, so its fate is not uncertain any more."""
    ours = select(letters.c.id).where(letters.c.message_id.in_(list(message_ids)), letters.c.bounced_at.is_(None))
    letter_id = connection.scalar(ours.order_by(letters.c.id).limit(1))
    if letter_id is None:
        return None
    letter = _one(connection, letter_id)
    taken = {"state": LetterState.SENT} if letter.state is LetterState.UNCERTAIN else {}
    values = {"bounced_at": at, "bounce": why, **taken}
    connection.execute(update(letters).where(letters.c.id == letter_id).values(**values))
    return _one(connection, letter_id)


def _one(connection: Connection, letter_id: int) -> Letter:
    row = connection.execute(select(letters).where(letters.c.id == letter_id)).one_or_none()
    if row is None:
        raise LookupError(f"there is no letter {letter_id}")
    return _letter(row)
