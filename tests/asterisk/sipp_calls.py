"""Real calls by SIPp, a telephone that is not ours, against an Asterisk of its own; prints the journal as JSON.

A program of its own: SIPp sends audio through raw sockets, which take root's rights, so an ordinary user runs all of it
in a network of its own (``unshare -rn``).

    python sipp_calls.py INSTALL_ROOT STATE CALLS RATE TALK_MS
"""

import asyncio
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

from exchange import exchange_site  # noqa: E402
from product import DESKS, OUR_FACTS, TRUNK, ProductAsterisk, free_port  # noqa: E402
from telephone_audio import FRAME, tone  # noqa: E402

from dialplan.asterisk.command import sipp_command  # noqa: E402

SCENARIOS = Path(__file__).parent / "scenarios"
KEYS = "123"
KEY_MARGIN_MS = 1200  # the survey has begun by then


def loopback_up() -> None:
    """A new network namespace has its loopback down."""
    up, set_flags = 0x1 | 0x40, 0x8914
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sh14x", b"lo", up))


def write_pcap(path: Path, sound: bytes) -> None:
    """PCMU as RTP packets in a pcap file, as SIPp plays it."""
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for n in range(len(sound) // FRAME):
            rtp = struct.pack("!BBHII", 0x80, 0, n, n * FRAME, 0x1169) + sound[n * FRAME : (n + 1) * FRAME]
            udp = struct.pack("!HHHH", 6000, 6000, 8 + len(rtp), 0) + rtp
            ip = (
                struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), n, 0, 64, 17, 0, b"\x7f\0\0\2", b"\x7f\0\0\1")
                + udp
            )
            frame = b"\0" * 12 + b"\x08\x00" + ip
            file.write(struct.pack("<IIII", n // 50, n % 50 * 20000, len(frame), len(frame)) + frame)


def prepared(state: Path, talk_ms: int, calls: int) -> tuple[Path, Path, Path]:
    """Scenario files with the sound in place, and the callers."""
    write_pcap(state / "voice.pcap", tone(500, talk_ms / 1000))
    files = []
    for name in ("caller.xml", "agents.xml"):
        files.append(state / name)
        files[-1].write_text(
            (SCENARIOS / name)
            .read_text()
            .replace("AUDIO", str(state / "voice.pcap"))
            .replace("PAUSE", str(talk_ms + KEY_MARGIN_MS))
        )
    lines = [f"08{n:08};{KEYS[n % 3]}" for n in range(calls)]
    (state / "callers.csv").write_text("\n".join(["SEQUENTIAL", *lines]) + "\n")
    return files[0], files[1], state / "callers.csv"


def main() -> None:
    root, state = Path(sys.argv[1]), Path(sys.argv[2])
    calls, rate, talk_ms = (int(argument) for argument in sys.argv[3:6])
    if os.environ.get("OWN_NETWORK"):
        loopback_up()
    site = exchange_site(40)
    every = [agent.model_copy(update={"queues": ("q00",)}) for agent in site.agents if agent.extension < "2900"]
    first = site.queues[0].model_copy(update={"strategy": "rrmemory", "wrap_up_seconds": 1})
    site = site.model_copy(update={"agents": tuple(every), "queues": (first, *site.queues[1:])})
    caller, agents, csv = prepared(state, talk_ms, calls)
    with ProductAsterisk.make(site, state, root, "sipp") as product:
        sipp, server = sipp_command(root), f"127.0.0.1:{product.sip[1]}"
        desks = next(agent.contact for agent in site.agents if agent.contact).rpartition(":")[2]
        common = ["-nostdin", "-trace_err"]
        room = subprocess.Popen(
            [*sipp, "-sf", str(agents), "-i", DESKS, "-p", desks, "-mp", str(free_port(DESKS) & ~1), "-d", str(talk_ms),
             *common, "-error_file", str(state / "agents.err"), server],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=(state / "sipp.err").open("a"), cwd=state,
        )  # fmt: skip
        began, cpu = time.time(), processor_seconds(product.process.pid or 0)
        try:
            network = subprocess.run(
                [*sipp, "-sf", str(caller), "-inf", str(csv), "-s", "1100", "-i", TRUNK, "-p", str(free_port(TRUNK)),
                 "-mp", str(free_port(TRUNK) & ~1), "-m", str(calls), "-r", str(rate), *common,
                 "-error_file", str(state / "caller.err"), server],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=(state / "sipp.err").open("a"), cwd=state,
                timeout=90, check=False,
            )  # fmt: skip
            cpu = processor_seconds(product.process.pid or 0) - cpu
            took = time.time() - began
            asyncio.run(product.gone(15))
        finally:
            room.terminate()
            room.wait()
        stories = {x.data[0]: product.story(x.call) for x in product.lines() if x.event == "ARRIVED"}
        facts = [x.event for x in product.lines() if x.event in OUR_FACTS]
    sys.stdout.write(
        json.dumps({"sipp": network.returncode, "cpu": cpu, "seconds": took, "stories": stories, "facts": len(facts)})
    )


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
