"""Whether the providers answer us: Asterisk asks them, we ask Asterisk, and keep what it says for the next scrape."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import Final

from ami_listener.actions import AmiError, GetVariable, ListRegistrations
from crm.pbx_store import Send
from dialplan.names import TRUNK_CHECK, TRUNK_REGISTRATION
from dialplan.sections import Trunk

log = logging.getLogger(__name__)
ASKED_EVERY_SECONDS: Final = 5.0
_REACHABLE: Final = {"Reachable": True, "Unreachable": False}
_REGISTERED: Final = {"Registered": True, "Unregistered": False, "Rejected": False, "Stopped": False}


class TrunkWatch:
    """``states``: by trunk, whether the provider is there; a trunk of which nothing is known is not in it.

    A trunk is there when it answers (`Trunk.check_seconds`) and, where we register, has let us. While Asterisk is away
    nothing is known.
    """

    def __init__(self, trunks: Iterable[Trunk], send: Send) -> None:
        self._trunks = tuple(trunks)
        self._send = send
        self.states: Mapping[str, bool] = {}

    async def follow(self) -> None:
        """Asks again and again, for ever."""
        while True:
            await self.look()
            await asyncio.sleep(ASKED_EVERY_SECONDS)

    async def look(self) -> None:
        """Asks once."""
        try:
            registered = await self._registrations() if any(trunk.register_there for trunk in self._trunks) else {}
            found = {trunk.name: await self._state(trunk, registered) for trunk in self._trunks}
        except AmiError:
            self.states = {}
            return
        states = {name: up for name, up in found.items() if up is not None}
        for name, up in states.items():
            if not up and self.states.get(name) is not False:
                log.warning("trunk %s is down: the provider does not answer, or does not let us register", name)
            elif up and self.states.get(name) is False:
                log.info("trunk %s is up again", name)
        self.states = states

    async def _state(self, trunk: Trunk, registered: Mapping[str, bool | None]) -> bool | None:
        known = [await self._reachable(trunk)] if trunk.check_seconds else []
        if trunk.register_there:
            known.append(registered.get(trunk.name + TRUNK_REGISTRATION))
        told = [up for up in known if up is not None]
        return all(told) if told else None

    async def _reachable(self, trunk: Trunk) -> bool | None:
        contact = await self._read(f"PJSIP_AOR({trunk.name}{TRUNK_CHECK},contact)")
        return _REACHABLE.get(await self._read(f"PJSIP_CONTACT({contact},status)")) if contact else None

    async def _read(self, variable: str) -> str:
        return str((await self._send(GetVariable(variable))).headers.get("Value", ""))

    async def _registrations(self) -> dict[str, bool | None]:
        reply = await self._send(ListRegistrations())
        return {
            str(event.get("ObjectName", "")): _REGISTERED.get(str(event.get("Status", ""))) for event in reply.events
        }
