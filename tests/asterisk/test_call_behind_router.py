"""A trunk beyond a router that translates addresses: it is told the public one, and both hear each other."""

import asyncio
from pathlib import Path

import pytest
from nat_router import NatRouter
from product import DESKS, TRUNK, ProductAsterisk, free_port
from product import base_site as given
from telephone_audio import tone
from telephones import Telephone

from dialplan.nat import NatSettings
from dialplan.site import HotlineSite

PUBLIC, INSIDE = "127.0.0.77", "127.0.0.1"
RTP = range(39400, 39420)


@pytest.fixture
def behind_router(asterisk_root: Path, tmp_path: Path) -> ProductAsterisk:
    values = given(
        numbers=[{"number": "1169", "queue": "enquiries"}],
        queues=[{"name": "enquiries", "wrap_up_seconds": 0}],
        agents=[{"extension": "2001", "queues": ["enquiries"], "contact": f"sip:2001@{DESKS}:{free_port(DESKS)}"}],
        ports={"bind": INSIDE, "rtp_start": RTP.start, "rtp_end": RTP.stop - 1},
    )
    site = HotlineSite(**values)
    # set past the check that nobody can be outside of loopback: here somebody is
    nat = NatSettings(external_address=PUBLIC, local_networks=(f"{DESKS}/32",))
    return ProductAsterisk.make(site.model_copy(update={"nat": nat}), tmp_path, asterisk_root)


def test_a_caller_from_beyond_the_router_is_heard_and_hears(behind_router: ProductAsterisk) -> None:
    with behind_router as product:
        asyncio.run(_story(product))


async def _story(product: ProductAsterisk) -> None:
    sip = product.site.ports.sip
    [agent], [trunk] = product.site.agents, product.site.trunks
    router = await NatRouter.open(PUBLIC, INSIDE, [sip, *RTP])
    desk = await Telephone.open(product.sip, DESKS, int(str(agent.contact).rpartition(":")[2]), user="2001")
    caller = await Telephone.open((PUBLIC, sip), TRUNK, trunk.port, user="0812345678")
    try:
        call = await caller.call("1169")
        leg = await desk.next_call()
        assert leg.invite is not None
        assert PUBLIC not in leg.invite.encode().decode()  # in the house our own address is told
        await leg.answer()
        await call.answered()
        assert f"{PUBLIC}:{sip}" in call.target  # our Contact
        leg.audio.sound, call.audio.sound = tone(1300), tone(1500)
        await product.until(lambda: len(call.audio.tone_times(1300)) > 10, 5, "agent heard by caller")
        await product.until(lambda: len(leg.audio.tone_times(1500)) > 10, 5, "caller heard by agent")
        assert sum(router.seen.get(port, 0) for port in RTP) > 10  # by way of the router, as the SDP told
        await leg.hang_up()
        name = await product.call_of("0812345678")
        await product.fact(name, "SURVEYASKED")
        await call.press("1")
        await product.fact(name, "SURVEY", "scale-123", "1")
        await call.ended()
    finally:
        await caller.close()
        await desk.close()
        await router.close()
    await product.gone()
