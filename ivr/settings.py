"""What can be set about the FastAGI server."""

from dataclasses import dataclass


@dataclass(frozen=True)
class IvrSettings:
    """Where we listen, how many calls at once, and how long anything may take.

    A caller hears nothing while a quick flow runs, so `quick_seconds` is the longest pause that a stuck database may
    cause (H1: the 9 seconds are ticking). `keypad_seconds` is for flows in which the caller presses keys.
    """

    host: str = "127.0.0.1"
    port: int = 4573
    calls_at_most: int = 200  # more are closed at once: the dialplan takes its default route
    backlog: int = 512  # connections the kernel keeps while we accept others
    quick_seconds: float = 0.9  # from connection to the end of a flow without keys
    keypad_seconds: float = 120.0  # the same for a flow in which keys are pressed
    header_seconds: float = 0.5  # for the peer to send its environment; a port probe sends none
    reply_seconds: float = 5.0  # for Asterisk to answer a command that does not wait for the caller
    stop_seconds: float = 2.0  # for running flows to end when the server stops
    check_seconds: float = 0.05  # how often overdue flows are looked for

    def __post_init__(self) -> None:
        if self.calls_at_most < 1:
            raise ValueError("calls_at_most: at least 1 call must be possible")
        for name in ("quick_seconds", "keypad_seconds", "header_seconds", "reply_seconds", "check_seconds"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name}: must be above 0 seconds")
