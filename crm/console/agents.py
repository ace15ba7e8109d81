"""What a supervisor does about agents: pause, make ready, move between queues, log out."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from ami_listener.events import AgentState
from crm.audit.service import note
from crm.console.frame import API, Frame
from crm.console.orders import Refused, Why
from crm.database import reading, writing
from crm.staff import service, sessions
from crm.staff.access import SUPERVISORS, Visitor
from crm.staff.accounts import Faults, Premises, StaffMember

LOGGED_OUT: Final = "logged-out"  # why the desk phone of somebody who was logged out does not ring
_AT_WORK: Final = frozenset({AgentState.RINGING, AgentState.IN_CALL, AgentState.ON_HOLD})
Extension = Annotated[str, Path(pattern=r"^[0-9]{1,10}$")]


class Reason(BaseModel):
    """Why: the name of a pause reason."""

    reason: str = Field(min_length=1, max_length=40)


class Queues(BaseModel):
    """Queues to answer from now on, and no longer; others stay as they are."""

    add: list[str] = Field(default_factory=list, max_length=100)
    remove: list[str] = Field(default_factory=list, max_length=100)


def agent_routes(frame: Frame) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix=f"{API}/agents/{{extension}}")
    around = frame.around
    Who = Annotated[Visitor, Depends(around.access.of(*SUPERVISORS))]  # noqa: N806  (a type)

    def known(extension: str) -> None:
        if extension not in {agent.extension for agent in around.site().agents}:
            raise Refused(Why.UNKNOWN)

    @router.post("/pause")
    async def pause(request: Request, who: Who, extension: Extension, wish: Reason) -> JSONResponse:
        """A break, until somebody says that it is over; a talk goes on."""

        async def order() -> None:
            known(extension)
            allowed = await run_in_threadpool(around.reasons, who.role)
            if wish.reason not in {reason["name"] for reason in allowed}:
                raise Refused(Why.UNKNOWN)
            await frame.note(who, "console.paused", f"agent/{extension}", reason=wish.reason)
            await around.control.pause(extension, wish.reason)

        return await frame.do(request, who, order())

    @router.post("/ready")
    async def ready(request: Request, who: Who, extension: Extension) -> JSONResponse:
        """Back from a break, or from the wrap-up."""

        async def order() -> None:
            known(extension)
            await frame.note(who, "console.made_ready", f"agent/{extension}")
            await around.control.ready(extension)

        return await frame.do(request, who, order())

    @router.post("/queues")
    async def move(request: Request, who: Who, extension: Extension, wish: Queues) -> JSONResponse:
        """Other queues, at once and until they are changed again: ``{"queues": […]}``."""

        async def order() -> dict[str, Any]:
            queues = await run_in_threadpool(_moved, frame, who, extension, wish)
            await around.people_changed()
            return {"queues": queues}

        return await frame.do(request, who, order())

    @router.post("/log-out")
    async def log_out(request: Request, who: Who, extension: Extension) -> JSONResponse:
        """Ends all log-ins, and with them the browser's telephone; a desk phone does not ring any more. Refused during
        a call: it would be cut off."""

        async def order() -> None:
            known(extension)
            now = around.agent(extension)
            if now is not None and (now.call_id is not None or now.state in _AT_WORK):
                raise Refused(Why.IN_A_CALL)
            person = await run_in_threadpool(_logged_out, frame, who, extension)
            if person is None or person.phone == "desk":
                await around.control.pause(extension, LOGGED_OUT)

        return await frame.do(request, who, order())

    return router


def _moved(frame: Frame, who: Visitor, extension: str, wish: Queues) -> list[str]:
    queues = {queue.name for queue in frame.around.site().queues}
    if not queues.issuperset([*wish.add, *wish.remove]):
        raise Refused(Why.UNKNOWN)
    at = frame.around.clock()
    with writing(frame.around.engine) as connection:
        person = _person(service.members(connection, active=True), extension)
        if person is None:
            raise Refused(Why.NO_ACCOUNT)
        wanted = {queue: penalty for queue, penalty in person.queues.items() if queue not in wish.remove}
        wanted |= {queue: 0 for queue in wish.add if queue not in wanted}
        none = frozenset[str]()
        premises = Premises(queues=frozenset(queues), departments=none, taken=none, teams=frozenset())
        try:
            service.set_queues(connection, person.id, wanted, at, who, premises=premises)
        except Faults:
            raise Refused(Why.UNKNOWN) from None
    return sorted(wanted)


def _logged_out(frame: Frame, who: Visitor, extension: str) -> StaffMember | None:
    at = frame.around.clock()
    with reading(frame.around.engine) as connection:
        person = _person(service.members(connection, active=True), extension)
    with writing(frame.around.engine) as connection:
        ended = sessions.end_all(connection, person.id) if person is not None else 0
        note(connection, at, who, "console.logged_out", f"agent/{extension}", sessions=ended)
    return person


def _person(people: list[StaffMember], extension: str) -> StaffMember | None:
    return next((one for one in people if one.extension == extension), None)
