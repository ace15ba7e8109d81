"""The page of pause reasons."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlalchemy import Connection

from crm.admin.frame import Frame, back
from crm.database import reading, writing
from crm.pauses import service
from crm.pauses.service import ReasonDraft, UnknownReason
from crm.staff.access import ADMINISTRATORS, Visitor
from crm.staff.accounts import Faults

Text = Annotated[str, Form()]
Flag = Annotated[bool, Form()]
PATH = "/admin/pauses"


def routes(frame: Frame) -> APIRouter:
    """The routes."""
    router = APIRouter()
    door = Depends(frame.access.of(*ADMINISTRATORS))
    Who = Annotated[Visitor, door]  # noqa: N806

    def page(
        request: Request,
        who: Visitor,
        faults: dict[str, str] | None = None,
        typed: ReasonDraft | None = None,
        *,
        is_new: bool = True,
    ) -> Response:
        with reading(frame.engine) as connection:
            found = service.reasons(connection, active=None)
        status = 422 if faults else 200
        typed = typed or ReasonDraft(name="", label_th="", label_en="")
        values: dict[str, Any] = {"reasons": found, "typed": typed, "is_new": is_new}
        return frame.page(request, who, "pauses.html", "pauses", status=status, faults=faults, **values)

    def write(work: Callable[[Connection], object]) -> None:
        try:
            with writing(frame.engine) as connection:
                work(connection)
        except UnknownReason:
            raise HTTPException(404) from None

    @router.get(PATH)
    def listed(request: Request, who: Who) -> Response:
        """All reasons."""
        return page(request, who)

    @router.post(PATH)
    def create(
        request: Request,
        who: Who,
        name: Text = "",
        label_th: Text = "",
        label_en: Text = "",
        supervisors_only: Flag = False,
    ) -> Response:
        """One more."""
        draft = ReasonDraft(name=name, label_th=label_th, label_en=label_en, supervisors_only=supervisors_only)
        try:
            write(lambda connection: service.create(connection, draft, frame.clock(), who))
        except Faults as faults:
            return page(request, who, faults.faults, draft)
        return back(PATH, "saved")

    @router.post(PATH + "/{name}")
    def change(
        request: Request,
        who: Who,
        name: str,
        label_th: Text = "",
        label_en: Text = "",
        supervisors_only: Flag = False,
    ) -> Response:
        """Other texts, others who may use it."""
        draft = ReasonDraft(name=name, label_th=label_th, label_en=label_en, supervisors_only=supervisors_only)
        try:
            write(lambda connection: service.change(connection, draft, frame.clock(), who))
        except Faults as faults:
            return page(request, who, faults.faults, draft, is_new=False)
        return back(PATH, "saved")

    @router.post(PATH + "/{name}/active")
    def set_active(who: Who, name: str, active: Flag) -> Response:
        """Out of use, or into it again."""
        write(lambda connection: service.set_active(connection, name, active, frame.clock(), who))
        return back(PATH, "saved")

    @router.post(PATH + "/{name}/move")
    def move(who: Who, name: str, by: Annotated[Literal["-1", "1"], Form()]) -> Response:
        """Up or down in the list."""
        write(lambda connection: service.move(connection, name, int(by), frame.clock(), who))
        return back(PATH, "saved")

    return router
