"""The service dies, freezes, drowns: every call is in exactly one correct record afterwards."""

import asyncio
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from installation import QUICK, Installation, Play, installation, wait_for

from ami_listener.events import Precision
from hotline.simulation.progress import Stage

TINY_QUEUE = """
import functools, hotline.service
hotline.service.AmiSettings = functools.partial(hotline.service.AmiSettings, queue_limit=4)
from hotline.cli import main; main()
"""


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("hotline"), asterisk_root) as made:
        made.start_service()
        yield made


def test_killed_in_the_middle_of_fifty_calls_and_started_five_seconds_later(hotline: Installation) -> None:
    """Meanwhile Asterisk alone rings the agents and asks the survey."""

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


def test_a_full_event_queue_brings_the_same_result(hotline: Installation) -> None:
    """What was dropped is read again: from the journal and from Asterisk's lists."""
    hotline.stop_service()
    hotline.start_service(program=TINY_QUEUE)
    play, summary = hotline.play(25, 3.0, behaviour=replace(QUICK, message_share=0))
    hotline.assert_right(play, summary)
    assert "the handler is too slow" in hotline.service_log()
    hotline.stop_service()
    hotline.start_service()


def test_gauges_are_right_at_the_first_scrape_after_a_restart(hotline: Installation) -> None:
    """Ten talk, three wait; nobody has to call for the numbers to be right. They talk for longer than a start takes."""
    behaviour = replace(
        QUICK, hang_up_early_share=0, message_share=0, talk_median_seconds=16, talk_limits_seconds=(16, 16)
    )
    scraped: list[dict[str, float]] = []

    async def restart(play: Play) -> None:
        await play.until(lambda progress: progress.stages[Stage.TALKING] == 10, "ten talk")
        await play.until(lambda progress: progress.stages[Stage.WAITING] == 3, "three wait")
        hotline.kill_service()
        hotline.start_service(ready=False)
        await asyncio.to_thread(wait_for, lambda: hotline.get("/health")[0] == 200, "pages", 15)
        scraped.append(await asyncio.to_thread(hotline.metrics))

    play, summary = hotline.play(13, 6.0, restart, behaviour)
    (first,) = scraped
    assert first["hotline_ami_connected"] == 1
    assert first['hotline_calls_waiting{queue="enquiries"}'] == 3
    assert first['hotline_agents{queue="enquiries",state="in_call"}'] == 10
    assert first['hotline_longest_wait_seconds{queue="enquiries"}'] > 4
    hotline.assert_right(play, summary)
