"""How every part of the service is, asked at the moment when it is shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ami_listener.client import AmiClient
from crm.recorder import Recorder
from hotline.listening import Listener
from hotline.standing import Standing
from hotline.trunks import TrunkWatch
from ivr.server import FastAgiServer


@dataclass(frozen=True)
class Health:
    """``agi``: requests served, refused, failed; ``stream``: times that AMI was connected anew, messages dropped;
    ``cards``: transfer cards open, overdue; ``qa_scores``: by queue reviews and the sum of their scores."""

    ami: Callable[[], bool]
    database: Callable[[], bool]
    backlog: Callable[[], int]
    gaps: Callable[[], int]
    agi: Callable[[], tuple[int, int, int]]
    callbacks: Callable[[], Mapping[str, int]]
    cards: Callable[[], tuple[int, int] | None]
    qa_scores: Callable[[], Mapping[str, tuple[int, float]]]
    messages: Callable[[], Mapping[str, int]]
    trunks: Callable[[], Mapping[str, bool]]
    stream: Callable[[], tuple[int, int]]


def health_of(
    ami: AmiClient, agi: FastAgiServer, recorder: Recorder, listener: Listener, standing: Standing, trunks: TrunkWatch
) -> Health:
    """Of the running service's parts."""

    def requests() -> tuple[int, int, int]:
        counters = agi.counters()
        return counters.served, counters.refused, counters.failed

    return Health(
        ami=lambda: ami.ready,
        database=lambda: recorder.healthy,
        backlog=lambda: recorder.waiting,
        gaps=lambda: listener.gaps,
        agi=requests,
        callbacks=lambda: standing.callbacks,
        messages=lambda: standing.messages,
        cards=lambda: standing.cards,
        qa_scores=lambda: standing.qa_scores,
        trunks=lambda: trunks.states,
        stream=lambda: (ami.counters.reconnects, ami.counters.overflow),
    )
