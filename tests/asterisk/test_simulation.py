"""Real calls between two Asterisks: the telephone network against a little call centre with a journal of its own."""

import asyncio
from pathlib import Path

import pytest
from little_product import make_little_product, records

from dialplan.asterisk.control import is_running
from dialplan.asterisk.layout import AsteriskFolders
from dialplan.asterisk.process import AsteriskProcess
from hotline.simulation.check import clock_errors, compare
from hotline.simulation.configuration import SimulationTarget
from hotline.simulation.network import SimulationError, TelephoneNetwork
from hotline.simulation.observed import Observer
from hotline.simulation.plan import Behaviour
from hotline.simulation.progress import Progress
from hotline.simulation.run import Simulation, Summary

QUICK = Behaviour(
    talk_median_seconds=1.5,
    pick_up_median_seconds=1.0,
    early_patience_seconds=(0.5, 1.0),
    hang_up_early_share=0.2,
    key_after_assistant_seconds=(0.5, 1.0),
    message_seconds=3,
    second_key_delay_seconds=1.5,
)


def simulate(
    tmp_path: Path, root: Path, behaviour: Behaviour, calls: int, rate: float, agents: int, guard_seconds: int = 9
) -> tuple[Summary, list[dict[str, object]], SimulationTarget, list[Progress]]:
    product, target = make_little_product(tmp_path, root, agents, guard_seconds)
    network = AsteriskFolders.for_instance(tmp_path, "network", install_root=root)
    seen: list[Progress] = []
    with AsteriskProcess(product):
        summary = asyncio.run(Simulation(target, network, behaviour).run(calls, rate, seen.append))
    assert not is_running(network)
    return summary, records(product), target, seen


def test_every_kind_of_call_is_played_and_seen_as_the_called_side_saw_it(tmp_path: Path, asterisk_root: Path) -> None:
    summary, kept, target, seen = simulate(tmp_path, asterisk_root, QUICK, 25, 1.0, agents=3, guard_seconds=3)
    assert summary.unfinished == 0
    assert len(kept) == 25
    assert [str(one) for one in compare(summary.calls, kept, meanings=target.survey_meanings)] == []
    assert {"answered", "abandoned"} <= {record["outcome"] for record in kept}
    assert {"impressed", "satisfied"} <= {record["survey_meaning"] for record in kept}
    assert seen[-1].ended == 25
    for field in ("arrived_at", "agent_answered_at", "ended_at"):
        assert max(map(abs, clock_errors(summary.calls, kept, field))) < 0.3


def test_a_wrong_record_of_a_real_call_is_found(tmp_path: Path, asterisk_root: Path) -> None:
    summary, kept, target, _ = simulate(tmp_path, asterisk_root, Behaviour.steady(talk_seconds=1), 3, 2.0, agents=3)
    kept[0]["survey_key"], kept[0]["survey_meaning"] = None, None
    differences = [str(one) for one in compare(summary.calls, kept[:2], meanings=target.survey_meanings)]
    assert len(differences) == 2
    assert any("survey_key is None" in text for text in differences)
    assert any("was lost" in text for text in differences)


def test_callers_who_wait_leave_by_key(tmp_path: Path, asterisk_root: Path) -> None:
    """Nobody at the desks picks up: the assistant does, and keys 1 and 2 work from the network's side."""
    behaviour = Behaviour(
        anonymous_share=0,
        hang_up_early_share=0,
        callback_share=0.5,
        message_share=0.5,
        miss_share=1,
        key_after_assistant_seconds=(0.5, 1.0),
        message_seconds=2,
    )
    summary, kept, target, _ = simulate(tmp_path, asterisk_root, behaviour, 6, 3.0, agents=1, guard_seconds=2)
    assert compare(summary.calls, kept, meanings=target.survey_meanings) == []
    assert {record["outcome"] for record in kept} == {"callback", "message"}
    assert all(record["assistant_answered_at"] for record in kept)


def test_cancelling_leaves_nothing_running(tmp_path: Path, asterisk_root: Path) -> None:
    product, target = make_little_product(tmp_path, asterisk_root, 2)
    network = AsteriskFolders.for_instance(tmp_path, "network", install_root=asterisk_root)

    async def run_and_cancel() -> None:
        talking = asyncio.Event()

        def watch(progress: Progress) -> None:
            if progress.answered:
                talking.set()

        running = asyncio.create_task(Simulation(target, network, QUICK).run(None, 2.0, watch))
        async with asyncio.timeout(60):
            await talking.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    with AsteriskProcess(product):
        asyncio.run(run_and_cancel())
        assert not is_running(network)


def test_an_early_end_lets_the_callers_finish(tmp_path: Path, asterisk_root: Path) -> None:
    product, target = make_little_product(tmp_path, asterisk_root, 3)
    network = AsteriskFolders.for_instance(tmp_path, "network", install_root=asterisk_root)
    simulation = Simulation(target, network, QUICK)

    def watch(progress: Progress) -> None:
        if progress.answered:
            simulation.stop_placing()

    with AsteriskProcess(product):
        summary = asyncio.run(simulation.run(None, 2.0, watch))
    assert summary.interrupted
    assert summary.unfinished == 0
    assert compare(summary.calls, records(product), meanings=target.survey_meanings) == []


def test_phones_with_a_wrong_secret_are_named(tmp_path: Path, asterisk_root: Path) -> None:
    product, target = make_little_product(tmp_path, asterisk_root, 2)
    agents = (target.agents[0], (target.agents[1][0], "wrong"))
    wrong = SimulationTarget(target.host, target.sip_port, target.number, agents)
    network = AsteriskFolders.for_instance(tmp_path, "network", install_root=asterisk_root)

    async def start() -> None:
        telephones = TelephoneNetwork(wrong, network, QUICK, observer=Observer())
        try:
            await telephones.start(registration_seconds=3)
        finally:
            await telephones.stop()

    with AsteriskProcess(product), pytest.raises(SimulationError, match=r"within 3 s for 1002\."):
        asyncio.run(start())
    assert not is_running(network)


def test_an_address_that_is_not_ours_is_named(tmp_path: Path, asterisk_root: Path) -> None:
    target = SimulationTarget("127.0.0.1", 5060, "1169", (), trunk_source_ip="192.0.2.1")
    network = AsteriskFolders.for_instance(tmp_path, "network", install_root=asterisk_root)
    with pytest.raises(SimulationError, match=r"192\.0\.2\.1"):
        asyncio.run(Simulation(target, network).run(1, 1.0))
