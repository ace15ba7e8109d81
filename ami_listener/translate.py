"""AMI message → events. The only place where AMI header names are spelled.

A message is a mapping, keys in any spelling; a key that came more than once has a list as its value. What the dialplan
itself tells (`dialplan.names.Fact`) is the truth; app_queue's own events add what only it knows (rings, members) and
stand in when a fact is missing.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ami_listener.events import (
    AgentLegEnded,
    AgentRang,
    AgentRingEnded,
    CallAnswered,
    CallEnded,
    CallHeld,
    CallKind,
    CallResumed,
    CallTransferred,
    EndedBy,
    Event,
    LeaveStatus,
    OutboundHeld,
    QueueJoined,
    QueueLeft,
    TalkKeyPressed,
)
from ami_listener.facts import MalformedFact, cause_or_none, fact_event, moment, stable_id
from ami_listener.floor import Resync, TalkingCall, WaitingCall
from ami_listener.headers import Message, event_name, lowered, text_of
from ami_listener.members import AgentStates, Membership
from ami_listener.own_calls import OwnCall, OwnCalls
from dialplan.names import TOO_LATE, USER_EVENT, Fact, agent_of_interface

__all__ = ["WANTED_EVENTS", "MalformedFact", "Translator", "fact_event", "resync_of"]

_KEEP_MALFORMED: Final = 100
_MOST_CALLS: Final = 20_000  # callers' legs remembered; more than any machine carries, and a bound
_TRANSFERERS: Final = ("origtransferer", "secondtransferer")
_NOT_PICKED_UP: Final = "external_replaces"  # where Asterisk sends who is joined with a call that nobody answered yet
_REASON: Final = {"agent": EndedBy.AGENT, "caller": EndedBy.CALLER, "transfer": EndedBy.TRANSFER}


class Translator:
    """Translates one AMI stream, in order.

    ``clock`` gives the time of messages without a ``Timestamp`` (answers to QueueStatus have none).
    ``unknown`` and ``malformed`` count by event name; ``malformed_raw`` keeps the last hundred as they came.
    """

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._members = AgentStates()
        # Callers' legs, by uniqueid; the value is the Linkedid Asterisk gave the whole conversation.
        self._calls: OrderedDict[str, str] = OrderedDict()
        self._call_of_link: dict[str, str] = {}
        self._own = OwnCalls()
        self._recorded: set[str] = set()  # calls
        self._too_late: set[tuple[str, str]] = set()  # call and agent: picked up with the guard's stroke
        self.unknown: Counter[str] = Counter()
        self.malformed: Counter[str] = Counter()
        self.malformed_raw: deque[dict[str, Any]] = deque(maxlen=_KEEP_MALFORMED)

    def watch(self, call_ids: Iterable[str]) -> None:
        """Calls that were under way before this stream began, so that their holds, transfers and ends are known."""
        for call_id in call_ids:
            self._remember(call_id, call_id)

    def translate(self, message: Message) -> list[Event]:
        """The events of one message: none for what does not concern us or cannot be read."""
        name = event_name(message)
        if name is None:
            return []
        handler = _HANDLERS.get(name.lower())
        if handler is None:
            self.unknown[name[:60]] += 1
            return []
        try:
            fields = lowered(message)
            fields["event"] = name
            return handler(self, fields)
        except (KeyError, ValueError, TypeError, AttributeError):
            self.malformed[name[:60]] += 1
            self.malformed_raw.append(dict(message))
            return []

    # --- our own facts ---------------------------------------------------------------------------------------------

    def _user_event(self, message: Message) -> list[Event]:
        if message.get("userevent") == TOO_LATE:
            self._too_late.add((message["call"], message["agent"]))
            return []
        if message.get("userevent") != USER_EVENT:
            self.unknown["UserEvent"] += 1
            return []
        fact, call_id = text_of(message, "fact"), text_of(message, "call")
        event = fact_event(
            fact,
            call_id,
            text_of(message, "queue"),
            text_of(message, "agent"),
            text_of(message, "at"),
            text_of(message, "data"),
        )
        if fact == Fact.ENDED:
            self._over(call_id)
            self._too_late = {pair for pair in self._too_late if pair[0] != call_id}
        elif event.call_id is not None and fact != Fact.CALLBACK_TRY:  # that is told when the call is long over
            self._remember(call_id, text_of(message, "linkedid", call_id))
            if fact == Fact.RECORDING:
                self._recorded.add(call_id)
        own = self._own.happened(event)
        return [event, *self._joined(own, own.joined or "", event.occurred_at)] if own else [event]

    # --- rings and answers -----------------------------------------------------------------------------------------

    def _agent_called(self, message: Message) -> list[Event]:
        base, queue, agent = self._of_member(message)
        return [AgentRang(**base, queue=queue, agent=agent)]

    def _ring_no_answer(self, message: Message) -> list[Event]:
        base, queue, agent = self._of_member(message)
        rang = int(text_of(message, "ringtime")) / 1000
        return [AgentRingEnded(**base, queue=queue, agent=agent, rang_seconds=rang)]

    def _agent_connect(self, message: Message) -> list[Event]:
        base, queue, agent = self._of_member(message)
        if (base["call_id"], agent) in self._too_late:
            return []
        return [CallAnswered(**base, queue=queue, agent=agent, agent_channel=text_of(message, "destchannel") or None)]

    def _agent_complete(self, message: Message) -> list[Event]:
        base, _, agent = self._of_member(message)
        if (base["call_id"], agent) in self._too_late:
            self._too_late.discard((base["call_id"], agent))
            return []
        channel, by = text_of(message, "destchannel") or None, _REASON[text_of(message, "reason").lower()]
        return [AgentLegEnded(**base, agent=agent, agent_channel=channel, ended_by=by)]

    def _of_member(self, message: Message) -> tuple[dict[str, Any], str, str]:
        """Base fields, queue and agent. ``Uniqueid`` is the caller's leg here, ``Dest…`` the agent's."""
        call_id, queue = message["uniqueid"], message["queue"]
        agent = agent_of_interface(message["interface"])
        if not (call_id and queue and agent):
            raise ValueError("a queue event without call, queue or member")
        self._remember(call_id, text_of(message, "linkedid", call_id))
        return self._base(message, call_id, agent), queue, agent

    # --- passes through a queue -----------------------------------------------------------------------------------

    def _caller_join(self, message: Message) -> list[Event]:
        call_id, queue = message["uniqueid"], message["queue"]
        self._remember(call_id, text_of(message, "linkedid", call_id))
        position = int(text_of(message, "position"))
        return [QueueJoined(**self._base(message, call_id, queue), queue=queue, pass_number=0, position=position)]

    def _caller_abandon(self, message: Message) -> list[Event]:
        # app_queue says this of time-outs too (the guard's first pass): a fact LEFT of the same moment overrules it.
        call_id, queue = message["uniqueid"], message["queue"]
        base = self._base(message, call_id, queue)
        return [QueueLeft(**base, queue=queue, pass_number=0, status=LeaveStatus.ABANDONED)]

    # --- hold, transfer, end --------------------------------------------------------------------------------------

    def _hold(self, message: Message) -> list[Event]:
        held = self._of_agent_leg(message)
        return [CallHeld(**held[0], agent=held[1])] if held else self._own_held(message, on=True)

    def _unhold(self, message: Message) -> list[Event]:
        held = self._of_agent_leg(message)
        return [CallResumed(**held[0], agent=held[1])] if held else self._own_held(message, on=False)

    def _own_held(self, message: Message, *, on: bool) -> list[Event]:
        own, agent = text_of(message, "linkedid"), agent_of_interface(message["channel"])
        known = self._own.of(own)
        if known is None or known.agent != agent:
            return []
        return [
            OutboundHeld(**{**self._base(message, own, agent), "call_id": None}, outbound_id=own, agent=agent, on=on)
        ]

    def _of_agent_leg(self, message: Message) -> tuple[dict[str, Any], str] | None:
        call_id = self._known_call(message["linkedid"])
        agent = agent_of_interface(message["channel"])
        if call_id is None or message["uniqueid"] == call_id or not agent.isdigit():
            return None
        return self._base(message, call_id, agent), agent

    def _blind_transfer(self, message: Message) -> list[Event]:
        if text_of(message, "result") != "Success":
            return []
        call_id = self._known_call(text_of(message, "transfereeuniqueid"), text_of(message, "transfererlinkedid"))
        if call_id is None:
            return []
        agent = agent_of_interface(message["transfererchannel"])
        base = self._base(message, call_id, agent)
        to: str | None = text_of(message, "extension") or None
        if to == _NOT_PICKED_UP:
            own = self._own.latest(agent)
            to = own.to if own else None
        return [CallTransferred(**base, kind="blind", agent=agent, to=to)]

    def _attended_transfer(self, message: Message) -> list[Event]:
        if text_of(message, "result") != "Success":
            return []
        call_id = self._known_call(
            *(text_of(message, key) for key in ("transfereeuniqueid", "transfertargetuniqueid", "transfereelinkedid")),
            *(text_of(message, f"{leg}linkedid") for leg in (*_TRANSFERERS, "transfertarget")),
        )
        if call_id is None:
            return []
        agent = agent_of_interface(message["origtransfererchannel"])
        # Which of the two legs left together is the caller's depends on which call the telephone transferred from.
        target = "transferee" if text_of(message, "transfertargetuniqueid") == call_id else "transfertarget"
        channel = text_of(message, f"{target}channel")
        to = agent_of_interface(channel) or None
        base = self._base(message, call_id, agent)
        own = None if to else self._own.of(*(text_of(message, f"{leg}linkedid") for leg in _TRANSFERERS))
        moved = CallTransferred(**base, kind="attended", agent=agent, to=own.to if own else to)
        if own is not None:
            return [moved, *self._joined(own, call_id, base["occurred_at"])]
        if not to:
            return [moved]
        base = {**base, "event_id": stable_id("attended", call_id, channel, text_of(message, "timestamp"))}
        return [moved, CallAnswered(**base, queue="", agent=to, agent_channel=channel)]

    def _joined(self, own: OwnCall, call_id: str, at: datetime) -> list[Event]:
        """Whom an agent had called talks with the caller now, or will when that is picked up."""
        if own.kind is not CallKind.AGENT:
            return []
        if own.far_channel is None:
            own.joined = call_id
            return []
        name = stable_id("attended", call_id, own.far_channel, at.isoformat())
        return [
            CallAnswered(
                event_id=name, occurred_at=at, call_id=call_id, queue="", agent=own.to, agent_channel=own.far_channel
            )
        ]

    def _key(self, message: Message) -> list[Event]:
        if not self._recorded or text_of(message, "direction") != "Received":
            return []
        call_id = self._known_call(message["uniqueid"], message["linkedid"])
        if call_id is None or call_id not in self._recorded:
            return []
        agent = None if message["uniqueid"] == call_id else agent_of_interface(message["channel"])
        base = self._base(message, call_id, agent or "")
        return [TalkKeyPressed(**{**base, "call_id": None}, of_call=call_id, agent=agent)]

    def _hangup(self, message: Message) -> list[Event]:
        call_id = message["uniqueid"]
        if call_id not in self._calls:
            return []
        self._over(call_id)
        base = self._base(message, call_id, "")
        return [CallEnded(**base, cause=cause_or_none(text_of(message, "cause")))]

    # --- agents ---------------------------------------------------------------------------------------------------

    def _member(self, message: Message) -> list[Event]:
        agent = agent_of_interface(text_of(message, "interface") or message["location"])
        queue, at = message["queue"], self._at(message)
        if message["event"] == "QueueMember":
            self._members.listed(agent, queue)
        paused = message["paused"] == "1"
        reason = text_of(message, "pausedreason") or None
        member = Membership(int(message["status"]), paused, reason if paused else None)
        event = self._members.update(agent, queue, member, at)
        return [event] if event else []

    def _member_removed(self, message: Message) -> list[Event]:
        agent = agent_of_interface(text_of(message, "interface") or message["location"])
        event = self._members.remove(agent, message["queue"], self._at(message))
        return [event] if event else []

    def _queue_list_begins(self, message: Message) -> list[Event]:
        self._members.list_begins(message["queue"])
        return []

    def _queue_lists_end(self, message: Message) -> list[Event]:
        return list(self._members.list_ends(self._at(message)))

    # --- what all need --------------------------------------------------------------------------------------------

    def _at(self, message: Message) -> datetime:
        text = message.get("timestamp")
        return self._clock() if text is None else moment(text)

    def _base(self, message: Message, call_id: str, who: str) -> dict[str, Any]:
        text = message.get("timestamp")
        if not call_id:
            raise ValueError("an event of a call without the call's name")
        at = self._clock() if text is None else moment(text)
        name = stable_id(message["event"], call_id, who, text or at.isoformat())
        return {"event_id": name, "occurred_at": at, "call_id": call_id}

    def _known_call(self, *names: str) -> str | None:
        for name in names:
            if name in self._calls:
                return name
            if name in self._call_of_link:
                return self._call_of_link[name]
        return None

    def _remember(self, call_id: str, linked: str) -> None:
        if self._calls.get(call_id) == linked:
            return
        self._forget(call_id)
        self._calls[call_id] = linked
        if linked != call_id:  # a callback's place hangs below the leg that ordered it
            self._call_of_link[linked] = call_id
        if len(self._calls) > _MOST_CALLS:
            self._over(next(iter(self._calls)))

    def _over(self, call_id: str) -> None:
        self._recorded.discard(call_id)
        self._forget(call_id)

    def _forget(self, call_id: str) -> None:
        linked = self._calls.pop(call_id, None)
        if linked is not None and self._call_of_link.get(linked) == call_id:
            del self._call_of_link[linked]


def resync_of(messages: Iterable[Message], at: datetime) -> Resync:
    """The answers to QueueStatus and CoreShowChannels (all of them, in any order) as one picture of the moment ``at``.

    Members are not in it: feed the same messages to `Translator.translate` for those.
    """
    waiting: list[WaitingCall] = []
    bridged: dict[str, list[Message]] = {}
    legs: set[str] = set()
    for message in map(lowered, messages):
        if message.get("event") == "QueueEntry":
            since = at - timedelta(seconds=int(text_of(message, "wait", "0")))
            waiting.append(WaitingCall(message["uniqueid"], message["queue"], since))
        elif message.get("event") == "CoreShowChannel":
            legs.add(message["uniqueid"])
            if text_of(message, "bridgeid"):
                bridged.setdefault(message["bridgeid"], []).append(message)
    talking = tuple(
        TalkingCall(caller["uniqueid"], None, agent_of_interface(person["channel"]), at)
        for pair in bridged.values()
        for caller in pair
        for person in pair
        if caller["uniqueid"] == caller["linkedid"] == person["linkedid"] and person is not caller
    )
    return Resync(at, tuple(waiting), talking, frozenset(legs))


_Handler = Callable[[Translator, Message], list[Event]]
_BY_NAME: Final[dict[str, _Handler]] = {
    "UserEvent": Translator._user_event,
    "AgentCalled": Translator._agent_called,
    "AgentRingNoAnswer": Translator._ring_no_answer,
    "AgentConnect": Translator._agent_connect,
    "AgentComplete": Translator._agent_complete,
    "QueueCallerJoin": Translator._caller_join,
    "QueueCallerAbandon": Translator._caller_abandon,
    "Hold": Translator._hold,
    "Unhold": Translator._unhold,
    "BlindTransfer": Translator._blind_transfer,
    "AttendedTransfer": Translator._attended_transfer,
    "DTMFEnd": Translator._key,
    "Hangup": Translator._hangup,
    "QueueMemberStatus": Translator._member,
    "QueueMemberAdded": Translator._member,
    "QueueMemberPause": Translator._member,
    "QueueMemberRemoved": Translator._member_removed,
    "QueueMember": Translator._member,
    "QueueParams": Translator._queue_list_begins,
    "QueueStatusComplete": Translator._queue_lists_end,
}
_HANDLERS: Final = {name.lower(): handler for name, handler in _BY_NAME.items()}

WANTED_EVENTS: Final = frozenset(_BY_NAME) - {"AgentConnect", "AgentComplete"}
"""Every AMI event that means something to us: the rest need not be sent. These two would be understood, and say what
the dialplan's own ANSWERED, AGENTLEFT and LEFT have said a moment before."""
