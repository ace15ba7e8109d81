"""The FastAGI server over real sockets: many calls, port probes, a full server, stuck flows, calls that break off."""

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from fakes import FakeAsterisk, FakeDirectory, FakeNumbers, agi_environment

from dialplan.names import Variable
from ivr.flows.identify import Identify
from ivr.ports import CallerName
from ivr.server import FastAgiServer, Flow, FlowRoute
from ivr.session import CallSession
from ivr.settings import IvrSettings

SETTINGS = IvrSettings(
    port=0, calls_at_most=200, quick_seconds=5, header_seconds=5, reply_seconds=5, stop_seconds=5, check_seconds=0.02
)
SOMSRI = CallerName("สมศรี ใจดี (กรมฯ)", "en")


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    give_up_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up_at, "did not happen in time"
        time.sleep(0.005)


class Peer:
    """Asterisk's end of one call."""

    def __init__(self, address: tuple[str, int], route: str = "identify", **env: str) -> None:
        self.asterisk = FakeAsterisk()
        self.connection = socket.create_connection(address, timeout=10)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection.sendall(agi_environment(f"agi://127.0.0.1/{route}", **env))

    def run(self) -> dict[str, str]:
        """Answer commands until the server closes; the variables that were set."""
        with self.connection, self.connection.makefile("rb") as lines, contextlib.suppress(ConnectionResetError):
            for line in lines:
                self.connection.sendall(self.asterisk(line.rstrip(b"\n"))[0])
        return self.asterisk.variables

    def closed(self) -> bool:
        """True when the server closes the connection (within the peer's time-out)."""
        with self.connection, contextlib.suppress(ConnectionResetError):
            return self.connection.recv(1) == b""
        return True


@contextlib.contextmanager
def serving(flows: Mapping[str, Flow], settings: IvrSettings = SETTINGS) -> Iterator[FastAgiServer]:
    routes = {name: FlowRoute(flow, settings.quick_seconds) for name, flow in flows.items()}
    with FastAgiServer(settings, routes) as server:
        yield server


class Gate:
    """A flow that waits until it is let through, as for a stuck database."""

    def __init__(self) -> None:
        self.open = threading.Event()

    def __call__(self, session: CallSession) -> None:
        assert self.open.wait(10)
        session.set("PASSED", "1")


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


def identify() -> Identify:
    return Identify(FakeNumbers(), FakeDirectory({"+66812345678": SOMSRI}))


def test_200_calls_at_once_each_get_their_own_answer_c1() -> None:
    def echo(session: CallSession) -> None:
        barrier.wait()
        session.set("MINE", session.call_id)
        session.set(Variable.CALLER, session.caller_number or "")
        session.set("BACK", session.get(Variable.CALLER) or "")

    barrier = threading.Barrier(200, timeout=20)
    with serving({"echo": echo}) as server, ThreadPoolExecutor(200) as pool:
        peers = [Peer(server.address, "echo", uniqueid=f"1.{n}", callerid=f"08{n:08}") for n in range(200)]
        for n, variables in enumerate(pool.map(Peer.run, peers)):
            assert variables == {"MINE": f"1.{n}", "HOTLINE_CALLER": f"08{n:08}", "BACK": f"08{n:08}"}
        until(lambda: server.counters().running == 0)
        counters = server.counters()
        assert (counters.served, counters.failed, counters.refused, counters.threads) == (200, 0, 0, 200)


def test_threads_are_used_again_c1() -> None:
    with serving({"identify": identify()}) as server:
        for n in range(1, 31):
            assert Peer(server.address).run() == {
                "HOTLINE_CALLER": "+66812345678",
                "CALLERID(name)": SOMSRI.display_name,
                "HOTLINE_LANG": "en",
            }
            until(lambda n=n: server.counters().served == n)  # type: ignore[misc]  # mypy 2.4: default of a lambda
        counters = server.counters()
        assert counters.threads == 1
        assert 0 < counters.seconds < 30
        assert counters.routes["identify"].served == 30


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.0\r\n\r\n", b"\x16\x03\x01\x00\n", agi_environment()[:100]])
def test_port_probes_disturb_nobody(sent: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with serving({"identify": identify()}) as server:
        for _ in range(20):
            with socket.create_connection(server.address, timeout=5) as probe:
                probe.sendall(sent)
        assert Peer(server.address).run()["HOTLINE_CALLER"] == "+66812345678"
        until(lambda: server.counters().probes == 20 and server.counters().served == 1)
        assert server.counters().failed == 0
    assert caplog.text == ""


def test_connection_that_says_nothing_is_closed() -> None:
    with serving({}, replace(SETTINGS, header_seconds=0.1)) as server:
        with socket.create_connection(server.address, timeout=10) as silent:
            started_at = time.monotonic()
            assert silent.recv(1) == b""
            assert time.monotonic() - started_at < 2
        until(lambda: server.counters().probes == 1)


def test_full_server_closes_at_once_and_serves_again(gate: Gate) -> None:
    with serving({"gate": gate}, replace(SETTINGS, calls_at_most=3)) as server:
        inside = [Peer(server.address, "gate") for _ in range(3)]
        until(lambda: server.counters().running == 3)
        started_at = time.monotonic()
        assert all(Peer(server.address, "gate").closed() for _ in range(5))
        assert time.monotonic() - started_at < 2
        assert server.counters().refused == 5
        gate.open.set()
        assert [peer.run() for peer in inside] == [{"PASSED": "1"}] * 3
        until(lambda: server.counters().running == 0)
        assert Peer(server.address, "gate").run() == {"PASSED": "1"}
        assert server.counters().threads == 3


def test_stuck_directory_does_not_hold_the_caller_c1(gate: Gate, caplog: pytest.LogCaptureFixture) -> None:
    class Stuck:
        def find(self, number: str | None) -> CallerName | None:
            gate.open.wait(10)
            return SOMSRI

    flow = Identify(FakeNumbers(), Stuck())
    settings = replace(SETTINGS, quick_seconds=IvrSettings().quick_seconds, check_seconds=IvrSettings().check_seconds)
    with serving({"identify": flow}, settings) as server:
        started_at = time.monotonic()
        peer = Peer(server.address)
        assert peer.run() == {"HOTLINE_CALLER": "+66812345678"}
        assert 0.8 < time.monotonic() - started_at < 1.5  # 0.95 s, and some for a busy machine
        assert server.counters().running == 1  # the place is taken until the flow comes back
        gate.open.set()
        until(lambda: server.counters().running == 0)
        route = server.counters().routes["identify"]
        assert (route.failed, route.overdue, route.served, route.hung_up) == (1, 1, 0, 0)
    assert "overdue" in caplog.text
    assert "1700000000.1" in caplog.text


def test_asterisk_that_does_not_answer_ends_at_the_deadline() -> None:
    with serving({"identify": identify()}, replace(SETTINGS, quick_seconds=0.2)) as server:
        peer = Peer(server.address)
        with peer.connection, peer.connection.makefile("rb") as lines:
            assert len(lines.readlines()) == 1
        until(lambda: server.counters().routes["identify"].overdue == 1)


def test_flow_that_raises_is_logged_without_personal_data(caplog: pytest.LogCaptureFixture) -> None:
    def broken(session: CallSession) -> None:
        raise ValueError(f"cannot look up {session.caller_number}")

    with serving({"broken": broken, "identify": identify()}) as server, caplog.at_level(logging.DEBUG):
        for _ in range(5):
            assert Peer(server.address, "broken").run() == {}
        until(lambda: server.counters().failed == 5)
        assert Peer(server.address).run()["HOTLINE_CALLER"] == "+66812345678"
        assert server.counters().threads == 1
    assert "route='broken' call='1700000000.1' builtins.ValueError at test_fastagi_server.py:" in caplog.text
    assert "812345678" not in caplog.text
    assert "สมศรี" not in caplog.text


def test_unknown_route_is_an_error_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    with serving({"identify": identify()}) as server:
        assert Peer(server.address, "nonsense").run() == {}
        until(lambda: server.counters().unknown_route == 1)
        assert server.counters().failed == 1
    assert "nonsense" in caplog.text


def test_calls_that_break_off_in_the_middle() -> None:
    def chatty(session: CallSession) -> None:
        while True:
            session.set("X", "ก" * 1000)

    with serving({"chatty": chatty}) as server:
        peers = [Peer(server.address, "chatty") for _ in range(20)]
        for peer in peers:
            peer.connection.recv(100)
            peer.connection.close()
        until(lambda: server.counters().routes["chatty"].hung_up == 20)
        assert server.counters().failed == 0


def test_stop_lets_flows_end_and_cuts_off_the_rest(gate: Gate) -> None:
    server = FastAgiServer(replace(SETTINGS, stop_seconds=0.3), {"gate": FlowRoute(gate, 5), "id": FlowRoute(gate, 5)})
    server.start()
    address = server.address
    peer = Peer(address, "gate")
    until(lambda: server.counters().running == 1)
    started_at = time.monotonic()
    server.stop()
    assert 0.2 < time.monotonic() - started_at < 3
    assert peer.closed()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)
    server.stop()  # twice does no harm


def test_stop_waits_for_a_running_flow(gate: Gate) -> None:
    server = FastAgiServer(SETTINGS, {"gate": FlowRoute(gate, 5)})
    server.start()
    peer = Peer(server.address, "gate")
    until(lambda: server.counters().running == 1)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    gate.open.set()
    assert peer.run() == {"PASSED": "1"}
    stopping.join(10)
    assert not stopping.is_alive()
    assert server.counters().served == 1


def test_port_is_free_again_at_once_and_a_taken_one_is_an_error() -> None:
    with serving({"identify": identify()}) as server:
        Peer(server.address).run()
        settings = replace(SETTINGS, port=server.address[1])
        with pytest.raises(OSError, match="in use"):
            FastAgiServer(settings, {}).start()
    with serving({"identify": identify()}, settings) as server:
        assert Peer(server.address).run()["HOTLINE_LANG"] == "en"


def test_counters_name_every_route_from_the_start() -> None:
    server = FastAgiServer(SETTINGS, {"a": FlowRoute(lambda session: None, 1), "b": FlowRoute(lambda session: None, 1)})
    counters = server.counters()
    assert set(counters.routes) == {"a", "b"}
    assert (counters.served, counters.refused, counters.failed, counters.seconds) == (0, 0, 0, 0)
    with pytest.raises(RuntimeError, match="start it first"):
        server.address  # noqa: B018
