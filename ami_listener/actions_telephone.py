"""What may be asked of Asterisk about one telephone. Standard library only, like `ami_listener.actions`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from ami_listener.actions import Action, Headers, ListAction


@dataclass(frozen=True, slots=True)
class ShowChannel(ListAction):
    """One Status event of a channel: ``ChannelStateDesc``, ``Linkedid``, ``BridgeID``, ``Uniqueid`` … Fails when it is
    gone."""

    name: ClassVar[str] = "Status"
    channel: str


@dataclass(frozen=True, slots=True)
class NotifyTelephone(Action):
    """A SIP NOTIFY within a call. ``headers``: such as ``Event: talk``, with which many desk phones are answered and
    held from afar."""

    name: ClassVar[str] = "PJSIPNotify"
    channel: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_headers(self) -> Headers:
        lines = [("Variable", f"{name}={value}") for name, value in self.headers.items()]
        return [("Action", self.name), ("Channel", self.channel), *lines]
