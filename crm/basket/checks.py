"""What is checked of an item before it may leave, and whether it has been (H6). Pure."""

import hashlib
import json
from dataclasses import asdict
from enum import StrEnum
from typing import Final

from crm.basket.models import Item, ItemKind

_LISTS: Final = {
    ItemKind.ARTICLE: ("answers", "current"),
    ItemKind.DOCUMENT: ("opened", "answers", "current"),
    ItemKind.DEALER: ("details", "may_be_given"),
    ItemKind.SOURCE: ("details", "may_be_given"),
    ItemKind.LINK: ("opened", "official"),
    ItemKind.FILE: ("opened", "answers", "no_others"),
}
DESPITE: Final = "despite_warning"
CHECKS: Final = (*dict.fromkeys(check for checks in _LISTS.values() for check in checks), DESPITE)


class Standing(StrEnum):
    """How far the verification of an item is."""

    OPEN = "open"  # something on its list is not ticked, or it has changed since
    SECOND = "second"  # ticked; waits for a second person
    REFUSED = "refused"  # the second person says no
    VERIFIED = "verified"
    SENT = "sent"


def checks_of(item: Item) -> tuple[str, ...]:
    """The check list of an item."""
    return (*_LISTS[item.kind], *((DESPITE,) if item.warning else ()))


def print_of(item: Item) -> str:
    """A fingerprint of everything of an item that its reader sees."""
    texts = [item.kind, item.ref, item.piece_version, item.title, item.text, item.html, item.url, item.warning]
    seen = [*texts, item.sensitive, *(asdict(file) for file in item.files)]
    return hashlib.sha256(json.dumps(seen, ensure_ascii=False).encode()).hexdigest()


def standing_of(item: Item) -> Standing:
    """How far the verification is; nothing that was verified counts once the item is another."""
    if item.sent_at is not None:
        return Standing.SENT
    now = print_of(item)
    ticked = item.verified_by is not None and item.verified_print == now and set(checks_of(item)) <= set(item.checks)
    if not ticked:
        return Standing.OPEN
    if not item.sensitive:
        return Standing.VERIFIED
    if item.second_by is not None and item.second_print == now and item.second_by != item.verified_by:
        return Standing.REFUSED if item.second_refusal else Standing.VERIFIED
    return Standing.SECOND


def may_second(item: Item, staff_id: int, agent_id: int | None) -> bool:
    """Whether this person is a second one: neither who verified it, nor who put it in, nor whose contact it is."""
    return staff_id not in {item.verified_by, item.added_by, agent_id}
