"""The telephone network: a second Asterisk whose callers and desk phones call the product over real SIP and RTP."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from dialplan.asterisk.command import find_program
from dialplan.asterisk.control import cli
from dialplan.asterisk.errors import AsteriskError
from dialplan.asterisk.layout import AsteriskFolders
from dialplan.asterisk.process import AsteriskProcess
from hotline.simulation import configuration
from hotline.simulation.configuration import CALLERS, RING_ROWS, WITHHELD, NetworkPorts, SimulationTarget
from hotline.simulation.manager import Manager, ManagerError, Message
from hotline.simulation.observed import CHANNEL_ID, ObservedCall, Observer
from hotline.simulation.plan import Behaviour, CallPlan, plan_rings
from hotline.simulation.voice import write_voice

_USER = "simulation"
_LISTEN_SECONDS = 45.0  # `listen` in the dialplan


class SimulationError(Exception):
    """The simulation cannot go on; says what to do."""


def free_ports(target: SimulationTarget) -> NetworkPorts:
    """Ports that nobody uses now: SIP on both of the network's addresses, AMI on loopback.

    Raises SimulationError when one of the addresses is not this machine's.
    """
    for _ in range(50):
        with contextlib.ExitStack() as stack:
            trunk = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            desk = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            ami = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            try:
                trunk.bind((target.trunk_source_ip, 0))
            except OSError as error:
                raise SimulationError(
                    f"Callers cannot come from {target.trunk_source_ip}: {error}. Choose an address of this machine."
                ) from error
            sip = int(trunk.getsockname()[1])
            ami.bind(("127.0.0.1", 0))
            try:
                desk.bind((target.phones_ip, sip))
            except OSError:
                continue
            return NetworkPorts(sip=sip, ami=int(ami.getsockname()[1]))
    raise SimulationError(
        f"No port is free on both {target.trunk_source_ip} and {target.phones_ip}. "
        "They must be two addresses of this machine."
    )


def longest_call_seconds(plan: CallPlan) -> float:
    """No call of this plan lasts longer, whatever the product does."""
    keys = plan.key_delay_seconds + plan.second_key_delay_seconds
    return plan.patience_seconds + plan.message_seconds + plan.talk_seconds + keys + _LISTEN_SECONDS + 15


class TelephoneNetwork:
    """Starts, drives and stops the network's Asterisk; what it sees goes into ``observer``."""

    def __init__(
        self,
        target: SimulationTarget,
        folders: AsteriskFolders,
        behaviour: Behaviour,
        *,
        observer: Observer,
        ports: NetworkPorts | None = None,
        on_change: Callable[[], None] = lambda: None,
        settle_seconds: float = 0.3,
    ) -> None:
        self.target = target
        self.observer = observer
        self.ports = ports or free_ports(target)
        self._folders = folders
        self._behaviour = behaviour
        self._on_change = on_change
        self._settle_seconds = settle_seconds
        self._process: AsteriskProcess | None = None
        self._manager = Manager(self._event)

    async def start(self, registration_seconds: float = 20.0) -> None:
        """Returns when every desk phone is registered at the product.

        Raises SimulationError naming the phones that could not register, AsteriskError when Asterisk does not start.
        """
        secret = secrets.token_hex(16)
        # In one thread from writing to booting: writing voices takes a moment too.
        booting = asyncio.create_task(asyncio.to_thread(self._boot, secret))
        try:
            await asyncio.shield(booting)
        except asyncio.CancelledError:  # Ctrl-C while it boots: `stop` must find a whole process, not half of one
            with contextlib.suppress(AsteriskError):
                await booting
            raise
        await self._manager.connect(self.ports.ami, _USER, secret)
        await self._wait_until_registered(registration_seconds)

    async def stop(self) -> None:
        """Hangs everything up and ends the network; harmless when it never started."""
        await self._manager.close()
        if self._process is not None:
            await asyncio.to_thread(self._process.stop, 0)

    async def place(self, plan: CallPlan) -> ObservedCall:
        """Makes one call; it goes on by itself. A call that cannot be made is observed as refused."""
        call = self.observer.begin(plan)
        endpoint = CALLERS if plan.caller_number else WITHHELD
        number = plan.caller_number or "anonymous"
        now_ms = time.time_ns() // 1_000_000
        headers = {
            "Action": "Originate",
            "ActionID": f"{CHANNEL_ID}{plan.index}",
            "Channel": f"PJSIP/{endpoint}/sip:{self.target.number}@{self.target.host}:{self.target.sip_port}",
            "ChannelId": f"{CHANNEL_ID}{plan.index}",
            "Context": "caller",
            "Exten": "s",
            "Priority": "1",
            "CallerID": f'"{number}" <{number}>' if plan.caller_number else '"Anonymous" <anonymous>',
            "Timeout": str(int(plan.patience_seconds * 1000)),
            "Async": "true",
        }
        try:
            await self._manager.action(headers, _variables(plan, now_ms))
        except ManagerError as error:
            self.observer.refuse(plan, str(error), datetime.now(UTC))
        return call

    async def tell_caller(self, name: str, state: str) -> None:
        """What a caller's leg cannot know by itself: ``person``, a person talks; ``left``, the caller is alone."""
        await self._manager.action({"Action": "Setvar", "Variable": f"S_{name}", "Value": state})

    def cpu_seconds(self) -> float | None:
        """Processor time of the network's Asterisk so far; None when it does not run."""
        return process_cpu_seconds(self._process.pid) if self._process and self._process.pid else None

    @property
    def running(self) -> bool:
        """Whether its Asterisk is alive."""
        return self._process is not None and self._process.pid is not None and self._process.poll() is None

    def _boot(self, secret: str) -> None:
        program = find_program(self._folders.install_root)
        self._folders.prepare(program.share)
        for who, pitch_hertz in (("caller", 190.0), ("agent", 120.0)):
            write_voice(configuration.voice_folder(self._folders, who) / "voice.ulaw", pitch_hertz, seed=1)
        files = configuration.render(
            self.target,
            self.ports,
            self._folders,
            plan_rings(self._behaviour, RING_ROWS, self.target.seed),
            modules=program.modules,
            ami_secret=secret,
            settle_seconds=self._settle_seconds,
        )
        for name, text in files.items():
            _write_private(self._folders.etc / name, text)
        self._process = AsteriskProcess(self._folders, program=program)
        self._process.start()

    async def _wait_until_registered(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while missing := await asyncio.to_thread(self._unregistered):
            if time.monotonic() > deadline:
                raise SimulationError(
                    f"No registration at {self.target.host}:{self.target.sip_port} within {seconds:g} s for "
                    f"{', '.join(missing)}. Check that these are desk phones there, with these secrets."
                )
            await asyncio.sleep(0.1)

    def _unregistered(self) -> list[str]:
        if not self.target.agents:
            return []
        listing = cli(self._folders, "pjsip show registrations")
        done = {line.split("/")[0].strip() for line in listing.splitlines() if " Registered " in line}
        return [extension for extension, _ in self.target.agents if extension not in done]

    def _event(self, message: Message) -> None:
        if self.observer.take(message):
            self._on_change()


def _variables(plan: CallPlan, now_ms: int) -> list[str]:
    first, second = (*plan.survey_keys, "", "")[:2]
    agent_talks = 600.0 if plan.caller_ends else plan.talk_seconds
    return [
        f"GLOBAL(P_{plan.name})={agent_talks:g}",
        f"GLOBAL(S_{plan.name})=",
        f"GLOBAL(L_{plan.name})=1",
        'CHANNEL(hangup_handler_push)="caller-ended,s,1"',
        f"SIM_CALL={plan.index}",
        f"SIM_NAME={plan.name}",
        f"SIM_GIVE_UP_MS={now_ms + int(plan.patience_seconds * 1000)}",
        f"SIM_WAIT_KEY={plan.wait_key or ''}",
        f"SIM_WAIT_KEY_MS={int(plan.wait_key_seconds * 1000)}",
        f"SIM_MESSAGE_MS={int(plan.message_seconds * 1000)}",
        f"SIM_TALK_MS={int(plan.talk_seconds * 1000)}",
        f"SIM_ENDS={'caller' if plan.caller_ends else 'agent'}",
        f"SIM_KEY_1={first}",
        f"SIM_KEY_2={second}",
        f"SIM_KEY_DELAY={plan.key_delay_seconds:g}",
        f"SIM_KEY_2_DELAY={plan.second_key_delay_seconds:g}",
    ]


def process_cpu_seconds(pid: int) -> float | None:
    """User and system time of a process so far; None when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
