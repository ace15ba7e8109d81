"""What is known of callbacks now, and what follows from it. Pure: facts and times in, decisions out.

A request is open until its caller is reached or all tries are used. While it is open, one **placeholder** waits in the
queue in the caller's place: a call whose arrival names the request (``callback_of``). The dialplan makes the first one
itself; every later one, and any that got lost with Asterisk, is ours to make.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from ami_listener.events import CallAnswered, CallArrived, CallbackTried, CallEnded, Event
from ami_listener.facts import stable_id
from crm.callbacks.service import CallbackRequest
from crm.calls.models import CallbackState
from crm.calls.store import CallbackPolicy

HEARS: Final = (CallArrived, CallEnded, CallAnswered, CallbackTried)
SETTLE_SECONDS: Final = 10.0  # between the placeholder's making and its arrival, or its end and the result of the try
ASKED_SECONDS: Final = 30.0  # between asking and the first placeholder, which is made when the caller has hung up

REMEMBER_SECONDS: Final = 3600.0  # how long the database may be away without anything being forgotten


def after_try(request: CallbackRequest, tried: CallbackTried, policy: CallbackPolicy) -> CallbackRequest:
    """The request after a try: the same rule by which the recorder writes it (`crm.calls.store`).

    A try counts once and its result comes after its begin, however often and in whatever order they are told.
    """
    newer = tried.try_number > request.tries or (
        tried.try_number == request.tries and request.state is CallbackState.CALLING
    )
    if not request.unfinished or not newer:
        return request
    request = replace(request, tries=tried.try_number, next_try_at=None)
    if tried.result == "calling":
        return replace(request, state=CallbackState.CALLING)
    if tried.result == "connected":
        return replace(request, state=CallbackState.DONE, done_at=tried.occurred_at)
    if tried.try_number >= policy.tries:
        return replace(request, state=CallbackState.GIVEN_UP, done_at=tried.occurred_at)
    next_try_at = tried.occurred_at + timedelta(seconds=policy.retry_seconds)
    return replace(request, state=CallbackState.WAITING, next_try_at=next_try_at)


@dataclass(frozen=True, slots=True)
class Decisions:
    """What is to be done now.

    ``missing``: requests that need a placeholder if none exists (the caller of this looks once more before making it).
    ``lost``: tries that ended without a result. ``superseded``: later requests of a number that waits already.
    """

    missing: tuple[CallbackRequest, ...] = ()
    lost: tuple[CallbackTried, ...] = ()
    superseded: tuple[CallbackRequest, ...] = ()


@dataclass(slots=True)
class CallbackBook:
    """Facts that the database may not have yet, and placeholders, which it does not keep."""

    policy: CallbackPolicy
    tries: dict[str, dict[tuple[int, str], CallbackTried]] = field(default_factory=dict)  # request → what was told
    placeholders: dict[str, str] = field(default_factory=dict)  # live call → the request it stands for
    changed_at: dict[str, datetime] = field(default_factory=dict)  # request → when its placeholder came, went, was made
    reached_by: dict[str, str] = field(default_factory=dict)  # request → agent of the placeholder
    tried_at: dict[str, datetime] = field(default_factory=dict)  # request → last told of; until it is finished
    listed_at: datetime | None = None  # when Asterisk was last asked which placeholders there are

    def apply(self, event: Event, now: datetime) -> None:
        """Takes in one fact, as often as it comes. ``now``: our own clock, by which patience is measured."""
        match event:
            case CallArrived(call_id=str(call_id), callback_of=str(request)):
                # from the journal, of one that had died when Asterisk was asked: its end may never be told
                if self.listed_at is None or event.occurred_at >= self.listed_at:
                    self.placeholders[call_id] = request
                    self.changed_at[request] = now
            case CallEnded(call_id=str(call_id)) if call_id in self.placeholders:
                self.changed_at[self.placeholders.pop(call_id)] = now
            case CallAnswered(call_id=str(call_id), agent=agent) if call_id in self.placeholders:
                self.reached_by[self.placeholders[call_id]] = agent
            case CallbackTried():
                told = self.tries.setdefault(event.request_call_id, {})
                told.setdefault((event.try_number, event.result), event)
                self.tried_at[event.request_call_id] = now

    def live(self, placeholders: dict[str, str], asked_at: datetime) -> None:
        """These placeholders (call → request) exist, and no others; ``asked_at``: when Asterisk was asked."""
        self.placeholders = dict(placeholders)
        self.listed_at = asked_at

    def finished(self, request_call_id: str) -> None:
        """All that is to be done at a request's end is done."""
        self.tried_at.pop(request_call_id, None)

    def made(self, request_call_id: str, now: datetime) -> None:
        """A placeholder was asked for: it will arrive, or be missed after `SETTLE_SECONDS`."""
        self.changed_at[request_call_id] = now

    def stand(self, request: CallbackRequest) -> CallbackRequest:
        """The request as it stands, with what the database does not have yet."""
        told = self.tries.get(request.call_id, {})
        for key in sorted(told, key=lambda key: (key[0], key[1] != "calling")):
            request = after_try(request, told[key], self.policy)
        return request

    def forget(self, open_requests: Iterable[str], now: datetime) -> None:
        """Lets go of what concerns none of these requests, nor one that was tried of late."""
        for request, at in list(self.tried_at.items()):
            if now - at > timedelta(seconds=REMEMBER_SECONDS):
                del self.tried_at[request]
        kept = {*open_requests, *self.placeholders.values(), *self.tried_at}
        for remembered in (self.tries, self.changed_at, self.reached_by):
            for request in [request for request in remembered if request not in kept]:
                del remembered[request]

    def decide(self, requests: Iterable[CallbackRequest], now: datetime) -> Decisions:
        """What is to be done for these requests, which are all that are open."""
        missing, lost, superseded = [], [], []
        taken: set[str] = set()
        waited_for = set(self.placeholders.values())
        for stored in sorted(requests, key=lambda request: (request.arrived_at, request.call_id)):
            request = self.stand(stored)
            if not request.unfinished:
                continue
            if request.number in taken:
                superseded.append(request)
                continue
            taken.add(request.number)
            if request.call_id in waited_for or not self._settled(request, now):
                continue
            if request.state is CallbackState.CALLING:
                lost.append(self._lost(request, now))
            elif request.next_try_at is None or request.next_try_at <= now:
                missing.append(request)
        return Decisions(tuple(missing), tuple(lost), tuple(superseded))

    def _settled(self, request: CallbackRequest, now: datetime) -> bool:
        changed_at = self.changed_at.get(request.call_id)
        if changed_at is None or changed_at < request.requested_at:
            return now - request.requested_at >= timedelta(seconds=ASKED_SECONDS)
        return now - changed_at >= timedelta(seconds=SETTLE_SECONDS)

    def _lost(self, request: CallbackRequest, now: datetime) -> CallbackTried:
        """A try that was begun and whose placeholder is gone: the agent hung up meanwhile, or Asterisk died."""
        return CallbackTried(
            event_id=stable_id("callback-lost", request.call_id, str(request.tries)),
            occurred_at=now,
            call_id=request.call_id,
            request_call_id=request.call_id,
            number=request.number,
            try_number=request.tries,
            result="failed",
        )
