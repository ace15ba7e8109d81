"""Links to files that are too large to be attached: signed, and worthless after their day."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from itsdangerous import BadData, URLSafeSerializer

SALT: Final = "letter-file"
LONGEST: Final = 200


class BadFileLink(Exception):
    """This link gives nothing. ``expired``: it did once."""

    def __init__(self, *, expired: bool = False) -> None:
        super().__init__("the link has expired" if expired else "the link is not ours")
        self.expired = expired


class FileLinks:
    """``address``: of our pages as people elsewhere reach them; ``lasts``: how long a link does."""

    def __init__(self, key: str, address: Callable[[], str], lasts: timedelta) -> None:
        self._signer = URLSafeSerializer(key, salt=SALT)
        self._address = address
        self.lasts = lasts

    @staticmethod
    def new_key() -> str:
        """The key of one file of one letter."""
        return uuid.uuid4().hex

    def link(self, key: str, until: datetime) -> str:
        """The whole address."""
        return f"{self._address()}/f/{self._signer.dumps([key, int(until.timestamp())])}"

    def open(self, token: str, now: datetime) -> str:
        """The key that a link names. Raises BadFileLink."""
        if len(token) > LONGEST:
            raise BadFileLink
        try:
            key, until = self._signer.loads(token)
            expired = datetime.fromtimestamp(int(until), now.tzinfo) <= now
        except (BadData, ValueError, TypeError, OverflowError):
            raise BadFileLink from None
        if expired:
            raise BadFileLink(expired=True)
        return str(key)
