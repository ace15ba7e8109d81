"""The service dies, freezes, drowns: every call is in exactly one correct record afterwards (issue 2, section 6)."""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from installation import Installation, Play, installation

from ami_listener.events import Precision


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("hotline"), asterisk_root) as made:
        made.start_service()
        yield made


def test_killed_in_the_middle_of_fifty_calls_and_started_five_seconds_later(hotline: Installation) -> None:
    """Section 3.8: meanwhile Asterisk alone rings the agents and asks the survey."""

    async def kill(play: Play) -> None:
        await play.offered(20)
        play.mark("killed")
        hotline.kill_service()
        await asyncio.sleep(5)
        play.mark("started")
        await hotline.start_service_meanwhile()

    play, summary = hotline.play(50, 3.0, kill)
    records = hotline.assert_right(play, summary)
    assert len(records) == 50
    away = [c for c in summary.calls if c.invited_at and play.marks["killed"] < c.invited_at < play.marks["started"]]
    assert any(call.conversation for call in away), "Asterisk alone rings the agents"
    assert any(
        press.phase == "survey" and play.marks["killed"] < press.pressed_at < play.marks["started"]
        for call in summary.calls
        for press in call.keys
    ), "and asks the survey"
    # all facts of ours have microseconds in the journal too
    assert {record.precision for record in records} == {Precision.MICROSECOND}


def test_frozen_for_ten_seconds_delays_a_caller_by_a_second_at_most(hotline: Installation) -> None:
    """FastAGI takes connections and never answers: the dialplan's own clock goes on."""

    async def freeze(play: Play) -> None:
        await play.offered(5)
        hotline.signal_service(signal.SIGSTOP)
        play.mark("frozen")
        await asyncio.sleep(10)
        hotline.signal_service(signal.SIGCONT)
        play.mark("thawed")

    play, summary = hotline.play(20, 1.5, freeze)
    hotline.assert_right(play, summary)
    during = [c for c in summary.calls if c.invited_at and play.marks["frozen"] < c.invited_at < play.marks["thawed"]]
    first_rings = [
        (min(leg.rang_at for leg in call.legs) - call.invited_at).total_seconds()
        for call in during
        if call.legs and call.invited_at
    ]
    assert len(first_rings) >= 5
    assert sorted(first_rings)[len(first_rings) // 2] <= 1.3
