"""Agents' own calls while they last: whom each went to, and what becomes of it when it is joined with a caller's call.

A caller who is handed on in the moment in which the colleague picks up finds a telephone that is not in any talk yet.
Asterisk then does not say to whom the caller goes, but whose call it was joined with.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from ami_listener.events import CallKind, Event, OutboundAnswered, OutboundDialled, OutboundEnded

_MOST_CALLS: Final = 20_000  # more than any machine carries, and a bound


@dataclass(slots=True)
class OwnCall:
    """One of them. ``far_channel``: of who picked up; ``joined``: the caller's call that it became a part of before
    that."""

    agent: str
    kind: CallKind
    to: str
    far_channel: str | None = None
    joined: str | None = None


class OwnCalls:
    """By uniqueid of the agent's leg."""

    def __init__(self) -> None:
        self._calls: OrderedDict[str, OwnCall] = OrderedDict()

    def happened(self, event: Event) -> OwnCall | None:
        """One fact of theirs. The call that was answered now, when it had become part of a caller's call before."""
        if isinstance(event, OutboundDialled):
            self._calls[event.outbound_id] = OwnCall(event.agent, event.kind, event.to)
            if len(self._calls) > _MOST_CALLS:
                self._calls.popitem(last=False)
        elif isinstance(event, OutboundEnded):
            own = self._calls.get(event.outbound_id)
            if own is not None and not self._waits(own):
                del self._calls[event.outbound_id]
        elif isinstance(event, OutboundAnswered) and (own := self._calls.get(event.outbound_id)) is not None:
            own.far_channel = event.far_channel
            if own.joined is not None:
                del self._calls[event.outbound_id]
                return own
        return None

    def _waits(self, own: OwnCall) -> bool:
        """The agent who called is gone, the caller is in that place, and the colleague's answer is still to be told."""
        return own.joined is not None and own.far_channel is None

    def of(self, *names: str) -> OwnCall | None:
        """The first of these that is known."""
        return next((self._calls[name] for name in names if name in self._calls), None)

    def latest(self, agent: str) -> OwnCall | None:
        """The last call that this agent made, if it goes on."""
        return next((own for own in reversed(self._calls.values()) if own.agent == agent), None)
