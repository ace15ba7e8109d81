"""Finding people by name, number or e-mail address, however they are written; and the index that makes it quick.

The same SQL on SQLite and PostgreSQL: no extension, no tokeniser. In turn: whole words and their beginnings; words that
sound alike or have a typing error; a part from inside a word.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    intersect,
    or_,
    select,
    union,
)

from crm.database import insert_into
from crm.people.models import (
    Person,
    PersonNumber,
    Profile,
    WordKind,
    people,
    person_numbers,
    person_words,
    phone_numbers,
    word_spellings,
)
from crm.people.names import errors_between, is_near, spellings, spellings_of, words_of
from crm.people.numbers import normalise
from crm.thai import fold, norm, split

MOST: Final = 50
_CANDIDATES: Final = 400
_NEAR_WORDS: Final = 60
_SCANNED_PEOPLE: Final = 500_000  # looking inside words reads them all
_LAST: Final = "\U0010ffff"
_NUMBER: Final = re.compile(r"[+\d][\d\s().\-/]{2,}")
_COLUMNS: Final = tuple(column for column in people.c if column.name != "field_versions")
NUMBERS_OF_PEOPLE: Final = (
    select(
        person_numbers.c.person_id,
        phone_numbers.c.number,
        phone_numbers.c.kind,
        person_numbers.c.is_primary,
        person_numbers.c.last_used_at,
    )
    .join(phone_numbers, phone_numbers.c.id == person_numbers.c.number_id)
    .where(person_numbers.c.person_id.in_(bindparam("ids", expanding=True)))
    .order_by(person_numbers.c.is_primary.desc(), phone_numbers.c.number)
)
"""Of the people ``ids``, the primary number first: who, then the fields of a PersonNumber. Put together once, as it is
asked for every ring."""


@dataclass(frozen=True, slots=True)
class Found:
    """One person found. ``last_contact_at``: last spoken to, as far as a number of theirs tells."""

    person: Person
    numbers: tuple[PersonNumber, ...]
    last_contact_at: datetime | None


def index_person(connection: Connection, person_id: int, profile: Profile) -> None:
    """Writes the words by which this person is found, instead of those of before."""
    forget_person(connection, person_id)
    index_people(connection, {person_id: profile})


def index_people(connection: Connection, profiles: Mapping[int, Profile]) -> None:
    """The same of many who have no words yet: id → profile."""
    rows = [
        {"word": word, "person_id": person_id, "kind": kind}
        for person_id, profile in profiles.items()
        for word, kind in words_of(profile).items()
    ]
    if rows:
        connection.execute(insert(person_words), rows)
    known = {pair for profile in profiles.values() for pair in spellings_of(profile)}
    pairs = [{"spelling": spelling, "word": word} for spelling, word in sorted(known)]
    if pairs:
        statement = insert_into(connection, word_spellings).on_conflict_do_nothing(index_elements=["spelling", "word"])
        connection.execute(statement, pairs)


def forget_person(connection: Connection, person_id: int) -> None:
    """This person is not found any more."""
    connection.execute(delete(person_words).where(person_words.c.person_id == person_id))


def forget_unused_words(connection: Connection) -> int:
    """Deletes the spellings of words that nobody has any more: names are personal data too (R7)."""
    used = select(person_words.c.word).where(person_words.c.word == word_spellings.c.word).exists()
    return connection.execute(delete(word_spellings).where(~used)).rowcount


def search(connection: Connection, asked: str, *, country: str = "TH", most: int = 20) -> list[Found]:
    """The people that ``asked`` may mean, the likeliest first; empty for less than two letters."""
    asked, most = norm(asked).strip(), min(most, MOST)
    tokens = split(asked)
    if _NUMBER.fullmatch(asked):
        return found_people(connection, _by_number(connection, asked, country), most)
    if "@" in asked:
        return found_people(connection, _ids(connection, _word_query(_begins(fold(asked)))), most)
    if len("".join(tokens)) < 2:
        return []
    ids = _ids(connection, _begin_query(tokens))
    if len(ids) < most:
        ids += [one for one in _ids(connection, _near_query(connection, tokens)) if one not in set(ids)]
    if not ids and (connection.scalar(select(func.max(people.c.id))) or 0) <= _SCANNED_PEOPLE:
        ids = _ids(connection, _inside_query(tokens))
    ranks = _ranks(connection, ids, tokens)
    likely = sorted(ids, key=lambda one: (ranks[one], one))[: most * 4]
    found = found_people(connection, likely, len(likely))
    return sorted(found, key=lambda one: (ranks[one.person.id], -_last_contact(one), one.person.id))[:most]


def found_people(connection: Connection, ids: Sequence[int], most: int) -> list[Found]:
    """These people with their numbers, in this order; those that are gone or merged left out."""
    wanted = list(ids)[:most]
    persons: dict[int, Person] = {}
    numbers: dict[int, list[PersonNumber]] = {}
    for some in (wanted[n : n + 200] for n in range(0, len(wanted), 200)):
        living = select(*_COLUMNS).where(people.c.id.in_(some), people.c.merged_into_id.is_(None))
        persons |= {row.id: Person(**row._mapping) for row in connection.execute(living)}
        rows = connection.execute(NUMBERS_OF_PEOPLE, {"ids": some})
        for row in rows:
            numbers.setdefault(row.person_id, []).append(PersonNumber(*row[1:]))
    return [_found(persons[one], numbers.get(one, [])) for one in wanted if one in persons]


def _found(person: Person, numbers: Sequence[PersonNumber]) -> Found:
    used = [one.last_used_at for one in numbers if one.last_used_at]
    return Found(person, tuple(numbers), max(used, default=None))


def _ranks(connection: Connection, ids: Sequence[int], tokens: Sequence[str]) -> dict[int, tuple[int, int]]:
    """Id → errors, and words of which only the beginning was typed: fewest errors first, then whole words."""
    words: dict[int, list[str]] = {one: [] for one in ids}
    for some in (list(ids)[n : n + 200] for n in range(0, len(ids), 200)):
        names = person_words.c.person_id.in_(some) & (person_words.c.kind != WordKind.EMAIL)
        for row in connection.execute(select(person_words.c.person_id, person_words.c.word).where(names)):
            words[row.person_id].append(row.word)
    folded = [fold(token) for token in tokens]
    return {one: _rank(folded, own) for one, own in words.items()}


def _rank(tokens: Sequence[str], words: Sequence[str]) -> tuple[int, int]:
    joined = "".join(tokens)
    errors = begun = 0
    for token in tokens:
        if token in words or joined in words:
            continue
        begun += 1
        if not any(word.startswith((token, joined)) for word in words):
            errors += 1 + min((errors_between(token, word) for word in words), default=3)
    return errors, begun


def _last_contact(found: Found) -> float:
    return found.last_contact_at.timestamp() if found.last_contact_at else 0.0


def _by_number(connection: Connection, asked: str, country: str) -> list[int]:
    """The people of a number, or of all numbers that begin so."""
    number = normalise(asked, country=country)
    exact = phone_numbers.c.number == number.number
    ids = _ids(connection, _number_query(exact)) if number.recognisable else []
    if ids:
        return ids
    digits = re.sub(r"[^\d+]", "", asked)
    beginnings = [digits, f"+{digits}"] + (["+66" + digits[1:]] if country == "TH" and digits[:1] == "0" else [])
    column = phone_numbers.c.number
    sqlite = connection.dialect.name == "sqlite"  # PostgreSQL may sort "+" as its language does; its LIKE does not
    begun = [_between(column, text) if sqlite else column.startswith(text, autoescape=True) for text in beginnings]
    return _ids(connection, _number_query(or_(*begun)))


def _number_query(condition: ColumnElement[bool]) -> Select[Any]:
    joined = person_numbers.join(phone_numbers, phone_numbers.c.id == person_numbers.c.number_id)
    return select(person_numbers.c.person_id).select_from(joined).where(condition)


def _between(column: ColumnElement[str], beginning: str) -> ColumnElement[bool]:
    return and_(column >= beginning, column < beginning + _LAST)


def _begins(token: str) -> ColumnElement[bool]:
    return _between(person_words.c.word, token)


def _word_query(condition: ColumnElement[bool]) -> Select[Any]:
    return select(person_words.c.person_id).where(condition)


def _begin_query(tokens: Sequence[str]) -> Any:
    """Every word begins so; or the whole name does, whatever blanks were typed."""
    each = [_word_query(_begins(fold(token))) for token in tokens]
    if len(each) == 1:
        return each[0]
    together = select(intersect(*each).subquery().c.person_id)
    return union(together, _word_query(_begins(fold("".join(tokens)))))


def _near_query(connection: Connection, tokens: Sequence[str]) -> Any:
    """Every word begins so, sounds so, or has a typing error."""
    each = []
    for token in tokens:
        words = _near_words(connection, token)
        each.append(_word_query(or_(_begins(fold(token)), person_words.c.word.in_(words))))
    return each[0] if len(each) == 1 else intersect(*each)


def _near_words(connection: Connection, token: str) -> list[str]:
    keys = sorted(spellings(token))
    known = select(word_spellings.c.word).where(word_spellings.c.spelling.in_(keys)).distinct().limit(_CANDIDATES)
    near = [word for word in connection.scalars(known) if is_near(token, word)]
    return sorted(near, key=lambda word: (errors_between(token, word), word))[:_NEAR_WORDS]


def _inside_query(tokens: Sequence[str]) -> Any:
    each = [_word_query(person_words.c.word.contains(fold(token), autoescape=True)) for token in tokens]
    return each[0] if len(each) == 1 else intersect(*each)


def _ids(connection: Connection, query: Any) -> list[int]:
    found: Iterable[int] = connection.scalars(query.limit(_CANDIDATES))
    return list(dict.fromkeys(found))
