"""What the telephone network itself saw of every call, put together from its own events and its own clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hotline.simulation.configuration import EVENT
from hotline.simulation.plan import CALLBACK_KEY, CallPlan

CHANNEL_ID = "call-"


@dataclass(slots=True)
class AgentLeg:
    """One ringing of a desk phone. ``ended_by``: ``agent`` or ``product``. ``kept``: the product took this answer."""

    agent: str
    rang_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    kept: bool = False


@dataclass(slots=True)
class KeyPress:
    """A key that was sent. ``phase``: ``waiting`` or ``survey``."""

    key: str
    phase: str
    pressed_at: datetime


@dataclass(slots=True)
class ObservedCall:
    """One call as its caller, the agents' phones and the line saw it. None: has not happened."""

    plan: CallPlan
    invited_at: datetime | None = None
    ringing_at: datetime | None = None
    picked_up_at: datetime | None = None  # by the assistant or a person
    ended_at: datetime | None = None
    ended_by: str | None = None  # caller, product
    cause: int | None = None
    refused: str | None = None  # the call could not even be made: why
    keys: list[KeyPress] = field(default_factory=list)
    legs: list[AgentLeg] = field(default_factory=list)

    @property
    def conversation(self) -> AgentLeg | None:
        """The first agent's leg that was kept."""
        return next((leg for leg in self.legs if leg.kept), None)

    @property
    def survey_keys(self) -> tuple[str, ...]:
        """Keys pressed after the agent had left."""
        return tuple(press.key for press in self.keys if press.phase == "survey")

    @property
    def wait_key(self) -> str | None:
        """Key pressed while waiting."""
        return next((press.key for press in self.keys if press.phase == "waiting"), None)


@dataclass(slots=True)
class Callback:
    """A call of the product to somebody who had asked for it."""

    number: str
    rang_at: datetime


def moment(text: str) -> datetime:
    """``1700000000.123456`` as aware UTC."""
    seconds, _, fraction = text.partition(".")
    return datetime.fromtimestamp(int(seconds), UTC).replace(microsecond=int(fraction.ljust(6, "0")[:6] or 0))


class Observer:
    """Takes the network's AMI events, in order, and keeps one ObservedCall a planned call."""

    def __init__(self) -> None:
        self.calls: dict[int, ObservedCall] = {}
        self.callbacks: list[Callback] = []
        self._running: dict[str, ObservedCall] = {}  # by the plan's name
        self._legs: dict[str, AgentLeg] = {}  # by the leg's own id
        self._takers = {
            "key": self._key,
            "caller_ended": self._caller_ended,
            "agent_rang": self._agent_rang,
            "agent_answered": self._agent_answered,
            "agent_ended": self._agent_ended,
            "called_back": self._called_back,
        }

    @property
    def running(self) -> Iterable[ObservedCall]:
        """Calls that have begun and not ended."""
        return self._running.values()

    def is_running(self, name: str) -> bool:
        """Whether a caller of that name is on the line."""
        return name in self._running

    def begin(self, plan: CallPlan) -> ObservedCall:
        """A call is about to be made."""
        call = self.calls[plan.index] = self._running[plan.name] = ObservedCall(plan)
        return call

    def refuse(self, plan: CallPlan, reason: str, at: datetime) -> None:
        """It could not be made."""
        call = self.calls[plan.index]
        call.refused, call.ended_at = reason, at
        self._running.pop(plan.name, None)

    def forget_before(self, index: int) -> None:
        """Lets go of ended calls below the index (a demo may run for days)."""
        for old in [i for i, call in self.calls.items() if i < index and call.ended_at]:
            del self.calls[old]

    def take(self, message: Mapping[str, str]) -> bool:
        """One AMI event; whether it meant anything here."""
        name = message.get("Event")
        if name == "UserEvent" and message.get("UserEvent") == EVENT:
            taker = self._takers.get(message.get("What", ""))
            if taker is None:
                return False
            taker(message)
            return True
        if name in ("Newchannel", "Newstate"):
            return self._channel(message)
        if name == "OriginateResponse":
            return self._originated(message)
        return False

    def _find(self, identity: str) -> ObservedCall | None:
        number = identity.removeprefix(CHANNEL_ID)
        return self.calls.get(int(number)) if identity.startswith(CHANNEL_ID) and number.isdigit() else None

    def _originated(self, message: Mapping[str, str]) -> bool:
        call = self._find(message.get("ActionID", ""))
        if call is None or message.get("Response") != "Failure" or call.invited_at is not None:
            return False
        self.refuse(call.plan, "the network's Asterisk could not make the call", moment(message["Timestamp"]))
        return True

    def _channel(self, message: Mapping[str, str]) -> bool:
        call = self._find(message.get("Uniqueid", ""))
        if call is None:
            return False
        at = moment(message["Timestamp"])
        if message["Event"] == "Newchannel":
            call.invited_at = at
        elif message.get("ChannelStateDesc") == "Ringing":
            call.ringing_at = call.ringing_at or at
        elif message.get("ChannelStateDesc") == "Up":
            call.picked_up_at = call.picked_up_at or at
        return True

    def _key(self, message: Mapping[str, str]) -> None:
        if call := self.calls.get(int(message["Call"])):
            call.keys.append(KeyPress(message["Key"], message["Phase"], moment(message["At"])))

    def _caller_ended(self, message: Mapping[str, str]) -> None:
        call = self.calls.get(int(message["Call"]))
        if call is None or call.ended_at is not None:
            return
        call.ended_at = moment(message["At"])
        call.cause = int(message.get("Cause") or 0)
        call.ended_by = message.get("By") or self._silent_end(call)
        if self._running.get(call.plan.name) is call:
            del self._running[call.plan.name]

    @staticmethod
    def _silent_end(call: ObservedCall) -> str:
        """Who ended a call that ended without a word: before the answer, patience running out ends it for us."""
        if call.picked_up_at is None and call.invited_at and call.ended_at:
            waited = (call.ended_at - call.invited_at).total_seconds()
            if waited >= call.plan.patience_seconds - 0.1:
                return "caller"
        return "product"

    def _agent_rang(self, message: Mapping[str, str]) -> None:
        leg = self._legs[message["Leg"]] = AgentLeg(message["Agent"], moment(message["At"]))
        call = self._running.get(message["Name"])
        if call is not None and call.wait_key != CALLBACK_KEY:  # that one rings for the callback already
            call.legs.append(leg)

    def _agent_answered(self, message: Mapping[str, str]) -> None:
        if leg := self._legs.get(message["Leg"]):
            leg.answered_at, leg.kept = moment(message["Answered"]), True

    def _agent_ended(self, message: Mapping[str, str]) -> None:
        if leg := self._legs.pop(message["Leg"], None):
            leg.ended_at = moment(message["At"])
            leg.ended_by = message.get("By") or "product"
            if answered := message.get("Answered"):
                leg.answered_at = moment(answered)

    def _called_back(self, message: Mapping[str, str]) -> None:
        self.callbacks.append(Callback(message["Number"], moment(message["At"])))
