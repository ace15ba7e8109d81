"""Requests for scripts, as JSON (H2, H7)."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from sqlalchemy import Engine

from crm.database import reading, writing
from crm.scripts.models import Script
from crm.scripts.service import (
    ScriptProblem,
    add_script,
    change_script,
    choose_particle,
    chosen_particle,
    list_scripts,
)
from crm.scripts.wording import addressed, particle_of, say
from crm.scripts.words import WORDS
from crm.staff.access import AGENTS, SUPERVISORS, Access, Visitor
from crm.thai import without_title
from crm.web.pages import language_asked


class NewScript(BaseModel):
    """A script to add."""

    moment: str
    channel: str
    language: str
    name_th: str = ""
    name_en: str = ""
    text: str
    position: int = 100


class ScriptChange(BaseModel):
    """What changes; None stays."""

    name_th: str | None = None
    name_en: str | None = None
    text: str | None = None
    position: int | None = None
    retired: bool | None = None


class Voice(BaseModel):
    """``kha`` or ``khrap``."""

    particle: str


def script_json(script: Script, said: str) -> dict[str, Any]:
    """A script; ``said``: with everything filled in."""
    return {
        "id": script.id,
        "moment": script.moment,
        "channel": script.channel,
        "language": script.language,
        "name_th": script.name_th,
        "name_en": script.name_en,
        "text": script.text,
        "position": script.position,
        "retired": script.retired_at is not None,
        "said": said,
    }


def scripts_router(
    engine: Engine,
    access: Access,
    clock: Callable[[], datetime],
    hotline: Callable[[str], str],
    default_language: str = "th",
) -> APIRouter:
    """``/api/scripts``. ``hotline``: its name in a language."""
    router = APIRouter(prefix="/api/scripts")
    agents, supervisors = Depends(access.of(*AGENTS)), Depends(access.of(*SUPERVISORS))

    def refused(problem: ScriptProblem, request: Request, who: Visitor) -> JSONResponse:
        words = WORDS[language_asked(request, who.language, default_language)]
        return JSONResponse({"detail": words[problem.code], "code": problem.code}, status_code=422)

    @router.get("")
    def find(
        who: Annotated[Visitor, agents],
        channel: str | None = None,
        moment: str | None = None,
        language: str | None = None,
        caller: str | None = None,
        retired: bool = False,
    ) -> dict[str, Any]:
        """Scripts as this agent says them to ``caller``; the first of each moment and language is the one to say."""
        with reading(engine) as connection:
            found = list_scripts(connection, channel=channel, moment=moment, language=language, retired=retired)
            particle = particle_of(chosen_particle(connection, who.staff_id), who.sex, who.name_th, who.name_en)
        shown = []
        for script in found:
            named = {"agent": without_title(who.name(script.language)), "caller": addressed(caller, script.language)}
            shown.append(script_json(script, say(script.text, particle, hotline=hotline(script.language), **named)))
        return {"scripts": shown, "particle": particle}

    @router.put("/voice")
    def choose(body: Voice, request: Request, who: Annotated[Visitor, agents]) -> Any:
        """ค่ะ or ครับ: how this agent speaks from now on."""
        try:
            with writing(engine) as connection:
                choose_particle(connection, who.staff_id, body.particle)
        except ScriptProblem as problem:
            return refused(problem, request, who)
        return Response(status_code=204)

    @router.post("", status_code=201)
    def add(body: NewScript, request: Request, who: Annotated[Visitor, supervisors]) -> Any:
        """A new script."""
        try:
            with writing(engine) as connection:
                values = body.model_dump(exclude={"moment", "channel", "language"})
                script_id = add_script(connection, body.moment, body.channel, body.language, clock(), who, **values)
        except ScriptProblem as problem:
            return refused(problem, request, who)
        return {"id": script_id}

    @router.patch("/{script_id}")
    def change(script_id: int, body: ScriptChange, request: Request, who: Annotated[Visitor, supervisors]) -> Any:
        """Changes, takes out, brings back."""
        try:
            with writing(engine) as connection:
                change_script(connection, script_id, clock(), who, **body.model_dump(exclude_none=True))
        except ScriptProblem as problem:
            return refused(problem, request, who)
        return {"id": script_id}

    return router
