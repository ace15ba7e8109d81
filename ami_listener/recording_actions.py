"""What can be asked of Asterisk about the recording of a channel."""

from dataclasses import dataclass
from typing import ClassVar

from ami_listener.actions import Action


@dataclass(frozen=True, slots=True)
class MuteRecording(Action):
    """Silence instead of what is said in the recording of ``channel`` (``state`` 1), or sound again (0)."""

    name: ClassVar[str] = "MixMonitorMute"
    channel: str
    state: int
    direction: str = "both"


@dataclass(frozen=True, slots=True)
class BeginRecording(Action):
    """Record ``channel`` into ``file`` as ``options`` of MixMonitor say."""

    name: ClassVar[str] = "MixMonitor"
    channel: str
    file: str
    options: str


@dataclass(frozen=True, slots=True)
class EndRecording(Action):
    """Record ``channel`` no more."""

    name: ClassVar[str] = "StopMixMonitor"
    channel: str
