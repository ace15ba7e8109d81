"""Which shelves of the index a role may search."""

from typing import Final

from crm.search.models import RESTRICTED, Kind
from crm.staff.models import Role

_EVERYONE: Final = (Kind.ARTICLE, Kind.DOCUMENT, Kind.DEALER, Kind.SOURCE)


def shelves_of(role: Role) -> tuple[str, ...]:
    """Restricted documents only for those who look after them; transfer cards not for officers, who see those of their
    own office on its page."""
    if role == Role.AGENT:
        return (*_EVERYONE, Kind.CARD)
    if role == Role.OFFICER:
        return (*_EVERYONE, RESTRICTED)
    return (*_EVERYONE, Kind.CARD, RESTRICTED)
