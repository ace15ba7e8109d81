"""The holidays of a country as the library knows them. Later decisions of a cabinet cannot be known: people edit."""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import holidays as library

CalendarKind = Literal["government", "public", "none"]

# Government offices work on Labour Day and on its substitute; Children's Day is a Saturday that closes nothing.
_NOT_OF_GOVERNMENT: Final = "วันแรงงานแห่งชาติ"
_CLOSES_NOTHING: Final = "วันเด็กแห่งชาติ"
_SEPARATOR: Final = "; "  # two feasts on one day


@dataclass(frozen=True, slots=True)
class Holiday:
    """One day on which the doors stay closed; a local date."""

    date: date
    name_th: str
    name_en: str


class UnknownCountry(ValueError):
    """Nobody has written down the holidays of this country."""


def seed(kind: CalendarKind, years: tuple[int, ...], country: str = "TH") -> list[Holiday]:
    """The holidays of these years, in order. Raises UnknownCountry (then add them by hand)."""
    if kind == "none":
        return []
    try:
        thai, english = (_calendar(kind, years, country, language) for language in ("th", "en_US"))
    except NotImplementedError as error:
        raise UnknownCountry(
            f'there is no holiday calendar of {country}: set [hours] holidays = "none" and add them by hand'
        ) from error
    found = []
    for day, name in sorted(thai.items()):
        names = [(th, en) for th, en in _pairs(name, english.get(day, name)) if not _skipped(kind, th)]
        if names:
            found.append(Holiday(day, _SEPARATOR.join(th for th, _ in names), _SEPARATOR.join(en for _, en in names)))
    return found


def _calendar(kind: CalendarKind, years: tuple[int, ...], country: str, language: str) -> dict[date, str]:
    plain = library.country_holidays(country)
    categories = {"public", kind} & set(plain.supported_categories)
    known = language if language in plain.supported_languages else None
    return dict(library.country_holidays(country, years=years, categories=categories, language=known))


def _pairs(thai: str, english: str) -> list[tuple[str, str]]:
    """Each feast of the day in both languages; the day whole when the lists differ in length."""
    th, en = thai.split(_SEPARATOR), english.split(_SEPARATOR)
    return list(zip(th, en, strict=True)) if len(th) == len(en) else [(thai, english)]


def _skipped(kind: CalendarKind, thai_name: str) -> bool:
    return _CLOSES_NOTHING in thai_name or (kind == "government" and _NOT_OF_GOVERNMENT in thai_name)
