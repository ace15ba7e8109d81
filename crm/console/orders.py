"""What a supervisor has Asterisk do with other people's calls: take part in a talk, take a waiting caller.

The legs are looked up at that moment. Where nobody but a supervisor may be rung is in the dialplan
(``dialplan/templates/supervisors.conf.j2``), whatever is asked here.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import uuid4

from ami_listener.actions import Action, ActionFailed, GetVariable, Hangup, ListChannels, Originate, Redirect
from ami_listener.events import SpyMode
from ami_listener.floor import AgentNow, FloorSnapshot
from ami_listener.records import CallRecord
from crm.console.spies import Spies, Spy
from crm.pbx_store import Send
from crm.telephone.legs import Leg, legs_of
from dialplan.names import ANSWER_HEADER, Context, Variable, agent_interface
from dialplan.sections import Agent
from dialplan.site import HotlineSite

log = logging.getLogger(__name__)
RING_SECONDS: Final = 20.0
KEYS: Final = {SpyMode.LISTEN: "4", SpyMode.WHISPER: "5", SpyMode.BARGE: "6"}
NORMAL: Final = 16  # Q.850
Note = Callable[[str], Awaitable[None]]
"""Writes the audit's line of a call, before anything is done: who cannot be noted does not listen."""


class Why(StrEnum):
    """Why an order was refused."""

    NO_EXTENSION = "no-extension"
    NOT_YET = "not-yet"  # Asterisk does not know yet that this telephone is a supervisor's
    OFFLINE = "offline"
    BUSY = "busy"
    OWN_CALL = "own-call"
    NO_CALL = "no-call"
    NOT_WAITING = "not-waiting"
    CALLBACK = "callback"
    NOT_LISTENING = "not-listening"
    IN_A_CALL = "in-a-call"
    NO_ACCOUNT = "no-account"
    NO_QUEUES = "no-queues"
    UNKNOWN = "unknown"
    CANNOT = "cannot"


class Refused(Exception):
    """An order that is not carried out."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """``site``: the settings as they are now; ``agent``: what an agent does; ``floor``: who waits."""

    send: Send
    site: Callable[[], HotlineSite]
    agent: Callable[[str], AgentNow | None]
    floor: Callable[[], FloorSnapshot]
    find_call: Callable[[str], CallRecord | None]
    spies: Spies


class Orders:
    """Every order names the supervisor's own extension. All raise `Refused`, and AmiError when Asterisk is away."""

    def __init__(self, around: Around) -> None:
        self._around = around

    async def spy(self, supervisor: str | None, agent: str, mode: SpyMode, note: Note) -> None:
        """Rings the supervisor's telephone, which picks up by itself, and takes part in the agent's talk with a caller.
        Who takes part already changes the way, or the talk."""
        me = self._supervisor(supervisor)
        if me == agent:
            raise Refused(Why.OWN_CALL)
        now = self._around.agent(agent)
        leg = await self._talk_of(agent, now)
        known = self._around.spies.of(me)
        if known is not None and (known.agent, known.call_id) == (agent, leg.call_id):
            await self.change(me, mode, note)
            return
        await self._free(me, known)
        await note(leg.call_id)
        self._around.spies.asked(me, agent, mode)
        await self._ask(
            Originate(
                channel=agent_interface(me),
                context=Context.SPY,
                exten=me,
                caller_id=f"<{agent}>",
                timeout_seconds=RING_SECONDS,
                channel_id=f"spy-{uuid4().hex}",
                variables={
                    Variable.SPY_CHANNEL: leg.channel,
                    Variable.SPY_MODE: mode.value,
                    Variable.SPY_AGENT: agent,
                    Variable.SPY_CALL: leg.call_id,
                    f"PJSIP_HEADER(add,{ANSWER_HEADER})": "1",
                    "PJSIP_HEADER(add,Call-Info)": "<sip:hotline>;answer-after=0",
                    "PJSIP_HEADER(add,Alert-Info)": "<http://hotline>;info=alert-autoanswer",
                },
            )
        )

    async def change(self, supervisor: str | None, mode: SpyMode, note: Note) -> None:
        """Another way to take part in the same talk."""
        spy = self._listening(supervisor)
        if spy.mode is mode:
            return
        await note(spy.call_id)
        self._around.spies.asked(spy.supervisor, spy.agent, mode)
        await self._ask(Redirect(spy.channel, Context.SPYING, KEYS[mode]))

    async def stop(self, supervisor: str | None) -> Spy:
        """Ends it; the talk goes on."""
        spy = self._listening(supervisor)
        await self._ask(Hangup(spy.channel, cause=NORMAL))
        return spy

    async def pull(self, supervisor: str | None, call_id: str, note: Note) -> None:
        """Sends a waiting caller to the supervisor's telephone, which picks up by itself; who is not picked up is back
        in the old place."""
        me = self._supervisor(supervisor)
        waiting = {call.call_id for calls in self._around.floor().waiting.values() for call in calls}
        if call_id not in waiting:
            raise Refused(Why.NOT_WAITING)
        record = self._around.find_call(call_id)
        if record is not None and record.callback_of is not None:
            raise Refused(Why.CALLBACK)  # nobody is on the line yet
        await self._free(me, self._around.spies.of(me))
        channel = await self._waiting_channel(call_id)
        await note(call_id)
        await self._ask(Redirect(channel, Context.PULL, me))

    # -- inside

    def _supervisor(self, extension: str | None) -> str:
        if extension is None:
            raise Refused(Why.NO_EXTENSION)
        if not self._agent(extension).supervises:
            raise Refused(Why.NOT_YET)
        return extension

    def _agent(self, extension: str) -> Agent:
        for agent in self._around.site().agents:
            if agent.extension == extension:
                return agent
        raise Refused(Why.NOT_YET)

    def _listening(self, supervisor: str | None) -> Spy:
        spy = self._around.spies.of(supervisor or "")
        if spy is None:
            raise Refused(Why.NOT_LISTENING)
        return spy

    async def _talk_of(self, agent: str, now: AgentNow | None) -> Leg:
        """The agent's leg of the caller's call that goes on now; other people's calls of their own are not listened
        to."""
        if now is None or now.call_id is None:
            raise Refused(Why.NO_CALL)
        for leg in await legs_of(self._around.send, agent):
            if leg.up and leg.call_id == now.call_id:
                return leg
        raise Refused(Why.NO_CALL)

    async def _free(self, me: str, spy: Spy | None) -> None:
        """The supervisor's telephone is there, and in no call but one of listening, which ends now."""
        reply = await self._around.send(GetVariable(f"DEVICE_STATE({agent_interface(me)})"))
        if reply.headers.get("Value") in ("UNAVAILABLE", "INVALID", "UNKNOWN"):
            raise Refused(Why.OFFLINE)
        legs = await legs_of(self._around.send, me)
        if any(spy is None or leg.channel != spy.channel for leg in legs):
            raise Refused(Why.BUSY)
        for leg in legs:
            await self._ask(Hangup(leg.channel, cause=NORMAL))

    async def _waiting_channel(self, call_id: str) -> str:
        reply = await self._around.send(ListChannels())
        for event in reply.events:
            if event.get("Uniqueid") == call_id and not event.get("BridgeId"):
                return str(event["Channel"])
        raise Refused(Why.NOT_WAITING)

    async def _ask(self, action: Action) -> None:
        try:
            await self._around.send(action)
        except ActionFailed as error:
            log.warning("an order of a supervisor was refused by Asterisk: %s", error.action.name)
            raise Refused(Why.CANNOT) from None
