"""The telephones' wiring: what goes on by itself around them, and their routes."""

import os
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from ami_listener.events import Event
from crm.database import reading
from crm.live import Hub
from crm.pauses.service import reasons
from crm.staff.access import Access
from crm.staff.models import Role
from crm.telephone.breaks import Breaks
from crm.telephone.control import Around as ControlAround
from crm.telephone.control import TelephoneControl
from crm.telephone.outbound import OutboundCalls
from crm.telephone.secrets import Telephones
from crm.telephone.web import Around as WebAround
from crm.telephone.web import TelephoneRoutes
from hotline.office.desk import Around


@dataclass(frozen=True, slots=True)
class TelephoneOffice:
    """What the office starts, tells and ends."""

    router: APIRouter
    listeners: tuple[Callable[[Event], None], ...]
    works: tuple[Callable[[], Coroutine[Any, Any, None]], ...]
    close: Callable[[], Awaitable[None]]
    outbound: OutboundCalls
    control: TelephoneControl


def make_telephones(around: Around, hub: Hub, access: Access) -> TelephoneOffice:
    """Secrets, sockets, orders, own calls and breaks."""

    def tell(agent: str, call: dict[str, Any]) -> None:
        hub.publish(f"agent/{agent}", {"kind": "outbound", "outbound": call})

    def reasons_of(role: Role) -> list[Mapping[str, str]]:
        with reading(around.engine) as connection:
            found = reasons(connection, role=role)
        return [{"name": one.name, "label_th": one.label_th, "label_en": one.label_en} for one in found]

    def settings() -> Any:
        return around.settings

    def ice_servers(extension: str) -> list[dict[str, Any]]:
        nat = around.settings.nat
        secret = os.environ.get(nat.turn_secret_env) if nat.turn_secret_env else None
        return nat.ice_servers(extension, secret, around.clock())

    breaks = Breaks(around.send, around.clock)
    control = TelephoneControl(
        ControlAround(send=around.send, breaks=breaks, site=settings, agent=around.agent_now, clock=around.clock)
    )
    telephones = Telephones(around.engine, around.send, around.clock, control.stop_ringing)
    outbound = OutboundCalls(around.engine, tell)
    routes = TelephoneRoutes(
        WebAround(
            access=access,
            hub=hub,
            telephones=telephones,
            control=control,
            outbound=outbound,
            reasons=reasons_of,
            asterisk_port=around.settings.ports.asterisk_http,
            ice_servers=ice_servers,
            language=around.settings.site.languages[0],
        )
    )
    parts = (telephones, outbound, breaks)
    return TelephoneOffice(
        routes.router,
        tuple(part.happened for part in parts),
        tuple(part.run for part in parts),
        telephones.close,
        outbound,
        control,
    )
