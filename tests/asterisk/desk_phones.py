"""A whole product in which everyone has an account and a desk phone, and scenarios that play on it at once."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from installation import wait_for
from product import TRUNK
from telephones import Telephone
from whole import Whole, whole_settings

from crm.database import upgrade

Room = TypeVar("Room")


def prepared(folder: Path, asterisk_root: Path, slots: int, wrap_up_seconds: int, **sections: Any) -> Whole:
    """A product with a queue for each slot and no agents but those whom the test enrols next."""
    settings = whole_settings(
        folder,
        asterisk_root,
        slots,
        agents=[{"extension": "2999", "contact": "sip:2999@127.0.0.3:9"}],
        queues=[{"name": f"q{i:02}", "wrap_up_seconds": wrap_up_seconds, "strategy": "linear"} for i in range(slots)],
        **sections,
    )
    product = Whole.prepare(settings, asterisk_root)
    upgrade(product.engine)
    return product


@contextmanager
def running(product: Whole, extensions: Collection[str]) -> Iterator[Whole]:
    """Asterisk and the service run, and know everyone's telephone."""
    with product:
        try:
            product.installation.start_service()
            # the people of the database are in the settings only now, and so are their telephones' secrets
            wait_for(lambda: _known(product, extensions), "everyone's telephone in Asterisk")
            yield product
        finally:
            if product.installation.service is not None:
                product.installation.stop_service()
            product.engine.dispose()


def _known(product: Whole, extensions: Collection[str]) -> bool:
    """Whether everyone's secret has been made and told to Asterisk."""
    product.secrets.agents.update(json.loads((product.state / "secrets.json").read_text())["agents"])
    there = product.cli("pjsip show auths")
    return all(one in product.secrets.agents and f"{one}/{one}" in there for one in extensions)


async def played_at_desks(
    whole: Whole,
    phones_address: str,
    room: Callable[[Whole, Telephone, Telephone, int], Room],
    scenarios: Sequence[Callable[[Room], Awaitable[None]]],
    *,
    seconds: float,
    alone: Collection[Callable[[Room], Awaitable[None]]] = (),
) -> dict[str, BaseException | None]:
    """Plays all at once, those ``alone`` after the others; each in a room of its own (product, telephone network, desk
    phones, number of the scenario). Name → what went wrong."""
    network = await Telephone.open(whole.sip, TRUNK, whole.site.trunks[0].port)
    phones = await Telephone.open(whole.sip, phones_address)
    phones.passwords = dict(whole.secrets.agents)
    results: dict[str, BaseException | None] = {}

    async def one(index: int, scenario: Callable[[Room], Awaitable[None]]) -> None:
        try:
            async with asyncio.timeout(seconds):
                await scenario(room(whole, network, phones, index))
            results[scenario.__name__] = None
        except Exception as failure:
            results[scenario.__name__] = failure

    try:
        await asyncio.gather(*(one(i, scenario) for i, scenario in enumerate(scenarios) if scenario not in alone))
        for i, scenario in enumerate(scenarios):
            if scenario in alone:
                await one(i, scenario)
    finally:
        await asyncio.gather(network.close(), phones.close())
    return results
