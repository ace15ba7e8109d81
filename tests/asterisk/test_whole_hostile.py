"""What a telephone network may write as a caller's name and number: markup, commands of Asterisk's, other lines.

Each such call rings, is talked through and is one record like any other (C1, D17), with a number of letters and digits
only; nothing of it is carried out, and neither name nor number is in the service's log.
"""

import asyncio
import re

import pytest
from exchange import Scenario, Slot, play, verdict
from telephones import Call
from whole import Whole, of

from ami_listener.records import Outcome

MARK = "injectedname"  # in every name, to be looked for
NAMES = (
    f"<script>alert(1)</script>{MARK}",
    f'\\"\\"><img src=x onerror=alert(1)>{MARK}',
    f"${{SHELL(touch {{file}})}}${{HASH(a)}}{MARK}",
    f"{MARK},120,S(1)|PJSIP/1002&Local/1@hotline-agents;x",
    f"{MARK}%0D%0AAction: Logoff%0D%0A%0D%0A",
    f"\u202e\u2066คุณ{MARK}\u200f กำ้",
    f"javascript:alert(1)//{MARK}" + "ก" * 300,
    f"{MARK}\\\\",
)
FORGERIES = (
    "{digits}%0D%0AAction:%20Logoff",
    "{digits}%0D%0A1795175023%7C{forged}%7CNONE%7CNONE%7CARRIVED%7C1795175023.1%7C0899999999%7C1101%7Ccarrier%7CPJSIP%2Fx",
    "{digits}%0D%0A%0D%0AEvent%3A%20UserEvent%0D%0AUserEvent%3A%20ARRIVED%0D%0ACall%3A%20{forged}%0D%0A%0D%0A",
)
USERS = (
    *FORGERIES,
    "{digits}%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "{digits}&PJSIP/network",
    "{digits}%24%7BSHELL(touch%20{file})%7D",
    "{digits}%00",
    "{digits}%E0%B8%81%E2%80%AE",
    "{digits}%22%5C%7C%2C%3B",
    "{digits}" + "7" * 100,
)
FORGED = "main-1795175023.99999"  # a call that there never was
KEPT = re.compile(r"\+?[0-9a-zA-Z]*")


async def known_by(s: Slot, digits: str) -> str:
    """The call's id, by what was kept of its number."""

    def find() -> str | None:
        facts = (line for line in reversed(s.product.lines()) if line.event == "ARRIVED")
        return next((line.call for line in facts if digits in line.data[0]), None)

    return str(await s.product.until(find, 8, f"ARRIVED of {digits}"))


async def talked_through(s: Slot, call: Call, digits: str) -> str | None:
    """One call: rings, is answered, ends; the kept number. None when Asterisk refuses such a number itself."""
    ringing = asyncio.create_task(s.rung(seconds=6))
    refused = asyncio.create_task(call.until(lambda: call.status is not None, 6, "refused"))
    await asyncio.wait({ringing, refused}, return_when=asyncio.FIRST_COMPLETED)
    if refused.done() and refused.exception() is None:
        ringing.cancel()
        await asyncio.gather(ringing, return_exceptions=True)
        assert 400 <= (call.status or 0) < 500
        return None
    await asyncio.gather(ringing, return_exceptions=True)
    refused.cancel()
    await asyncio.gather(refused, return_exceptions=True)
    if ringing.exception() is not None:  # not even looked at
        return None
    leg = ringing.result()
    await leg.answer()
    await call.answered()
    await asyncio.sleep(0.3)
    await call.hang_up()
    await leg.ended()
    record = await of(s).over(await known_by(s, digits))
    assert record.outcome is Outcome.ANSWERED
    assert [conversation.agent for conversation in record.conversations] == [s.agents[0]]
    assert KEPT.fullmatch(record.caller_number or ""), record.caller_number
    return record.caller_number


async def rested(s: Slot) -> None:
    """The agent's wrap-up is over."""
    await s.product.until(lambda: of(s).states(s.agents[0])[-1][0] == "available", 10, "available")


async def hostile_names(s: Slot) -> None:
    """Names of all kinds: nobody's telephone or record cares."""
    s.quiet(1)
    file = s.product.state / "made-by-a-name"
    for name in NAMES:
        digits = s.caller()
        assert await talked_through(s, await s.call(digits, name=name.replace("{file}", str(file))), digits) == digits
        await rested(s)
    assert not file.exists()
    assert MARK not in of(s).installation.service_log()


async def hostile_numbers(s: Slot) -> None:
    """Numbers that are none: what is kept of them is letters and digits."""
    s.quiet(1)
    file = s.product.state / "made-by-a-number"
    taken = []
    for user in USERS:
        digits = s.caller()
        call = await s.call(user.format(digits=digits, forged=FORGED, file=str(file).replace("/", "%2F")))
        if await talked_through(s, call, digits) is not None:
            taken.append(user)
            await rested(s)
        assert digits not in of(s).installation.service_log(), user
    assert set(FORGERIES) <= set(taken), taken
    assert not file.exists()
    assert of(s).story_of(FORGED) is None
    journal = (of(s).folders.log / "queue_log").read_text("utf-8", "replace")
    assert f"|{FORGED}|" not in journal
    assert not [line for line in journal.splitlines() if not re.match(r"\d{10}\|", line)], "a number made a line"


SCENARIOS: list[Scenario] = [hostile_names, hostile_numbers]


@pytest.fixture(scope="module")
def played(whole: Whole) -> dict[str, BaseException | None]:
    return play(whole, SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_hostile(played: dict[str, BaseException | None], scenario: Scenario) -> None:
    verdict(played, scenario)
