"""FastAGI: our server against bare threads without a library, in interleaved rounds on this machine.

Prints one JSON line. `commands_per_second` and `p99_us` for 1 and 200 calls at full speed (GET VARIABLE of a Thai
value; the peer is a poll loop in a process of its own), and what an `identify` call costs in CPU, with kept threads and
with a new thread for each call. Medians of the rounds; ratios are ours / bare. At most 20 s: ``python
benchmarks/fastagi.py [--seconds 12]``.
"""

import argparse
import json
import multiprocessing
import os
import platform
import resource
import selectors
import socket
import statistics
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1])]

from ivr.flows.identify import Identify  # noqa: E402
from ivr.ports import CallerName, NormalNumber  # noqa: E402
from ivr.server import FastAgiServer, Flow, FlowRoute  # noqa: E402
from ivr.session import AgiSession, CallSession  # noqa: E402
from ivr.settings import IvrSettings  # noqa: E402

VALUE = "นางสาวสมศรี ใจดี"
REPLY = f"200 result=1 ({VALUE})\n".encode()
ENVIRONMENT = (
    "agi_network: yes\nagi_network_script: {route}\nagi_request: agi://127.0.0.1/{route}\nagi_channel: PJSIP/t-01\n"
    "agi_language: th\nagi_type: PJSIP\nagi_uniqueid: 1700000000.1\nagi_version: 22.10.1\nagi_callerid: 0812345678\n"
    "agi_calleridname: unknown\nagi_callingpres: 0\nagi_callingani2: 0\nagi_callington: 0\nagi_callingtns: 0\n"
    "agi_dnid: 1169\nagi_rdnis: unknown\nagi_context: hotline-call\nagi_extension: 1169\nagi_priority: 7\n"
    "agi_enhanced: 0.0\nagi_accountcode: \nagi_threadid: 139\n\n"
)


class Numbers:
    def normalise(self, raw: str | None, country: str) -> NormalNumber:
        return NormalNumber("e164", "+66812345678", "0812345678")


class Directory:
    def find(self, number: str | None) -> CallerName | None:
        return CallerName(VALUE, "en")


# -- the servers, each in a process of its own


def ask_for_ever(session: CallSession) -> None:
    assert isinstance(session, AgiSession)
    agi = session._agi
    while True:
        assert agi.get_variable("HOTLINE_NAME") == VALUE


def serve_ours(ready: Connection) -> None:
    settings = IvrSettings(port=0, quick_seconds=60, header_seconds=10, calls_at_most=250)
    flows: dict[str, Flow] = {"ask": ask_for_ever, "identify": Identify(Numbers(), Directory())}
    server = FastAgiServer(settings, {name: FlowRoute(flow, 60) for name, flow in flows.items()})
    server.start()
    report_cpu(ready, server.address[1])
    server.stop()


class NewThreads(FastAgiServer):
    """As ours, but a new thread for each call."""

    def _add_thread(self) -> None:
        return

    def _take(self, connection: socket.socket) -> None:
        super()._take(connection)
        threading.Thread(target=self._one, daemon=True).start()

    def _one(self) -> None:
        call = self._handoff.get()
        assert call is not None
        self._end(call, self._serve(call))


def serve_new_threads(ready: Connection) -> None:
    server = NewThreads(IvrSettings(port=0), {"identify": FlowRoute(Identify(Numbers(), Directory()), 60)})
    server.start()
    report_cpu(ready, server.address[1])
    server.stop()


def serve_bare(ready: Connection) -> None:
    def one(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, connection.makefile("rb") as lines:
            env = {}
            while (line := lines.readline().decode().strip()) != "":
                name, _, value = line.partition(": ")
                env[name] = value
            if env["agi_request"].endswith("identify"):
                for command in ("HOTLINE_CALLER", "CALLERID(name)", "__HOTLINE_LANG"):
                    connection.sendall(f'SET VARIABLE "{command}" "{VALUE}"\n'.encode())
                    lines.readline()
                return
            while True:
                connection.sendall(b'GET VARIABLE "HOTLINE_NAME"\n')
                reply = lines.readline()
                if not reply:
                    return
                assert reply.decode()[14:-2] == VALUE

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=quietly, args=(connection,), daemon=True).start()

    def quietly(connection: socket.socket) -> None:
        try:
            one(connection)
        except OSError:
            return

    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    threading.Thread(target=accept, daemon=True).start()
    report_cpu(ready, listener.getsockname()[1])


def report_cpu(ready: Connection, port: int) -> None:
    """Tell the port, then this process's CPU seconds each time they are asked for."""
    ready.send(port)
    while ready.recv() is not None:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        ready.send(usage.ru_utime + usage.ru_stime)


# -- the peer


def load(port: int, calls: int, seconds: float) -> tuple[float, float]:
    """Commands per second and the 99th percentile between answer and next command, in µs."""
    waits: list[float] = []
    with selectors.EpollSelector() as selector:
        peers: list[socket.socket] = []
        for _ in range(calls):
            peer = socket.create_connection(("127.0.0.1", port))
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer.sendall(ENVIRONMENT.format(route="ask").encode())
            selector.register(peer, selectors.EVENT_READ, peer)
            peers.append(peer)
        answered_at = dict.fromkeys(peers, 0.0)
        count_from = time.perf_counter() + min(0.3, seconds / 4)
        ends_at = count_from + seconds
        while (now := time.perf_counter()) < ends_at:
            for key, _ in selector.select(0.1):
                peer = key.data
                peer.recv(4096)
                now = time.perf_counter()
                if now > count_from and answered_at[peer]:
                    waits.append(now - answered_at[peer])
                answered_at[peer] = time.perf_counter()
                peer.send(REPLY)
        for peer in peers:
            peer.close()
    waits.sort()
    return len(waits) / seconds, waits[int(len(waits) * 0.99)] * 1e6


def identify_calls(port: int, count: int) -> None:
    environment = ENVIRONMENT.format(route="identify").encode()
    for _ in range(count):
        with socket.create_connection(("127.0.0.1", port)) as peer:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer.sendall(environment)
            while peer.recv(4096):
                peer.sendall(b"200 result=1\n")


def cpu_seconds(pipe: Connection) -> float:
    pipe.send("cpu")
    return float(pipe.recv())


# -- measuring


def measure(seconds: float) -> dict[str, Any]:
    context = multiprocessing.get_context("fork")
    servers: dict[str, tuple[Connection, int]] = {}
    processes = []
    targets: dict[str, Callable[[Connection], None]] = {
        "ours": serve_ours,
        "bare": serve_bare,
        "new_threads": serve_new_threads,
    }
    for name, target in targets.items():
        here, there = context.Pipe()
        process = context.Process(target=target, args=(there,), daemon=True)
        process.start()
        servers[name] = (here, here.recv())
        processes.append(process)
    try:
        return compare(servers, seconds)
    finally:
        for pipe, _ in servers.values():
            pipe.send(None)
        for process in processes:
            process.join(3)


def compare(servers: dict[str, tuple[Connection, int]], seconds: float) -> dict[str, Any]:
    rounds, identifies = 5, 300
    slice_seconds = seconds / rounds / 4 * 0.7
    seen: dict[str, list[float]] = {}

    def keep(name: str, value: float) -> None:
        seen.setdefault(name, []).append(value)

    for _ in range(rounds):
        for name in ("ours", "bare"):
            pipe, port = servers[name]
            for calls in (1, 200):
                before = cpu_seconds(pipe)
                rate, p99 = load(port, calls, slice_seconds)
                keep(f"{name}_{calls}_commands_per_second", rate)
                keep(f"{name}_{calls}_p99_us", p99)
                keep(f"{name}_{calls}_cpu_us_per_command", (cpu_seconds(pipe) - before) / rate / slice_seconds * 1e6)
        for name, (pipe, port) in servers.items():
            identify_calls(port, 20)
            before = cpu_seconds(pipe)
            identify_calls(port, identifies)
            keep(f"{name}_identify_cpu_us", (cpu_seconds(pipe) - before) / identifies * 1e6)
    medians = {name: statistics.median(values) for name, values in seen.items()}
    ratios = {
        f"ratio_{rest}": round(value / medians[f"bare_{rest}"], 3)
        for name, value in medians.items()
        if name.startswith("ours_") and (rest := name.removeprefix("ours_"))
    }
    ratios["ratio_identify_cpu_us_kept_to_new_threads"] = round(
        medians["ours_identify_cpu_us"] / medians["new_threads_identify_cpu_us"], 3
    )
    return ratios | {name: round(value, 1) for name, value in medians.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=12.0)
    seconds = max(2.0, min(parser.parse_args().seconds, 15.0))
    started_at = time.monotonic()
    result = measure(seconds)
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "load": round(os.getloadavg()[0], 1)}
    took_seconds = round(time.monotonic() - started_at, 1)
    print(json.dumps({"benchmark": "fastagi", **machine, "took_seconds": took_seconds, **result}))


if __name__ == "__main__":
    main()
