"""Which agents to ring: what share of callers a person answers within nine seconds, with 5, 20 and 50 agents.

Played on a real Asterisk (app_queue; callers and telephones are Local channels), all rooms at once, in real time.
"""

import asyncio
import math
import random
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.report import Figure, Section
from dialplan import render
from dialplan.asterisk.command import find_program
from dialplan.asterisk.layout import AsteriskFolders
from dialplan.asterisk.process import AsteriskProcess
from hotline.demonstration import free_tcp_ports
from hotline.simulation.manager import Manager, ManagerError, Message

STRATEGIES = ("ringall", "leastrecent", "rrmemory")
RING_SECONDS = 20
ROOMS_OF_SIZE = {5: 4, 20: 1, 50: 1}  # small rooms have few calls: several of them
LOAD = 0.8
TALK_SECONDS = 60.0
PICK_UP_MEDIAN_SECONDS, PICK_UP_SPREAD = 3.5, 0.5
DESK_SECONDS, AWAY_SECONDS = 270.0, 30.0
REST_SECONDS, MISSES = 10.0, 2
PROMISE_SECONDS = 9.0
ROWS = 499


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
    """All that are played, side by side."""
    made: list[Room] = []
    for strategy in STRATEGIES:
        for size, count_of in ROOMS_OF_SIZE.items():
            for _ in range(count_of):
                name = f"q{len(made)}"
                made.append(Room(name, strategy, RING_SECONDS, size, [f"{name}a{i}" for i in range(size)]))
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
    talks = "".join(rows(lambda: min(max(chance.expovariate(1 / TALK_SECONDS), 2), 300)))
    now = "${STRFTIME(,,%s.%3q)}"
    return f"""[general]
static = yes
[line]
exten => s,1,Answer()
 same => n,Wait(600)
[caller]
exten => _q.,1,Set(__AT={now})
 same => n,Set(__ROOM=${{EXTEN}})
 same => n,Set(QUEUE_PRIO=$[FLOOR(({int(time.time())} - ${{AT}}) * 1000)])
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


def run(folder: Path, root: Path, quick: bool, say: Callable[[str], None]) -> Section:
    """The table: a row a strategy, a column a size."""
    seconds = 60.0 if quick else 300.0
    played = play(folder, root, LOAD, seconds, say)
    lines = ["| strategy | " + " | ".join(f"{size} agents" for size in ROOMS_OF_SIZE) + " |"]
    lines.append("|---|" + "---|" * len(ROOMS_OF_SIZE))
    best: dict[int, tuple[float, str]] = {}
    for strategy in STRATEGIES:
        cells = []
        for size in ROOMS_OF_SIZE:
            alike = [room for room in played if (room.strategy, room.size) == (strategy, size)]
            offered = sum(room.offered for room in alike)
            share = sum(len(room.waits) for room in alike) / max(offered, 1)
            best[size] = max(best.get(size, (0.0, "")), (share, strategy))
            cells.append(f"{share:.0%} of {offered}")
        lines.append(f"| {strategy} | {' | '.join(cells)} |")
    figures = [
        Figure(f"{size} agents: best is {name}", share * 100, "%", "", None) for size, (share, name) in best.items()
    ]
    notes = [
        "Share of all callers whom a person answers within 9 s; the assistant takes the others.",
        f"Load {LOAD:.0%} of the agents; talks of {TALK_SECONDS:.0f} s on average (exponential); people pick"
        " up after a log-normal delay (median 3.5 s), each is away from the desk for a tenth of the time, in spells of"
        " 30 s; the product's rule for missed rings holds. Ring time 20 s: one that is longer than the promise lets the"
        " first telephone ring until the assistant takes over; 5 s was worse for one-at-a-time strategies when tried.",
        "`ringall` rings for one caller at a time, so it is for centres whose calls last minutes; with short calls and"
        " many agents the others serve more callers a second.",
    ]
    return Section("Strategy and ring time", figures, notes, "\n".join(lines))
