"""What goes over an AGI connection: split anywhere, answered wrongly, broken off, filled with anything."""

import errno
import itertools

import pytest
from asterisk import agi as pyst
from fakes import FakeAsterisk, FakeConnection, agi_environment, asterisk_words, one_byte_at_a_time, split_everywhere
from hypothesis import given
from hypothesis import strategies as st

from ivr.agi import COMMAND_BYTES_AT_MOST, Agi, CommandRefused, HungUp, NotAgi, Silent

ENVIRONMENT = agi_environment()
THAI = "นางสาวสมศรี ใจดี (กรมการค้า) \"พิเศษ\" \\ 'x'"
UP = b"200 result=6\n"
DEAD = b"511 Command Not Permitted on a dead channel or intercept routine\n"


def talk(*replies: bytes | Exception) -> tuple[Agi, FakeConnection]:
    connection = FakeConnection([ENVIRONMENT, *replies])
    return Agi(connection), connection


# -- splits


def test_environment_and_replies_split_at_every_byte() -> None:
    thai = "กรมส่งเสริมการค้า"
    stream = ENVIRONMENT + (
        b"200 result=1\n100 Trying...\nHANGUP\n"
        + f"200 result=1 ({thai})\n".encode()
        + b"520-Invalid command syntax.  Proper usage follows:\nUsage: X\n520 End of proper usage.\n"
        + "200 result=1 (ก (ข) ค)\n".encode()
    )
    for chunks in split_everywhere(stream):
        agi = Agi(FakeConnection(chunks))
        agi.set_variable("A", "1")
        assert agi.get_variable("B") == thai
        assert agi.hung_up
        with pytest.raises(pyst.AGIUsageError, match="Usage: X"):
            agi.execute("X")
        assert agi.get_variable("C") == "ก (ข) ค"
        assert agi.env["agi_uniqueid"] == "1700000000.1"


# -- quoting


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), max_size=400), st.booleans())
def test_asterisk_reads_back_what_was_meant(value: str, name_too: bool) -> None:
    connection = FakeConnection([ENVIRONMENT, b"200 result=1\n"])
    Agi(connection).set_variable(value if name_too else "X", value)
    assert connection.sent.count(b"\n") == 1
    assert asterisk_words(connection.sent[:-1]) == ["SET", "VARIABLE", value if name_too else "X", value]


@given(st.text(max_size=200))
def test_no_value_makes_a_second_command(value: str) -> None:
    connection = FakeConnection([ENVIRONMENT, b"200 result=1\n"])
    Agi(connection).set_variable("X", value)
    words = asterisk_words(connection.sent[:-1])
    assert connection.sent.count(b"\n") == 1
    assert b"\0" not in connection.sent
    assert words[:3] == ["SET", "VARIABLE", "X"]
    assert len(words) == 4


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), max_size=300), st.data())
def test_value_comes_back_through_any_split(value: str, data: st.DataObject) -> None:
    asterisk = FakeAsterisk()

    def answer(line: bytes) -> list[bytes]:
        reply = asterisk(line)[0]
        cuts = sorted(data.draw(st.lists(st.integers(0, len(reply)), max_size=4)))
        return [part for a, b in itertools.pairwise([0, *cuts, len(reply)]) if (part := reply[a:b])]

    agi = Agi(FakeConnection([ENVIRONMENT], answer))
    agi.set_variable("X", value)
    assert agi.get_variable("X") == value


@pytest.mark.parametrize("word", ["SET VARIABLE X\nHANGUP", "NOOP\r", "NOOP \0"])
def test_line_break_in_a_command_is_refused_and_nothing_sent(word: str) -> None:
    agi, connection = talk()
    with pytest.raises(CommandRefused, match="one line"):
        agi.execute(word)
    assert connection.sent == b""


def test_command_that_asterisk_would_split_is_refused() -> None:
    agi, connection = talk(b"200 result=1\n")
    with pytest.raises(CommandRefused, match="8000"):
        agi.set_variable("X", "ก" * 2667)
    assert connection.sent == b""
    agi.set_variable("X", "ก" * ((COMMAND_BYTES_AT_MOST - len('SET VARIABLE "X" ""')) // 3))
    assert connection.sent.count(b"\n") == 1


# -- faults, each with the next reply still in step


@pytest.mark.parametrize(
    ("reply", "value"),
    [
        (b"200 result=1 (hangup)\n", "hangup"),  # a variable that holds the word is no hangup
        (b"200 result=1 ()\n", ""),
        (b"200 result=0\n", ""),
        (b"200 result=1 (a=b c=d (e) f)\n", "a=b c=d (e) f"),
        (b"200 result=1 (result=-1)\n", "result=-1"),
        (b"200 result=1 (two\nlines)\n", "two\nlines"),
        (b"200 result=1 (\n\n520 x\n)\n", "\n\n520 x\n"),
        (b"200 result=1 (\xe0\xb8)\n", "\ufffd"),
        (b"100 Trying\n200 result=1 (x)\n", "x"),
        (b"HANGUP\n200 result=1 (x)\n", "x"),
        (b"HANGUP\nHANGUP\n100 Trying\n200 result=1 (x)\r\n", "x"),
    ],
)
def test_values_and_lines_out_of_turn(reply: bytes, value: str) -> None:
    agi, _ = talk(*one_byte_at_a_time(reply + b"200 result=1 (next)\n"))
    assert agi.get_variable("A") == value
    assert agi.get_variable("B") == "next"


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (b"510 Invalid or unknown command\n", pyst.AGIInvalidCommand),
        (b"520 Invalid command syntax.\n", pyst.AGIUsageError),
        (b"520-Invalid command syntax.\nUsage\n 520 not yet\n520 End of proper usage.\n", pyst.AGIUsageError),
        (b"200 result=-1\n" + UP, pyst.AGIAppError),
        (b"200 result=-1 endpos=0\n" + UP, pyst.AGIAppError),
        (b"200 result=-1\n510 what?\n", pyst.AGIAppError),
    ],
)
def test_refusals_leave_the_connection_in_step(reply: bytes, error: type[Exception]) -> None:
    agi, _ = talk(reply, b"200 result=1 (next)\n")
    with pytest.raises(error) as raised:
        agi.execute("STREAM FILE", '"x"', '""')
    assert not isinstance(raised.value, HungUp)
    assert agi.get_variable("B") == "next"


@pytest.mark.parametrize(
    "replies",
    [
        (DEAD,),
        (b"HANGUP\n" + DEAD,),
        (b"200 result=-1\n", b"HANGUP\n" + DEAD),  # as Asterisk 22 does it
        (b"200 result=-1\n", DEAD),  # with AGISIGHUP=no
        (b"HANGUP\n200 result=-1\n",),
        (b"200 result=-1\n",),  # with AGIEXITONHANGUP=yes: closed
        (b"",),
        (b"200 res",),
        (b"520-Invalid\nUsage",),  # pyst2 itself would loop here for ever
        (b"200 result=1 (half",),
        (ConnectionResetError(errno.ECONNRESET, "reset"),),
        (b"x" * 60_000,) * 5,  # a line without an end
    ],
)
def test_hangup_in_every_form(replies: tuple[bytes | Exception, ...]) -> None:
    agi, _ = talk(*replies)
    with pytest.raises(HungUp):
        agi.stream_file("x")
    assert agi.hung_up


def test_failed_command_on_a_live_call_asks_once_what_it_was() -> None:
    agi, connection = talk(b"200 result=-1 endpos=0\n", UP)
    with pytest.raises(pyst.AGIAppError):
        agi.stream_file("no such file")
    assert connection.lines == ['STREAM FILE "no such file" "" 0', "CHANNEL STATUS"]


@pytest.mark.parametrize("reply", [b"GET / HTTP/1.1\n", b"200 nothing\n", b"\n", b"700 what\n"])
def test_a_reply_that_is_none_ends_the_connection(reply: bytes) -> None:
    agi, connection = talk(reply, b"200 result=1\n")
    with pytest.raises(pyst.AGIUnknownError):
        agi.set_variable("A", "1")
    sent = connection.sent
    with pytest.raises(HungUp):
        agi.set_variable("B", "2")
    assert connection.sent == sent


def test_long_value_cut_within_a_letter_is_asked_for_whole() -> None:
    """GET VARIABLE gives 1,023 bytes, GET FULL VARIABLE all of them."""
    value = "ก" * 600
    cut = b"200 result=1 (" + value.encode()[:1023] + b")\n"
    cut_in_letter = b"200 result=1 (x" + value.encode()[:1022] + b")\n"
    whole = f"200 result=1 ({value})\n".encode()
    for first in (cut, cut_in_letter):
        agi, connection = talk(first, whole)
        assert agi.get_variable("X") == value
        assert connection.lines[1] == 'GET FULL VARIABLE "${X}"'


@pytest.mark.parametrize(
    "probe", [b"", b"\n", b"GET / HTTP/1.0\r\n\r\n", b"agi_x: 1\n\n", b"\x16\x03\x01\n", b"agi_re"]
)
def test_port_probe(probe: bytes) -> None:
    with pytest.raises(NotAgi):
        Agi(FakeConnection([probe]))


def test_endless_environment_is_a_probe() -> None:
    with pytest.raises(NotAgi):
        Agi(FakeConnection([b"agi_x: 1\n" * 6000] * 20))


# -- time


class Clock:
    """Seconds that pass with every look."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def test_silence_gives_up_and_the_late_answer_is_not_taken_for_another() -> None:
    late = BlockingIOError(errno.EAGAIN, "timed out")
    connection = FakeConnection([ENVIRONMENT, *[late] * 20, b"200 result=1 (late)\n"])
    agi = Agi(connection, header_seconds=100, reply_seconds=5, clock=Clock(1.0))
    with pytest.raises(Silent):
        agi.get_variable("A")
    with pytest.raises(HungUp):
        agi.get_variable("B")
    assert connection.lines == ['GET VARIABLE "A"']


def test_trickle_does_not_put_off_the_deadline() -> None:
    connection = FakeConnection([ENVIRONMENT, *one_byte_at_a_time(b"200 result=1 (" + b"x" * 1000)])
    agi = Agi(connection, header_seconds=100, reply_seconds=5, clock=Clock(1.0))
    with pytest.raises(Silent):
        agi.get_variable("A")


def test_header_that_trickles_is_a_probe() -> None:
    with pytest.raises(NotAgi):
        Agi(FakeConnection(one_byte_at_a_time(ENVIRONMENT)), header_seconds=0.5, clock=Clock(0.1))


def test_command_that_waits_for_the_caller_may_take_longer() -> None:
    late = BlockingIOError(errno.EAGAIN, "timed out")
    agi = Agi(
        FakeConnection([ENVIRONMENT, *[late] * 30, b"200 result=12\n"]),
        header_seconds=100,
        reply_seconds=5,
        clock=Clock(1.0),
    )
    assert agi.get_data("x", 10_000, 2) == "12"


# -- commands


@pytest.mark.parametrize(
    ("reply", "digits"),
    [
        (b"200 result=0812345678\n", "0812345678"),
        (b"200 result=\n", ""),
        (b"200 result= (timeout)\n", ""),
        (b"200 result=12 (timeout)\n", "12"),
    ],
)
def test_digits(reply: bytes, digits: str) -> None:
    agi, connection = talk(reply)
    assert agi.get_data("a&b", 5000, 15) == digits
    assert connection.lines == ['GET DATA "a&b" 5000 15']


def test_keys_database_and_applications() -> None:
    agi, connection = talk(
        b"200 result=0 endpos=1\n",
        b"200 result=35 endpos=1\n",
        b"200 result=1 (v)\n",
        b"200 result=0\n",
        b"200 result=0\n",
        b"200 result=-2\n",
    )
    assert agi.stream_file("a", [1, "2"]) == ""
    assert agi.stream_file("a", "#") == "#"
    assert agi.database_get("a b", 'c"d') == "v"
    assert agi.database_get("a", "d") is None
    assert agi.exec_command("Set", "X=hello world") == "0"
    with pytest.raises(pyst.AGIAppError, match="no application"):
        agi.appexec("Nothing")
    with pytest.raises(CommandRefused):
        agi.appexec("Set X=1", "y")
    assert connection.lines[2] == 'DATABASE GET "a b" "c\\"d"'
    assert connection.lines[4] == 'EXEC Set "X=hello world"'


def test_thai_value_with_everything_in_it() -> None:
    asterisk = FakeAsterisk()
    agi = Agi(FakeConnection([ENVIRONMENT], asterisk))
    agi.set_variable("CALLERID(name)", THAI)
    assert asterisk.variables["CALLERID(name)"] == THAI
    assert agi.get_variable("CALLERID(name)") == THAI
