"""Who calls whom, read from what Asterisk sends; prompts and keys."""

import logging

import pytest
from fakes import FakeAsterisk, FakeConnection, FakeDirectory, FakeNumbers, agi_environment

from dialplan.names import Variable
from ivr.agi import Agi, HungUp
from ivr.flows.identify import Identify
from ivr.ports import CallerName
from ivr.session import DISPLAY_NAME_LETTERS, AgiSession, parse_request, playback, printable
from ivr.settings import IvrSettings


def session(
    request: str = "agi://127.0.0.1:4573/identify", answer: FakeAsterisk | None = None, **env: str
) -> AgiSession:
    return AgiSession(Agi(FakeConnection([agi_environment(request, **env)], answer or FakeAsterisk())))


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("agi://127.0.0.1:4573/identify", ("identify", {})),
        (
            "agi://127.0.0.1/announce?call=17.1&queue=q&round=0",
            ("announce", {"call": "17.1", "queue": "q", "round": "0"}),
        ),
        ("agi://[::1]:1/closed?reason=", ("closed", {"reason": ""})),
        ("agi://h/callback-number?a=%E0%B8%81+b&c", ("callback-number", {"a": "ก b", "c": ""})),
        ("agi://h", ("", {})),
        ("agi://h/", ("", {})),
        ("nonsense", ("", {})),
    ],
)
def test_request(request_: str, expected: tuple[str, dict[str, str]]) -> None:
    assert parse_request(request_) == expected


@pytest.mark.parametrize(
    ("env", "number"),
    [
        ({}, "0812345678"),
        ({"callerid": "unknown"}, None),
        ({"callerid": ""}, None),
        ({"callingpres": "32"}, None),  # withheld by the caller (C1: shown as anonymous)
        ({"callingpres": "35"}, None),
        ({"callingpres": "3"}, "0812345678"),
        ({"callingpres": "67", "callerid": "unknown"}, None),
        ({"callingpres": "x"}, "0812345678"),
    ],
)
def test_caller_number_c1(env: dict[str, str], number: str | None) -> None:
    assert session(answer=None, **env).caller_number == number


def test_who_calls_whom() -> None:
    plain = session()
    assert (plain.route, plain.call_id, plain.called_number, plain.queue) == ("identify", "1700000000.1", "1169", None)
    whisper = session("agi://h/announce?call=9.9&queue=general&called=1203&language=en")
    assert (whisper.call_id, whisper.called_number, whisper.queue, whisper.language) == ("9.9", "1203", "general", "en")
    assert session(arg_1="8.8").call_id == "8.8"
    assert session(dnid="unknown").called_number == "1169"
    assert session(dnid="unknown", extension="asked-hours").called_number is None


@pytest.mark.parametrize(("asterisk", "ours"), [("th", "th"), ("en", "en"), ("en_GB", "en"), ("fr", "th"), ("", "th")])
def test_language(asterisk: str, ours: str) -> None:
    assert session(language=asterisk).language == ours


def test_variables() -> None:
    asterisk = FakeAsterisk(variables={"HOTLINE_QUEUE": "general"})
    call = session(answer=asterisk)
    assert call.get(Variable.QUEUE) == "general"
    assert call.get(Variable.CALLER) is None
    call.set(Variable.CALLER, "+66812345678")
    call.set("X", "1", inherited=True)
    call.set_caller_number("021234567")
    assert asterisk.variables == {
        "HOTLINE_QUEUE": "general",
        "HOTLINE_CALLER": "+66812345678",
        "X": "1",
        "CALLERID(num)": "021234567",
    }
    assert ["SET", "VARIABLE", "__X", "1"] in asterisk.said


def test_name_on_a_desk_phone_is_one_short_line_c1() -> None:
    asterisk = FakeAsterisk()
    call = session(answer=asterisk)
    call.set_caller_name('  นาง\r\nสมศรี\t"ใจดี" \x00\x07' + "ก" * 200)
    name = asterisk.variables["CALLERID(name)"]
    assert name.startswith('นาง สมศรี "ใจดี" ก')
    assert len(name) == DISPLAY_NAME_LETTERS
    assert printable("\n") == ""


def test_identify_needs_at_most_four_commands_c1() -> None:
    asterisk = FakeAsterisk()
    people = FakeDirectory({"+66812345678": CallerName("สมศรี", "en")})
    Identify(FakeNumbers(), people)(session(answer=asterisk))
    assert len(asterisk.said) == 3


def test_prompts_and_keys() -> None:
    connection = FakeConnection(
        [
            agi_environment(),
            b"200 result=0 endpos=1\n",
            b"200 result=49 endpos=1\n",
            b"200 result=081\n",
            b"200 result=0 endpos=1\n",
            b"200 result=48 endpos=1\n",
            b"200 result=81\n",
            b"200 result=35 endpos=1\n",
        ]
    )
    call = AgiSession(Agi(connection))
    assert call.play(["a", "b", "c"], "12") == "1"
    assert call.read_digits(["a"], at_most=10, timeout_seconds=2.5) == "081"
    assert call.read_digits(["a", "b", "c"], at_most=10, timeout_seconds=2.5) == "081"
    assert call.read_digits(["a", "b"], at_most=10, timeout_seconds=2.5) == ""
    assert connection.lines == [
        'STREAM FILE "hotline/a" "12" 0',
        'STREAM FILE "hotline/b" "12" 0',
        'GET DATA "hotline/a" 2500 10',
        'STREAM FILE "hotline/a" "0123456789*#" 0',
        'STREAM FILE "hotline/b" "0123456789*#" 0',
        'GET DATA "" 2500 9',
        'STREAM FILE "hotline/a" "0123456789*#" 0',
    ]
    assert playback(["a", "b"]) == "hotline/a&hotline/b"
    assert playback([]) == ""


def test_missing_prompt_is_left_out_and_reported(caplog: pytest.LogCaptureFixture) -> None:
    replies = [b"200 result=-1 endpos=0\n", b"200 result=6\n", b"200 result=0 endpos=1\n"]
    connection = FakeConnection([agi_environment(), *replies])
    with caplog.at_level(logging.ERROR):
        assert AgiSession(Agi(connection)).play(["missing", "there"]) is None
    assert connection.lines[-1] == 'STREAM FILE "hotline/there" "" 0'
    assert "'missing'" in caplog.text


def test_hangup_ends_a_list_of_prompts() -> None:
    connection = FakeConnection([agi_environment(), b"HANGUP\n200 result=-1 endpos=0\n"])
    with pytest.raises(HungUp):
        AgiSession(Agi(connection)).play(["a", "b"])
    assert len(connection.lines) == 1


@pytest.mark.parametrize("wrong", [{"calls_at_most": 0}, {"quick_seconds": 0.0}, {"check_seconds": -1.0}])
def test_settings_that_cannot_work(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        IvrSettings(**wrong)  # type: ignore[arg-type]
