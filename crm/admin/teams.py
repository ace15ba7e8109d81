"""The page of teams."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlalchemy import Connection

from crm.admin.frame import Frame, back
from crm.database import reading, writing
from crm.staff import teams
from crm.staff.access import ADMINISTRATORS, Visitor
from crm.staff.accounts import Faults

Text = Annotated[str, Form()]
PATH = "/admin/teams"


def routes(frame: Frame) -> APIRouter:
    """The routes."""
    router = APIRouter()
    door = Depends(frame.access.of(*ADMINISTRATORS))
    Who = Annotated[Visitor, door]  # noqa: N806

    def page(request: Request, who: Visitor, faults: dict[str, str] | None = None, **typed: Any) -> Response:
        with reading(frame.engine) as connection:
            found = teams.teams_of(connection)
        status = 422 if faults else 200
        values = {"typed": typed or {"id": 0, "name_th": "", "name_en": ""}}
        return frame.page(request, who, "teams.html", "teams", status=status, faults=faults, teams=found, **values)

    def write(work: Callable[[Connection], object]) -> None:
        try:
            with writing(frame.engine) as connection:
                work(connection)
        except teams.UnknownTeam:
            raise HTTPException(404) from None

    @router.get(PATH)
    def listed(request: Request, who: Who) -> Response:
        """All teams."""
        return page(request, who)

    @router.post(PATH)
    def create(request: Request, who: Who, name_th: Text = "", name_en: Text = "") -> Response:
        """A new team."""
        try:
            write(lambda connection: teams.create(connection, name_th, name_en, frame.clock(), who))
        except Faults as faults:
            return page(request, who, faults.faults, id=0, name_th=name_th, name_en=name_en)
        return back(PATH, "saved")

    @router.post(PATH + "/{team_id}")
    def change(request: Request, who: Who, team_id: int, name_th: Text = "", name_en: Text = "") -> Response:
        """Other names."""
        try:
            write(lambda connection: teams.change(connection, team_id, name_th, name_en, frame.clock(), who))
        except Faults as faults:
            return page(request, who, faults.faults, id=team_id, name_th=name_th, name_en=name_en)
        return back(PATH, "saved")

    @router.post(PATH + "/{team_id}/remove")
    def remove(who: Who, team_id: int) -> Response:
        """A team less; its people stay."""
        write(lambda connection: teams.remove(connection, team_id, frame.clock(), who))
        return back(PATH, "removed")

    return router
