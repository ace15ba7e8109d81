"""What a page asks of its telephone: ``/api/telephone/…``. Orders touch the own telephone and nothing else."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Request, WebSocket
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from ami_listener.actions import AmiError
from crm.live import Hub
from crm.staff.access import AGENTS, Access
from crm.staff.models import PhoneKind, Role
from crm.staff.sessions import Visitor
from crm.telephone.control import Refused, TelephoneControl, Why
from crm.telephone.outbound import OutboundCalls, as_json
from crm.telephone.passage import Passage
from crm.telephone.secrets import Elsewhere, Telephones
from crm.telephone.words import REFUSED
from crm.web.pages import language_of

API: Final = "/api/telephone"
SOCKET: Final = f"{API}/socket"
DOMAIN: Final = "hotline"  # Asterisk looks at the user part only


class Number(BaseModel):
    """A number to dial, as people write it."""

    number: str = Field(min_length=1, max_length=40)


class Target(BaseModel):
    """Where a caller goes."""

    to: str = Field(min_length=1, max_length=40)


class Reason(BaseModel):
    """Why somebody takes a break: the name of a pause reason."""

    reason: str = Field(min_length=1, max_length=40)


class Seconds(BaseModel):
    """More time."""

    seconds: int = Field(ge=5, le=600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """``asterisk_port``: of Asterisk's web socket. ``reasons``: why somebody of a role may take a break, each with
    ``name``, ``label_th``, ``label_en``. ``ice_servers``: of an extension's browser, as RTCPeerConnection takes them.
    ``language``: the site's first."""

    access: Access
    hub: Hub
    telephones: Telephones
    control: TelephoneControl
    outbound: OutboundCalls
    reasons: Callable[[Role], Sequence[Mapping[str, str]]]
    asterisk_port: int
    ice_servers: Callable[[str], Sequence[Mapping[str, Any]]]
    language: str


class TelephoneRoutes:
    """``router`` for the application."""

    def __init__(self, around: Around) -> None:
        self._around = around
        self._door = around.access.of(*AGENTS)
        self.router = APIRouter()
        self._browser_routes()
        self._call_routes()
        self._pause_routes()

    # -- the browser's own telephone

    def _browser_routes(self) -> None:
        around, router = self._around, self.router

        @router.get(f"{API}/account")
        async def account(who: Annotated[Visitor, Depends(self._door)]) -> JSONResponse:
            """This log-in's telephone. ``sip`` is null for a telephone beside the page, and while another log-in of the
            same person has it (``elsewhere`` says where); ``ice_servers`` find a way through firewalls, as a
            rule none. 404: no extension. 503: Asterisk is away."""
            extension = _extension(who)
            content: dict[str, Any] = {
                "extension": extension,
                "display_name": who.name_en or extension,
                "kind": who.phone,
                "auto_answer": who.auto_answer,
                "sip": None,
                "elsewhere": None,
                "ice_servers": [],
            }
            if who.phone is PhoneKind.BROWSER:
                try:
                    secret = await around.telephones.secret_for(extension, who.session)
                    content["sip"] = _sip(extension, secret)
                    content["ice_servers"] = list(around.ice_servers(extension))
                except Elsewhere as there:
                    content["elsewhere"] = {"address": there.address, "browser": there.browser}
                except AmiError:
                    raise HTTPException(503) from None
            return JSONResponse(content)

        @router.post(f"{API}/take-over", status_code=204)
        async def take_over(who: Annotated[Visitor, Depends(self._door)]) -> None:
            """From now on the telephone is here; ask for the account afterwards."""
            if who.phone is not PhoneKind.BROWSER:
                raise HTTPException(404)
            try:
                await around.telephones.take_over(_extension(who), who.session)
            except AmiError:
                raise HTTPException(503) from None

        @router.websocket(SOCKET)
        async def socket(browser: WebSocket) -> None:
            """SIP (RFC 7118), passed through to Asterisk; for the log-in that has this extension's telephone."""
            who = await around.access.at_socket(browser, *AGENTS)
            allowed = who is not None and who.extension is not None and who.phone is PhoneKind.BROWSER
            if not allowed or who is None or not around.telephones.holds(who.extension or "", who.session):
                await browser.close()
                return
            passage = Passage(browser, around.asterisk_port, who.extension or "")
            around.telephones.opened(passage)
            try:
                await passage.run()
            finally:
                around.telephones.closed(passage)

    # -- orders about calls

    def _call_routes(self) -> None:
        control, router, outbound = self._around.control, self.router, self._around.outbound
        Who = Annotated[Visitor, Depends(self._door)]  # noqa: N806  (a type)

        @router.get(f"{API}/state")
        async def state(who: Who) -> JSONResponse:
            """``connected``: a page of this extension has its socket open; ``ringing``: Asterisk rings it now;
            ``outbound``: the own call that goes on, or null."""
            extension = _extension(who)
            current = outbound.current(extension)
            try:
                ringing = await control.rings(extension)
            except AmiError:
                raise HTTPException(503) from None
            connected = self._around.telephones.connected(extension)
            found = as_json(current) if current else None
            return JSONResponse({"connected": connected, "ringing": ringing, "outbound": found})

        @router.post(f"{API}/dial")
        async def dial(request: Request, who: Who, wish: Number) -> JSONResponse:
            """Rings the own telephone, then the number: ``{"number": as it is dialled}``."""
            return await self._do(request, who, lambda me: _named("number", control.dial(me, wish.number)))

        @router.post(f"{API}/hang-up")
        async def hang_up(request: Request, who: Who) -> JSONResponse:
            """Ends the call, or refuses the one that rings."""
            return await self._do(request, who, lambda me: _plain(control.hang_up(me)))

        @router.post(f"{API}/transfer")
        async def transfer(request: Request, who: Who, wish: Target) -> JSONResponse:
            """Hands the caller on without a word before: ``{"to": as it is dialled}``."""
            return await self._do(request, who, lambda me: _named("to", control.transfer(me, wish.to)))

        @router.post(f"{API}/answer")
        async def answer(request: Request, who: Who) -> JSONResponse:
            """For telephones that understand NOTIFY with the event "talk"."""
            return await self._do(request, who, lambda me: _plain(control.answer(me)))

        @router.post(f"{API}/take-up")
        async def take_up(request: Request, who: Who) -> JSONResponse:
            """Before a page that was loaded anew takes its call's place; refused when there is none any more."""
            return await self._do(request, who, lambda me: _plain(control.take_up(me)))

        @router.post(f"{API}/hold")
        async def hold(request: Request, who: Who) -> JSONResponse:
            """For telephones that understand NOTIFY with the event "hold"."""
            return await self._do(request, who, lambda me: _plain(control.hold(me)))

        @router.post(f"{API}/resume")
        async def resume(request: Request, who: Who) -> JSONResponse:
            """The same back again ("talk")."""
            return await self._do(request, who, lambda me: _plain(control.resume(me)))

    # -- orders about breaks

    def _pause_routes(self) -> None:
        around, router = self._around, self.router
        control = around.control
        Who = Annotated[Visitor, Depends(self._door)]  # noqa: N806  (a type)

        @router.get(f"{API}/pause-reasons")
        def pause_reasons(who: Who) -> list[dict[str, str]]:
            """Why this person may take a break: ``name``, ``label_th``, ``label_en``."""
            return [dict(reason) for reason in around.reasons(who.role)]

        @router.post(f"{API}/pause")
        async def pause(request: Request, who: Who, wish: Reason) -> JSONResponse:
            """A break, with the name of a reason that this person may use."""
            allowed = await run_in_threadpool(around.reasons, who.role)

            async def order(me: str) -> dict[str, Any]:
                if wish.reason not in {reason["name"] for reason in allowed}:
                    raise Refused(Why.UNKNOWN_REASON)
                await control.pause(me, wish.reason)
                return {}

            return await self._do(request, who, order)

        @router.post(f"{API}/ready")
        async def ready(request: Request, who: Who) -> JSONResponse:
            """Back from a break, or done with the notes."""
            return await self._do(request, who, lambda me: _plain(control.ready(me)))

        @router.post(f"{API}/wrap-up/extend")
        async def extend(request: Request, who: Who, wish: Seconds) -> JSONResponse:
            """More time after the call: ``{"ends_at": …}``."""

            async def order(me: str) -> dict[str, Any]:
                ends_at = (await control.extend_wrap_up(me, wish.seconds)).isoformat()
                around.hub.publish(f"agent/{me}", {"kind": "wrap-up", "ends_at": ends_at})
                return {"ends_at": ends_at}

            return await self._do(request, who, order)

        @router.post(f"{API}/wrap-up/finish")
        async def finish(request: Request, who: Who) -> JSONResponse:
            """Done with the notes."""
            return await self._do(request, who, lambda me: _plain(control.finish_wrap_up(me)))

    async def _do(
        self, request: Request, who: Visitor, order: Callable[[str], Awaitable[dict[str, Any]]]
    ) -> JSONResponse:
        """Carries out an order. 409 with a sentence when it is refused, 503 with Asterisk away."""
        try:
            return JSONResponse(await order(_extension(who)))
        except Refused as refused:
            accepted = request.headers.get("accept-language")
            language = language_of(who.language, accepted, self._around.language)
            return JSONResponse({"detail": refused.why, "advice": REFUSED[language][refused.why]}, status_code=409)
        except AmiError:
            raise HTTPException(503) from None


def _extension(who: Visitor) -> str:
    if who.extension is None:
        raise HTTPException(404)
    return who.extension


def _sip(extension: str, secret: str) -> dict[str, str]:
    return {
        "uri": f"sip:{extension}@{DOMAIN}",
        "user": extension,
        "secret": secret,
        "domain": DOMAIN,
        "path": SOCKET,
    }


async def _plain(order: Awaitable[None]) -> dict[str, Any]:
    await order
    return {}


async def _named(name: str, order: Awaitable[str]) -> dict[str, Any]:
    return {name: await order}
