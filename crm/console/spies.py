"""Which supervisor takes part in which talk, as Asterisk tells it. In memory: it ends with the leg."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ami_listener.events import CallSpied, Event, SpyEnded, SpyMode, StreamResumed
from ami_listener.telling import hears


@dataclass(frozen=True, slots=True, kw_only=True)
class Spy:
    """One supervisor's leg. ``since``: in this way; ``channel``: of that leg."""

    spy_id: str
    supervisor: str
    agent: str
    call_id: str
    mode: SpyMode
    since: datetime
    channel: str


class Spies:
    """Give it every event (`happened`). ``by_key(spy)``: told when a way was chosen that nobody asked for in a page,
    that is by a key of the telephone."""

    def __init__(self, by_key: Callable[[Spy], None]) -> None:
        self._by_key = by_key
        self._of: dict[str, Spy] = {}
        self._asked: dict[str, tuple[str, SpyMode]] = {}

    def asked(self, supervisor: str, agent: str, mode: SpyMode) -> None:
        """A page asked for this, and it is in the audit: what Asterisk tells of it is no news there."""
        self._asked[supervisor] = (agent, mode)

    def of(self, supervisor: str) -> Spy | None:
        """What this supervisor listens to now."""
        return self._of.get(supervisor)

    def all(self) -> list[Spy]:
        """Everyone who listens."""
        return list(self._of.values())

    @hears(CallSpied, SpyEnded, StreamResumed)
    def happened(self, event: Event) -> None:
        """One fact."""
        if isinstance(event, CallSpied):
            self._spied(event)
        elif isinstance(event, SpyEnded):
            known = self._of.get(event.supervisor)
            if known is not None and known.spy_id == event.spy_id:
                del self._of[event.supervisor]
        elif isinstance(event, StreamResumed):
            self._of = {one: spy for one, spy in self._of.items() if spy.spy_id in event.live_calls}

    def _spied(self, event: CallSpied) -> None:
        spy = Spy(
            spy_id=event.spy_id,
            supervisor=event.supervisor,
            agent=event.agent,
            call_id=event.of_call,
            mode=event.mode,
            since=event.occurred_at,
            channel=event.channel,
        )
        known = self._of.get(event.supervisor)
        if known is not None and known.since >= spy.since:
            return  # told twice
        self._of[event.supervisor] = spy
        same = known is not None and (known.spy_id, known.mode) == (spy.spy_id, spy.mode)
        if not same and self._asked.pop(spy.supervisor, None) != (spy.agent, spy.mode):
            self._by_key(spy)
