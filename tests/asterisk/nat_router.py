"""A router that translates addresses, between one trunk and Asterisk: what a real one does with UDP, on loopback.

The telephone knows only the public address. What it sends there goes on to Asterisk from the telephone's own address (a
router leaves that as it is) and another port; what Asterisk sends back comes from the public address.
"""

import asyncio
from collections.abc import Iterable
from functools import partial
from typing import Any, Self

Address = tuple[str, int]


class _Inner(asyncio.DatagramProtocol):
    """The way between one telephone's port and one of Asterisk's."""

    def __init__(self, outer: "_Outer", telephone: Address) -> None:
        self.outer, self.telephone = outer, telephone
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, _addr: Address) -> None:
        self.outer.transport.sendto(data, self.telephone)


class _Outer(asyncio.DatagramProtocol):
    """A public port."""

    def __init__(self, router: "NatRouter", inside: Address) -> None:
        self.router, self.inside = router, inside
        self.transport: Any = None
        self.ways: dict[Address, asyncio.Task[_Inner]] = {}

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.router.seen[self.inside[1]] = self.router.seen.get(self.inside[1], 0) + 1
        if addr not in self.ways:
            self.ways[addr] = asyncio.get_running_loop().create_task(self._way(addr))
        self.ways[addr].add_done_callback(lambda way: way.result().transport.sendto(data, self.inside))

    async def _way(self, telephone: Address) -> _Inner:
        loop = asyncio.get_running_loop()
        _, way = await loop.create_datagram_endpoint(lambda: _Inner(self, telephone), local_addr=(telephone[0], 0))
        return way


def _same(protocol: _Outer) -> _Outer:
    return protocol


class NatRouter:
    """``seen``: how many datagrams came in for which inner port."""

    def __init__(self) -> None:
        self.seen: dict[int, int] = {}
        self._outer: list[_Outer] = []

    @classmethod
    async def open(cls, public: str, inside: str, ports: Iterable[int]) -> Self:
        """Passes these ports of the public address on to the same ones inside."""
        router, loop = cls(), asyncio.get_running_loop()
        for port in ports:
            outer = _Outer(router, (inside, port))
            await loop.create_datagram_endpoint(partial(_same, outer), local_addr=(public, port))
            router._outer.append(outer)
        return router

    async def close(self) -> None:
        for outer in self._outer:
            outer.transport.close()
            for way in outer.ways.values():
                (await way).transport.close()
