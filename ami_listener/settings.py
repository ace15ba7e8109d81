"""How to reach Asterisk's manager interface. Standard library only; the secret never shows in a repr or a log."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiSettings:
    """One manager account and the patience to have with it. All times in seconds.

    The account needs the read class ``system`` (FullyBooted), ``call`` and ``agent`` for what it listens to, and
    ``OriginateResponse`` past its event filters when outcomes of calls are waited for.
    """

    username: str
    secret: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 5038
    ping_interval_seconds: float = 1.0
    silent_after_intervals: float = 2.5  # nothing heard for so many ping intervals: the peer is frozen, hang up
    connect_timeout_seconds: float = 5.0
    reconnect_first_seconds: float = 0.2  # Asterisk restarts on normal days: be there when it listens again
    reconnect_max_seconds: float = 5.0
    refused_first_seconds: float = 5.0  # a wrong password does not get right by hammering
    refused_max_seconds: float = 60.0
    booted_wait_seconds: float = 5.0  # login works before Asterisk has loaded its queues
    action_timeout_seconds: float = 10.0
    queue_limit: int = 20_000  # messages waiting for the handler; about 4 kB each

    def __post_init__(self) -> None:
        wrong = [name for name in ("username", "secret", "host") if not getattr(self, name)]
        if wrong:
            raise ValueError(f"AMI settings: {', '.join(wrong)} must not be empty")
        positive = ("ping_interval_seconds", "connect_timeout_seconds", "reconnect_first_seconds", "queue_limit")
        wrong = [name for name in positive if getattr(self, name) <= 0]
        if wrong:
            raise ValueError(f"AMI settings: {', '.join(wrong)} must be greater than 0")
