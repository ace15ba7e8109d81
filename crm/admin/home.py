"""The first page of the administration: what stands out, and the address of the big screens."""

from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Request, Response

from crm.admin.frame import Frame, back
from crm.audit.service import note
from crm.calendar.service import CalendarService
from crm.database import reading, writing
from crm.staff.access import ADMINISTRATORS, SUPERVISORS, Visitor
from crm.staff.models import Role
from crm.staff.service import members


class Key(Protocol):
    """The key of the wallboards on screens (`crm.wallboard.key.ScreenKey`)."""

    @property
    def value(self) -> str:
        """The key. Raises OSError."""

    def renew(self) -> str:
        """Another one. Raises OSError."""


def routes(frame: Frame, calendar: CalendarService, key: Key, address: Callable[[], str]) -> APIRouter:
    """The routes. ``address``: of our pages, without a path."""
    router = APIRouter()
    Supervisor = Annotated[Visitor, Depends(frame.access.of(*SUPERVISORS))]  # noqa: N806
    Administrator = Annotated[Visitor, Depends(frame.access.of(*ADMINISTRATORS))]  # noqa: N806

    @router.get("/admin")
    def overview(request: Request, who: Supervisor) -> Response:
        """How many there are, whether the doors are open, and for administrators the screens' address."""
        now = frame.clock()
        with reading(frame.engine) as connection:
            people = members(connection, active=True)
        site = frame.site()
        values: dict[str, Any] = {
            "counts": Counter(one.role.value for one in people),
            "locked": [one for one in people if one.is_locked(now)],
            "waiting": [one for one in people if one.password_is_temporary],
            "telephones": len(site.agents),
            "queues": len(site.queues),
            "departments": len(site.departments),
            "reason": calendar.closed_reason(now),
            "next_opening": calendar.next_opening(now),
            "screen": f"{address()}/wallboard?key={_key(key)}" if who.role is Role.ADMINISTRATOR else None,
        }
        return frame.page(request, who, "home.html", "home", **values)

    @router.post("/admin/screen-key")
    def renew(who: Administrator) -> Response:
        """Another key: screens with the old one show no more."""
        key.renew()
        with writing(frame.engine) as connection:
            note(connection, frame.clock(), who, "screen.key_renewed")
        return back("/admin", "key_renewed")

    return router


def _key(key: Key) -> str:
    try:
        return key.value
    except OSError:
        return "…"
