"""AGI with a real Asterisk: what we mean is what it understands, and it goes on whatever becomes of us."""

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from queue import Queue

import pytest
from asterisk import agi as pyst
from fakes import FakeDirectory, FakeNumbers
from minimal_asterisk import make_instance

from dialplan.asterisk.control import cli
from dialplan.asterisk.layout import AsteriskFolders
from dialplan.asterisk.process import AsteriskProcess
from ivr.agi import HungUp
from ivr.flows.identify import Identify
from ivr.ports import CallerName
from ivr.server import FastAgiServer, Flow, FlowRoute
from ivr.session import AgiSession, CallSession
from ivr.settings import IvrSettings

SETTINGS = IvrSettings(port=0, calls_at_most=5, header_seconds=5)
NAME = "นางสาว สมศรี \"ใจดี\" (กรมการค้าต่างประเทศ) \\ 50% ${EPOCH}, & 'ก'"
MODULES = ("res_speech", "res_agi", "func_callerid", "func_channel", "app_senddtmf", "format_pcm")
DIALPLAN = """
[agi]
exten => run,1,Set(CALLERID(all)="ACME" <0812345678>)
 same => n,Set(CHANNEL(language)=th)
 same => n,AGI(agi://127.0.0.1:{port}/test?call=77.1&queue=general)
 same => n,Set(FIRST=${{AGISTATUS}})
 same => n,AGI(agi://127.0.0.1:{port}/report)
exten => keys,1,Answer()
 same => n,Goto(run,1)
exten => quiet,1,Set(CHANNEL(language)=th)
 same => n,Set(AGISIGHUP=no)
 same => n,AGI(agi://127.0.0.1:{port}/test)
exten => away,1,AGI(agi://127.0.0.1:{closed}/test)
 same => n,Set(FIRST=${{AGISTATUS}})
 same => n,AGI(agi://127.0.0.1:{port}/report)
exten => full,1,AGI(agi://127.0.0.1:{full}/test)
 same => n,Set(FIRST=${{AGISTATUS}})
 same => n,AGI(agi://127.0.0.1:{port}/report)
"""
FLOWS: dict[str, Flow] = {}


@pytest.fixture(scope="module")
def server() -> Iterator[FastAgiServer]:
    """The route ``test`` runs what a test puts into FLOWS; ``report`` is the second question of each call."""

    def play(session: CallSession) -> None:
        assert isinstance(session, AgiSession)
        FLOWS[session.route](session)

    routes: Mapping[str, FlowRoute] = {name: FlowRoute(play, 30) for name in ("test", "report")}
    with FastAgiServer(SETTINGS, routes) as server:
        yield server


@pytest.fixture(scope="module")
def full_server() -> Iterator[FastAgiServer]:
    """All places of this one are taken."""
    with (
        FastAgiServer(replace(SETTINGS, calls_at_most=1, header_seconds=600), {}) as server,
        socket.create_connection(server.address, timeout=10),
    ):
        while not server.counters().running:
            time.sleep(0.005)
        yield server


@pytest.fixture(scope="module")
def asterisk(
    tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path, server: FastAgiServer, full_server: FastAgiServer
) -> Iterator[AsteriskFolders]:
    folders, _ = make_instance(tmp_path_factory.mktemp("agi"), asterisk_root, "agi", 24300)
    with (folders.etc / "modules.conf").open("a") as modules:
        modules.writelines(f"load = {name}.so\n" for name in MODULES)
    with FastAgiServer(SETTINGS, {}) as gone:
        closed = gone.address[1]
    with (folders.etc / "extensions.conf").open("a") as extensions:
        extensions.write(DIALPLAN.format(port=server.address[1], closed=closed, full=full_server.address[1]))
    sounds = folders.data / "sounds" / "th" / "hotline"
    sounds.mkdir(parents=True, exist_ok=True)
    for name in ("one", "two"):
        (sounds / f"{name}.ulaw").write_bytes(b"\xff" * 1600)
    with AsteriskProcess(folders):
        yield folders


@pytest.fixture
def ask(asterisk: AsteriskFolders) -> Iterator[Callable[..., dict[str, str | None]]]:
    """Run a flow on a call; then what the call's variables hold."""

    def run(flow: Flow, *variables: str, extension: str = "run", far_end: str = "Wait 20") -> dict[str, str | None]:
        answers: Queue[dict[str, str | None]] = Queue()

        def report(session: CallSession) -> None:
            assert isinstance(session, AgiSession)
            answers.put({name: session._agi.get_variable(name) for name in ("FIRST", *variables)})

        FLOWS.update(test=flow, report=report)
        cli(asterisk, f"channel originate Local/{extension}@agi application {far_end}")
        return answers.get(timeout=20)

    yield run
    FLOWS.clear()
    cli(asterisk, "channel request hangup all")


def test_thai_name_and_number_are_put_on_the_call_c1(ask: Callable[..., dict[str, str | None]]) -> None:
    people = FakeDirectory({"+66812345678": CallerName(NAME, "en")})
    identify = Identify(FakeNumbers(), people)
    seen: Queue[tuple[str, str | None, str, str | None]] = Queue()

    def flow(session: CallSession) -> None:
        seen.put((session.call_id, session.caller_number, session.language, session.queue))
        identify(session)

    assert ask(flow, "HOTLINE_CALLER", "CALLERID(name)", "CALLERID(num)", "HOTLINE_LANG") == {
        "FIRST": "SUCCESS",
        "HOTLINE_CALLER": "+66812345678",
        "CALLERID(name)": NAME,
        "CALLERID(num)": "0812345678",
        "HOTLINE_LANG": "en",
    }
    assert seen.get_nowait() == ("77.1", "0812345678", "th", "general")


def test_new_caller_keeps_the_networks_name_c1(ask: Callable[..., dict[str, str | None]]) -> None:
    answers = ask(Identify(FakeNumbers(), FakeDirectory()), "HOTLINE_CALLER", "CALLERID(name)")
    assert answers == {"FIRST": "SUCCESS", "HOTLINE_CALLER": "+66812345678", "CALLERID(name)": "ACME"}


def test_values_come_back_as_they_were_set(ask: Callable[..., dict[str, str | None]]) -> None:
    values = {
        "QUOTES": '"" \\" \\\\ "\\',
        "SPACES": "  two  words  ",
        "BRACKETS": ") (( a=b result=-1) 200 result=1 (x",
        "HANGUP": "hangup",
        "TABS": "a\tb",
        "LETTERS": "กำ น้ำ เก๋ 😀 é",
        "NUMBER": "-1",
        "LONG": "ก" * 2600,  # GET VARIABLE alone would end within the 341st letter
        "EDGE": "x" + "ก" * 341,
    }
    back: Queue[dict[str, str]] = Queue()

    def flow(session: CallSession) -> None:
        assert isinstance(session, AgiSession)
        for name, value in values.items():
            session.set(name, value)
        session.set("LINES", "one\ntwo\r\nHANGUP")
        back.put({name: session._agi.get_variable(name) for name in (*values, "LINES", "NONE")})

    ask(flow)
    assert back.get_nowait() == {**values, "LINES": "one two  HANGUP", "NONE": ""}


def test_failure_is_not_taken_for_a_hangup(ask: Callable[..., dict[str, str | None]]) -> None:
    errors: Queue[type[Exception] | str] = Queue()

    def flow(session: CallSession) -> None:
        assert isinstance(session, AgiSession)
        agi = session._agi
        for try_ in (
            lambda: agi.stream_file("hotline/missing"),
            lambda: agi.appexec("NoSuchApplication"),
            lambda: agi.execute("NO SUCH COMMAND"),
            lambda: agi.execute("STREAM FILE"),
        ):
            try:
                try_()
            except Exception as error:
                errors.put(type(error))
        errors.put(str(agi.hung_up))
        session.set("STILL", "in step")

    assert ask(flow, "STILL")["STILL"] == "in step"
    found = [errors.get_nowait() for _ in range(5)]
    assert found == [pyst.AGIAppError, pyst.AGIAppError, pyst.AGIInvalidCommand, pyst.AGIUsageError, "False"]


@pytest.mark.parametrize("extension", ["run", "quiet"])
def test_hangup_ends_the_flow(asterisk: AsteriskFolders, server: FastAgiServer, extension: str) -> None:
    """Also where Asterisk sends no HANGUP (AGISIGHUP=no)."""
    seen: Queue[type[BaseException] | str] = Queue()

    def flow(session: CallSession) -> None:
        seen.put("playing")
        try:
            while True:
                session.play(["one", "two"])
        except BaseException as error:
            seen.put(type(error))
            raise

    FLOWS.update(test=flow, report=lambda session: None)
    before = server.counters().routes["test"].hung_up
    cli(asterisk, f"channel originate Local/{extension}@agi application Wait 20")
    assert seen.get(timeout=10) == "playing"
    cli(asterisk, "channel request hangup all")
    assert seen.get(timeout=10) is HungUp
    give_up_at = time.monotonic() + 5
    while server.counters().routes["test"].hung_up != before + 1:
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("prompts", "pressed", "at_most", "digits"),
    [
        (["one", "two"], "wwwww0812345678#", 15, "0812345678"),  # after the prompts
        (["one"] * 20 + ["two"], "w0812345678#", 15, "0812345678"),  # into the first
        (["one", "two"], "wwww12345", 3, "123"),
        (["one", "one", "one"], "w123", 1, "1"),
        (["one", "one", "one"], "w#123", 5, ""),
        (["one", "missing"], "wwww0812#", 15, "0812"),
        (["missing"], "wwww0812#", 15, "0812"),
        ([], "wwww08", 15, "08"),  # no #: after the pause
        (["one"], "w", 15, ""),
    ],
)
def test_keys_before_during_and_after_prompts(
    ask: Callable[..., dict[str, str | None]], prompts: list[str], pressed: str, at_most: int, digits: str
) -> None:
    read: Queue[str] = Queue()
    ask(
        lambda session: read.put(session.read_digits(prompts, at_most=at_most, timeout_seconds=2.5)),
        extension="keys",
        far_end=f"SendDTMF {pressed}{'w' * 20}",
    )
    assert read.get_nowait() == digits


def test_prompts_are_interrupted_by_a_key(ask: Callable[..., dict[str, str | None]]) -> None:
    read: Queue[str | None] = Queue()
    ask(
        lambda session: read.put(session.play(["one", "two"] * 20, "12")),
        extension="keys",
        far_end="SendDTMF ww2wwwwww",
    )
    ask(lambda session: read.put(session.play(["one", "missing", "two"], "12")))
    assert (read.get_nowait(), read.get_nowait()) == ("2", None)


def test_dialplan_goes_on_when_nobody_listens(ask: Callable[..., dict[str, str | None]]) -> None:
    assert ask(lambda session: None, extension="away") == {"FIRST": "FAILURE"}


def test_dialplan_goes_on_when_all_places_are_taken(
    ask: Callable[..., dict[str, str | None]], full_server: FastAgiServer
) -> None:
    """Asterisk says SUCCESS when the server closes without a word: the dialplan must not rely on AGISTATUS."""
    started_at = time.monotonic()
    assert ask(lambda session: None, extension="full")["FIRST"] in ("SUCCESS", "FAILURE")
    assert time.monotonic() - started_at < 3
    assert full_server.counters().refused >= 1
