"""Whether provider, telephones and browsers can reach us, and be told where to: for ``hotline doctor``."""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address

from dialplan.asterisk.doctor import Check
from dialplan.nat import EVERYWHERE, is_private
from dialplan.sections import Ports, Trunk
from hotline.settings import Settings

HOLE_SECONDS = 60  # routers forget a UDP connection on which nothing was sent for about as long


@dataclass(frozen=True, slots=True)
class System:
    """What the system is asked: a name's address, ours on the way to another, and whether one is this machine's."""

    resolve: Callable[[str], str | None]
    own_address: Callable[[str], str | None]
    is_ours: Callable[[str], bool]


def check_addresses(settings: Settings, system: System | None = None) -> Check:
    """One check of all that has to do with addresses; ``system``: this machine."""
    system = system or System(_resolve, _own_address, _is_ours)
    ports = settings.ports
    found = [(trunk, system.resolve(trunk.host)) for trunk in settings.trunks]
    outside = [(trunk, at) for trunk, at in found if at and not at.startswith("127.")]
    if ports.bind.startswith("127.") and outside:
        return _ill(
            f"Asterisk listens on {ports.bind} only: trunk {outside[0][0].name} cannot reach it",
            'Set bind in [ports]: "0.0.0.0" or this machine\'s address; then start Asterisk again',
        )
    return (_translated if settings.nat.translated else _direct)(settings, outside, system)


def _direct(settings: Settings, outside: list[tuple[Trunk, str]], system: System) -> Check:
    for trunk, at in outside:
        own = system.own_address(at)
        if own and is_private(own) and not is_private(at):
            inside = f" and internal_address to {own}" if settings.ports.bind in EVERYWHERE else ""
            return _ill(
                f"we are {own}, trunk {trunk.name} is {at}: a router in between translates our address, and callers"
                " would hear nothing",
                f"{_router(settings.ports)}; set external_address in [nat] to its public address{inside}",
            )
    return Check("addresses", ok=True, detail="nothing is translated ([nat] is empty)")


def _translated(settings: Settings, outside: list[tuple[Trunk, str]], system: System) -> Check:
    ports, nat = settings.ports, settings.nat
    inside = nat.inside(ports)
    if not system.is_ours(inside):
        return _ill(f"{inside} is not an address of this machine", "Correct internal_address in [nat]: ip -4 address")
    if holes := [trunk.name for trunk, at in outside if not nat.is_local(at) and _closes(trunk)]:
        return _ill(
            f"trunk {', '.join(holes)}: the router forgets the way to us between calls",
            f"Set check_seconds of the trunk to 1 to {HOLE_SECONDS}, or let the router always pass UDP {ports.sip}",
        )
    if nat.turn_servers and not os.environ.get(nat.turn_secret_env or ""):
        return _ill("the secret of the TURN servers is not known", f"Set {nat.turn_secret_env} in the environment")
    port = nat.external_sip_port or ports.sip
    return Check("addresses", ok=True, detail=f"outside we are {nat.external_address}:{port}. {_router(ports)}")


def _router(ports: Ports) -> str:
    return f"The router must pass UDP {ports.sip} and {ports.rtp_start}-{ports.rtp_end} to us"


def _closes(trunk: Trunk) -> bool:
    return not 0 < trunk.check_seconds <= HOLE_SECONDS


def _ill(detail: str, remedy: str) -> Check:
    return Check("addresses", ok=False, detail=detail, remedy=remedy)


def _resolve(host: str) -> str | None:
    try:
        return str(IPv4Address(host))
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_DGRAM)
    except OSError:
        return None
    return str(found[0][4][0])


def _own_address(other: str) -> str | None:
    """Nothing is sent: the system only says which way it would go."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((other, 9))
        except OSError:
            return None
        return str(probe.getsockname()[0])


def _is_ours(address: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
