"""The page of what letters to callers say around the answer and the list (H6), with the letter it makes beside it."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Form, Request, Response

from crm.admin.frame import Frame, back
from crm.basket.kept_wording import WordingChanged, WordingFaulty, change_wording, kept_wordings
from crm.basket.sample import sample_letter
from crm.basket.wording import DEFAULTS, LANGUAGES, LONGEST, Fault, Wording, cleaned, faults_of
from crm.database import reading, writing
from crm.staff.access import SUPERVISORS, Visitor

Text = Annotated[str, Form()]
Of = Literal["th", "en"]
Version = Annotated[int, Form()]
PATH: Final = "/admin/letter"
CONFLICT: Final = 409


def routes(frame: Frame) -> APIRouter:
    """The routes."""
    router = APIRouter()
    Who = Annotated[Visitor, Depends(frame.access.of(*SUPERVISORS))]  # noqa: N806

    def page(
        request: Request,
        who: Visitor,
        of: Of,
        typed: Wording | None = None,
        faults: dict[str, Fault] | None = None,
        *,
        status: int = 200,
    ) -> Response:
        with reading(frame.engine) as connection:
            kept = kept_wordings(connection)[of]
        shown = typed or kept.wording
        telephone = frame.site().numbers[0].number
        values: dict[str, Any] = {
            "of": of,
            "languages": LANGUAGES,
            "kept": kept,
            "shown": shown,
            "unsaved": shown != kept.wording,
            "is_default": kept.wording == DEFAULTS[of],
            "longest": LONGEST,
            "where": {name: " ".join(fault.where) for name, fault in (faults or {}).items()},
            "changed_meanwhile": status == CONFLICT,
            "letter": sample_letter(shown, of, frame.house, telephone, frame.clock()),
        }
        codes = {name: fault.code for name, fault in (faults or {}).items()}
        return frame.page(request, who, "letter_wording.html", "letter", status=status, faults=codes, **values)

    def change(request: Request, who: Visitor, of: Of, wording: Wording, version: int, done: str) -> Response:
        try:
            with writing(frame.engine) as connection:
                change_wording(connection, of, wording, version, frame.clock(), who)
        except WordingFaulty as faulty:
            return page(request, who, of, wording, faulty.faults, status=422)
        except WordingChanged:
            return page(request, who, of, wording, status=CONFLICT)
        return back(f"{PATH}?of={of}", done)

    @router.get(PATH)
    def shown(request: Request, who: Who, of: Of = "th") -> Response:
        """What letters of a language say now."""
        return page(request, who, of)

    @router.post(PATH + "/{of}")
    def save(
        request: Request, who: Who, of: Of, version: Version, subject: Text = "", opening: Text = "", closing: Text = ""
    ) -> Response:
        """Letters say this from now on."""
        return change(request, who, of, Wording(subject, opening, closing), version, "saved")

    @router.post(PATH + "/{of}/preview")
    def preview(
        request: Request, who: Who, of: Of, subject: Text = "", opening: Text = "", closing: Text = ""
    ) -> Response:
        """What was typed as a letter; nothing is kept."""
        typed = cleaned(Wording(subject, opening, closing))
        faults = faults_of(typed)
        return page(request, who, of, typed, faults, status=422 if faults else 200)

    @router.post(PATH + "/{of}/default")
    def default(request: Request, who: Who, of: Of, version: Version) -> Response:
        """The wording it came with."""
        return change(request, who, of, DEFAULTS[of], version, "wording_reset")

    return router
