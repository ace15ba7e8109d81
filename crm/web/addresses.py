"""Who is near enough to read the figures without a log-in."""

from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from fastapi import Request

Near = Callable[[Request], bool]


def nearby(networks: Iterable[str] = (), *, behind_proxies: bool = False) -> Near:
    """Whether a request comes from this machine or one of ``networks``.

    ``behind_proxies``: proxies that we trust have said who asks. When there are none, a request that names somebody it
    was passed on for came through a proxy that we know nothing of, and is not near.
    """
    known = [ip_network(network, strict=False) for network in networks]

    def near(request: Request) -> bool:
        if not behind_proxies and ("x-forwarded-for" in request.headers or "forwarded" in request.headers):
            return False
        address = _address(request.client.host if request.client else "")
        return address is not None and (address.is_loopback or any(address in network for network in known))

    return near


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


from_here = nearby()
