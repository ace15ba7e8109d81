"""The section ``[nat]``: addresses when a router translates them, for trunks, telephones and browsers.

What is translated, and for whom, is Asterisk's part (transport, rtp.conf); which servers a browser asks for its own way
out is told to the page with its account.
"""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints, field_validator

from dialplan.sections import Network, Ports, Section

EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})
PRIVATE: Final = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8")
TURN_LIFETIME: Final = timedelta(hours=12)  # longer than a shift, and than any call
Address = Annotated[str, StringConstraints(pattern=r"^[0-9.]*$")]
StunServer = Annotated[str, StringConstraints(pattern=r"^stuns?:[A-Za-z0-9.-]+(:\d{1,5})?$")]
TurnServer = Annotated[
    str, StringConstraints(pattern=r"^turns?:[A-Za-z0-9.-]+(:\d{1,5})?(\?transport=(udp|tcp))?$", max_length=200)
]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


class NatSettings(Section):
    """A router that translates addresses (NAT) between us and provider or browsers. Without one: leave it empty."""

    external_address: Address = Field(
        "", description="The router's public address, which others reach us by; empty: nothing is translated."
    )
    external_sip_port: int = Field(
        0, ge=0, le=65535, description="The router's port for SIP, when it is not `sip` of [ports]; 0: the same."
    )
    internal_address: Address = Field(
        "", description="This machine's own address behind the router; needed only when `bind` is 0.0.0.0."
    )
    local_networks: tuple[Network, ...] = Field(
        PRIVATE, description="Reached without the router: they are told our own address, everybody else the public one."
    )
    browsers_outside: bool = Field(
        False,
        description="Offer browsers the public address for their audio, too: for people who work elsewhere. Those in"
        " the house must then reach it as well.",
    )
    stun_servers: tuple[StunServer, ...] = Field(
        (), description="For browsers that must find out their own public address: stun:stun.example.com:3478."
    )
    turn_servers: tuple[TurnServer, ...] = Field(
        (), description="For browsers whose firewall lets no audio out: turn:turn.example.com:3478?transport=tcp."
    )
    turn_secret_env: Variable | None = Field(
        None, description="Environment variable with the secret we share with the TURN servers (use-auth-secret)."
    )

    @field_validator("external_address", "internal_address")
    @classmethod
    def _addresses(cls, value: str) -> str:
        if value:
            found = _known(value)
            if found is None or found.is_unspecified or found.is_multicast:
                raise ValueError(f"{value!r} is no address of a machine; write one such as 203.0.113.10")
        return value

    @field_validator("local_networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ip_network(network, strict=False)
        return value

    @property
    def translated(self) -> bool:
        """Whether there is a router that translates."""
        return bool(self.external_address)

    def inside(self, ports: Ports) -> str:
        """This machine's own address behind the router; empty when it is not known."""
        return self.internal_address or ("" if ports.bind in EVERYWHERE else ports.bind)

    def is_local(self, address: str) -> bool:
        """Whether somebody at this address is reached without the router."""
        return any(ip_address(address) in ip_network(network, strict=False) for network in self.local_networks)

    def faults(self, ports: Ports) -> list[tuple[str, str]]:
        """What does not fit together: setting and sentence."""
        found = []
        if self.translated:
            bound = _known(ports.bind)
            if ports.bind == "localhost" or (bound is not None and bound.is_loopback):
                found.append(("external_address", f"nobody outside reaches {ports.bind}: set bind in [ports]"))
            elif _known(self.inside(ports)) is None:
                text = f"needs internal_address, this machine's own address, because bind is {ports.bind}"
                found.append(("external_address", text))
        elif given := [k for k in ("external_sip_port", "internal_address", "browsers_outside") if getattr(self, k)]:
            key = given[0]
            found.append((key, "needs external_address, the router's public address"))
        if self.turn_servers and not self.turn_secret_env:
            found.append(("turn_servers", "needs turn_secret_env, the variable of the secret shared with them"))
        return found

    def ice_servers(self, user: str, secret: str | None, now: datetime) -> list[dict[str, Any]]:
        """What a browser asks for its way out, as RTCPeerConnection takes it.

        The password for TURN is made for this user and holds `TURN_LIFETIME` (the REST way of coturn's use-auth-secret:
        HMAC-SHA1 of ``expiry:user``); without the secret TURN is left out.
        """
        servers: list[dict[str, Any]] = []
        if self.stun_servers:
            servers.append({"urls": list(self.stun_servers)})
        if self.turn_servers and secret:
            name = f"{int((now + TURN_LIFETIME).timestamp())}:{user}"
            digest = hmac.new(secret.encode(), name.encode(), hashlib.sha1).digest()
            credential = base64.b64encode(digest).decode()
            servers.append({"urls": list(self.turn_servers), "username": name, "credential": credential})
        return servers


def is_private(address: str) -> bool:
    """Whether an address is one that only a translated network has."""
    return any(ip_address(address) in ip_network(network) for network in PRIVATE)


def _known(text: str) -> IPv4Address | None:
    try:
        return IPv4Address(text)
    except ValueError:
        return None
