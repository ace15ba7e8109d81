"""Events → calls. Holds what is under way, and what ended a while ago so that late facts still land in it.

A record is a function of the *set* of its events (`ami_listener.calls_apply`): any order, any number of times, from
either source. Bounded: calls that ended are let go after `KEEP_SECONDS` by Asterisk's clock; ``find_record`` brings
them back from the database should a fact be later than that.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from ami_listener.calls_apply import build
from ami_listener.calls_seed import events_of
from ami_listener.events import (
    CallArrived,
    CallbackTried,
    CallEnded,
    Event,
    Precision,
    StreamInterrupted,
    StreamResumed,
)
from ami_listener.facts import stable_id
from ami_listener.records import CallRecord

log = logging.getLogger(__name__)
KEEP_SECONDS: Final = 600
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


class _Call:
    __slots__ = ("callback_of", "events", "last_at", "record")

    def __init__(self) -> None:
        self.events: dict[str, Event] = {}
        self.last_at = _LONG_AGO
        self.record: CallRecord | None = None
        self.callback_of: str | None = None


class CallAssembler:
    """Keeps the record of every call that matters now.

    ``find_record``: reads a call back by its id, or None; asked when a fact concerns a call that is not held, such as
    the try of a callback long after the call that asked. Never asked for a call that just arrives.
    """

    def __init__(
        self, find_record: Callable[[str], CallRecord | None] | None = None, keep_seconds: float = KEEP_SECONDS
    ) -> None:
        self._find_record = find_record
        self._keep = timedelta(seconds=keep_seconds)
        self._calls: dict[str, _Call] = {}
        self._stale: set[str] = set()  # events came since the record was built
        self._dirty: dict[str, None] = {}  # changed since it was last taken; in order
        self._tries: dict[str, list[str]] = {}  # call that asked for a callback → calls that try
        self._interrupted_at = _LONG_AGO
        self._now = _LONG_AGO  # the latest that Asterisk was heard to say

    @property
    def records(self) -> Mapping[str, CallRecord]:
        """Every call held, as it is known now."""
        self._refresh()
        return {call_id: call.record for call_id, call in self._calls.items() if call.record is not None}

    def find(self, call_id: str) -> CallRecord | None:
        """One call, as it is known now; None when it is not held."""
        if call_id in self._stale:
            self._stale.discard(call_id)
            self._rebuild(call_id)
        call = self._calls.get(call_id)
        return call.record if call is not None else None

    def open_calls(self) -> list[CallRecord]:
        """Calls without an end."""
        return [record for record in self.records.values() if record.ended_at is None]

    def apply(self, event: Event) -> None:
        """Takes in one event; those that concern no call pass by."""
        if isinstance(event, StreamResumed):
            self.resumed(event)
            return
        if isinstance(event, StreamInterrupted):
            self._interrupted_at = event.occurred_at
        if event.call_id is None:
            return
        self._put(event.call_id, event)
        if isinstance(event, CallArrived) and event.callback_of:
            self._begin_try(event.call_id, event.callback_of)
        elif isinstance(event, CallbackTried):
            for trying in self._tries.get(event.request_call_id, ()):
                self._put(trying, event)

    def load(self, record: CallRecord) -> None:
        """A record read back from the database, to be completed by what comes."""
        call = self._calls.setdefault(record.call_id, _Call())
        for event in events_of(record):
            call.events.setdefault(event.event_id, event)
            call.last_at = max(call.last_at, event.occurred_at)
        self._stale.add(record.call_id)
        if record.callback_of:
            self._begin_try(record.call_id, record.callback_of)

    def resumed(self, resumed: StreamResumed) -> None:
        """Closes the calls that died while nobody listened. A fact that comes later (journal) overrules it."""
        restarted_at = resumed.asterisk_started_at
        last_seen = self._last_seen(restarted_at)
        for record in self.open_calls():
            call = self._calls[record.call_id]
            if record.call_id in resumed.live_calls or call.last_at >= resumed.occurred_at:
                continue
            survived_until = call.last_at
            if restarted_at is not None and call.last_at < restarted_at:
                survived_until = last_seen  # it lived until Asterisk was gone
            self._put(
                record.call_id,
                CallEnded(
                    event_id=stable_id("lost", record.call_id, survived_until.isoformat()),
                    occurred_at=survived_until,
                    call_id=record.call_id,
                    precision=Precision.ESTIMATED,
                    by_failure=True,
                ),
            )
        self._now = max(self._now, resumed.occurred_at)

    def _last_seen(self, restarted_at: datetime | None) -> datetime:
        """The last sign of life of the Asterisk before the restart."""
        signs = [self._interrupted_at, *(call.last_at for call in self._calls.values())]
        return max((at for at in signs if restarted_at is None or at < restarted_at), default=_LONG_AGO)

    def take_dirty(self) -> list[CallRecord]:
        """The records that changed since the last time, oldest change first; lets old calls go."""
        self._refresh()
        taken = [call.record for call_id in self._dirty if (call := self._calls.get(call_id)) and call.record]
        self._dirty.clear()
        self._let_go()
        return taken

    def _put(self, call_id: str, event: Event) -> None:
        call = self._calls.get(call_id)
        if call is None:
            call = self._open(call_id, new=isinstance(event, CallArrived) and event.precision is Precision.MICROSECOND)
        if event.event_id in call.events:
            return
        call.events[event.event_id] = event
        call.last_at = max(call.last_at, event.occurred_at)
        self._now = max(self._now, event.occurred_at)
        self._stale.add(call_id)
        self._dirty[call_id] = None

    def _open(self, call_id: str, *, new: bool) -> _Call:
        call = self._calls[call_id] = _Call()
        known = self._find_record(call_id) if self._find_record and not new else None
        if known is not None:
            self.load(known)
        return call

    def _begin_try(self, trying: str, asked: str) -> None:
        """From now on the tries of this callback are told to the call that tries as well."""
        waiting = self._tries.setdefault(asked, [])
        if trying in waiting:
            return
        waiting.append(trying)
        self._calls[trying].callback_of = asked
        request = self._calls.get(asked)
        for event in list(request.events.values()) if request else ():
            if isinstance(event, CallbackTried):
                self._put(trying, event)

    def _refresh(self) -> None:
        stale, self._stale = self._stale, set()
        for call_id in stale:
            self._rebuild(call_id)

    def _rebuild(self, call_id: str) -> None:
        call = self._calls[call_id]
        try:
            call.record = build(call_id, call.events.values())
        except Exception:  # one call's oddity must not stop the others; the next fact of this call tries again
            log.exception("call %s cannot be put together from its facts: please report this as a fault", call_id)

    def _let_go(self) -> None:
        # Calls stand in the order in which they began, so a look at the first few is enough.
        old = [call_id for call_id, call in self._firsts() if self._is_over(call)]
        for call_id in old:
            asked = self._calls.pop(call_id).callback_of
            if asked is not None:
                self._tries[asked].remove(call_id)
                if not self._tries[asked]:
                    del self._tries[asked]

    def _firsts(self) -> Iterable[tuple[str, _Call]]:
        limit = self._now - self._keep if self._now > _LONG_AGO + self._keep else _LONG_AGO
        for call_id, call in self._calls.items():
            if call.record is not None and call.record.arrived_at > limit:
                return
            yield call_id, call

    def _is_over(self, call: _Call) -> bool:
        ended = call.record is not None and call.record.ended_at is not None
        return ended and call.last_at + self._keep < self._now
