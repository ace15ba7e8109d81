"""After a browser was loaded anew and took its call up again: the new leg is made to tell its end as the old one would
have. Asterisk puts such a leg into the call without asking the dialplan."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from ami_listener.actions import ActionFailed, AmiError, GetVariable, SetVariable
from ami_listener.events import AgentLegReplaced, Event
from crm.pbx_store import Send
from crm.telephone.service import OutboundCall
from dialplan.names import JOURNAL_NO_QUEUE, Variable, agent_interface
from dialplan.site import HotlineSite

log = logging.getLogger(__name__)
TRIES: Final = 20
TRY_SECONDS: Final = 0.1


class TakenUp:
    """Give it every fact (`happened`), let it `run`. ``outbound``: finds an agent's own call."""

    def __init__(
        self, send: Send, site: Callable[[], HotlineSite], outbound: Callable[[str], OutboundCall | None]
    ) -> None:
        self._send = send
        self._site = site
        self._outbound = outbound
        self._replaced: asyncio.Queue[AgentLegReplaced] = asyncio.Queue()
        self._seen: set[str] = set()

    def happened(self, event: Event) -> None:
        """Takes in one fact; never waits."""
        if isinstance(event, AgentLegReplaced) and event.event_id not in self._seen:
            self._seen.add(event.event_id)
            self._replaced.put_nowait(event)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            event = await self._replaced.get()
            try:
                await self.follow(event)
            except AmiError as error:
                log.warning("the new leg of agent %s cannot be followed: %s", event.agent, error)

    async def follow(self, event: AgentLegReplaced) -> str | None:
        """Finds the new leg and prepares its end; its channel, None when the call is over. Raises AmiError."""
        channel = await self._new_leg(event)
        if channel is None or await self._value("HOTLINE_AGENT", channel) or await self._value("HOTLINE_OUT", channel):
            return None  # over, or seen to by an earlier run of ours
        for name, value in self._variables(event).items():
            await self._send(SetVariable(name, value, channel))
        await self._send(SetVariable("CHANNEL(hangup_handler_push)", f"{event.handler},s,1", channel))
        return channel

    async def _new_leg(self, event: AgentLegReplaced) -> str | None:
        for _ in range(TRIES if event.far_channel else 0):
            peer = await self._value("BRIDGEPEER", event.far_channel or "")
            if peer.startswith(f"{agent_interface(event.agent)}-") and peer != event.old_channel:
                return peer
            await asyncio.sleep(TRY_SECONDS)
        return None

    async def _value(self, name: str, channel: str) -> str:
        try:
            value = (await self._send(GetVariable(name, channel))).headers.get("Value", "")
        except ActionFailed:
            return ""  # the channel is gone
        return value if isinstance(value, str) else ""

    def _variables(self, event: AgentLegReplaced) -> dict[str, str]:
        if event.outbound_id is not None:
            call = self._outbound(event.outbound_id)
            return {
                "HOTLINE_OUT": event.outbound_id,
                "HOTLINE_OUT_AGENT": event.agent,
                "HOTLINE_OUT_KIND": call.kind if call else "",
                "DIALSTATUS": "ANSWER",
            }
        wrap_ups = {queue.name: queue.wrap_up_seconds for queue in self._site().queues}
        return {
            Variable.CALL_ID: event.call_id or "",
            Variable.QUEUE: event.queue or JOURNAL_NO_QUEUE,
            Variable.AGENT: event.agent,
            Variable.CALLER_CHANNEL: event.far_channel or "",
            "HOTLINE_WRAP": str(wrap_ups.get(event.queue or "", max(wrap_ups.values()))),
        }
