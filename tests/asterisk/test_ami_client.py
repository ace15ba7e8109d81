"""The manager connection on a real Asterisk: every request, Thai names under load, a frozen, killed, restarted peer."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from ami_listener import actions
from ami_listener.actions import Action, ActionFailed, AmiDown, Originate
from ami_listener.client import AmiClient, Message
from ami_listener.settings import AmiSettings
from dialplan.asterisk.command import find_program
from dialplan.asterisk.layout import AsteriskFolders
from dialplan.asterisk.process import AsteriskProcess

MODULES = """res_timing_timerfd pbx_config bridge_simple bridge_builtin_features bridge_softmix codec_ulaw app_dial
app_echo app_queue app_userevent func_callerid res_musiconhold"""
EMPTY_FILES = "acl ccss cdr cel codecs http indications musiconhold pjproject queuerules stasis udptl"
THAI = "กฤษณา ณ อยุธยา"

MANAGER = """[general]
enabled = yes
bindaddr = 127.0.0.1
port = {port}
[everything]
secret = all-of-it
read = all
write = all
[listener]
secret = some-of-it
read = system,call,agent,user
write = system,call,agent,user,command,reporting,originate
eventfilter(action(include),name(UserEvent)) =
eventfilter(action(include),name(OriginateResponse)) =
"""
EXTENSIONS = f"""[calls]
exten => 1169,1,Set(CALLERID(name)={THAI})
 same => n,UserEvent(Hotline,Fact: ARRIVED,Event: Shutdown,Data: ${{CALLERID(name)}})
 same => n,Answer()
 same => n,Wait(${{SECONDS_LONG}})
exten => 600,1,Answer()
 same => n,Echo()
exten => 700,1,Dial(Local/600@calls)
[globals]
SECONDS_LONG=0.1
"""
QUEUES = "[general]\n[general-th]\nstrategy = ringall\nmember => Local/600@calls,0,สมหญิง ใจดี\n"


def write_configuration(folders: AsteriskFolders, port: int) -> None:
    program = find_program(folders.install_root)
    folders.prepare(program.share)
    directories = {
        "astetcdir": folders.etc,
        "astmoddir": program.modules,
        "astvarlibdir": folders.lib,
        "astdbdir": folders.lib,
        "astkeydir": folders.keys,
        "astdatadir": folders.data,
        "astagidir": folders.agi,
        "astspooldir": folders.spool,
        "astrundir": folders.sockets,
        "astlogdir": folders.log,
    }
    files = {
        "asterisk": "[directories]\n" + "".join(f"{name} => {path}\n" for name, path in directories.items()),
        "modules": "[modules]\nautoload = no\n" + "".join(f"load = {name}.so\n" for name in MODULES.split()),
        "logger": "[general]\n[logfiles]\nfull => notice,warning,error\n",
        "manager": MANAGER.format(port=port),
        "extensions": EXTENSIONS,
        "queues": QUEUES,
        "features": "[general]\n[featuremap]\natxfer => *2\n",  # AttendedTransfer dials it on the channel's behalf
        **dict.fromkeys(EMPTY_FILES.split(), ""),
    }
    for name, text in files.items():
        (folders.etc / f"{name}.conf").write_text(text, encoding="utf-8")


@pytest.fixture
def asterisk(tmp_path: Path, asterisk_root: Path) -> Iterator[tuple[AsteriskProcess, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    folders = AsteriskFolders.for_instance(tmp_path, "ami", install_root=asterisk_root)
    write_configuration(folders, port)
    process = AsteriskProcess(folders)
    process.start()
    yield process, port
    process.stop()


async def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


class Heard:
    """A connected client and all it told."""

    def __init__(self, port: int, user: str = "everything", secret: str = "all-of-it") -> None:
        self.messages: list[Message] = []
        self.states: list[str] = []
        self.lost_at = 0.0
        self.client = AmiClient(
            AmiSettings(username=user, secret=secret, port=port), self.messages.append, self.resync, self.lost
        )

    async def resync(self) -> None:
        await self.client.send(actions.ListChannels())
        queues = await self.client.send(actions.QueueStatus())
        self.states.append(f"{len(queues.events)} queue events")

    def lost(self, _: str) -> None:
        self.lost_at = time.monotonic()
        self.states.append("lost")

    def named(self, event: str) -> list[Message]:
        return [message for message in self.messages if message.event == event]


def with_client(
    port: int, scenario: Callable[[Heard], Awaitable[None]], user: str = "everything", secret: str = "all-of-it"
) -> None:
    async def run() -> None:
        heard = Heard(port, user, secret)
        await heard.client.start()
        try:
            await heard.client.wait_ready(10)
            await scenario(heard)
        finally:
            await heard.client.close()

    asyncio.run(run())


async def echo_channel(heard: Heard, channel_id: str) -> str:
    """A channel that stays up; its name."""
    action = Originate("Local/600@calls", application="Wait", data="30", channel_id=channel_id, wait_for_outcome=True)
    return str((await heard.client.send(action)).events[0]["Channel"])


def test_every_request_is_understood(asterisk: tuple[AsteriskProcess, int]) -> None:
    table: list[tuple[Action, str]] = [
        (actions.PutInDatabase("f", "k", "ค่า"), "Updated database successfully"),
        (actions.DeleteFromDatabase("f", "k"), "Key deleted successfully"),
        (actions.PutInDatabase("f", "k2", "v"), "Updated database successfully"),
        (actions.AddAgentToQueue("general-th", "Local/9@calls", member_name="สมชาย"), "Added interface to queue"),
        (actions.PauseAgent("Local/9@calls", True, "พัก"), "Interface paused successfully"),
        (actions.PauseAgent("Local/9@calls", False, queue="general-th"), "Interface unpaused successfully"),
        (actions.RemoveAgentFromQueue("general-th", "Local/9@calls"), "Removed interface from queue"),
        (actions.SetVariable("GLOBAL_ONE", "1"), "Variable Set"),
        (actions.SendUserEvent("Hotline", {"Fact": "HELLO"}), "Event Sent"),
        (actions.Reload("app_queue.so"), "Module Reloaded"),
        (actions.Ping(), ""),
        (actions.CoreStatus(), ""),
    ]

    async def scenario(heard: Heard) -> None:
        for action, sentence in table:
            assert (await heard.client.send(action)).message == sentence, action.name
        output = (await heard.client.send(actions.Command("core show version"))).output
        assert output.startswith("Asterisk ")
        await until(lambda: [m for m in heard.named("UserEvent") if m.get("Fact") == "HELLO"])
        for failing in (
            actions.GetFromDatabase("f", "none"),
            actions.PauseAgent("Local/none", True),
            actions.Hangup("Local/none"),
            actions.Redirect("Local/none", "calls", "600"),
            actions.BlindTransfer("Local/none", "calls", "600"),
            Originate("Local/none@calls", application="Wait", wait_for_outcome=True, timeout_seconds=2),
        ):
            with pytest.raises(ActionFailed):
                await heard.client.send(failing)
        assert heard.states == ["2 queue events"]

    with_client(asterisk[1], scenario)


def test_database_gives_back_what_was_put(asterisk: tuple[AsteriskProcess, int]) -> None:
    async def scenario(heard: Heard) -> None:
        value = 'ปิดทำการ: "a", b\\c; ${EXTEN}'
        await heard.client.send(actions.PutInDatabase("hotline-closure", "all", value))
        (entry,) = (await heard.client.send(actions.GetFromDatabase("hotline-closure", "all"))).events
        assert entry["Val"] == value

    with_client(asterisk[1], scenario)


def test_variables_of_an_originated_channel_arrive_unchanged(asterisk: tuple[AsteriskProcess, int]) -> None:
    """Asterisk cuts them at commas and takes quotes away."""
    value = 'ก,ข "ค" \\n (x, [y] a=b'

    async def scenario(heard: Heard) -> None:
        variables = {"__FIRST": value, "SECOND": "2"}
        action = Originate("Local/600@calls", application="Wait", data="5", variables=variables, channel_id="vars-1")
        await heard.client.send(action)
        await until(lambda: [m for m in heard.named("Newchannel") if m["Uniqueid"] == "vars-1"])
        reply = await heard.client.send(actions.GetVariable("FIRST", "vars-1"))
        assert reply.headers["Value"] == value
        assert (await heard.client.send(actions.GetVariable("SECOND", "vars-1"))).headers["Value"] == "2"
        await heard.client.send(actions.Hangup("vars-1"))

    with_client(asterisk[1], scenario)


def test_channels_are_listed_redirected_transferred_and_ended(asterisk: tuple[AsteriskProcess, int]) -> None:
    async def scenario(heard: Heard) -> None:
        channel = await echo_channel(heard, "listed-1")
        listed = (await heard.client.send(actions.ListChannels())).events
        assert "listed-1" in {one["Uniqueid"] for one in listed}
        await heard.client.send(actions.SetVariable("HOTLINE_TEST", "ค่า", channel))
        await heard.client.send(actions.Redirect(channel, "calls", "700"))
        await until(lambda: heard.named("BridgeEnter"))
        reply = await heard.client.send(actions.AttendedTransfer(channel, "calls", "600"))
        assert "queued" in reply.message  # this sentence used to end the connection
        await heard.client.send(actions.Hangup(channel, 16))
        await until(lambda: [m for m in heard.named("Hangup") if m["Uniqueid"] == "listed-1"])
        assert heard.states == ["2 queue events"]

    with_client(asterisk[1], scenario)


def test_sixty_calls_with_thai_names_and_a_second_event_header(asterisk: tuple[AsteriskProcess, int]) -> None:
    async def scenario(heard: Heard) -> None:
        for _ in range(60):
            await heard.client.send(Originate("Local/1169@calls", application="Wait", data="1"))
        await until(lambda: len(heard.named("UserEvent")) == 60, 20)
        assert {m["Data"] for m in heard.named("UserEvent")} == {THAI}
        assert {tuple(m["Event"]) for m in heard.named("UserEvent")} == {("UserEvent", "Shutdown")}
        assert heard.client.counters.malformed == heard.client.counters.invalid_utf8 == 0
        assert heard.states == ["2 queue events"]

    with_client(asterisk[1], scenario)


def test_narrow_account_boots_lists_and_hears_only_its_events(asterisk: tuple[AsteriskProcess, int]) -> None:
    """Event filters keep back neither FullyBooted at login nor the events of a list."""

    async def scenario(heard: Heard) -> None:
        await heard.client.send(Originate("Local/1169@calls", application="Wait", data="1", wait_for_outcome=True))
        await until(lambda: heard.named("UserEvent"))
        assert {m.event for m in heard.messages} <= {"FullyBooted", "UserEvent", "OriginateResponse"}
        assert heard.states == ["2 queue events"]

    started_at = time.monotonic()
    with_client(asterisk[1], scenario, "listener", "some-of-it")
    assert time.monotonic() - started_at < 4  # did not wait in vain for FullyBooted


def test_frozen_asterisk_is_noticed_within_three_seconds(asterisk: tuple[AsteriskProcess, int]) -> None:
    process, port = asterisk

    async def scenario(heard: Heard) -> None:
        frozen_at = time.monotonic()
        assert process.pid is not None
        os.kill(process.pid, signal.SIGSTOP)
        try:
            request = asyncio.create_task(heard.client.send(actions.CoreStatus()))
            await until(lambda: heard.states[-1] == "lost")
            assert heard.lost_at - frozen_at < 3.0
            with pytest.raises(AmiDown) as caught:
                await request
            assert caught.value.may_have_run
        finally:
            os.kill(process.pid, signal.SIGCONT)
        await heard.client.wait_ready(10)
        await heard.client.send(actions.Ping())

    with_client(port, scenario)


def test_killed_asterisk_is_found_again_with_its_queues(asterisk: tuple[AsteriskProcess, int]) -> None:
    process, port = asterisk
    again = AsteriskProcess(process.folders)

    async def scenario(heard: Heard) -> None:
        process.kill()
        await until(lambda: heard.states[-1] == "lost")
        await asyncio.to_thread(again.start)
        await heard.client.wait_ready(10)
        assert heard.states == ["2 queue events", "lost", "2 queue events"]
        assert heard.client.counters.reconnects == 1

    try:
        with_client(port, scenario)
    finally:
        again.stop()
