"""Who is told of which facts."""

from datetime import UTC, datetime

from ami_listener.events import CallEnded, Event, StreamInterrupted, StreamResumed
from ami_listener.telling import Telling, hears

NOW = datetime(2026, 11, 20, tzinfo=UTC)
ENDED = CallEnded(event_id="e", occurred_at=NOW, call_id="1.1")
LOST = StreamInterrupted(event_id="l", occurred_at=NOW, reason="gone")


class Room:
    def __init__(self) -> None:
        self.heard: list[Event] = []

    def all(self, event: Event) -> None:
        self.heard.append(event)

    @hears(Event)
    def any_kind(self, event: Event) -> None:
        self.heard.append(event)

    @hears(StreamInterrupted, StreamResumed)
    def stream(self, event: Event) -> None:
        self.heard.append(event)


def test_everybody_is_told_of_their_kinds_only() -> None:
    listening, everything = Room(), Room()
    tell = Telling()
    tell.add(listening.stream, everything.all)
    for event in (ENDED, LOST, ENDED):
        tell(event)
    assert listening.heard == [LOST]
    assert everything.heard == [ENDED, LOST, ENDED]


def test_kinds_hold_for_kinds_below_them() -> None:
    room = Room()
    tell = Telling()
    tell.add(room.any_kind)
    tell(ENDED)
    assert room.heard == [ENDED]


def test_who_comes_later_is_told_from_then_on_in_order() -> None:
    told: list[str] = []
    tell = Telling()
    tell.add(lambda _: told.append("first"))
    tell(ENDED)
    tell.add(lambda _: told.append("second"), lambda _: told.append("third"))
    tell(ENDED)
    assert told == ["first", "first", "second", "third"]
