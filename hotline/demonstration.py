"""The demo: a whole installation in a folder of its own, a telephone network that calls it, and the check."""

import asyncio
import fcntl
import logging
import os
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from crm.calls.service import export_calls
from crm.database import reading
from dialplan.asterisk.layout import AsteriskFolders
from dialplan.secrets import Secrets
from hotline import pbx
from hotline.asterisk_process import watched_asterisk
from hotline.demo_people import DEMO_EXTENSION, log_in_lines, make_demo_people
from hotline.demo_person import DemoPerson
from hotline.service import Service
from hotline.settings import Settings
from hotline.settings import parse as parse_settings
from hotline.settings_file import first_settings
from hotline.simulation.check import Difference, compare
from hotline.simulation.configuration import NetworkPorts, SimulationTarget
from hotline.simulation.progress import Progress
from hotline.simulation.run import Simulation, Summary

log = logging.getLogger(__name__)
NUMBER = "1169"
TRUNK_IP = "127.0.0.2"
PHONES_IP = "127.0.0.3"
WALLBOARD_PORT = 8000


@dataclass(frozen=True)
class Result:
    """How a simulation went: what the network saw, and every record that does not say the same."""

    summary: Summary
    differences: list[Difference]
    records: int

    @property
    def good(self) -> bool:
        """No call was lost or recorded wrongly."""
        return not self.differences and not self.summary.unfinished


@contextmanager
def demo_folder(state: Path) -> Iterator[Path]:
    """A fresh folder for this run; the last one of its kind is kept to look at. Several demos take several folders."""
    for name in ("demo", *(f"demo-{n}" for n in range(2, 20))):
        folder = state / name
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(state / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            continue
        try:
            shutil.rmtree(folder)
            folder.mkdir()
            yield folder
        finally:
            os.close(lock)
        return
    raise RuntimeError(f"too many demos run at once in {state}")


def demo_settings(folder: Path, asterisk_root: Path, agents: int, network_port: int) -> Settings:
    """Settings of a demo: everything on loopback, ports found free, short wrap-up, open round the clock."""
    sip = free_udp_port("127.0.0.1")
    ami, agi, http = free_tcp_ports(3)
    text = first_settings(
        {
            "numbers": [{"number": NUMBER, "queue": "enquiries"}],
            "trunks": [{"name": "network", "host": TRUNK_IP, "port": network_port}],
            "queues": [
                {
                    "name": "enquiries",
                    "label_th": "สอบถามข้อมูลทั่วไป",
                    "label_en": "General enquiries",
                    "wrap_up_seconds": 3,
                }
            ],
            "agents": [
                {"extension": str(1001 + i), "name_th": name_th, "name_en": name_en, "queues": ["enquiries"]}
                for i, (name_th, name_en) in enumerate(NAMES[:agents])
            ],
        }
    )
    sections: dict[str, dict[str, object]] = {
        "hours": {"always_open": "true"},
        "answering": {"callback_retry_seconds": "20"},
        "asterisk": {"root": f'"{asterisk_root}"'},
        "ports": {
            "sip": sip,
            "ami": ami,
            "agi": agi,
            "asterisk_http": http,
            "web": preferred_port(WALLBOARD_PORT),
            "rtp_start": 12000,
            "rtp_end": 19999,
        },
        "site": {"state_folder": '"."'},
    }
    for section, values in sections.items():
        lines = "\n".join(f"{key} = {value}" for key, value in values.items())
        text = text.replace(f"\n[{section}]\n", f"\n[{section}]\n{lines}\n", 1)
    path = folder / "hotline.toml"
    path.write_text(text, "utf-8")
    return parse_settings(text, path)


NAMES = (
    ("สมศรี ใจดี", "Somsri Jaidee"),
    ("ประเสริฐ สุขใจ", "Prasert Sukjai"),
    ("มาลี พงษ์ไทย", "Malee Pongthai"),
    ("วิชัย ทองดี", "Wichai Thongdee"),
    ("กมลวรรณ ศรีสุข", "Kamonwan Srisuk"),
    ("อนันต์ บุญมา", "Anan Boonma"),
    ("พรทิพย์ แก้วใส", "Pornthip Kaewsai"),
    ("ธีรพงศ์ วัฒนะ", "Teerapong Wattana"),
    ("สุดารัตน์ คำดี", "Sudarat Kamdee"),
    ("ชัยวัฒน์ รุ่งเรือง", "Chaiwat Rungruang"),
)


@asynccontextmanager
async def running_installation(settings: Settings, progress: Callable[[str], None]) -> AsyncIterator[Service]:
    """Asterisk and service of these settings, both ended when the block is left."""
    ready = await asyncio.to_thread(pbx.prepare, settings, progress)
    with watched_asterisk(ready, grace_seconds=0):
        service = Service(settings)
        try:
            await service.start()
            await service.ami.wait_ready(30)
            yield service
        finally:
            await service.stop()


async def run_demo(
    folder: Path,
    asterisk_root: Path,
    *,
    calls: int | None,
    rate_per_second: float,
    agents: int,
    seed: int,
    progress: Callable[[str], None],
    on_start: Callable[[Settings], Callable[[Progress], None]],
) -> Result:
    """Installs what is missing, starts everything, makes the calls and compares what was seen with what was recorded.

    ``on_start`` is told the settings when all runs, and gives who is shown the progress.
    """
    port = free_udp_port(TRUNK_IP)
    settings, logins = await asyncio.to_thread(make_demo_people, demo_settings(folder, asterisk_root, agents, port))
    async with running_installation(settings, progress) as service:
        target = target_of(settings, seed=seed)
        (ami,) = free_tcp_ports(1)
        simulation = Simulation(
            target,
            AsteriskFolders.for_instance(folder, "network", install_root=asterisk_root),
            ports=NetworkPorts(sip=port, ami=ami),
        )
        person = DemoPerson(DEMO_EXTENSION, service.listener.calls.find, simulation.tell_caller)
        service.office.also(person.happened)
        for line in log_in_lines(settings, logins):
            progress(line)
        show = on_start(settings)
        summary = await simulation.run(calls, rate_per_second, show)
        await _heard_to_the_end(service)
        await service.recorder.flush(10)
        records = await asyncio.to_thread(exported, service)
        return Result(summary, compare(summary.calls, records, meanings=target.survey_meanings), len(records))


async def _heard_to_the_end(service: Service, seconds: float = 5.0) -> None:
    """The network has seen the last call end; Asterisk tells us some milliseconds later. What is not over by then is
    for the comparison to tell. Calls back to callers go on for as long as they like: nobody offered those. What was
    just heard is handed to the recorder at once: nobody must look at the database while it is still being gathered."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while any(call.callback_of is None for call in service.listener.calls.open_calls()):
                await asyncio.sleep(0.05)
    service.listener.flush()


def exported(service: Service, since: datetime | None = None) -> list[dict[str, Any]]:
    """The records as `hotline calls export` gives them."""
    with reading(service.engine) as connection:
        return list(export_calls(connection, since, None))


def target_of(
    settings: Settings, *, seed: int, trunk_ip: str = TRUNK_IP, phones: tuple[str, ...] = ()
) -> SimulationTarget:
    """What a simulation must know of an installation; ``phones``: extensions played, all desk phones when empty."""
    secrets = Secrets.load(settings.state, settings)
    host = settings.ports.bind if settings.ports.bind != "0.0.0.0" else "127.0.0.1"
    return SimulationTarget(
        host=host,
        sip_port=settings.ports.sip,
        number=settings.numbers[0].number,
        agents=tuple(
            (agent.extension, secrets.agent(agent.extension))
            for agent in settings.agents
            if agent.phone == "desk" and (not phones or agent.extension in phones)
        ),
        trunk_source_ip=trunk_ip,
        phones_ip=PHONES_IP,
        seed=seed,
        survey_meanings=dict(settings.survey.chosen().keys),
        answer_within_seconds=settings.answering.answer_within_seconds,
    )


def free_udp_port(host: str) -> int:
    """A UDP port that nobody has at the moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def free_tcp_ports(count: int) -> list[int]:
    """TCP ports that nobody has at the moment, all different."""
    servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in servers]
    for server in servers:
        server.close()
    return ports


def preferred_port(port: int) -> int:
    """This port when it is free, else any."""
    try:
        with socket.create_server(("127.0.0.1", port)):
            return port
    except OSError:
        return free_tcp_ports(1)[0]
