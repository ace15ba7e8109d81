"""The way in: a name and a password become a session. Wrong tries are counted before they are judged, so that many at
once are not more than five."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from threading import Lock
from typing import Final

from sqlalchemy import Connection, Engine, select, update

from crm.audit.service import note
from crm.database import writing
from crm.staff import sessions
from crm.staff.accounts import username_of
from crm.staff.models import Role, staff
from crm.staff.passwords import LONGEST, Hasher

MOST_TRIES: Final = 5
LOCKED_FOR: Final = timedelta(minutes=15)
ADDRESS_TRIES: Final = 30  # an office behind one address has many who mistype in the morning
ADDRESS_WINDOW: Final = timedelta(minutes=5)
MOST_KEPT: Final = 10_000  # names and addresses remembered


class Refused(Exception):
    """No entry. ``reason``: ``wrong``, ``locked`` (this account) or ``address`` (too many tries from there); the last
    two until ``until``. ``left``: tries before the account is locked."""

    def __init__(self, reason: str, until: datetime | None = None, left: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.until = until
        self.left = left


@dataclass(frozen=True, slots=True)
class Entered:
    """A session has begun; ``token`` is for the cookie."""

    token: str
    role: Role
    language: str | None
    password_is_temporary: bool


@dataclass(frozen=True, slots=True)
class _Account:
    id: int
    username: str
    password_hash: str
    tries: int

    @property
    def staff_id(self) -> int:
        return self.id


class RecentTries:
    """Wrong tries of the last minutes by place, in memory. Any thread may ask."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._tries: OrderedDict[str, list[datetime]] = OrderedDict()

    def claim(self, place: str, at: datetime) -> datetime | None:
        """Counts a try; None when it may be made, else until when not."""
        with self._lock:
            recent = [then for then in self._tries.pop(place, ()) if then > at - ADDRESS_WINDOW]
            allowed = len(recent) < ADDRESS_TRIES
            if allowed:
                recent.append(at)
            self._tries[place] = recent
            if len(self._tries) > MOST_KEPT:
                self._tries.popitem(last=False)
            return None if allowed else recent[0] + ADDRESS_WINDOW

    def give_back(self, place: str, at: datetime) -> None:
        """The try of that moment was right: it does not count."""
        with self._lock:
            if at in (tries := self._tries.get(place, [])):
                tries.remove(at)


class Strangers:
    """Names that nobody has, counted and locked in memory as accounts are in the database: from outside they are
    alike. Any thread may ask."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._tries: OrderedDict[str, tuple[int, datetime | None]] = OrderedDict()

    def claim(self, name: str, at: datetime) -> int:
        """Counts a try; how many there were. Raises Refused while the name is locked."""
        with self._lock:
            tries, locked_until = self._tries.pop(name, (0, None))
            if locked_until is not None and locked_until > at:
                self._tries[name] = tries, locked_until
                raise Refused("locked", locked_until)
            tries = 1 if locked_until is not None else tries + 1
            self._tries[name] = tries, at + LOCKED_FOR if tries >= MOST_TRIES else None
            if len(self._tries) > MOST_KEPT:
                self._tries.popitem(last=False)
            return tries


class LogIn:
    """`enter`, from any thread."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime], hasher: Hasher) -> None:
        self._engine = engine
        self._clock = clock
        self._hasher = hasher
        self._addresses = RecentTries()
        self._strangers = Strangers()

    def enter(
        self, username: str, password: str, address: str | None, browser: str | None, old_token: str | None = None
    ) -> Entered:
        """Begins a session; one that this browser had ends. Raises Refused.

        A name that nobody has takes as long and is answered as one with a wrong password.
        """
        at = self._clock()
        place = place_of(address)
        if until := self._addresses.claim(place, at):
            raise Refused("address", until)
        name = username_of(username)
        account = self._claim(name, at)
        tries = account.tries if account else self._strangers.claim(name, at)
        right = self._hasher.matches(password[: LONGEST + 1], account.password_hash if account else None)
        if account is None or not right:
            raise self._wrong(account, tries, at, address)
        self._addresses.give_back(place, at)
        return self._begin(account, password, at, address, browser, old_token)

    def _claim(self, name: str, at: datetime) -> _Account | None:
        with writing(self._engine) as connection:
            row = connection.execute(
                select(staff.c.id, staff.c.password_hash, staff.c.failed_logins, staff.c.locked_until)
                .where(staff.c.username == name, staff.c.active)
                .with_for_update()
            ).one_or_none()
            if row is None:
                return None
            if row.locked_until is not None and row.locked_until > at:
                raise Refused("locked", row.locked_until)
            tries = 1 if row.locked_until is not None else row.failed_logins + 1
            locked_until = at + LOCKED_FOR if tries > MOST_TRIES else None
            connection.execute(
                update(staff).where(staff.c.id == row.id).values(failed_logins=tries, locked_until=locked_until)
            )
        if locked_until is not None:  # others are trying at this very moment
            raise Refused("locked", locked_until)
        return _Account(row.id, name, row.password_hash, tries)

    def _wrong(self, account: _Account | None, tries: int, at: datetime, address: str | None) -> Refused:
        until = at + LOCKED_FOR if tries >= MOST_TRIES else None
        if account is not None:
            with writing(self._engine) as connection:
                if until is not None:
                    connection.execute(update(staff).where(staff.c.id == account.id).values(locked_until=until))
                action = "staff.locked" if until else "staff.login_refused"
                details = {"username": account.username, "address": address}
                note(connection, at, None, action, f"staff/{account.id}", **details)
        return Refused("locked", until) if until else Refused("wrong", left=MOST_TRIES - tries)

    def _begin(
        self,
        account: _Account,
        password: str,
        at: datetime,
        address: str | None,
        browser: str | None,
        old_token: str | None,
    ) -> Entered:
        new_hash = self._hasher.hash(password) if self._hasher.is_outdated(account.password_hash) else None
        with writing(self._engine) as connection:
            row = _open_account(connection, account)
            if row is None:  # closed, or given another password, while it was compared
                raise Refused("wrong")
            values = {"failed_logins": 0, "locked_until": None} | ({"password_hash": new_hash} if new_hash else {})
            connection.execute(update(staff).where(staff.c.id == account.id).values(**values))
            if old_token:
                sessions.end(connection, sessions.hash_of(old_token))
            sessions.forget_old(connection, at)
            token = sessions.begin(connection, account.id, at, address, browser)
            note(connection, at, account, "staff.logged_in", f"staff/{account.id}", address=address)
            role, language, is_temporary = row
        return Entered(token, Role(role), language, is_temporary)


def _open_account(connection: Connection, account: _Account) -> tuple[str, str | None, bool] | None:
    row = connection.execute(
        select(staff.c.role, staff.c.language, staff.c.password_is_temporary)
        .where(staff.c.id == account.id, staff.c.active, staff.c.password_hash == account.password_hash)
        .with_for_update()
    ).one_or_none()
    return tuple(row) if row else None


def place_of(address: str | None) -> str:
    """Where a try comes from: the address, of IPv6 the network of 64 bits, which one person has all of."""
    try:
        ip = ip_address(address or "")
    except ValueError:
        return address or ""
    if isinstance(ip, IPv6Address):
        return str(IPv6Address(int(ip) >> 64 << 64))
    return str(ip)
