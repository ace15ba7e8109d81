"""app_queue as it rings agents, event by event: what a machine of two cores cannot play in real time often enough.

What is modelled, as read and measured of Asterisk 22: who waits looks once a second; with ``ringall`` only the first
caller in line rings, and telephones freed meanwhile do not join in; with the others one telephone a caller; a second's
pause between two tries; the nine seconds cut a ring off, and the next pass begins with a new one.
"""

import heapq
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count


@dataclass(frozen=True)
class People:
    """How people on the telephone are; seconds. Away: in spells, exponentially, as the time at the desk."""

    talk_seconds: float = 180.0
    pick_up_median_seconds: float = 3.5
    pick_up_spread: float = 0.5
    desk_seconds: float = 270.0
    away_seconds: float = 30.0
    rest_seconds: float = 10.0  # after a missed ring
    misses: int = 2  # in a row, then paused until back
    promise_seconds: float = 9.0
    patience_seconds: float = 120.0  # exponential, from the promise on

    def pick_up(self, chance: random.Random) -> float:
        """How long a telephone rings before a person who is there has it."""
        return chance.lognormvariate(math.log(self.pick_up_median_seconds), self.pick_up_spread)


@dataclass(eq=False)
class Agent:
    """``free_at`` orders ``leastrecent``; ``turn`` ``rrmemory``."""

    index: int
    free: bool = True
    paused: bool = False
    away: bool = False
    last_call_at: float = 0.0
    misses: int = 0


@dataclass(eq=False)
class Caller:
    """Waiting, ringing or talking."""

    arrived_at: float
    ringing: bool = False
    done: bool = False
    attempt: int = 0  # a newer one makes older plans void
    agents: list[Agent] = field(default_factory=list)


class Room:
    """One queue, played for ``seconds``; then ``offered`` and ``in_time`` are known."""

    def __init__(self, strategy: str, ring_seconds: float, size: int, load: float, people: People, seed: int) -> None:
        self.strategy, self.ring_seconds, self.people = strategy, ring_seconds, people
        self.chance = random.Random(seed)
        self.agents = [Agent(index) for index in range(size)]
        self.line: list[Caller] = []
        self.rate = load * size / (people.talk_seconds + people.pick_up_median_seconds + 0.5)
        self.now = 0.0
        self.ends_at = math.inf
        self.offered = self.in_time = 0
        self._next_agent = 0
        self._plans: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()

    def plan(self, delay: float, what: Callable[[], None]) -> None:
        """Something that happens later."""
        heapq.heappush(self._plans, (self.now + delay, next(self._numbers), what))

    def run(self, seconds: float, warm_up_seconds: float = 300.0) -> "Room":
        """Plays it; what comes in the warm-up is not counted."""
        for agent in self.agents:
            self.plan(self.chance.expovariate(1 / self.people.desk_seconds), partial(self.leave_desk, agent))
        self.plan(self.chance.expovariate(self.rate), self.arrive)
        counted = False
        while self._plans and self.now < warm_up_seconds + seconds:
            self.now, _, what = heapq.heappop(self._plans)
            if not counted and self.now >= warm_up_seconds > 0:
                self.offered, self.in_time, counted = 0, 0, True
            what()
        return self

    # -- callers

    def run_from_busy(self, load: float, seconds: float) -> "Room":
        """As it is played in real time: at first each agent talks with probability ``load``; all calls count."""
        for agent in self.agents:
            if self.chance.random() < load:
                agent.free = False
                self.plan(self.chance.expovariate(1 / self.people.talk_seconds), partial(self.hang_up, agent))
        self.ends_at = seconds
        return self.run(seconds + self.people.promise_seconds + 1, warm_up_seconds=0)

    def arrive(self) -> None:
        if self.now > self.ends_at:
            return
        caller = Caller(self.now)
        self.line.append(caller)
        self.offered += 1
        self.plan(self.chance.expovariate(self.rate), self.arrive)
        self.plan(self.people.promise_seconds, lambda: self.assist(caller))
        patience = self.people.promise_seconds + self.chance.expovariate(1 / self.people.patience_seconds)
        self.plan(patience, lambda: self.abandon(caller))
        self.look(caller, 0)

    def look(self, caller: Caller, attempt: int) -> None:
        """Once a second: is it this caller's turn?"""
        if caller.done or caller.ringing or attempt != caller.attempt:
            return
        free = [agent for agent in self.agents if agent.free and not agent.paused]
        ahead = 0
        for other in self.line:
            if other is caller:
                break
            ahead += not other.ringing
        turn = ahead < (min(len(free), 1) if self.strategy == "ringall" else len(free))
        if turn:
            self.ring(caller, free if self.strategy == "ringall" else [self.choose(free)])
        else:
            self.plan(1.0, lambda: self.look(caller, attempt))

    def assist(self, caller: Caller) -> None:
        """The promise is over: all that rings is cut off, and rings anew in the second pass."""
        if caller.done:
            return
        if caller.ringing:
            self.stop(caller, rang_seconds=None)
        caller.attempt += 1
        self.look(caller, caller.attempt)

    def abandon(self, caller: Caller) -> None:
        if caller.done:
            return
        if caller.ringing:
            self.stop(caller, rang_seconds=None)
        caller.done = True
        caller.attempt += 1
        self.line.remove(caller)

    # -- rings

    def choose(self, free: list[Agent]) -> Agent:
        if self.strategy == "random":
            return self.chance.choice(free)
        if self.strategy == "leastrecent":
            return min(free, key=lambda agent: agent.last_call_at)
        chosen = min(free, key=lambda agent: (agent.index - self._next_agent) % len(self.agents))
        self._next_agent = chosen.index + 1
        return chosen

    def ring(self, caller: Caller, agents: list[Agent]) -> None:
        caller.ringing, caller.agents = True, agents
        caller.attempt += 1
        attempt = caller.attempt
        for agent in agents:
            agent.free = False
        picks = [(self.people.pick_up(self.chance), agent) for agent in agents if not agent.away]
        first = min(picks, key=lambda pick: pick[0], default=None)
        if first is not None and first[0] < self.ring_seconds:
            self.plan(first[0], lambda: self.answer(caller, first[1], attempt))
        else:
            self.plan(self.ring_seconds, lambda: self.give_up(caller, attempt))

    def answer(self, caller: Caller, agent: Agent, attempt: int) -> None:
        if attempt != caller.attempt:
            return
        self.stop(caller, rang_seconds=None)
        agent.free, agent.misses, caller.done = False, 0, True
        self.line.remove(caller)
        self.in_time += self.now - caller.arrived_at <= self.people.promise_seconds
        self.plan(self.chance.expovariate(1 / self.people.talk_seconds), lambda: self.hang_up(agent))

    def hang_up(self, agent: Agent) -> None:
        agent.free, agent.last_call_at = True, self.now

    def give_up(self, caller: Caller, attempt: int) -> None:
        if attempt != caller.attempt:
            return
        self.stop(caller, rang_seconds=self.ring_seconds)
        caller.attempt += 1
        again = caller.attempt
        self.plan(1.0, lambda: self.look(caller, again))

    def stop(self, caller: Caller, rang_seconds: float | None) -> None:
        caller.ringing = False
        for agent in caller.agents:
            agent.free = True
            if rang_seconds is not None:
                self.missed(agent)

    # -- agents

    def missed(self, agent: Agent) -> None:
        agent.misses += 1
        agent.paused = True
        if agent.misses < self.people.misses:
            self.plan(self.people.rest_seconds, lambda: self.rested(agent))
        elif not agent.away:  # sits there and finds the telephone paused
            self.plan(self.people.away_seconds, lambda: self.back(agent))

    def rested(self, agent: Agent) -> None:
        if agent.misses < self.people.misses:
            agent.paused = False

    def back(self, agent: Agent) -> None:
        agent.away = agent.paused = False
        agent.misses = 0

    def leave_desk(self, agent: Agent) -> None:
        """Not in the middle of a talk: after it."""
        if not agent.free:
            self.plan(1.0, lambda: self.leave_desk(agent))
            return
        agent.away = True
        gone = self.chance.expovariate(1 / self.people.away_seconds)
        self.plan(gone, lambda: self.back(agent))
        self.plan(gone + self.chance.expovariate(1 / self.people.desk_seconds), lambda: self.leave_desk(agent))
