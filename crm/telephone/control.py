"""Orders to an agent's own telephone through Asterisk: for desk phones and other softphones, and for the browser's own
when its socket is away.

Pauses and wrap-ups are Asterisk's (``dialplan/templates/queue.conf.j2``): the clock of a wrap-up reads its end in
Asterisk's database, so that is where it is changed.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from ami_listener.actions import (
    ActionFailed,
    BlindTransfer,
    GetVariable,
    Hangup,
    Originate,
    PauseAgent,
    Reply,
    SetVariable,
)
from ami_listener.actions_telephone import NotifyTelephone
from ami_listener.floor import AgentNow
from crm.pbx_store import Send, delete, put, read_family
from crm.telephone.breaks import Breaks
from crm.telephone.dialling import as_dialled, may_be_dialled
from crm.telephone.legs import Leg, legs_of
from dialplan.names import Context, PauseReason, Store, Variable, agent_interface
from dialplan.site import HotlineSite

log = logging.getLogger(__name__)

RING_SECONDS: Final = 30.0  # how long the agent's own telephone rings for a call that the page dialled
LONGEST_WRAP_UP: Final = timedelta(minutes=15)  # from now on, however often it is extended
CLOCK_SECONDS: Final = 3.0  # older than this, the clock of the wrap-ups does not run
NORMAL, DECLINED = 16, 21  # Q.850
DIALLED_HEADER: Final = "X-Hotline-Dialled"  # by it a page knows a call that is its own


class Why(StrEnum):
    """Why an order was refused."""

    NO_CALL = "no-call"
    BUSY = "busy"
    OFFLINE = "offline"
    NOT_PERMITTED = "not-permitted"
    OWN_EXTENSION = "own-extension"
    NO_QUEUES = "no-queues"
    UNKNOWN_REASON = "unknown-reason"
    NOT_IN_WRAP_UP = "not-in-wrap-up"
    CANNOT = "cannot"  # Asterisk said no


class Refused(Exception):
    """An order that is not carried out."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """``site``: the settings as they are now; ``agent``: what an agent does now, None when Asterisk told nothing."""

    send: Send
    breaks: Breaks
    site: Callable[[], HotlineSite]
    agent: Callable[[str], AgentNow | None]
    clock: Callable[[], datetime]


class TelephoneControl:
    """Every order names the agent's extension, and touches nothing but that agent's own telephone and call.

    All raise `Refused`, and AmiError when Asterisk does not answer.
    """

    def __init__(self, around: Around) -> None:
        self._around = around

    # -- calls

    async def dial(self, extension: str, number: str) -> str:
        """Rings the agent's telephone, and dials when it is picked up. Returns the number as it is dialled."""
        number = self._permitted(extension, number)
        if not await self._reachable(extension):
            raise Refused(Why.OFFLINE)
        if await legs_of(self._around.send, extension):
            raise Refused(Why.BUSY)
        # Picked up by themselves: the page by our own header, desk phones by one of the two that they understand.
        headers = {
            DIALLED_HEADER: number,
            "Call-Info": "<sip:hotline>;answer-after=0",
            "Alert-Info": "<http://hotline>;info=alert-autoanswer",
        }
        await self._ask(
            Originate(
                channel=agent_interface(extension),
                context=Context.AGENTS,
                exten=number,
                caller_id=f"<{number}>",
                timeout_seconds=RING_SECONDS,
                variables={f"PJSIP_HEADER(add,{name})": value for name, value in headers.items()},
            )
        )
        return number

    async def hang_up(self, extension: str) -> None:
        """Ends the call, or refuses the one that rings."""
        leg = await self._leg(extension, lambda leg: True)
        await self._ask(Hangup(leg.channel, cause=DECLINED if leg.ringing else NORMAL))

    async def transfer(self, extension: str, number: str) -> str:
        """Hands whom the agent talks to on, without a word before. Returns the number as it is dialled."""
        number = self._permitted(extension, number)
        leg = await self._leg(extension, lambda leg: leg.up)
        await self._ask(BlindTransfer(leg.channel, Context.TRANSFER, number))
        return number

    async def answer(self, extension: str) -> None:
        """Has the telephone pick up: those that understand the event "talk"."""
        leg = await self._leg(extension, lambda leg: leg.ringing)
        await self._ask(NotifyTelephone(leg.channel, {"Event": "talk"}))

    async def hold(self, extension: str) -> None:
        """Has the telephone hold: those that understand the event "hold"."""
        leg = await self._leg(extension, lambda leg: leg.up)
        await self._ask(NotifyTelephone(leg.channel, {"Event": "hold"}))

    async def resume(self, extension: str) -> None:
        """Has the telephone take the caller back ("talk")."""
        leg = await self._leg(extension, lambda leg: leg.up)
        await self._ask(NotifyTelephone(leg.channel, {"Event": "talk"}))

    async def take_up(self, extension: str) -> None:
        """The page was loaded anew and is about to take this leg's place (INVITE with Replaces): the end of the leg is
        not the end of the talk then."""
        leg = await self._leg(extension, lambda leg: leg.up)
        await self._ask(SetVariable(Variable.TAKEN_UP, str(int(self._around.clock().timestamp())), leg.channel))

    async def rings(self, extension: str) -> bool:
        """Whether Asterisk rings the telephone now."""
        return any(leg.ringing for leg in await legs_of(self._around.send, extension))

    async def stop_ringing(self, extension: str) -> None:
        """The telephone is gone while it rings: the next one, please."""
        for leg in await legs_of(self._around.send, extension):
            if leg.ringing:
                await self._ask(Hangup(leg.channel, cause=DECLINED))

    # -- pauses

    async def pause(self, extension: str, reason: str) -> None:
        """A break, until the agent is ready again; kept through a restart of Asterisk."""
        send = self._around.send
        await delete(send, Store.WRAP_UP, extension)  # or the end of the wrap-up would end the break
        await put(send, Store.BREAK, extension, f"{int(self._around.clock().timestamp())}|{reason}")
        try:
            await self._pause(extension, paused=True, reason=reason)
        except Refused:
            await delete(send, Store.BREAK, extension)
            raise
        self._around.breaks.begun(extension, reason)

    async def ready(self, extension: str) -> None:
        """Back again, from a break or from the wrap-up."""
        await delete(self._around.send, Store.WRAP_UP, extension)
        await delete(self._around.send, Store.BREAK, extension)
        self._around.breaks.over(extension)
        await self._pause(extension, paused=False, reason=None)

    async def extend_wrap_up(self, extension: str, seconds: float) -> datetime:
        """More time after the call; when it ends now."""
        now = self._around.clock()
        ends_at = self._wrap_up_ends_at(await read_family(self._around.send, Store.WRAP_UP), extension)
        ends_at = min(max(ends_at, now) + timedelta(seconds=seconds), now + LONGEST_WRAP_UP)
        await put(self._around.send, Store.WRAP_UP, extension, f"{ends_at.timestamp():.6f}")
        await self._pause(extension, paused=True, reason=PauseReason.WRAP_UP)  # should it have ended in this moment
        await self._clock_runs()
        return ends_at

    async def finish_wrap_up(self, extension: str) -> None:
        """Done with the notes: the next call may come."""
        self._wrap_up_ends_at(await read_family(self._around.send, Store.WRAP_UP), extension)
        await delete(self._around.send, Store.WRAP_UP, extension)
        await self._pause(extension, paused=False, reason=PauseReason.WRAP_UP)

    # -- inside

    def _permitted(self, extension: str, number: str) -> str:
        dialled = as_dialled(number)
        if dialled == extension:
            raise Refused(Why.OWN_EXTENSION)
        if not may_be_dialled(self._around.site(), dialled):
            raise Refused(Why.NOT_PERMITTED)
        return dialled

    async def _reachable(self, extension: str) -> bool:
        """Whether the telephone is registered, or answers where it is said to be; whoever answers no queue, too."""
        reply = await self._around.send(GetVariable(f"DEVICE_STATE({agent_interface(extension)})"))
        return reply.headers.get("Value") not in ("UNAVAILABLE", "INVALID", "UNKNOWN")

    async def _leg(self, extension: str, fits: Callable[[Leg], bool]) -> Leg:
        """The agent's leg of the caller's call, else the newest that fits."""
        legs = [leg for leg in await legs_of(self._around.send, extension) if fits(leg)]
        if not legs:
            raise Refused(Why.NO_CALL)
        now = self._around.agent(extension)
        of_the_call = [leg for leg in legs if now is not None and leg.call_id == now.call_id]
        return (of_the_call or legs)[-1]

    def _wrap_up_ends_at(self, running: dict[str, str], extension: str) -> datetime:
        try:
            return datetime.fromtimestamp(float(running[extension]), UTC)
        except (KeyError, ValueError):
            raise Refused(Why.NOT_IN_WRAP_UP) from None

    async def _pause(self, extension: str, *, paused: bool, reason: str | None) -> None:
        try:
            await self._around.send(PauseAgent(agent_interface(extension), paused=paused, reason=reason))
        except ActionFailed:  # "Interface not found": a member of no queue
            raise Refused(Why.NO_QUEUES) from None

    async def _clock_runs(self) -> None:
        """The clock ends by itself when there is no wrap-up; in that very moment one more may have begun."""
        reply = await self._around.send(GetVariable("HOTLINE_TIMER"))
        ticked = reply.headers.get("Value", "0")
        if (
            float(ticked if isinstance(ticked, str) and ticked else 0)
            < self._around.clock().timestamp() - CLOCK_SECONDS
        ):
            await self._ask(Originate(f"Local/s@{Context.WRAP_UP}/n", application="Wait", data="31536000"))

    async def _ask(self, action: Originate | Hangup | BlindTransfer | NotifyTelephone | SetVariable) -> Reply:
        try:
            return await self._around.send(action)
        except ActionFailed as error:
            log.warning("an order of a telephone was refused by Asterisk: %s", error.action.name)
            raise Refused(Why.CANNOT) from None
