"""Passwords: how they are kept (argon2id), what makes a good one, and those that are made for people."""

import secrets
from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST: Final = 10
LONGEST: Final = 200
# Without letters and digits that look alike: it is read from paper or said on the telephone once.
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 4, 4
# Beginnings of what people choose first; longer words with one of these and a few digits are no better.
_COMMON: Final = ("password", "passw0rd", "qwerty", "asdf", "admin", "letmein", "welcome", "hotline", "iloveyou")
AT_ONCE: Final = 2  # each takes 46 MiB and a core for some 50 ms: callers' calls share this machine


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password about to be given: to its owner as ``plain``, to the database as ``kept``. ``is_temporary``: to be
    changed at the first log-in."""

    plain: str = field(repr=False)
    kept: str = field(repr=False)
    is_temporary: bool = True


class Hasher:
    """Makes and compares hashes, a few at a time; any thread may ask."""

    def __init__(self, *, time_cost: int = 1, memory_kib: int = 46 * 1024) -> None:
        self._argon2 = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
        self._turn = BoundedSemaphore(AT_ONCE)
        self._nobody = self._argon2.hash(secrets.token_urlsafe(16))

    def hash(self, password: str) -> str:
        """What the database keeps."""
        with self._turn:
            return self._argon2.hash(password)

    def one_time(self) -> NewPassword:
        """A fresh one-time password. Takes a while: not inside a transaction."""
        plain = one_time_password()
        return NewPassword(plain, self.hash(plain))

    def chosen(self, plain: str) -> NewPassword:
        """A password that stays. Takes a while: not inside a transaction."""
        return NewPassword(plain, self.hash(plain), is_temporary=False)

    def matches(self, password: str, kept: str | None) -> bool:
        """Whether ``password`` is the one; ``kept`` None (there is no such person) takes just as long and is False."""
        with self._turn:
            try:
                return self._argon2.verify(kept or self._nobody, password) and kept is not None
            except (VerificationError, InvalidHashError):
                return False

    def is_outdated(self, kept: str) -> bool:
        """Whether the hash was made with other costs than today's."""
        return self._argon2.check_needs_rehash(kept)


def one_time_password() -> str:
    """A random one, readable, 79 bits: ``k7mp-x2qa-…``."""
    letters = [secrets.choice(_ALPHABET) for _ in range(_GROUPS * _GROUP)]
    return "-".join("".join(letters[i : i + _GROUP]) for i in range(0, len(letters), _GROUP))


def weakness(password: str, *, username: str = "") -> str | None:
    """Why this cannot be a password: ``short``, ``long``, ``common``, ``username``; None when it can. Length is what
    counts; no rule asks for signs or digits."""
    if len(password) < SHORTEST:
        return "short"
    if len(password) > LONGEST:
        return "long"
    plain = password.lower()
    if username and username.lower() in plain:
        return "username"
    if len(set(plain)) < 5 or plain.startswith(_COMMON) or plain in _rows():
        return "common"
    return None


def _rows() -> set[str]:
    """Digits in their order, forwards and backwards."""
    row = "12345678901234567890"
    found = {row[start : start + length] for start in range(10) for length in range(SHORTEST, 20 - start + 1)}
    return found | {one[::-1] for one in found}
