"""SIP secrets on a real Asterisk: a browser's live in its database and hold from the next request on, a desk phone's in
its configuration; nothing is reloaded for either."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from product import ProductAsterisk, base_site
from telephones import Telephone

from dialplan.asterisk.process import AsteriskProcess
from dialplan.names import Store
from dialplan.site import HotlineSite

BROWSER, DESK, PHONES = "1001", "1002", "127.0.0.6"
REFUSED = (401, 403, 500)


@pytest.fixture(scope="module")
def asterisk(tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path) -> Iterator[ProductAsterisk]:
    site = base_site(
        numbers=[{"number": "1169", "queue": "all"}],
        queues=[{"name": "all"}],
        agents=[
            {"extension": BROWSER, "queues": ["all"], "phone": "webrtc"},
            {"extension": DESK, "queues": ["all"]},
        ],
    )
    state = tmp_path_factory.mktemp("secrets")
    with ProductAsterisk.make(HotlineSite.model_validate(site), state, asterisk_root) as running:
        yield running


def put(asterisk: ProductAsterisk, secret: str) -> None:
    """As the service does (`crm.telephone.secrets`), by the console instead of the manager port."""
    value = json.dumps({"auth_type": "digest", "username": BROWSER, "password": secret}).replace('"', '\\"')
    asterisk.cli(f'database put {Store.PHONE} {BROWSER} "{value}"')


async def registered(asterisk: ProductAsterisk, extension: str, secret: str) -> int:
    async with await Telephone.open(asterisk.sip, PHONES, user=extension, password=secret) as phone:
        return await phone.register()


def test_a_browsers_secret_holds_at_once_and_is_dead_at_once(asterisk: ProductAsterisk) -> None:
    """Made, changed, deleted: each from the very next request on."""

    async def story() -> None:
        assert await registered(asterisk, BROWSER, "anything") in REFUSED
        put(asterisk, "first")
        assert await registered(asterisk, BROWSER, "first") == 200
        assert await registered(asterisk, BROWSER, "second") in REFUSED
        put(asterisk, "second")
        assert await registered(asterisk, BROWSER, "second") == 200
        assert await registered(asterisk, BROWSER, "first") in REFUSED
        asterisk.cli(f"database del {Store.PHONE} {BROWSER}")
        assert await registered(asterisk, BROWSER, "second") in REFUSED

    asyncio.run(story())


def test_a_desk_phone_keeps_the_secret_of_the_configuration(asterisk: ProductAsterisk) -> None:
    async def story() -> None:
        assert await registered(asterisk, DESK, asterisk.secrets.agents[DESK]) == 200
        assert await registered(asterisk, DESK, "other") in REFUSED
        # what the configuration says cannot be overruled from the database
        value = json.dumps({"auth_type": "digest", "username": DESK, "password": "other"}).replace('"', '\\"')
        asterisk.cli(f'database put {Store.PHONE} {DESK} "{value}"')
        assert await registered(asterisk, DESK, "other") in REFUSED
        assert await registered(asterisk, DESK, asterisk.secrets.agents[DESK]) == 200
        asterisk.cli(f"database del {Store.PHONE} {DESK}")

    asyncio.run(story())


def test_the_secret_outlives_asterisk(asterisk: ProductAsterisk) -> None:
    async def story() -> None:
        put(asterisk, "kept")
        await asyncio.to_thread(asterisk.process.stop)
        asterisk.process = AsteriskProcess(asterisk.folders)
        await asyncio.to_thread(asterisk.process.start)
        assert await registered(asterisk, BROWSER, "kept") == 200
        assert await registered(asterisk, BROWSER, "other") in REFUSED

    asyncio.run(story())
