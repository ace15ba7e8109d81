"""Signed links: whoever has one may answer one card for its office, without an account, until it expires or the card is
closed. The link is all that is needed, so it goes by letter to the office and nowhere else."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from itsdangerous import BadData, URLSafeSerializer

from crm.cards.records import Card

SALT: Final = "card-link"
LONGEST: Final = 400


class BadLink(Exception):
    """This link opens nothing. ``expired``: it did once."""

    def __init__(self, *, expired: bool = False) -> None:
        super().__init__("the link has expired" if expired else "the link is not ours")
        self.expired = expired


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link says. ``key``: must be the card's own."""

    card_id: int
    key: str
    expires_at: datetime


class Links:
    """Makes and reads them. ``address``: of our pages as people elsewhere reach them."""

    def __init__(self, key: str, address: Callable[[], str], lasts: timedelta) -> None:
        self._signer = URLSafeSerializer(key, salt=SALT)
        self._address = address
        self.lasts = lasts

    def to_card(self, card: Card, now: datetime) -> str:
        """The address of the office's page of this card."""
        expires = int((now + self.lasts).timestamp())
        token = self._signer.dumps([card.id, card.link_key, expires])
        return f"{self._address()}/c/{token}"

    def to_page(self, path: str) -> str:
        """The whole address of a page with a log-in."""
        return f"{self._address()}{path}"

    def open(self, token: str, now: datetime) -> Opened:
        """What the link says. Raises BadLink."""
        if len(token) > LONGEST:
            raise BadLink
        try:
            card_id, key, expires = self._signer.loads(token)
            opened = Opened(int(card_id), str(key), datetime.fromtimestamp(int(expires), now.tzinfo))
        except (BadData, ValueError, TypeError, OverflowError):
            raise BadLink from None
        if opened.expires_at <= now:
            raise BadLink(expired=True)
        return opened
