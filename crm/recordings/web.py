"""Pages and requests of recordings: the list, one with its player, the sound, and leaving parts out."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse
from sqlalchemy import Connection, Engine
from starlette.concurrency import run_in_threadpool

from ami_listener.actions import AmiError
from crm.audit.service import note
from crm.calls.service import CallStory, UnknownCallError, get_call
from crm.database import reading, writing
from crm.people.showing import national
from crm.recordings import service
from crm.recordings.keeper import RecordingKeeper
from crm.recordings.listening import Listening
from crm.recordings.live import LiveRecordings, NotRecorded
from crm.recordings.renewal import Running
from crm.recordings.service import PAGE, Recording, UnknownRecording, Wanted
from crm.recordings.sound import HEADER_BYTES, Peaks, mixed, wav_header
from crm.recordings.timeline import MarkKind, marks_of, parts_of
from crm.recordings.words import WORDS
from crm.staff.access import AGENTS, SUPERVISORS, Access, Visitor
from crm.web.dates import BUDDHIST_ERA, day_of, length
from crm.web.shell import House, Pages

TEMPLATES: Final = Path(__file__).parent / "templates"
API: Final = "/api/recordings"
GROWTH: Final = timedelta(days=30)
MOST_DAYS: Final = 3650  # nobody looks further ahead
_PIECE: Final = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """``agents`` and ``queues``: extension or name → its name by language. ``talks_now``: whether an extension talks in
    a call at this moment. ``wanted``: whether anything is recorded. ``number``: a typed number in its one form."""

    engine: Engine
    access: Access
    house: House
    clock: Callable[[], datetime]
    live: LiveRecordings
    keeper: RecordingKeeper
    agents: Callable[[], Mapping[str, Mapping[str, str]]]
    queues: Callable[[], Mapping[str, Mapping[str, str]]]
    talks_now: Callable[[str, str], bool]
    number: Callable[[str], str | None]
    keep_days: int
    agents_listen: bool
    wanted: bool


class RecordingPages:
    """``router`` for the application."""

    def __init__(self, around: Around) -> None:
        self._around = around
        self._pages = Pages(around.house, WORDS, TEMPLATES)
        self._listening = Listening(around.clock)
        self._agents = Depends(around.access.of(*AGENTS))
        self._supervisors = Depends(around.access.of(*SUPERVISORS))
        self.router = APIRouter()
        self._list_route()
        self._live_routes()
        self._one_route()
        self._sound_routes()

    # -- who may what

    def may_hear(self, connection: Connection, call_id: str, who: Visitor) -> bool:
        """Supervisors all, agents their own talks if the settings say so."""
        if who.is_one_of(*SUPERVISORS):
            return True
        own = self._around.agents_listen and who.extension is not None
        return own and who.extension in service.agents_of(connection, call_id)

    def _get(self, connection: Connection, call_id: str, who: Visitor) -> Recording:
        """One that this person may hear; 404 else."""
        try:
            found = service.get(connection, call_id)
        except UnknownRecording:
            raise HTTPException(404) from None
        if not self.may_hear(connection, call_id, who):
            raise HTTPException(404)
        return found

    # -- the list

    def _list_route(self) -> None:
        around = self._around

        @self.router.get("/recordings", response_class=HTMLResponse)
        def listed(
            request: Request,
            who: Annotated[Visitor, self._agents],
            from_: Annotated[str, Query(alias="from", max_length=10)] = "",
            until: Annotated[str, Query(max_length=10)] = "",
            agent: Annotated[str, Query(max_length=20)] = "",
            queue: Annotated[str, Query(max_length=40)] = "",
            number: Annotated[str, Query(max_length=40)] = "",
            page: Annotated[int, Query(ge=1, le=1000)] = 1,
        ) -> HTMLResponse:
            """What is kept, what goes on, and what it needs of the disk; agents see their own."""
            everyone = who.is_one_of(*SUPERVISORS)
            if not everyone and (who.extension is None or not around.agents_listen):
                raise HTTPException(403)
            first, last = day_of(from_), day_of(until)
            zone = around.house.zone
            wanted = Wanted(
                from_at=datetime(first.year, first.month, first.day, tzinfo=zone) if first else None,
                until_at=datetime(last.year, last.month, last.day, tzinfo=zone) + timedelta(days=1) if last else None,
                agent=(agent or None) if everyone else who.extension,
                queue=queue or None,
                number=(around.number(number) or number) if number.strip() else None,
                page=page,
            )
            with reading(around.engine) as connection:
                lines = service.listed(connection, wanted)
                use = self._disk(connection) if everyone else None
            language, today = self._pages.language(request, who), around.clock().astimezone(zone).date()
            typed = {"from": from_, "until": until, "agent": agent, "queue": queue, "number": number}
            return self._pages.page(
                request, who, "recordings.html",
                lines=lines[:PAGE], more=len(lines) > PAGE, typed=typed, page=page, use=use, everyone=everyone,
                agents=around.agents(), queues=around.queues(), live=self._live_json() if everyone else [],
                example_day=f"{today.year + (BUDDHIST_ERA if language == 'th' else 0)}-{today:%m-%d}",
                filtered=any(value.strip() for value in typed.values()), wanted=around.wanted, national=national,
                data={"live": self._live_json()} if everyone else {},
            )  # fmt: skip

    def _disk(self, connection: Connection) -> dict[str, Any]:
        around = self._around
        use = service.disk_use(connection)
        lately = service.disk_use(connection, around.clock() - GROWTH)
        try:
            free: int | None = around.keeper.free_bytes()
        except OSError:
            free = None
        daily = lately.size_bytes / GROWTH.days
        return {
            "count": use.count,
            "length": length(use.seconds),
            "size": size_text(use.size_bytes),
            "free": size_text(free) if free is not None else None,
            "growth": size_text(lately.size_bytes),
            "days": int(free / daily) if free is not None and daily * MOST_DAYS > free else None,
            "keep_days": around.keep_days,
            "stopped": around.live.stopped_for_disk,
        }

    # -- what goes on

    def _live_json(self) -> list[dict[str, Any]]:
        return [one.json() for one in self._around.live.now()]

    def _live_routes(self) -> None:
        around = self._around

        @self.router.get(f"{API}/live")
        async def live(who: Annotated[Visitor, self._supervisors]) -> list[dict[str, Any]]:
            """All recordings that go on."""
            return self._live_json()

        @self.router.get(f"{API}/now")
        async def mine(who: Annotated[Visitor, self._agents]) -> dict[str, Any]:
            """The recording of the own call: ``{"recording": … or null}``."""
            running = next((one for one in around.live.now() if self._talks(one.call_id, who)), None)
            return {"recording": running.json() if running else None}

        @self.router.post(f"{API}/{{call_id}}/pause")
        async def pause(request: Request, call_id: str, who: Annotated[Visitor, self._agents]) -> Response:
            """Silence from now on; for the own call, or a supervisor."""
            return await self._mute(request, call_id, who, paused=True)

        @self.router.post(f"{API}/{{call_id}}/resume")
        async def resume(request: Request, call_id: str, who: Annotated[Visitor, self._agents]) -> Response:
            """Sound again."""
            return await self._mute(request, call_id, who, paused=False)

    def _talks(self, call_id: str, who: Visitor) -> bool:
        """Whether this person talks in the call now."""
        return who.extension is not None and self._around.talks_now(who.extension, call_id)

    async def _mute(self, request: Request, call_id: str, who: Visitor, *, paused: bool) -> Response:
        around = self._around
        if not self._talks(call_id, who) and not who.is_one_of(*SUPERVISORS):
            raise HTTPException(404)
        try:
            running: Running = await (around.live.pause if paused else around.live.go_on)(call_id, who)
        except NotRecorded:
            words = WORDS[self._pages.language(request, who)]
            return JSONResponse({"detail": "not-recorded", "advice": words["not_going_on"]}, 409)
        except AmiError:
            raise HTTPException(503) from None
        return JSONResponse(running.json())

    # -- one

    def _one_route(self) -> None:
        around = self._around

        @self.router.get("/recordings/{call_id}", response_class=HTMLResponse)
        def one(request: Request, call_id: str, who: Annotated[Visitor, self._agents]) -> HTMLResponse:
            """The player."""
            with reading(around.engine) as connection:
                recording = self._get(connection, call_id, who)
                story = _story(connection, call_id)
                data = self.player(connection, recording, story, self._pages.language(request, who))
            return self._pages.page(
                request, who, "recording.html",
                recording=recording, story=story, data=data, agents=around.agents(), queues=around.queues(),
                size=size_text(recording.size_bytes or 0),
                everyone=who.is_one_of(*SUPERVISORS), national=national,
            )  # fmt: skip

        @self.router.get(f"{API}/{{call_id}}")
        def as_json(request: Request, call_id: str, who: Annotated[Visitor, self._agents]) -> dict[str, Any]:
            """Wave form, marks and parts, for a player."""
            with reading(around.engine) as connection:
                recording = self._get(connection, call_id, who)
                story = _story(connection, call_id)
                return self.player(connection, recording, story, self._pages.language(request, who))

        @self.router.get(f"{API}/{{call_id}}/check")
        async def check(call_id: str, who: Annotated[Visitor, self._supervisors]) -> dict[str, bool]:
            """Whether the file is what was recorded: ``{"intact": …}``."""

            def looked() -> bool:
                with reading(around.engine) as connection:
                    return around.keeper.is_intact(self._get(connection, call_id, who))

            try:
                return {"intact": await run_in_threadpool(looked)}
            except UnknownRecording:
                raise HTTPException(404) from None

    def player(
        self, connection: Connection, recording: Recording, story: CallStory | None, language: str
    ) -> dict[str, Any]:
        """What `recording-player.js` is given."""
        marks, parts = [], []
        if story is not None:
            pauses = service.pauses(connection, recording.call_id)
            marks = marks_of(story.record, pauses, recording.seconds, service.touches(connection, recording.call_id))
            parts = parts_of(story.record, recording.seconds)
        kept = service.peaks(connection, recording.call_id)
        shown = Peaks.of_text(kept) if kept else Peaks(b"", b"")
        return {
            "call_id": recording.call_id,
            "state": recording.state.value,
            "seconds": recording.seconds,
            "sides": recording.sides,
            "sound": f"{API}/{recording.call_id}/sound",
            "peaks": [list(shown.first), list(shown.second)],
            "parts": [{"agent": agent, "from": start, "until": end} for agent, start, end in parts],
            "marks": [
                {"kind": mark.kind.value, "at": mark.at.isoformat(), "seconds": mark.seconds,
                 "label": self._label(mark.kind.value, mark.who, mark.detail, language)}
                for mark in marks
            ],
        }  # fmt: skip

    def _label(self, kind: str, who: str | None, detail: str | None, language: str) -> str:
        names = self._around.agents()

        if kind == MarkKind.TOUCH and who is None:
            return WORDS[language]["mark_touch_caller"]

        def name(text: str | None) -> str:
            return names.get(text or "", {}).get(language) or text or "–"

        return WORDS[language][f"mark_{kind}"].format(who=name(who), detail=name(detail))

    # -- the sound

    def _sound_routes(self) -> None:
        around = self._around

        @self.router.get(f"{API}/{{call_id}}/sound")
        def sound(
            call_id: str,
            who: Annotated[Visitor, self._agents],
            form: Literal["both", "mixed"] = "both",
            save: bool = False,
        ) -> Response:
            """The wav file, in parts as players ask for it; who listens is in the audit."""
            with reading(around.engine) as connection:
                recording = self._get(connection, call_id, who)
            try:
                path = service.sound_of(recording, around.keeper.folder)
            except UnknownRecording:
                raise HTTPException(404) from None
            if self._listening.is_new(who.staff_id, call_id, save=save):
                with writing(around.engine) as connection:
                    action = "recording.saved" if save else "recording.heard"
                    note(connection, around.clock(), who, action, f"recording/{call_id}")
                self._listening.noted(who.staff_id, call_id, save=save)
            name = f"{call_id}.wav" if save else None
            if form == "mixed" and recording.sides:
                return _mixed(path, name)
            return FileResponse(
                path, media_type="audio/wav", filename=name, headers={"Cache-Control": "private, no-store"}
            )


def _mixed(path: Path, name: str | None) -> Response:
    """Both sides in one, made while it is sent."""
    size = path.stat().st_size - HEADER_BYTES

    def sent() -> Iterator[bytes]:
        yield wav_header(size // 2, 1)
        with path.open("rb") as file:
            file.seek(HEADER_BYTES)
            while piece := file.read(_PIECE):
                yield mixed(piece)

    headers = {"Cache-Control": "private, no-store", "Content-Length": str(HEADER_BYTES + size // 2)}
    if name:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return StreamingResponse(sent(), media_type="audio/wav", headers=headers)


def _story(connection: Connection, call_id: str) -> CallStory | None:
    try:
        return get_call(connection, call_id)
    except UnknownCallError:
        return None


def size_text(size: int) -> str:
    """``58.2 MB``."""
    value, units = float(size), ("B", "kB", "MB", "GB", "TB")
    for unit in units:
        if value < 1000 or unit == units[-1]:
            return f"{value:.0f} {unit}" if unit in ("B", "kB") else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("the last unit takes everything")
