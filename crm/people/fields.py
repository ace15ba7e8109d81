"""The fields of a person (C4): what may be written into each. Pure."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from crm.people.models import BusinessLevel, Sex
from crm.people.occupations import occupation_of
from crm.people.provinces import find_province
from crm.thai import norm

BUDDHIST_ERA: Final = 543
LONGEST: Final = 200
LONGEST_NOTES: Final = 20_000
LANGUAGES: Final = ("th", "en")
_EMAIL: Final = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+\.[^\s@<>,;\".]{2,}")


class FieldProblem(ValueError):
    """A value that cannot be. ``code``: a key of `crm.people.words`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def clean_changes(given: Mapping[str, Any], year: int) -> tuple[dict[str, Any], dict[str, str]]:
    """What can be stored of ``given``, and field → code of what cannot. ``year``: now, for ages (``age`` becomes
    ``birth_year``)."""
    clean: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, value in given.items():
        try:
            if name == "age":
                clean["birth_year"] = _birth_year_of_age(value, year)
            elif name not in _CLEANERS:
                raise FieldProblem("unknown_field")
            else:
                clean[name] = _CLEANERS[name](value, year)
        except FieldProblem as problem:
            problems[name] = problem.code
    return clean, problems


def text_of(value: Any, longest: int, *, lines: bool = False) -> str | None:
    """Text as it is stored, None when nothing is left. Raises FieldProblem when it is too long or no text."""
    if value is None:
        return None
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise FieldProblem("bad_text")
    text = norm(str(value).replace("\0", "").replace("\r\n", "\n").encode("utf-8", "replace").decode())
    text = text.strip() if lines else " ".join(text.split())
    if len(text) > longest:
        raise FieldProblem("too_long")
    return text or None


def one_of_words(value: Any, words: tuple[str, ...]) -> str | None:
    """One of ``words``, or None. Raises FieldProblem."""
    text = text_of(value, LONGEST)
    if text is not None and text not in words:
        raise FieldProblem("bad_choice")
    return text


def _plain(value: Any, _year: int) -> str | None:
    return text_of(value, LONGEST)


def _display_name(value: Any, _year: int) -> str:
    name = text_of(value, LONGEST)
    if name is None:
        raise FieldProblem("name_missing")
    return name


def _whole_number(value: Any) -> int | None:
    text = text_of(value, LONGEST)
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,4}", text):
        raise FieldProblem("bad_year")
    return int(text)


def _birth_year(value: Any, year: int) -> int | None:
    """A year in either era."""
    born = _whole_number(value)
    if born is None:
        return None
    if born > year + 50:
        born -= BUDDHIST_ERA
    if not year - 120 <= born <= year:
        raise FieldProblem("bad_year")
    return born


def _birth_year_of_age(value: Any, year: int) -> int | None:
    age = _whole_number(value)
    if age is None:
        return None
    if age > 120:
        raise FieldProblem("bad_age")
    return year - age


def _province(value: Any, _year: int) -> str | None:
    text = text_of(value, LONGEST)
    if text is None:
        return None
    province = find_province(text)
    if province is None:
        raise FieldProblem("bad_province")
    return province.th


def _email(value: Any, _year: int) -> str | None:
    text = text_of(value, LONGEST)
    if text is not None and not _EMAIL.fullmatch(text):
        raise FieldProblem("bad_email")
    return text


def _occupation(value: Any, _year: int) -> str | None:
    text = text_of(value, LONGEST)
    return occupation_of(text) if text else None


_CLEANERS: Final[dict[str, Callable[[Any, int], Any]]] = {
    "title": _plain,
    "first_name": _plain,
    "last_name": _plain,
    "display_name": _display_name,
    "language": lambda value, _year: one_of_words(value, LANGUAGES),
    "business_level": lambda value, _year: one_of_words(value, tuple(BusinessLevel)),
    "occupation": _occupation,
    "sex": lambda value, _year: one_of_words(value, tuple(Sex)),
    "birth_year": _birth_year,
    "province": _province,
    "email": _email,
    "notes": lambda value, _year: text_of(value, LONGEST_NOTES, lines=True),
}
