"""Asterisk dies, is silent, or writes its journal elsewhere: nothing is lost, and nobody stays paused."""

import asyncio
from datetime import timedelta

from installation import Installation, Play, wait_for
from proxy import TcpProxy

from ami_listener.events import EndedBy, Precision
from ami_listener.records import Outcome
from hotline.simulation.plan import line_name
from hotline.simulation.progress import Stage


def test_asterisk_killed_in_mid_call_is_started_again(hotline: Installation) -> None:
    """Calls that died are closed; those after it are right; no wrap-up outlives it."""
    hotline.start_service()

    async def kill(play: Play) -> None:
        await play.offered(12)
        await play.until(lambda progress: progress.stages[Stage.TALKING] >= 2, "two talk")
        play.simulation.stop_placing()
        play.mark("killed")
        await asyncio.to_thread(hotline.kill_asterisk)
        await asyncio.to_thread(wait_for, lambda: hotline.get("/ready")[0] == 503, "the service notices")
        await asyncio.to_thread(hotline.wait_ready)

    play = hotline.play_until(60, 3.0, kill)
    killed_at = play.marks["killed"]
    died = [call for call in play.calls if call.ended_at is None or call.ended_at > killed_at]
    before = [call for call in play.calls if call not in died]
    names = [call.plan.name for call in died]
    wrong = hotline.differences(before, play.begun, but=names)
    assert not wrong, "\n".join(wrong)
    wait_for(lambda: all(record.ended_at for record in hotline.records(play.begun)), "the dead calls are closed")
    records = {line_name(record.caller_number): record for record in hotline.records(play.begun)}
    assert len(records) == len(play.calls)
    assert len(died) >= 3
    for call in died:
        record = records[call.plan.name]
        talked = any(leg.kept and leg.answered_at and leg.answered_at < killed_at for leg in call.legs)
        assert record.outcome in ({Outcome.ANSWERED} if talked else {Outcome.FAILED, Outcome.ANSWERED})
        # who hung up a moment before is known, though the caller had not come to the survey yet
        let_go = any(leg.ended_by == "agent" and leg.ended_at and leg.ended_at < killed_at for leg in call.legs)
        assert record.ended_by is (EndedBy.AGENT if let_go else EndedBy.FAILURE) or record.survey is not None
        assert record.ended_at is not None
        assert abs(record.ended_at - killed_at) < timedelta(seconds=1.5)
        assert record.precision is Precision.ESTIMATED
    play, summary = hotline.play(12, 3.0)
    hotline.assert_right(play, summary)
    wait_for(lambda: "paused:wrap-up" not in hotline.asterisk("queue show"), "all wrap-ups over")


def test_connection_cut_and_frozen_for_thirty_seconds_while_the_journal_is_rotated(hotline: Installation) -> None:
    """What is not heard is read from the journal: also from the files it was in before it was rotated."""
    log = hotline.folders.log / "queue_log"
    with TcpProxy(hotline.settings.ports.ami) as proxy:
        hotline.start_service({"HOTLINE_PORTS__AMI": str(proxy.port)})

        async def silence(play: Play) -> None:
            await play.offered(3)
            proxy.cut()
            await play.offered(5)
            await asyncio.to_thread(hotline.wait_ready)
            proxy.freeze()
            frozen_at = asyncio.get_running_loop().time()
            await asyncio.sleep(4)
            assert hotline.get("/ready")[0] == 503, "found out by missing pings"
            await play.offered(12)
            await asyncio.to_thread(hotline.asterisk, "logger rotate")
            await play.offered(18)
            log.rename(log.with_name("queue_log.by-hand"))
            log.with_name("queue_log.by-hand").rename(log.with_name("queue_log.77"))
            await asyncio.to_thread(hotline.asterisk, "logger reload")
            await asyncio.sleep(30 - (asyncio.get_running_loop().time() - frozen_at))
            proxy.thaw()
            await asyncio.to_thread(hotline.wait_ready)

        play, summary = hotline.play(26, 0.9, silence)
        records = hotline.assert_right(play, summary)
    assert len(records) == 26
    assert {record.precision for record in records} == {Precision.MICROSECOND}
