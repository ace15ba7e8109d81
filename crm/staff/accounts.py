"""What an account is, and what can be one: names, extensions, queues checked before anything is written."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from crm.staff.models import PhoneKind, Role, Sex

LONGEST_NAME: Final = 100
HIGHEST_PENALTY: Final = 9
_USERNAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")
_EXTENSION: Final = re.compile(r"[0-9]{2,15}")
_EMAIL: Final = re.compile(r"[^@\s<>\"';,]+@[^@\s<>\"';,]+\.[^@\s<>\"';,.]+")
# Names go into Asterisk's files, which are lines, with ";" for comments: see dialplan.sections.Text.
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f;\"\\]*")


class Faults(ValueError):
    """What was given cannot be taken. ``faults``: field → what is wrong with it, as a key of `crm.staff.words`."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(", ".join(f"{name}: {fault}" for name, fault in faults.items()))
        self.faults = dict(faults)


class UnknownStaff(LookupError):
    """There is no such account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffDraft:
    """What can be chosen for an account. ``queues``: queue → penalty, 0 is rung first. ``extension`` None: no
    telephone. ``department``: of an officer."""

    username: str
    role: Role
    name_th: str = ""
    name_en: str = ""
    sex: Sex | None = None
    email: str | None = None
    language: str | None = None
    department: str | None = None
    team_id: int | None = None
    extension: str | None = None
    phone: PhoneKind = PhoneKind.BROWSER
    queues: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMember:
    """An account. ``queues``: queue → penalty. ``locked_until``: no log-in before, when in the future."""

    id: int
    username: str
    role: Role
    name_th: str
    name_en: str
    sex: Sex | None
    email: str | None
    language: str | None
    department: str | None
    team_id: int | None
    extension: str | None
    phone: PhoneKind
    auto_answer: bool
    active: bool
    password_is_temporary: bool
    locked_until: datetime | None
    created_at: datetime
    updated_at: datetime
    queues: Mapping[str, int] = field(default_factory=dict)

    def name(self, language: str) -> str:
        """The name to show in ``language``."""
        names = (self.name_th, self.name_en) if language == "th" else (self.name_en, self.name_th)
        return names[0] or names[1] or self.username

    def is_locked(self, at: datetime) -> bool:
        """Whether wrong passwords have locked the account."""
        return self.locked_until is not None and self.locked_until > at


@dataclass(frozen=True, slots=True, kw_only=True)
class Premises:
    """What accounts may refer to: names of queues and departments, ids of teams, and extensions that others have."""

    queues: frozenset[str]
    departments: frozenset[str]
    taken: frozenset[str] = frozenset()
    teams: frozenset[int] = frozenset()


def username_of(text: str) -> str:
    """A user name in its one form."""
    return text.strip().lower()


def tidied(draft: StaffDraft) -> StaffDraft:
    """The draft in its one form: blanks gone, a department only for officers, queues only with a telephone."""

    def text(value: str | None) -> str | None:
        return " ".join((value or "").split()) or None

    extension = text(draft.extension)
    return replace(
        draft,
        username=username_of(draft.username),
        name_th=text(draft.name_th) or "",
        name_en=text(draft.name_en) or "",
        email=text(draft.email),
        language=draft.language or None,
        department=text(draft.department) if draft.role is Role.OFFICER else None,
        extension=extension,
        queues=dict(draft.queues) if extension else {},
    )


def faults_of(draft: StaffDraft, premises: Premises | None, others: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    """What is wrong with a tidied draft, by field. ``others``: user name and extension of all other accounts."""
    faults = _name_faults(draft) | _place_faults(draft, premises)
    for username, extension in others:
        if username == draft.username:
            faults["username"] = "username_taken"
        if extension is not None and extension == draft.extension:
            faults["extension"] = "extension_taken"
    return faults


def _name_faults(draft: StaffDraft) -> dict[str, str]:
    faults = {} if _USERNAME.fullmatch(draft.username) else {"username": "username"}
    for name in ("name_th", "name_en"):
        text = getattr(draft, name)
        if len(text) > LONGEST_NAME or not _NAME.fullmatch(text):
            faults[name] = "name"
    if not draft.name_th and not draft.name_en:
        faults["name_th"] = "name_missing"
    if draft.email and not _EMAIL.fullmatch(draft.email):
        faults["email"] = "email"
    if draft.language not in {None, "th", "en"}:
        faults["language"] = "choice"
    return faults


def _place_faults(draft: StaffDraft, premises: Premises | None) -> dict[str, str]:
    faults = {}
    if draft.role is Role.OFFICER and not draft.department:
        faults["department"] = "department_missing"
    elif premises and draft.department and draft.department not in premises.departments:
        faults["department"] = "choice"
    if premises and draft.team_id is not None and draft.team_id not in premises.teams:
        faults["team_id"] = "choice"
    if fault := queue_fault(draft.queues, premises):
        faults["queues"] = fault
    if draft.extension is not None and not _EXTENSION.fullmatch(draft.extension):
        faults["extension"] = "extension"
    elif premises and draft.extension in premises.taken:
        faults["extension"] = "extension_taken"
    return faults


def queue_fault(queues: Mapping[str, int], premises: Premises | None) -> str | None:
    """What is wrong with queues and penalties."""
    if premises and not premises.queues.issuperset(queues):
        return "choice"
    return None if all(0 <= penalty <= HIGHEST_PENALTY for penalty in queues.values()) else "penalty"
