"""Requests for the steps' standards, as JSON."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime, tzinfo
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy import Engine

from crm.database import reading, writing
from crm.staff.access import AGENTS, SUPERVISORS, Access, Visitor
from crm.standards.models import Standard, StandardSet, StepChannel
from crm.standards.service import StandardProblem, all_standards, set_standards, standards_on
from crm.standards.words import WORDS
from crm.web.pages import language_asked


class StandardBody(BaseModel):
    """One step."""

    step: str = Field(min_length=1, max_length=10)
    ordinal: int
    name_th: str = Field(min_length=1, max_length=300)
    name_en: str = Field(min_length=1, max_length=300)
    min_seconds: int | None = None
    max_seconds: int | None = None
    counted: bool = True
    target_share: float | None = None


class StandardsBody(BaseModel):
    """All steps of a channel."""

    standards: list[StandardBody] = Field(max_length=30)


def set_json(found: StandardSet) -> dict[str, Any]:
    """A set of standards."""
    standards = [asdict(one) for one in found.standards.values()]
    return {"channel": found.channel, "valid_from": found.valid_from.isoformat(), "standards": standards}


def standards_router(
    engine: Engine, access: Access, clock: Callable[[], datetime], zone: tzinfo, default_language: str = "th"
) -> APIRouter:
    """``/api/standards``."""
    router = APIRouter(prefix="/api/standards")
    agents, supervisors = Depends(access.of(*AGENTS)), Depends(access.of(*SUPERVISORS))

    def refused(problem: StandardProblem, request: Request, who: Visitor) -> JSONResponse:
        words = WORDS[language_asked(request, who.language, default_language)]
        return JSONResponse({"detail": words[problem.code], "code": problem.code}, status_code=422)

    @router.get("/{channel}")
    def read(channel: StepChannel, request: Request, who: Annotated[Visitor, agents], day: date | None = None) -> Any:
        """The standards in force on ``day``, today by default."""
        try:
            with reading(engine) as connection:
                return set_json(standards_on(connection, channel, day or clock().astimezone(zone).date()))
        except StandardProblem as problem:
            return refused(problem, request, who)

    @router.get("/{channel}/all")
    def read_all(channel: StepChannel, who: Annotated[Visitor, agents]) -> dict[str, Any]:
        """Every set, the earliest first."""
        with reading(engine) as connection:
            return {"sets": [set_json(found) for found in all_standards(connection, channel)]}

    @router.put("/{channel}/{valid_from}")
    def put(
        channel: StepChannel,
        valid_from: date,
        body: StandardsBody,
        request: Request,
        who: Annotated[Visitor, supervisors],
    ) -> Any:
        """A whole set, in force from ``valid_from`` on."""
        try:
            with writing(engine) as connection:
                standards = [Standard(**one.model_dump()) for one in body.standards]
                set_standards(connection, channel, valid_from, standards, clock(), who)
                return set_json(standards_on(connection, channel, valid_from))
        except StandardProblem as problem:
            return refused(problem, request, who)

    return router
