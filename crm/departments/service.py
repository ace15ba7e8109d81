"""Departments: made, changed, closed; every change is noted in the audit."""

import re
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from crm.audit.service import Doer, changes_between, note
from crm.departments.models import departments
from crm.staff.accounts import Faults

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,30}")
_LABEL: Final = re.compile(r"[^\x00-\x1f\x7f;\"\\]{0,100}")
_EXTENSION: Final = re.compile(r"[0-9]{2,15}")
_DIAL: Final = re.compile(r"\+?[0-9]{0,15}")
_EMAIL: Final = re.compile(r"([^\s@<>,;:\"\\()\[\]]+@[A-Za-z0-9.-]+)?")
MOST_DAYS, MOST_HOURS = 60, 100


class UnknownDepartment(LookupError):
    """There is no such department."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentDraft:
    """What can be chosen for a department. ``dial``: outside number, empty when the extension is a telephone of ours.
    ``answer_days`` and ``answer_hours``: working time until a transferred caller is answered (K4)."""

    name: str
    label_th: str = ""
    label_en: str = ""
    extension: str = ""
    dial: str = ""
    email: str = ""
    answer_days: int = 1
    answer_hours: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentRow(DepartmentDraft):
    """A department as it is kept. ``active`` False: closed, nobody is transferred there any more."""

    active: bool
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """What departments share the house with: names and extensions of departments in hotline.toml, and the extensions
    of our own telephones."""

    names: frozenset[str]
    extensions: frozenset[str]
    telephones: frozenset[str]


def departments_of(connection: Connection, *, active: bool | None = None) -> list[DepartmentRow]:
    """All departments, or only (in)active ones, by name."""
    query = select(departments).order_by(departments.c.name)
    if active is not None:
        query = query.where(departments.c.active.is_(active))
    return [DepartmentRow(**row._mapping) for row in connection.execute(query)]


def department(connection: Connection, name: str) -> DepartmentRow:
    """One department. Raises UnknownDepartment."""
    row = connection.execute(select(departments).where(departments.c.name == name)).one_or_none()
    if row is None:
        raise UnknownDepartment(f"there is no department {name}")
    return DepartmentRow(**row._mapping)


def create(
    connection: Connection,
    draft: DepartmentDraft,
    at: datetime,
    doer: Doer | None,
    *,
    others: Others | None = None,
) -> str:
    """Makes a department; returns its name. Raises Faults."""
    draft = _checked(connection, draft, None, others)
    if (others is not None and draft.name in others.names) or connection.execute(
        select(departments.c.name).where(departments.c.name == draft.name)
    ).first():
        raise Faults({"name": "name_taken"})
    try:
        connection.execute(insert(departments).values(**asdict(draft), updated_at=at))
    except IntegrityError as error:  # somebody else made one of that name or extension at the same moment
        raise Faults({"name": "name_taken"}) from error
    note(connection, at, doer, "department.created", f"department/{draft.name}", **asdict(draft))
    return draft.name


def change(
    connection: Connection,
    draft: DepartmentDraft,
    at: datetime,
    doer: Doer | None,
    *,
    others: Others | None = None,
) -> None:
    """Changes the department of that name. Raises Faults, UnknownDepartment."""
    before = department(connection, draft.name)
    draft = _checked(connection, draft, before, others)
    values = asdict(draft)
    changes = changes_between(before, values)
    if not changes:
        return
    connection.execute(update(departments).where(departments.c.name == draft.name).values(**values, updated_at=at))
    note(connection, at, doer, "department.changed", f"department/{draft.name}", changes=changes)


def set_active(connection: Connection, name: str, active: bool, at: datetime, doer: Doer | None) -> None:
    """Closes a department or opens it again. Raises UnknownDepartment."""
    if department(connection, name).active == active:
        return
    connection.execute(update(departments).where(departments.c.name == name).values(active=active, updated_at=at))
    note(connection, at, doer, "department.opened" if active else "department.closed", f"department/{name}")


def _checked(
    connection: Connection, draft: DepartmentDraft, before: DepartmentRow | None, others: Others | None
) -> DepartmentDraft:
    draft = _tidied(draft)
    faults = {
        name: fault
        for name, fault, pattern in (
            ("name", "department_name", _NAME), ("label_th", "name", _LABEL), ("label_en", "name", _LABEL),
            ("extension", "extension", _EXTENSION), ("dial", "dial", _DIAL), ("email", "email", _EMAIL),
        )
        if not pattern.fullmatch(getattr(draft, name))
    }  # fmt: skip
    if not draft.label_th and not draft.label_en:
        faults["label_th"] = "name_missing"
    if not 0 <= draft.answer_days <= MOST_DAYS:
        faults["answer_days"] = "days"
    if not 0 <= draft.answer_hours <= MOST_HOURS:
        faults["answer_hours"] = "hours"
    if fault := _extension_fault(connection, draft, before, others):
        faults |= fault
    if faults:
        raise Faults(faults)
    return draft


def _extension_fault(
    connection: Connection, draft: DepartmentDraft, before: DepartmentRow | None, others: Others | None
) -> dict[str, str]:
    same: Any = select(departments.c.name).where(departments.c.extension == draft.extension)
    if before is not None:
        same = same.where(departments.c.name != before.name)
    if connection.execute(same).first():
        return {"extension": "extension_taken"}
    if others is None:
        return {}
    is_telephone = draft.extension in others.telephones
    if draft.extension in others.extensions or (is_telephone and draft.dial):
        return {"extension": "extension_taken"}
    return {} if is_telephone or draft.dial else {"dial": "dial_missing"}


def _tidied(draft: DepartmentDraft) -> DepartmentDraft:
    def one_line(text: str) -> str:
        return " ".join(text.split())

    return replace(
        draft,
        name=draft.name.strip(),
        label_th=one_line(draft.label_th),
        label_en=one_line(draft.label_en),
        extension=draft.extension.strip(),
        dial=draft.dial.strip(),
        email=draft.email.strip(),
    )
