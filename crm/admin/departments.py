"""Pages of departments: the list, and one."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from crm.admin.frame import Frame, back
from crm.database import reading, writing
from crm.departments import service
from crm.departments.service import DepartmentDraft, DepartmentRow, UnknownDepartment
from crm.people.showing import national
from crm.staff.access import ADMINISTRATORS, Visitor
from crm.staff.accounts import Faults
from crm.staff.models import Role
from crm.staff.service import members

PATH = "/admin/departments"
EMPTY = DepartmentDraft(name="")


def draft_of(form: FormData, name: str | None = None) -> DepartmentDraft:
    """What was filled in; ``name``: of the department that is changed."""

    def text(key: str) -> str:
        value = form.get(key, "")
        return value if isinstance(value, str) else ""

    def number(key: str) -> int:
        return int(text(key)) if text(key).isdecimal() and len(text(key)) < 6 else -1

    return DepartmentDraft(
        name=name if name is not None else text("name"),
        label_th=text("label_th"),
        label_en=text("label_en"),
        extension=text("extension"),
        dial=text("dial"),
        email=text("email"),
        answer_days=number("answer_days"),
        answer_hours=number("answer_hours"),
    )


class DepartmentPages:
    """``router`` for the application."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._door = frame.access.of(*ADMINISTRATORS)
        self.router = APIRouter()
        self._lists()
        self._changes()

    def _lists(self) -> None:
        frame, router = self._frame, self.router
        Who = Annotated[Visitor, Depends(self._door)]  # noqa: N806

        @router.get(PATH)
        def listed(request: Request, who: Who) -> Response:
            """All departments: those of hotline.toml, and those kept here."""
            with reading(frame.engine) as connection:
                found = service.departments_of(connection)
            values: dict[str, Any] = {"offices": found, "of_file": frame.of_file().departments, "national": national}
            return frame.page(request, who, "departments.html", "departments", **values)

        @router.get(PATH + "/new")
        def new(request: Request, who: Who) -> Response:
            """A form for a new one."""
            return self._form(request, who, EMPTY, None)

        @router.get(PATH + "/{name}")
        def one(request: Request, who: Who, name: str) -> Response:
            """One department."""
            office = self._find(name)
            return self._form(request, who, office, office)

    def _changes(self) -> None:
        frame, router = self._frame, self.router
        Who = Annotated[Visitor, Depends(self._door)]  # noqa: N806

        @router.post(PATH)
        async def create(request: Request, who: Who) -> Response:
            """Makes one."""
            draft, others = draft_of(await request.form()), frame.others()
            try:
                await run_in_threadpool(
                    self._write, lambda connection: service.create(connection, draft, frame.clock(), who, others=others)
                )
            except Faults as faults:
                return await run_in_threadpool(self._form, request, who, draft, None, faults.faults)
            await frame.apply()
            return back(PATH, "saved")

        @router.post(PATH + "/{name}")
        async def change(request: Request, who: Who, name: str) -> Response:
            """Changes one."""
            draft, others = draft_of(await request.form(), name), frame.others()
            try:
                await run_in_threadpool(
                    self._write, lambda connection: service.change(connection, draft, frame.clock(), who, others=others)
                )
            except Faults as faults:
                office = await run_in_threadpool(self._find, name)
                return await run_in_threadpool(self._form, request, who, draft, office, faults.faults)
            await frame.apply()
            return back(PATH, "saved")

        @router.post(PATH + "/{name}/active")
        async def set_active(who: Who, name: str, active: Annotated[bool, Form()]) -> Response:
            """Closes one, or opens it again."""
            await run_in_threadpool(
                self._write, lambda connection: service.set_active(connection, name, active, frame.clock(), who)
            )
            await frame.apply()
            return back(PATH, "opened" if active else "closed")

    def _form(
        self,
        request: Request,
        who: Visitor,
        shown: DepartmentDraft,
        office: DepartmentRow | None,
        faults: dict[str, str] | None = None,
    ) -> Response:
        officers = []
        if office is not None:
            with reading(self._frame.engine) as connection:
                everyone = members(connection, active=True)
            officers = [one for one in everyone if one.role is Role.OFFICER and one.department == office.name]
        status = 422 if faults else 200
        values: dict[str, Any] = {"shown": asdict(shown), "office": office, "officers": officers}
        return self._frame.page(
            request, who, "department_form.html", "departments", status=status, faults=faults, **values
        )

    def _find(self, name: str) -> DepartmentRow:
        try:
            with reading(self._frame.engine) as connection:
                return service.department(connection, name)
        except UnknownDepartment:
            raise HTTPException(404) from None

    def _write(self, work: Callable[[Connection], object]) -> None:
        try:
            with writing(self._frame.engine) as connection:
                work(connection)
        except UnknownDepartment:
            raise HTTPException(404) from None
