"""The page of scripts: what agents read to callers (H2, H7)."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response

from crm.admin.frame import Frame, back
from crm.database import reading, writing
from crm.scripts.models import Moment
from crm.scripts.service import CHANNELS, LANGUAGES, ScriptProblem, add_script, change_script, list_scripts
from crm.staff.access import SUPERVISORS, Visitor

Text = Annotated[str, Form()]
PATH: Final = "/admin/scripts"
MISSING: Final = "no_script"
LAST: Final = 100


def _place(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 6 else LAST


def routes(frame: Frame) -> APIRouter:
    """The routes."""
    router = APIRouter()
    Who = Annotated[Visitor, Depends(frame.access.of(*SUPERVISORS))]  # noqa: N806

    def page(
        request: Request, who: Visitor, channel: str, row: int | None = None, fault: str = "", **typed: str
    ) -> Response:
        channel = channel if channel in CHANNELS else CHANNELS[0]
        with reading(frame.engine) as connection:
            found = list_scripts(connection, channel=channel, retired=True)
        values: dict[str, Any] = {
            "scripts": found,
            "channel": channel,
            "channels": CHANNELS,
            "moments": list(Moment),
            "languages": LANGUAGES,
            "row": row,
            "typed": typed,
        }
        faults = {"text": fault} if fault else None
        return frame.page(
            request, who, "scripts.html", "scripts", status=422 if fault else 200, faults=faults, **values
        )

    @router.get(PATH)
    def listed(request: Request, who: Who, channel: str = CHANNELS[0]) -> Response:
        """The scripts of a channel."""
        return page(request, who, channel)

    @router.post(PATH)
    def add(
        request: Request,
        who: Who,
        channel: Text,
        moment: Text = "",
        language: Text = "",
        name_th: Text = "",
        name_en: Text = "",
        text: Text = "",
    ) -> Response:
        """One more, the last of its moment."""
        texts = {"name_th": name_th or name_en, "name_en": name_en or name_th, "text": text}
        try:
            with writing(frame.engine) as connection:
                add_script(connection, moment, channel, language, frame.clock(), who, **texts)
        except ScriptProblem as problem:
            return page(request, who, channel, 0, problem.code, moment=moment, language=language, **texts)
        return back(f"{PATH}?channel={channel}", "saved")

    @router.post(PATH + "/{script_id}")
    def change(
        request: Request,
        who: Who,
        script_id: int,
        channel: Text = CHANNELS[0],
        name_th: Text = "",
        name_en: Text = "",
        text: Text = "",
        position: Text = "",
        retired: Annotated[bool, Form()] = False,
    ) -> Response:
        """Another text, another place, out of use or into it."""
        texts = {"name_th": name_th or name_en, "name_en": name_en or name_th, "text": text}
        try:
            with writing(frame.engine) as connection:
                change_script(
                    connection, script_id, frame.clock(), who, **texts, position=_place(position), retired=retired
                )
        except ScriptProblem as problem:
            if problem.code == MISSING:
                raise HTTPException(404) from None
            return page(request, who, channel, script_id, problem.code, **texts)
        return back(f"{PATH}?channel={channel if channel in CHANNELS else CHANNELS[0]}", "saved")

    return router
