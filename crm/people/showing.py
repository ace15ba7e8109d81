"""A person as JSON, for the pages; and the choices for the fields."""

import re
from collections.abc import Iterable
from typing import Any, Final

from crm.people.duplicates import Duplicate
from crm.people.merging import Merge
from crm.people.models import BusinessLevel, Person, PersonNumber, Sex
from crm.people.occupations import OCCUPATIONS, occupation_label
from crm.people.provinces import PROVINCES, find_province
from crm.people.search import Found
from crm.people.words import WORDS

_NATIONAL: Final = re.compile("0[0-9]{8,9}")

FIELDS: Final = (
    "title", "first_name", "last_name", "display_name", "language", "business_level", "occupation", "sex",
    "birth_year", "province", "email", "notes",
)  # fmt: skip


def national(number: str) -> str:
    """As people here read it: ``081 234 5678``, ``02 507 7999`` (Bangkok), ``034 123 456`` (a province); foreign and
    short numbers as they are. The same as in ``crm/web/static/numbers.js``: ``tests/browser/test_numbers_shown.py``."""
    digits = "0" + number[3:] if number.startswith("+66") else number
    if not _NATIONAL.fullmatch(digits):
        return number
    first = 2 if digits.startswith("02") and len(digits) == 9 else 3
    return f"{digits[:first]} {digits[first : first + 3]} {digits[first + 3 :]}"


def number_json(number: PersonNumber) -> dict[str, Any]:
    """A number of a person."""
    return {
        "number": number.number,
        "shown": national(number.number),
        "kind": number.kind,
        "primary": number.is_primary,
        "last_used_at": number.last_used_at and number.last_used_at.isoformat(),
    }


def person_json(person: Person, numbers: Iterable[PersonNumber], year: int, language: str = "th") -> dict[str, Any]:
    """The whole profile. ``year``: now, for the age; ``language``: of the labels."""
    return {
        "id": person.id,
        "version": person.version,
        "merged_into": person.merged_into_id,
        **{name: getattr(person, name) for name in FIELDS},
        "age": person.age(year),
        "province_label": province_label(person.province, language),
        "occupation_label": occupation_label(person.occupation, language),
        "numbers": [number_json(number) for number in numbers],
        "created_at": person.created_at.isoformat(),
        "updated_at": person.updated_at.isoformat(),
    }


def found_json(found: Found, year: int, language: str) -> dict[str, Any]:
    """A line of a search."""
    shown = person_json(found.person, found.numbers, year, language)
    return shown | {"last_contact_at": found.last_contact_at and found.last_contact_at.isoformat()}


def duplicate_json(duplicate: Duplicate, year: int, language: str) -> dict[str, Any]:
    """Somebody who may be the same."""
    return found_json(duplicate.found, year, language) | {"reasons": list(duplicate.reasons)}


def merge_json(merge: Merge) -> dict[str, Any]:
    """A merge that can be undone."""
    return {
        "id": merge.id,
        "merged_id": merge.merged_id,
        "name": merge.merged_name,
        "at": merge.merged_at.isoformat(),
        "by": merge.merged_by,
    }


def province_label(stored: str | None, language: str) -> str | None:
    """A stored province as it is shown."""
    province = find_province(stored) if stored else None
    return province.label(language) if province else stored


def choices(language: str) -> dict[str, list[dict[str, str]]]:
    """Field → value and label of what can be chosen."""
    words = WORDS[language]
    return {
        "sex": [{"value": sex, "label": words[sex]} for sex in Sex],
        "business_level": [{"value": level, "label": words[f"level_{level}"]} for level in BusinessLevel],
        "language": [{"value": code, "label": words[f"language_{code}"]} for code in ("th", "en")],
        "province": [{"value": one.th, "label": one.label(language)} for one in PROVINCES],
        "occupation": [{"value": th, "label": th if language == "th" else en} for th, en in OCCUPATIONS],
    }
