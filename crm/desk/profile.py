"""What a pop shows of a caller, put together from the records of every feature, ready for JSON in each language."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection

from crm.contacts.service import profile_for_pop

LANGUAGES: Final = ("th", "en")


def profile_of(connection: Connection, number: str | None, call_id: str | None, year: int) -> Mapping[str, Any]:
    """Language → people of ``number`` with their last contacts and ratings (C1, C3); nobody for a hidden number.
    ``call_id``: the call that rings; ``year``: now, for ages."""
    found = profile_for_pop(connection, number, call_id)
    return {language: found.as_json(year, language) for language in LANGUAGES}
