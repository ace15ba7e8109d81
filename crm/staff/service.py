"""Accounts: made, changed, listed, closed. Every change is noted in the audit, in the same transaction."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Select, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from crm.audit.service import Doer, note
from crm.database import reading, writing
from crm.staff import sessions
from crm.staff.accounts import (
    Faults,
    Premises,
    StaffDraft,
    StaffMember,
    UnknownStaff,
    faults_of,
    queue_fault,
    tidied,
    username_of,
)
from crm.staff.models import PhoneKind, Role, Sex, staff, staff_queues
from crm.staff.passwords import Hasher, NewPassword, weakness

FIRST_ADMINISTRATOR: Final = "admin"

_MEMBER: Final = [
    staff.c[name]
    for name in (
        "id", "username", "role", "name_th", "name_en", "sex", "email", "language", "department", "team_id",
        "extension", "phone", "auto_answer", "active", "password_is_temporary", "locked_until", "created_at",
        "updated_at",
    )
]  # fmt: skip


# --- reading ----------------------------------------------------------------------------------------------------------


def members(connection: Connection, *, active: bool | None = None) -> list[StaffMember]:
    """All accounts, or only (in)active ones, by user name."""
    query = select(*_MEMBER).order_by(staff.c.username)
    if active is not None:
        query = query.where(staff.c.active.is_(active))
    return _members(connection, query)


def member(connection: Connection, staff_id: int) -> StaffMember:
    """One account. Raises UnknownStaff."""
    found = _members(connection, select(*_MEMBER).where(staff.c.id == staff_id))
    if not found:
        raise UnknownStaff(f"there is no account {staff_id}")
    return found[0]


def member_named(connection: Connection, username: str) -> StaffMember:
    """The account of a user name. Raises UnknownStaff."""
    found = _members(connection, select(*_MEMBER).where(staff.c.username == username_of(username)))
    if not found:
        raise UnknownStaff(f"there is no account {username_of(username)}")
    return found[0]


def member_at(connection: Connection, extension: str) -> StaffMember | None:
    """Whose telephone this is."""
    found = _members(connection, select(*_MEMBER).where(staff.c.extension == extension))
    return found[0] if found else None


def _members(connection: Connection, query: Select[Any]) -> list[StaffMember]:
    rows = connection.execute(query).all()
    queues: dict[int, dict[str, int]] = {row.id: {} for row in rows}
    for staff_id, queue, penalty in connection.execute(
        select(staff_queues).where(staff_queues.c.staff_id.in_(list(queues))).order_by(staff_queues.c.queue)
    ):
        queues[staff_id][queue] = penalty
    return [StaffMember(**dict(row._mapping) | _words_of(row), queues=queues[row.id]) for row in rows]


def _words_of(row: Any) -> dict[str, Any]:
    return {"role": Role(row.role), "phone": PhoneKind(row.phone), "sex": Sex(row.sex) if row.sex else None}


# --- changing ---------------------------------------------------------------------------------------------------------


def create(
    connection: Connection,
    draft: StaffDraft,
    at: datetime,
    doer: Doer | None,
    password: NewPassword,
    *,
    premises: Premises | None = None,
) -> int:
    """Makes an account; returns its id. Raises Faults."""
    draft = _checked(connection, draft, None, premises)
    values = _values(draft) | _kept(password) | {"created_at": at, "updated_at": at}
    try:
        staff_id = int(connection.execute(insert(staff).values(**values).returning(staff.c.id)).scalar_one())
    except IntegrityError as error:
        raise _taken_meanwhile(error) from error
    _set_queues(connection, staff_id, draft.queues)
    told = {"role": draft.role.value, "extension": draft.extension, "queues": dict(draft.queues)}
    note(connection, at, doer, "staff.created", f"staff/{staff_id}", username=draft.username, **told)
    return staff_id


def change(
    connection: Connection,
    staff_id: int,
    draft: StaffDraft,
    at: datetime,
    doer: Doer | None,
    *,
    premises: Premises | None = None,
) -> StaffMember:
    """Changes an account to ``draft``; another role ends its sessions. Raises Faults, UnknownStaff."""
    before = member(connection, staff_id)
    draft = _checked(connection, draft, before, premises)
    try:
        connection.execute(update(staff).where(staff.c.id == staff_id).values(**_values(draft), updated_at=at))
    except IntegrityError as error:
        raise _taken_meanwhile(error) from error
    _set_queues(connection, staff_id, draft.queues)
    after = member(connection, staff_id)
    if changes := _differences(before, after):
        note(connection, at, doer, "staff.changed", f"staff/{staff_id}", username=after.username, changes=changes)
    if after.role is not before.role:
        sessions.end_all(connection, staff_id)
    return after


def set_queues(
    connection: Connection,
    staff_id: int,
    queues: Mapping[str, int],
    at: datetime,
    doer: Doer | None,
    *,
    premises: Premises | None = None,
) -> bool:
    """Which queues this person answers, with penalties; whether that is new. Raises Faults, UnknownStaff."""
    before = member(connection, staff_id)
    if dict(before.queues) == dict(queues):
        return False
    if fault := queue_fault(queues, premises):
        raise Faults({"queues": fault})
    _set_queues(connection, staff_id, queues)
    connection.execute(update(staff).where(staff.c.id == staff_id).values(updated_at=at))
    changes = {"queues": [dict(before.queues), dict(queues)]}
    note(connection, at, doer, "staff.changed", f"staff/{staff_id}", username=before.username, changes=changes)
    return True


def reset_password(connection: Connection, staff_id: int, at: datetime, doer: Doer | None, new: NewPassword) -> None:
    """A new one-time password; all sessions end, a lock is lifted. Raises UnknownStaff."""
    person = member(connection, staff_id)
    values = _kept(new) | {"failed_logins": 0, "locked_until": None, "updated_at": at}
    connection.execute(update(staff).where(staff.c.id == staff_id).values(**values))
    sessions.end_all(connection, staff_id)
    note(connection, at, doer, "staff.password_reset", f"staff/{staff_id}", username=person.username)


def choose_password(engine: Engine, doer: Doer, session: str, old: str, new: str, at: datetime, hasher: Hasher) -> None:
    """A person's own new password; all other sessions end. Raises Faults."""
    with reading(engine) as connection:
        kept = connection.execute(select(staff.c.password_hash).where(staff.c.id == doer.staff_id)).scalar_one()
    if not hasher.matches(old, kept):
        raise Faults({"old": "wrong_password"})
    if weak := weakness(new, username=doer.username):
        raise Faults({"new": f"password_{weak}"})
    if new == old:
        raise Faults({"new": "password_same"})
    values = _kept(hasher.chosen(new)) | {"updated_at": at}
    with writing(engine) as connection:
        unchanged = staff.c.id == doer.staff_id, staff.c.password_hash == kept
        if connection.execute(update(staff).where(*unchanged).values(**values)).rowcount == 0:
            raise Faults({"old": "wrong_password"})  # it was reset meanwhile
        sessions.end_all(connection, doer.staff_id, but=session)
        note(connection, at, doer, "staff.password_chosen", f"staff/{doer.staff_id}", username=doer.username)


def prefer(connection: Connection, staff_id: int, at: datetime, **values: str | bool | None) -> None:
    """A person's own settings: ``language``, ``auto_answer``."""
    connection.execute(update(staff).where(staff.c.id == staff_id).values(**values, updated_at=at))


def set_active(connection: Connection, staff_id: int, active: bool, at: datetime, doer: Doer | None) -> None:
    """Closes an account, at once and everywhere, or opens it again. Raises UnknownStaff, Faults (the last
    administrator)."""
    person = member(connection, staff_id)
    if person.active == active:
        return
    if not active:
        _not_the_last_administrator(connection, person)
    connection.execute(update(staff).where(staff.c.id == staff_id).values(active=active, updated_at=at))
    sessions.end_all(connection, staff_id)
    action = "staff.activated" if active else "staff.deactivated"
    note(connection, at, doer, action, f"staff/{staff_id}", username=person.username)


def unlock(connection: Connection, staff_id: int, at: datetime, doer: Doer | None) -> None:
    """Lifts the lock that wrong passwords made. Raises UnknownStaff."""
    person = member(connection, staff_id)
    connection.execute(update(staff).where(staff.c.id == staff_id).values(failed_logins=0, locked_until=None))
    note(connection, at, doer, "staff.unlocked", f"staff/{staff_id}", username=person.username)


def log_out_everywhere(
    connection: Connection, staff_id: int, at: datetime, doer: Doer | None, *, but: str | None = None
) -> int:
    """Ends all sessions (``but``: not that one); how many there were. Raises UnknownStaff."""
    person = member(connection, staff_id)
    ended = sessions.end_all(connection, staff_id, but=but)
    note(
        connection,
        at,
        doer,
        "staff.logged_out_everywhere",
        f"staff/{staff_id}",
        username=person.username,
        sessions=ended,
    )
    return ended


def make_first_administrator(engine: Engine, at: datetime, hasher: Hasher) -> str | None:
    """The one-time password of the first administrator, when there is no account at all yet; else None."""
    with reading(engine) as connection:
        if not _nobody(connection):
            return None
    draft = StaffDraft(
        username=FIRST_ADMINISTRATOR, role=Role.ADMINISTRATOR, name_th="ผู้ดูแลระบบ", name_en="Administrator"
    )
    password = hasher.one_time()
    try:
        with writing(engine) as connection:
            if not _nobody(connection):
                return None
            create(connection, draft, at, None, password)
    except Faults:  # another first start was quicker
        return None
    return password.plain


# --- checks and rows --------------------------------------------------------------------------------------------------


def _checked(
    connection: Connection, draft: StaffDraft, before: StaffMember | None, premises: Premises | None
) -> StaffDraft:
    """The draft in its one form. Raises Faults."""
    draft = tidied(draft)
    others = select(staff.c.username, staff.c.extension)
    if before is not None:
        others = others.where(staff.c.id != before.id)
    rows = [(str(username), extension) for username, extension in connection.execute(others)]
    if faults := faults_of(draft, premises, rows):
        raise Faults(faults)
    if before and before.active and draft.role is not Role.ADMINISTRATOR:
        _not_the_last_administrator(connection, before)
    return draft


def _taken_meanwhile(error: IntegrityError) -> Faults:
    """Somebody else took the name or the extension after it was looked up."""
    field = "extension" if "extension" in str(error.orig) else "username"
    return Faults({field: f"{field}_taken"})


def _not_the_last_administrator(connection: Connection, person: StaffMember) -> None:
    others = select(func.count()).where(staff.c.role == Role.ADMINISTRATOR, staff.c.active, staff.c.id != person.id)
    if person.role is Role.ADMINISTRATOR and connection.execute(others).scalar_one() == 0:
        raise Faults({"role": "last_administrator"})


_CHOSEN: Final = tuple(name.name for name in fields(StaffDraft) if name.name != "queues")


def _values(draft: StaffDraft) -> dict[str, Any]:
    return {name: getattr(draft, name) for name in _CHOSEN}


def _kept(password: NewPassword) -> dict[str, Any]:
    return {"password_hash": password.kept, "password_is_temporary": password.is_temporary}


def _nobody(connection: Connection) -> bool:
    return connection.execute(select(func.count()).select_from(staff)).scalar_one() == 0


def _differences(before: StaffMember, after: StaffMember) -> dict[str, list[Any]]:
    names = [name for name in (*_CHOSEN, "queues") if getattr(before, name) != getattr(after, name)]
    return {name: [_plain(getattr(before, name)), _plain(getattr(after, name))] for name in names}


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value


def _set_queues(connection: Connection, staff_id: int, queues: Mapping[str, int]) -> None:
    connection.execute(delete(staff_queues).where(staff_queues.c.staff_id == staff_id))
    if queues:
        rows = [{"staff_id": staff_id, "queue": queue, "penalty": penalty} for queue, penalty in queues.items()]
        connection.execute(insert(staff_queues), rows)
