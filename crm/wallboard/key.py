"""Who may look at the board: whoever is logged in, and big screens without a keyboard, by a key in their address."""

import hmac
import os
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from fastapi import Request

from crm.staff.access import EVERYONE, Access

FILE_NAME: Final = "wallboard-key"
Door = Callable[[Request], Awaitable[None]]


class ScreenKey:
    """The key of the big screens, in the state folder, readable for us alone; made when it is first asked for."""

    def __init__(self, state: Path) -> None:
        self._path = state / FILE_NAME

    @property
    def value(self) -> str:
        """The key as it is now. Raises OSError when it can neither be read nor made."""
        try:
            if key := self._path.read_text("ascii").strip():
                return key
        except (FileNotFoundError, UnicodeDecodeError):
            pass
        return self.renew()

    def renew(self) -> str:
        """Another key: screens with the old one show no more. Raises OSError."""
        key = secrets.token_urlsafe(24)
        temporary = self._path.with_suffix(".new")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(key)
        temporary.replace(self._path)
        return key

    def opens(self, given: str) -> bool:
        """Whether this is the key."""
        try:
            return hmac.compare_digest(given.encode(), self.value.encode())
        except OSError:
            return False


def screen_door(access: Access, key: ScreenKey) -> Door:
    """Lets in who has the key, and whoever is logged in. Raises HTTPException as `Access.of` does."""
    logged_in = access.of(*EVERYONE)

    async def door(request: Request) -> None:
        given = request.query_params.get("key")
        if given is None or not key.opens(given):
            await logged_in(request)

    return door


async def anyone(request: Request) -> None:
    """A door that is open: for trials of the board alone."""
