"""Pause reasons: listed for those who may use them, and kept by administrators; every change is in the audit."""

import re
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from crm.audit.service import Doer, changes_between, note
from crm.pauses.models import pause_reasons
from crm.staff.accounts import Faults
from crm.staff.models import Role
from dialplan.names import PauseReason

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,30}")
_LABEL: Final = re.compile(r"[^\x00-\x1f\x7f]{1,60}")
_SUPERVISORS: Final = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})


class UnknownReason(LookupError):
    """There is no such pause reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonDraft:
    """What can be chosen for a reason. ``name``: what Asterisk and the records keep; it does not change."""

    name: str
    label_th: str
    label_en: str
    supervisors_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason(ReasonDraft):
    """A reason as it is kept; ``position``: in the list. ``active`` False: no longer to choose from."""

    position: int
    active: bool
    updated_at: datetime

    def label(self, language: str) -> str:
        """Its text."""
        return self.label_th if language == "th" else self.label_en


def reasons(connection: Connection, *, role: Role | None = None, active: bool | None = True) -> list[Reason]:
    """Reasons in order: of ``role`` those it may use; ``active`` None: also those no longer in use."""
    query = select(pause_reasons).order_by(pause_reasons.c.position, pause_reasons.c.name)
    if active is not None:
        query = query.where(pause_reasons.c.active.is_(active))
    if role is not None and role not in _SUPERVISORS:
        query = query.where(pause_reasons.c.supervisors_only.is_(False))
    return [Reason(**row._mapping) for row in connection.execute(query)]


def reason(connection: Connection, name: str) -> Reason:
    """One reason. Raises UnknownReason."""
    row = connection.execute(select(pause_reasons).where(pause_reasons.c.name == name)).one_or_none()
    if row is None:
        raise UnknownReason(f"there is no pause reason {name}")
    return Reason(**row._mapping)


def create(connection: Connection, draft: ReasonDraft, at: datetime, doer: Doer | None) -> None:
    """Adds a reason at the end of the list. Raises Faults."""
    draft = _checked(draft)
    if connection.execute(select(pause_reasons.c.name).where(pause_reasons.c.name == draft.name)).first():
        raise Faults({"name": "name_taken"})
    last = connection.execute(select(func.max(pause_reasons.c.position))).scalar_one() or 0
    try:
        connection.execute(insert(pause_reasons).values(**asdict(draft), position=last + 1, updated_at=at))
    except IntegrityError as error:  # somebody else made one of that name at the same moment
        raise Faults({"name": "name_taken"}) from error
    note(connection, at, doer, "pause.created", f"pause/{draft.name}", **asdict(draft))


def change(connection: Connection, draft: ReasonDraft, at: datetime, doer: Doer | None) -> None:
    """Changes texts and who may use it. Raises Faults, UnknownReason."""
    before = reason(connection, draft.name)
    values = asdict(_checked(draft))
    changes = changes_between(before, values)
    if not changes:
        return
    connection.execute(update(pause_reasons).where(pause_reasons.c.name == draft.name).values(**values, updated_at=at))
    note(connection, at, doer, "pause.changed", f"pause/{draft.name}", changes=changes)


def set_active(connection: Connection, name: str, active: bool, at: datetime, doer: Doer | None) -> None:
    """Takes a reason out of use, or back into it. Raises UnknownReason."""
    if reason(connection, name).active == active:
        return
    connection.execute(update(pause_reasons).where(pause_reasons.c.name == name).values(active=active, updated_at=at))
    note(connection, at, doer, "pause.taken_back" if active else "pause.given_up", f"pause/{name}")


def move(connection: Connection, name: str, by: int, at: datetime, doer: Doer | None) -> None:
    """Moves a reason up (-1) or down (1) in the list. Raises UnknownReason."""
    reason(connection, name)
    names = [one.name for one in reasons(connection, active=None)]
    place = names.index(name)
    names.insert(max(0, place + by), names.pop(place))
    for position, one in enumerate(names, start=1):
        connection.execute(update(pause_reasons).where(pause_reasons.c.name == one).values(position=position))
    note(connection, at, doer, "pause.moved", f"pause/{name}", position=names.index(name) + 1)


def _checked(draft: ReasonDraft) -> ReasonDraft:
    draft = replace(
        draft,
        name=draft.name.strip(),
        label_th=" ".join(draft.label_th.split()),
        label_en=" ".join(draft.label_en.split()),
    )
    draft = replace(draft, label_th=draft.label_th or draft.label_en, label_en=draft.label_en or draft.label_th)
    faults = {}
    if not _NAME.fullmatch(draft.name):
        faults["name"] = "pause_name"
    elif draft.name in set(PauseReason):
        faults["name"] = "name_taken"
    if not _LABEL.fullmatch(draft.label_th):
        faults["label_th"] = "label"
    if faults:
        raise Faults(faults)
    return draft
