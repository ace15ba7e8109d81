"""What a page asks of its telephone: ``/api/telephone/…``."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, WebSocket
from fastapi.responses import JSONResponse

from ami_listener.actions import AmiError
from crm.staff.access import AGENTS, Access
from crm.staff.models import PhoneKind
from crm.staff.sessions import Visitor
from crm.telephone.passage import Passage
from crm.telephone.secrets import Elsewhere, Telephones

SOCKET = "/api/telephone/socket"
DOMAIN = "hotline"  # Asterisk looks at the user part only


def router(access: Access, telephones: Telephones, *, asterisk_port: int) -> APIRouter:
    """The routes."""
    routes = APIRouter()
    who_answers = access.of(*AGENTS)

    @routes.get("/api/telephone/account")
    async def account(who: Annotated[Visitor, Depends(who_answers)]) -> JSONResponse:
        """This log-in's telephone. ``sip`` is null for a telephone beside the page, and while another log-in of the
        same person has it (``elsewhere`` says where). 404: no extension. 503: Asterisk is away."""
        if who.extension is None:
            raise HTTPException(404)
        content: dict[str, Any] = {
            "extension": who.extension,
            "display_name": who.name_en or who.extension,
            "kind": who.phone,
            "auto_answer": who.auto_answer,
            "sip": None,
            "elsewhere": None,
        }
        if who.phone is PhoneKind.BROWSER:
            try:
                secret = await telephones.secret_for(who.extension, who.session)
                content["sip"] = {
                    "uri": f"sip:{who.extension}@{DOMAIN}",
                    "user": who.extension,
                    "secret": secret,
                    "domain": DOMAIN,
                    "path": SOCKET,
                }
            except Elsewhere as there:
                content["elsewhere"] = {"address": there.address, "browser": there.browser}
            except AmiError:
                raise HTTPException(503) from None
        return JSONResponse(content)

    @routes.post("/api/telephone/take-over", status_code=204)
    async def take_over(who: Annotated[Visitor, Depends(who_answers)]) -> None:
        """From now on the telephone is here; ask for the account afterwards."""
        if who.extension is None or who.phone is not PhoneKind.BROWSER:
            raise HTTPException(404)
        try:
            await telephones.take_over(who)
        except AmiError:
            raise HTTPException(503) from None

    @routes.websocket(SOCKET)
    async def socket(browser: WebSocket) -> None:
        """SIP (RFC 7118), passed through to Asterisk; for the log-in that has this extension's telephone."""
        who = await access.at_socket(browser, *AGENTS)
        if who is None or who.extension is None or who.phone is not PhoneKind.BROWSER:
            await browser.close()
            return
        if "sip" not in browser.scope["subprotocols"] or not telephones.holds(who.extension, who.session):
            await browser.close()
            return
        passage = Passage(browser, asterisk_port, who.extension)
        telephones.opened(passage)
        try:
            await passage.run()
        finally:
            telephones.closed(passage)

    return routes
