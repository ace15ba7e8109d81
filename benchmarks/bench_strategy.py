"""Which agents to ring, and for how long: what share of callers a person answers within nine seconds.

Played twice. On a real Asterisk (app_queue, callers and telephones as Local channels), a room of 20 for each strategy,
with short talks, some ninety calls a cell. And in a model of app_queue (`strategy_model`) with talks of three minutes,
thousands of calls a cell; the model also plays exactly what Asterisk played, to show whether it is to be trusted.
"""

import asyncio
import math
import random
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import strategy_model
from benchmarks.report import Figure, Section
from benchmarks.strategy_model import People
from dialplan import render
from dialplan.asterisk.command import find_program
from dialplan.asterisk.layout import AsteriskFolders
from dialplan.asterisk.process import AsteriskProcess
from hotline.demonstration import free_tcp_ports
from hotline.simulation.manager import Manager, ManagerError, Message

STRATEGIES = ("ringall", "leastrecent", "rrmemory", "random")
RING_SECONDS = (5, 9, 20)
SIZES = (5, 20, 50)
LOADS = (0.80, 0.95)
PLAYED_RING_SECONDS, PLAYED_SIZE, PLAYED_LOAD = (5, 20), 20, 0.8
REAL = People()
# What is played in real time: nobody has three hours, so talks are short; all wait until they are served.
PLAYED = People(talk_seconds=20, patience_seconds=1e9)
TALK_SECONDS, PICK_UP_MEDIAN_SECONDS, PICK_UP_SPREAD = (
    PLAYED.talk_seconds, PLAYED.pick_up_median_seconds, PLAYED.pick_up_spread,
)  # fmt: skip
DESK_SECONDS, AWAY_SECONDS = PLAYED.desk_seconds, PLAYED.away_seconds
REST_SECONDS, MISSES = PLAYED.rest_seconds, PLAYED.misses
PROMISE_SECONDS = PLAYED.promise_seconds
ROWS = 499
TRUSTED_POINTS = 8.0  # about the standard error of what is played


@dataclass
class Room:
    """One queue and its agents. ``waits``: of callers answered by a person; ``late``: whom the assistant took."""

    name: str
    strategy: str
    ring_seconds: int
    size: int
    agents: list[str]
    offered: int = 0
    waits: list[float] = field(default_factory=list)
    late: int = 0


def rooms() -> list[Room]:
    """What is played on Asterisk."""
    made: list[Room] = []
    for strategy in STRATEGIES:
        for ring in PLAYED_RING_SECONDS:
            name = f"q{len(made)}"
            made.append(Room(name, strategy, ring, PLAYED_SIZE, [f"{name}a{i}" for i in range(PLAYED_SIZE)]))
    return made


def queues_conf(all_rooms: list[Room]) -> str:
    """As the product's template has it, but for the telephones."""
    return "[general]\npersistentmembers = no\nautofill = yes\nlog_membername_as_agent = yes\n" + "".join(
        f"[{room.name}]\nstrategy = {room.strategy}\ntimeout = {room.ring_seconds}\nretry = 1\n"
        "timeoutpriority = app\nringinuse = no\njoinempty = yes\nleavewhenempty = no\nwrapuptime = 0\n"
        + "".join(f"member => Local/{a}@phone/n,0,{a},Custom:{a}\n" for a in room.agents)
        for room in all_rooms
    )


def rows(draw: Callable[[], float]) -> Iterator[str]:
    """A table that the dialplan draws from."""
    return (f"exten => {row},1,Return({draw():.2f})\n" for row in range(ROWS))


def extensions_conf(chance: random.Random) -> str:
    """Caller: two passes, as the product's; telephone: a person, or nobody."""
    picks = "".join(
        rows(lambda: min(max(chance.lognormvariate(math.log(PICK_UP_MEDIAN_SECONDS), PICK_UP_SPREAD), 0.5), 15))
    )
    talks = "".join(rows(lambda: min(max(chance.expovariate(1 / TALK_SECONDS), 2), 120)))
    now = "${STRFTIME(,,%s.%3q)}"
    return f"""[general]
static = yes
[line]
exten => s,1,Answer()
 same => n,Wait(600)
[caller]
exten => _q.,1,Set(__AT={now})
 same => n,Set(__ROOM=${{EXTEN}})
 same => n,Set(QUEUE_PRIO=$[3900000000 - ${{CUT(AT,.,1)}}])
 same => n,QueueLog(${{ROOM}},${{UNIQUEID}},NONE,CAME)
 same => n,Set(TIMEOUT(absolute)={PROMISE_SECONDS:g})
 same => n,Queue(${{ROOM}},rciC,,,{PROMISE_SECONDS + 2:g},,answered)
 same => n,Hangup()
exten => T,1,QueueLog(${{ROOM}},${{UNIQUEID}},NONE,LATE)
 same => n,Queue(${{ROOM}},rciC,,,180,,answered)
 same => n,Hangup()
[answered]
exten => s,1,Set(MASTER_CHANNEL(TIMEOUT(absolute))=0)
 same => n,QueueLog(${{ROOM}},${{UNIQUEID}},NONE,TALK,$[{now} - ${{AT}}])
 same => n,Return()
[phone]
exten => _q.,1,GotoIf($["${{DEVICE_STATE(Custom:${{EXTEN}})}}" != "NOT_INUSE"]?busy)
 same => n,Set(DEVICE_STATE(Custom:${{EXTEN}})=RINGING)
 same => n,Set(AGENT=${{EXTEN}})
 same => n,Set(CHANNEL(hangup_handler_push)=free,s,1)
 same => n,Ringing()
 same => n,GotoIf($["${{GLOBAL(AWAY_${{EXTEN}})}}" = "1"]?nobody)
 same => n,Gosub(picks,${{RAND(0,{ROWS - 1})}},1)
 same => n,Wait(${{GOSUB_RETVAL}})
 same => n,Answer()
 same => n,Set(DEVICE_STATE(Custom:${{EXTEN}})=INUSE)
 same => n,Gosub(talks,${{RAND(0,{ROWS - 1})}},1)
 same => n,Wait(${{GOSUB_RETVAL}})
 same => n,Hangup()
 same => n(nobody),Wait(300)
 same => n(busy),Hangup(17)
[free]
exten => s,1,Set(DEVICE_STATE(Custom:${{AGENT}})=NOT_INUSE)
 same => n,Return()
[picks]
{picks}[talks]
{talks}"""


class Play:
    """People around one Asterisk."""

    def __init__(self, all_rooms: list[Room], seed: int) -> None:
        self.rooms = all_rooms
        self.room_of = {agent: room for room in all_rooms for agent in room.agents}
        self.chance = random.Random(seed)
        self.manager = Manager(self.heard)
        self.misses: dict[str, int] = {}
        self.away: set[str] = set()
        self.paused: set[str] = set()
        self.tasks: set[asyncio.Task[None]] = set()

    def heard(self, message: Message) -> None:
        """The product's rule for missed rings: a ring of less than the whole ring time is none."""
        agent = message.get("MemberName", "")
        if message.get("Event") == "AgentConnect":
            self.misses.pop(agent, None)
            return
        room = self.room_of.get(agent)
        if room and int(message.get("RingTime", "0")) >= room.ring_seconds * 1000 - 500:
            self.misses[agent] = self.misses.get(agent, 0) + 1
            self.start(self.rest(agent, for_good=self.misses[agent] >= MISSES))

    def start(self, work: "asyncio._CoroutineLike[None]") -> None:
        """Something that goes on beside the rest."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def ask(self, action: str, **headers: str) -> None:
        """What Asterisk refuses does not matter here: the agent or call is gone."""
        try:
            await self.manager.action({"Action": action, **headers})
        except ManagerError:
            return

    async def pause(self, agent: str, on: bool) -> None:
        """In the one queue."""
        (self.paused.add if on else self.paused.discard)(agent)
        member = f"Local/{agent}@phone/n"
        queue = self.room_of[agent].name
        await self.ask("QueuePause", Interface=member, Queue=queue, Paused="true" if on else "false")

    async def rest(self, agent: str, for_good: bool) -> None:
        """Not rung again at once; after two in a row not before the person is back."""
        await self.pause(agent, True)
        if not for_good:
            await asyncio.sleep(REST_SECONDS)
            if self.misses.get(agent, 0) < MISSES:
                await self.pause(agent, False)

    async def live(self, agent: str) -> None:
        """At the desk and away, in turns."""
        if self.chance.random() >= AWAY_SECONDS / (AWAY_SECONDS + DESK_SECONDS):
            await asyncio.sleep(self.chance.expovariate(1 / DESK_SECONDS))
        while True:
            await self.ask("Setvar", Variable=f"AWAY_{agent}", Value="1")
            await asyncio.sleep(self.chance.expovariate(1 / AWAY_SECONDS))
            await self.ask("Setvar", Variable=f"AWAY_{agent}", Value="0")
            if agent in self.paused:
                self.misses.pop(agent, None)
                await self.pause(agent, False)
            await asyncio.sleep(self.chance.expovariate(1 / DESK_SECONDS))

    async def talk_already(self, agent: str) -> None:
        """The room is not empty when we begin to look: the rest of an exponential talk is again one."""
        await asyncio.sleep(min(self.chance.expovariate(1 / TALK_SECONDS), 60))
        await self.ask("Setvar", Variable=f"DEVICE_STATE(Custom:{agent})", Value="NOT_INUSE")

    async def callers(self, room: Room, load: float, seconds: float) -> None:
        """Poisson arrivals."""
        rate = load * room.size / (TALK_SECONDS + PICK_UP_MEDIAN_SECONDS + 0.5)
        ends_at = time.monotonic() + seconds
        while True:
            await asyncio.sleep(self.chance.expovariate(rate))
            if time.monotonic() > ends_at:
                return
            self.start(self.call(room))

    async def call(self, room: Room) -> None:
        """One caller."""
        await self.ask(
            "Originate", Channel="Local/s@line/n", Context="caller", Exten=room.name, Priority="1", Timeout="20000",
            Async="true",
        )  # fmt: skip

    async def run(self, port: int, secret: str, load: float, seconds: float) -> None:
        """From full rooms to ``seconds`` later."""
        await self.manager.connect(port, "bench", secret)
        for agent in self.room_of:
            busy = self.chance.random() < load
            await self.ask("Setvar", Variable=f"DEVICE_STATE(Custom:{agent})", Value="INUSE" if busy else "NOT_INUSE")
            if busy:
                self.start(self.talk_already(agent))
            self.start(self.live(agent))
        await asyncio.gather(*(self.callers(room, load, seconds) for room in self.rooms))
        await asyncio.sleep(PROMISE_SECONDS + 1)
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.manager.close()


def count(journal: Path, all_rooms: list[Room]) -> None:
    """What became of every caller."""
    by_name = {room.name: room for room in all_rooms}
    for line in journal.read_text().splitlines():
        _second, _call, queue, _agent, word, *data = line.split("|")
        room = by_name.get(queue)
        if room is None:
            continue
        if word == "CAME":
            room.offered += 1
        elif word == "LATE":
            room.late += 1
        elif word == "TALK" and float(data[0]) <= PROMISE_SECONDS + 0.05:
            room.waits.append(float(data[0]))


def play(folder: Path, root: Path, load: float, seconds: float, say: Callable[[str], None]) -> list[Room]:
    """One load on an Asterisk of its own."""
    folders = AsteriskFolders.for_instance(folder, "strategy", install_root=root)
    program = find_program(root)
    folders.prepare(program.share)
    (port,) = free_tcp_ports(1)
    secret = secrets.token_hex(16)
    all_rooms = rooms()
    names = render.RenderFolders.of(folders, program.modules, folder)
    modules = [m for m in render.MODULES if not m.startswith(("res_pjsip", "chan_pjsip", "res_srtp", "res_http"))]
    files = dict.fromkeys((*render.EMPTY_FILES, *render.RENDERED_FILES), "") | {
        "asterisk.conf": _main(names),
        "modules.conf": "[modules]\nautoload = no\n" + "".join(f"load = {m}.so\n" for m in [*modules, "func_rand"]),
        "stasis.conf": "[declined_message_types]\ndecline = ast_channel_varset_type\n",
        "cdr.conf": "[general]\nenable = no\n",
        "logger.conf": "[logfiles]\nmessages => warning,error\n",
        "manager.conf": f"[general]\nenabled = yes\nport = {port}\nbindaddr = 127.0.0.1\n[bench]\nsecret = {secret}\n"
        "read = agent\nwrite = originate,system,call,agent,reporting\n"
        "eventfilter = Event: (AgentConnect|AgentRingNoAnswer)\n",
        "queues.conf": queues_conf(all_rooms),
        "extensions.conf": extensions_conf(random.Random(7)),
    }
    render.write(files, folders.etc)
    with AsteriskProcess(folders) as process:
        asyncio.run(Play(all_rooms, seed=int(load * 100)).run(port, secret, load, seconds))
        process.kill()
    count(folders.log / "queue_log", all_rooms)
    say(f"load {load:.0%}: {sum(room.offered for room in all_rooms)} calls")
    return all_rooms


def _main(names: render.RenderFolders) -> str:
    return f"""[directories]
astetcdir => {names.etc}
astmoddir => {names.modules}
astvarlibdir => {names.lib}
astdbdir => {names.lib}
astkeydir => {names.keys}
astdatadir => {names.data}
astagidir => {names.agi}
astspooldir => {names.spool}
astrundir => {names.sockets}
astlogdir => {names.log}
[options]
verbose = 0
"""


def model(strategy: str, ring: int, size: int, load: float, people: People, hours: float) -> float:
    """Share in time; the mean of four runs from different beginnings."""
    played = [
        strategy_model.Room(strategy, ring, size, load, people, seed).run(hours * 3600 / 4) for seed in (1, 2, 3, 4)
    ]
    return sum(room.in_time for room in played) / max(sum(room.offered for room in played), 1)


def same(room: Room, seconds: float) -> float:
    """What the model says of a room as it was played, mean of many."""
    some = [
        strategy_model.Room(room.strategy, room.ring_seconds, room.size, PLAYED_LOAD, PLAYED, seed).run_from_busy(
            PLAYED_LOAD, seconds
        )
        for seed in range(60)
    ]
    return sum(one.in_time for one in some) / max(sum(one.offered for one in some), 1)


def trust(played: list[Room], seconds: float) -> tuple[str, float]:
    """What Asterisk did beside what the model says of the same, and the mean difference in points."""
    lines = ["| on Asterisk, 20 agents, talks of 20 s | ring | calls | Asterisk | model |", "|---|---|---|---|---|"]
    differences = []
    for room in played:
        real = len(room.waits) / max(room.offered, 1)
        said = same(room, seconds)
        differences.append(abs(real - said) * 100)
        lines.append(f"| {room.strategy} | {room.ring_seconds} s | {room.offered} | {real:.0%} | {said:.0%} |")
    return "\n".join(lines), sum(differences) / len(differences)


def run(folder: Path, root: Path, quick: bool, say: Callable[[str], None]) -> Section:
    """The table, the best of it, and how far it is to be trusted."""
    seconds = 40.0 if quick else 120.0
    played = play(folder, root, PLAYED_LOAD, seconds, say)
    trusted, difference = trust(played, seconds)
    heads = [f"{load:.0%}, {size} agents" for load in LOADS for size in SIZES]
    lines = ["| model | ring | " + " | ".join(heads) + " | mean |", "|---|---|" + "---|" * (len(heads) + 1)]
    best: tuple[float, str, int] = (0.0, "", 0)
    for strategy in STRATEGIES:
        for ring in RING_SECONDS:
            cells = [
                model(strategy, ring, size, load, REAL, (100 if quick else 300) * 5 / size)
                for load in LOADS
                for size in SIZES
            ]
            mean = sum(cells) / len(cells)
            best = max(best, (mean, strategy, ring))
            lines.append(f"| {strategy} | {ring} s | {' | '.join(f'{cell:.0%}' for cell in [*cells, mean])} |")
    figures = [
        Figure(f"best on average in the model: {best[1]}, ring {best[2]} s", best[0] * 100, "%", "", None),
        Figure("model against Asterisk: mean difference", difference, "points", "", None),
    ]
    notes = [
        "Share of all callers whom a person answers within 9 s; the assistant takes the others.",
        "People pick up after a log-normal delay (median 3.5 s), each is away from the desk for a tenth of the time (in"
        " spells of 30 s); the product's rule for missed rings holds: ten seconds' rest, after two in a row paused"
        " until back. Load: calls × (talk + pick-up) ÷ agents on duty, so those away are missing from it.",
    ]
    if difference > TRUSTED_POINTS:
        notes.insert(
            0,
            f"**Model and Asterisk differ by {difference:.0f} points on average, so the model's table decides"
            " nothing:** only where the second table agrees is it to be believed.",
        )
    return Section("Strategy and ring time", figures, notes, "\n".join(lines) + "\n\n" + trusted)
