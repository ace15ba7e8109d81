"""The channels of one agent's telephone as Asterisk has them at this moment."""

from collections.abc import Mapping
from dataclasses import dataclass

from ami_listener.actions import ActionFailed, GetVariable
from ami_listener.actions_telephone import ShowChannel
from crm.pbx_store import Send
from dialplan.names import agent_interface


@dataclass(frozen=True, slots=True)
class Leg:
    """One channel. ``call_id``: of the conversation it belongs to (Linkedid), for a caller's call the call's name."""

    channel: str
    unique_id: str
    call_id: str
    ringing: bool
    up: bool


async def legs_of(send: Send, extension: str) -> list[Leg]:
    """Every channel of the telephone, oldest first. Raises AmiError."""
    reply = await send(GetVariable(f"CHANNELS(^{agent_interface(extension)}-)"))
    found = [await _leg(send, name) for name in _text(reply.headers, "Value").split()]
    return sorted((leg for leg in found if leg is not None), key=lambda leg: _age(leg.unique_id))


async def _leg(send: Send, channel: str) -> Leg | None:
    try:
        reply = await send(ShowChannel(channel))
    except ActionFailed:
        return None  # hung up meanwhile
    for event in reply.events:
        if _text(event, "Channel") == channel:
            state = _text(event, "ChannelStateDesc")
            # "Ringing": we ring it; "Ring": it calls somebody who rings
            return Leg(
                channel, _text(event, "Uniqueid"), _text(event, "Linkedid"), state in ("Ringing", "Down"), state == "Up"
            )
    return None


def _age(unique_id: str) -> tuple[float, int]:
    """``main-1795692482.10``: begun in that second, the tenth."""
    second, _, number = unique_id.rpartition("-")[2].partition(".")
    return (float(second or 0), int(number or 0)) if second.isdigit() and number.isdigit() else (0.0, 0)


def _text(event: Mapping[str, str | list[str]], key: str) -> str:
    value = event.get(key, "")
    return value if isinstance(value, str) else value[0]
