"""Who answers which queue, and how soon they are rung: one table of people and queues."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from crm.admin.frame import Frame, back
from crm.database import reading, writing
from crm.staff import service
from crm.staff.access import SUPERVISORS, Visitor
from crm.staff.accounts import HIGHEST_PENALTY, Faults, StaffMember
from dialplan.sections import Agent
from dialplan.site import HotlineSite

PATH = "/admin/queues"


@dataclass(frozen=True, slots=True)
class QueueView:
    """A queue with the numbers that lead to it and how many people answer it."""

    name: str
    label_th: str
    label_en: str
    strategy: str
    ring_seconds: int
    wrap_up_seconds: int
    max_wait_seconds: int
    weight: int
    numbers: tuple[str, ...]
    people: int

    def label(self, language: str) -> str:
        """Its text."""
        return (self.label_th if language == "th" else self.label_en) or self.label_th or self.label_en or self.name


def views(site: HotlineSite) -> list[QueueView]:
    """The queues of hotline.toml, with today's people."""
    shown = (
        "name",
        "label_th",
        "label_en",
        "strategy",
        "ring_seconds",
        "wrap_up_seconds",
        "max_wait_seconds",
        "weight",
    )
    return [
        QueueView(
            **{name: getattr(queue, name) for name in shown},
            numbers=tuple(number.number for number in site.numbers if number.queue == queue.name),
            people=sum(queue.name in agent.queues for agent in site.agents),
        )
        for queue in site.queues
    ]


def chosen(form: FormData, person: StaffMember, queues: Sequence[str]) -> dict[str, int]:
    """A person's queues after the form: only what was changed there is changed here, so that two who look at the table
    at once do not undo each other's work."""
    wanted = dict(person.queues)
    for queue in queues:
        name = f"{person.id}-{queue}"
        new, old = form.get(f"p-{name}"), form.get(f"old-{name}")
        if not isinstance(new, str) or new == old:
            continue
        if new.isdecimal():
            wanted[queue] = int(new)
        else:
            wanted.pop(queue, None)
    return wanted


def routes(frame: Frame) -> APIRouter:
    """The routes."""
    router = APIRouter()
    door = Depends(frame.access.of(*SUPERVISORS))
    Who = Annotated[Visitor, door]  # noqa: N806

    def page(request: Request, who: Visitor, faults: Mapping[str, str] | None = None) -> Response:
        site = frame.site()
        with reading(frame.engine) as connection:
            people = [one for one in service.members(connection, active=True) if one.extension]
        mine = {one.extension for one in people}
        of_file: list[Agent] = [agent for agent in frame.of_file().agents if agent.extension not in mine]
        return frame.page(
            request,
            who,
            "queues.html",
            "queues",
            status=422 if faults else 200,
            faults=dict(faults or {}),
            queues=views(site),
            people=people,
            of_file=of_file,
            penalties=range(HIGHEST_PENALTY + 1),
        )

    @router.get(PATH)
    def table(request: Request, who: Who) -> Response:
        """Queues, and the table."""
        return page(request, who)

    @router.post(PATH)
    async def save(request: Request, who: Who) -> Response:
        """Takes in what was changed in the table."""
        form = await request.form()
        queues = [queue.name for queue in frame.site().queues]

        def work(connection: Connection) -> bool:
            changed = False
            for person in service.members(connection, active=True):
                wanted = chosen(form, person, queues)
                if person.extension and wanted != dict(person.queues):
                    premises = frame.premises(frozenset())
                    changed |= service.set_queues(connection, person.id, wanted, frame.clock(), who, premises=premises)
            return changed

        def written() -> bool:
            with writing(frame.engine) as connection:
                return work(connection)

        try:
            changed = await run_in_threadpool(written)
        except Faults as faults:
            return await run_in_threadpool(page, request, who, faults.faults)
        if changed:
            await frame.apply()
        return back(PATH, "saved")

    return router
