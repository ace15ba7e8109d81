"""Pages of accounts: the list, one account, and what is done with it.

Administrators do everything; supervisors see everyone, and help agents and officers back in.
"""

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from crm.admin.audit_words import sentences
from crm.admin.frame import Frame, back
from crm.audit.service import AuditFilter, lines
from crm.database import reading, writing
from crm.staff import service, sessions
from crm.staff.access import ADMINISTRATORS, SUPERVISORS, Visitor
from crm.staff.accounts import HIGHEST_PENALTY, Faults, StaffDraft, StaffMember, UnknownStaff
from crm.staff.models import PhoneKind, Role, Sex
from crm.staff.teams import teams_of
from dialplan.sections import Department, Queue

HELPED: Final = frozenset({Role.AGENT, Role.OFFICER})  # by supervisors
EMPTY: Final = StaffDraft(username="", role=Role.AGENT)


def may_help(who: Visitor, person: StaffMember) -> bool:
    """Whether ``who`` may give this person a new password, unlock and log them out."""
    return who.role is Role.ADMINISTRATOR or (who.role is Role.SUPERVISOR and person.role in HELPED)


def draft_of(form: FormData, queues: list[str]) -> StaffDraft:
    """What was filled in; ``queue-<name>`` is empty or a penalty."""

    def text(name: str) -> str:
        value = form.get(name, "")
        return value if isinstance(value, str) else ""

    chosen = {queue: text(f"queue-{queue}") for queue in queues}
    team = text("team_id")
    return StaffDraft(
        username=text("username"),
        role=Role(text("role")) if text("role") in set(Role) else Role.AGENT,
        name_th=text("name_th"),
        name_en=text("name_en"),
        sex=Sex(text("sex")) if text("sex") in set(Sex) else None,
        email=text("email"),
        language=text("language"),
        department=text("department"),
        team_id=int(team) if team.isdecimal() else None,
        extension=text("extension"),
        phone=PhoneKind(text("phone")) if text("phone") in set(PhoneKind) else PhoneKind.BROWSER,
        queues={queue: int(penalty) for queue, penalty in chosen.items() if penalty.isdecimal()},
    )


class StaffPages:
    """``router`` for the application."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self.router = APIRouter()
        self._lists()
        self._changes()
        self._help()

    def _lists(self) -> None:
        frame, router = self._frame, self.router
        supervisors, administrators = frame.access.of(*SUPERVISORS), frame.access.of(*ADMINISTRATORS)

        @router.get("/admin/staff")
        def everyone(
            request: Request,
            who: Annotated[Visitor, Depends(supervisors)],
            q: str = "",
            role: str = "",
            closed: bool = False,
        ) -> Response:
            """All accounts, or those that fit a search."""
            with reading(frame.engine) as connection:
                found = service.members(connection, active=None if closed else True)
                teams = {team.id: team for team in teams_of(connection)}
            found = [one for one in found if _fits(one, q, role)]
            site = frame.site()
            labels = {"departments": _labels(site.departments), "queues": _labels(site.queues)}
            values: dict[str, Any] = {"people": found, "teams": teams, "now": frame.clock(), **labels}
            return frame.page(
                request, who, "staff_list.html", "staff", **values, q=q, role=role, closed=closed, roles=list(Role)
            )

        @router.get("/admin/staff/new")
        def new(request: Request, who: Annotated[Visitor, Depends(administrators)]) -> Response:
            """A form for a new account."""
            return self._form(request, who, EMPTY, None)

        @router.get("/admin/staff/{staff_id}")
        def one(request: Request, staff_id: int, who: Annotated[Visitor, Depends(supervisors)]) -> Response:
            """An account, and what can be done with it."""
            person = self._member(staff_id)
            return self._form(request, who, person, person)

    def _changes(self) -> None:
        frame, router = self._frame, self.router
        administrators = frame.access.of(*ADMINISTRATORS)

        @router.post("/admin/staff")
        async def create(request: Request, who: Annotated[Visitor, Depends(administrators)]) -> Response:
            """Makes an account, and shows its one-time password."""
            draft = draft_of(await request.form(), self._queues())
            password = await run_in_threadpool(frame.hasher.one_time)

            def work(connection: Connection) -> int:
                premises = frame.premises(_team_ids(connection))
                return service.create(connection, draft, frame.clock(), who, password, premises=premises)

            try:
                staff_id = await run_in_threadpool(self._write, work)
            except Faults as faults:
                return await run_in_threadpool(self._form, request, who, draft, None, faults.faults)
            await frame.apply()
            return await run_in_threadpool(self._password, request, who, staff_id, password.plain, "created")

        @router.post("/admin/staff/{staff_id}")
        async def change(request: Request, staff_id: int, who: Annotated[Visitor, Depends(administrators)]) -> Response:
            """Changes an account."""
            draft = draft_of(await request.form(), self._queues())
            person = await run_in_threadpool(self._member, staff_id)

            def work(connection: Connection) -> object:
                premises = frame.premises(_team_ids(connection))
                return service.change(connection, staff_id, draft, frame.clock(), who, premises=premises)

            try:
                await run_in_threadpool(self._write, work)
            except Faults as faults:
                return await run_in_threadpool(self._form, request, who, draft, person, faults.faults)
            await frame.apply()
            return back(f"/admin/staff/{staff_id}", "saved")

        @router.post("/admin/staff/{staff_id}/active")
        async def set_active(
            request: Request,
            staff_id: int,
            who: Annotated[Visitor, Depends(administrators)],
            active: Annotated[bool, Form()],
        ) -> Response:
            """Closes an account, or opens it again."""
            person = await run_in_threadpool(self._member, staff_id)
            if person.id == who.staff_id and not active:
                faults = {"active": "not_yourself"}
                return await run_in_threadpool(self._form, request, who, person, person, faults)
            try:
                await run_in_threadpool(
                    self._write, lambda connection: service.set_active(connection, staff_id, active, frame.clock(), who)
                )
            except Faults as refused:
                faults = {"active": refused.faults["role"]}
                return await run_in_threadpool(self._form, request, who, person, person, faults)
            await frame.apply()
            return back(f"/admin/staff/{staff_id}", "opened" if active else "closed")

    def _help(self) -> None:
        frame, router = self._frame, self.router
        supervisors = frame.access.of(*SUPERVISORS)

        @router.post("/admin/staff/{staff_id}/password")
        def reset(request: Request, staff_id: int, who: Annotated[Visitor, Depends(supervisors)]) -> Response:
            """Gives a new one-time password, and shows it."""
            self._helpable(who, staff_id)
            password = frame.hasher.one_time()
            self._write(lambda connection: service.reset_password(connection, staff_id, frame.clock(), who, password))
            return self._password(request, who, staff_id, password.plain, "reset")

        @router.post("/admin/staff/{staff_id}/unlock")
        def unlock(staff_id: int, who: Annotated[Visitor, Depends(supervisors)]) -> Response:
            """Lifts a lock."""
            self._helpable(who, staff_id)
            self._write(lambda connection: service.unlock(connection, staff_id, frame.clock(), who))
            return back(f"/admin/staff/{staff_id}", "unlocked")

        @router.post("/admin/staff/{staff_id}/log-out")
        def log_out(staff_id: int, who: Annotated[Visitor, Depends(supervisors)]) -> Response:
            """Ends all sessions of a person."""
            self._helpable(who, staff_id)
            self._write(lambda connection: service.log_out_everywhere(connection, staff_id, frame.clock(), who))
            return back(f"/admin/staff/{staff_id}", "logged_out")

    # --- parts

    def _queues(self) -> list[str]:
        return [queue.name for queue in self._frame.site().queues]

    def _write(self, work: Callable[[Connection], Any]) -> Any:
        try:
            with writing(self._frame.engine) as connection:
                return work(connection)
        except UnknownStaff:
            raise HTTPException(404) from None

    def _member(self, staff_id: int) -> StaffMember:
        try:
            with reading(self._frame.engine) as connection:
                return service.member(connection, staff_id)
        except UnknownStaff:
            raise HTTPException(404) from None

    def _helpable(self, who: Visitor, staff_id: int) -> None:
        if not may_help(who, self._member(staff_id)):
            raise HTTPException(403)

    def _password(self, request: Request, who: Visitor, staff_id: int, password: str, what: str) -> Response:
        person = self._member(staff_id)
        return self._frame.page(
            request, who, "staff_password.html", "staff", person=person, password=password, what=what
        )

    def _form(
        self,
        request: Request,
        who: Visitor,
        shown: StaffDraft | StaffMember,
        person: StaffMember | None,
        faults: dict[str, str] | None = None,
    ) -> Response:
        frame = self._frame
        site, at = frame.site(), frame.clock()
        with reading(frame.engine) as connection:
            teams = teams_of(connection)
            history = lines(connection, AuditFilter(subject=f"staff/{person.id}"), limit=20) if person else []
            log_ins = sessions.of_person(connection, person.id, at) if person else []
        return frame.page(
            request,
            who,
            "staff_form.html",
            "staff",
            status=422 if faults else 200,
            faults=faults,
            shown=shown,
            person=person,
            teams=teams,
            history=[(line, sentences(line, frame.pages.language(request, who), frame.house.zone)) for line in history],
            log_ins=log_ins,
            now=at,
            may_help=person is not None and may_help(who, person),
            queues=site.queues,
            departments=site.departments,
            free_telephones=self._free_telephones(person),
            roles=list(Role),
            penalties=range(HIGHEST_PENALTY + 1),
        )

    def _free_telephones(self, person: StaffMember | None) -> list[tuple[str, str]]:
        """Telephones of hotline.toml that no account has yet: extension and name."""
        with reading(self._frame.engine) as connection:
            taken = {one.extension for one in service.members(connection) if person is None or one.id != person.id}
        agents = self._frame.of_file().agents
        return [(agent.extension, agent.name_th or agent.name_en) for agent in agents if agent.extension not in taken]


def _team_ids(connection: Connection) -> frozenset[int]:
    return frozenset(team.id for team in teams_of(connection))


def _labels(ones: Iterable[Department | Queue]) -> dict[str, dict[str, str]]:
    return {
        one.name: {"th": one.label_th or one.label_en or one.name, "en": one.label_en or one.label_th or one.name}
        for one in ones
    }


def _fits(person: StaffMember, q: str, role: str) -> bool:
    if role and person.role != role:
        return False
    texts = (person.username, person.name_th, person.name_en, person.extension or "", person.department or "")
    return all(any(word in text.lower() for text in texts) for word in q.lower().split())
