"""The supervisor restarts with back-off, by a clock of the test's own."""

import threading

import pytest

from dialplan.asterisk.errors import AsteriskStartError
from dialplan.asterisk.supervisor import Supervisor


class World:
    """Children that live for given seconds and end with given statuses; None in the plan: the start fails."""

    def __init__(self, plan: list[tuple[float, int] | None]) -> None:
        self.plan = plan
        self.now_seconds = 0.0
        self.story: list[str] = []

    def start(self) -> "FakeChild":
        step = self.plan.pop(0)
        if step is None:
            raise AsteriskStartError("no")
        return FakeChild(self, *step)

    def sleep(self, seconds: float) -> bool:
        self.story.append(f"sleep {seconds:g}")
        self.now_seconds += seconds
        return not self.plan

    def supervise(self) -> Supervisor:
        return Supervisor(
            self.start,
            clock=lambda: self.now_seconds,
            sleep=self.sleep,
            on_died=lambda status: self.story.append(f"died {status}"),
            on_restarted=lambda: self.story.append("restarted"),
            on_failed=lambda error: self.story.append(f"failed {error}"),
        )


class FakeChild:
    def __init__(self, world: World, life_seconds: float, status: int) -> None:
        self.world, self.life_seconds, self.status = world, life_seconds, status

    def wait(self) -> int:
        self.world.now_seconds += self.life_seconds
        return self.status

    def stop(self) -> int:
        return self.status


def run(plan: list[tuple[float, int] | None]) -> list[str]:
    world = World(plan)
    supervisor = world.supervise()
    supervisor.start()
    assert supervisor.join(10)
    return world.story


@pytest.mark.parametrize(
    ("plan", "story"),
    [
        ([(5, -9)], ["died -9", "sleep 0.5"]),
        ([(5, 1), (59, 1)], ["died 1", "sleep 0.5", "restarted", "died 1", "sleep 1"]),
        ([(1, 1), (60, 0)], ["died 1", "sleep 0.5", "restarted", "died 0", "sleep 0.5"]),
        (
            [(70, 1), None, (1, 2)],
            ["died 1", "sleep 0.5", "failed no", "died None", "sleep 1", "restarted", "died 2", "sleep 2"],
        ),
    ],
)
def test_every_death_is_told_and_followed_by_a_wait(plan: list[tuple[float, int] | None], story: list[str]) -> None:
    assert run(plan) == story


def test_the_wait_doubles_up_to_half_a_minute() -> None:
    story = run([(1, 1)] * 9)
    waits = [float(line.split()[1]) for line in story if line.startswith("sleep")]
    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_a_first_start_that_fails_is_raised() -> None:
    with pytest.raises(AsteriskStartError, match="no"):
        World([None]).supervise().start()


class Blocking:
    """A child that lives until it is stopped."""

    def __init__(self) -> None:
        self.over = threading.Event()

    def wait(self) -> int:
        assert self.over.wait(10)
        return 0

    def stop(self) -> int:
        self.over.set()
        return 0


def test_stop_ends_the_child_and_starts_no_other() -> None:
    children: list[Blocking] = []
    told: list[str] = []

    def start() -> Blocking:
        children.append(Blocking())
        return children[-1]

    supervisor = Supervisor(start, on_died=lambda _status: told.append("died"))
    supervisor.start()
    supervisor.stop()
    assert (len(children), children[0].over.is_set(), told) == (1, True, [])
    supervisor.stop()


def test_stop_while_a_restart_is_under_way_stops_the_new_child() -> None:
    children: list[Blocking] = []
    starting, go_on = threading.Event(), threading.Event()
    restarted: list[bool] = []

    def start() -> Blocking:
        if children:
            starting.set()
            assert go_on.wait(10)
        children.append(Blocking())
        return children[-1]

    supervisor = Supervisor(start, backoff_seconds=(0, 0), on_restarted=lambda: restarted.append(True))
    supervisor.start()
    children[0].stop()
    assert starting.wait(10)
    stopper = threading.Thread(target=supervisor.stop)
    stopper.start()
    while not supervisor._stopping.is_set():
        pass
    go_on.set()
    stopper.join(10)
    assert supervisor.join(10)
    assert (len(children), children[1].over.is_set(), restarted) == (2, True, [])
