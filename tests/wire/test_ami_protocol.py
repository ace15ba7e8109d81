"""Manager interface: whatever way the network cuts the stream, the same messages come out."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ami_listener.protocol import END, MAX_UNFINISHED_BYTES, Decoder, Message, MessageTooLong, replay

RECORDING = (Path(__file__).parents[1] / "recordings/ami/three-queue-calls.ami").read_bytes()
EXPECTED = replay(RECORDING, ())


def as_pairs(messages: list[Message]) -> list[list[tuple[str, str | list[str]]]]:
    return [list(message.items()) for message in messages]


def test_recording_holds_what_it_is_for() -> None:
    events = [message.event for message in EXPECTED]
    assert events.count("QueueCallerJoin") == 3
    assert events.count("QueueCallerAbandon") == 1
    assert events.count("AgentConnect") == 2
    assert events.count(None) == 7  # answers
    names = {message.first("CallerIDName") for message in EXPECTED}
    assert {"กฤษณา ณ อยุธยา", "สมชาย"} <= names
    assert not any("�" in str(message) for message in EXPECTED)
    twice = [message for message in EXPECTED if isinstance(message.get("Event"), list)]
    assert [message["Event"] for message in twice] == [["UserEvent", "Evil"]] * 2


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 11, 13, 64, 100, 199, 536, 1000, 1448, 4096, 16384, 65536])
def test_same_messages_at_every_chunk_size(size: int) -> None:
    assert as_pairs(replay(RECORDING, [size] * (len(RECORDING) // size))) == as_pairs(EXPECTED)


def test_same_messages_split_at_every_byte() -> None:
    """Each block is cut in two at each of its bytes, the separator's too; the decoder stays the same one."""
    blocks = [block + END for block in RECORDING.split(END)[:-1]]
    assert len(blocks) == len(EXPECTED)
    decoder = Decoder()
    for block, expected in zip(blocks, EXPECTED, strict=True):
        wanted = [list(expected.items())]
        for at in range(1, len(block)):
            early, late = decoder.feed(block[:at]), decoder.feed(block[at:])
            assert early == []
            assert as_pairs(late) == wanted


@given(st.lists(st.integers(1, 3000), max_size=200))
def test_same_messages_at_random_chunks(sizes: list[int]) -> None:
    assert replay(RECORDING, sizes) == EXPECTED


KEYS = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,15}", fullmatch=True)
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=60)
BLOCKS = st.tuples(
    VALUES.filter(bool), st.dictionaries(KEYS, st.one_of(VALUES, st.lists(VALUES, min_size=2, max_size=4)))
)


@given(st.lists(BLOCKS, max_size=6), st.lists(st.integers(1, 50), max_size=100))
def test_round_trip(blocks: list[tuple[str, dict[str, str | list[str]]]], sizes: list[int]) -> None:
    written, expected = b"", []
    for name, fields in blocks:
        headers: dict[str, str | list[str]] = {"Event": name}
        headers |= {key: value for key, value in fields.items() if key != "Event"}
        expected.append(headers)
        for key, value in headers.items():
            for one in value if isinstance(value, list) else [value]:
                written += f"{key}: {one}\r\n".encode()
        written += b"\r\n"
    assert [dict(message) for message in replay(written, sizes)] == expected


def one(block: str | bytes) -> Message:
    (message,) = replay((block.encode() if isinstance(block, str) else block) + END, ())
    return message


def test_greeting_is_no_message() -> None:
    decoder = Decoder()
    messages = decoder.feed(b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nMessage: ok\r\n\r\n")
    assert messages == [{"Response": "Success", "Message": "ok"}]
    assert decoder.version == "11.0.0"


def test_two_event_headers_are_one_message() -> None:
    """Any caller-driven UserEvent can carry a second Event header; Asterisk's own comes first."""
    message = one("Event: UserEvent\r\nUserEvent: Hotline\r\nEvent: Shutdown\r\nData: 1")
    assert message["Event"] == ["UserEvent", "Shutdown"]
    assert message.event == "UserEvent"


def test_repeated_key_keeps_every_value_in_order() -> None:
    message = one("Event: X\r\nChanVariable: a=1\r\nContent: c\r\nChanVariable: b=2\r\nChanVariable: c=3")
    assert message["ChanVariable"] == ["a=1", "b=2", "c=3"]
    assert message["Content"] == "c"


def test_key_repeated_in_other_case_overwrites_nothing() -> None:
    message = one("Event: UserEvent\r\nUniqueid: 1.1\r\nuniqueid: 6.6")
    assert (message["Uniqueid"], message["uniqueid"], message["UNIQUEID"]) == ("1.1", "6.6", "1.1")


def test_lookup_in_any_case_and_nothing_writable() -> None:
    message = one("Event: Hangup\r\nCause-txt: Normal Clearing\r\nEmpty: ")
    assert message["cause-TXT"] == message.get("CAUSE-txt") == "Normal Clearing"
    assert "cause-txt" in message
    assert "cause" not in message
    assert message.get("cause", "none") == "none"
    assert message["Empty"] == ""
    with pytest.raises(KeyError):
        message["cause"]
    writes: list[Callable[[], object]] = [lambda: message.update(a="b"), lambda: message.pop("Event"), message.clear]
    for write in writes:
        with pytest.raises(TypeError):
            write()
    with pytest.raises(TypeError):
        message["a"] = "b"


def test_values_keep_colons_and_spaces() -> None:
    message = one("Event: X\r\nAppData: a: b: c\r\nName:  two spaces \r\nTight:value")
    assert message["AppData"] == "a: b: c"
    assert message["Name"] == " two spaces "
    assert message["Tight"] == "value"


def test_invalid_utf8_is_delivered_and_kept_raw() -> None:
    decoder = Decoder()
    (message,) = decoder.feed(b"Event: Newchannel\r\nCallerIDName: \xe0\xb8x\r\n\r\n")
    assert message["CallerIDName"] == "�x"
    assert decoder.counters.invalid_utf8 == 1
    assert list(decoder.counters.last_raw) == [b"Event: Newchannel\r\nCallerIDName: \xe0\xb8x"]


def test_malformed_blocks_are_counted_and_the_last_twenty_kept() -> None:
    decoder = Decoder()
    for number in range(25):
        assert decoder.feed(b"Nonsense: %d\r\n\r\n" % number) == []
    assert decoder.feed(b"Event: Fine\r\nA: b\r\n\r\n") == [{"Event": "Fine", "A": "b"}]
    assert decoder.counters.malformed == 25
    assert list(decoder.counters.last_raw) == [b"Nonsense: %d" % number for number in range(5, 25)]


def test_long_value_passes_and_endless_one_is_refused() -> None:
    assert len(str(one("Event: X\r\nLong: " + "ก" * 100_000)["Long"])) == 100_000
    decoder = Decoder()
    for _ in range(MAX_UNFINISHED_BYTES // 1024):
        assert decoder.feed(b"x" * 1024) == []
    with pytest.raises(MessageTooLong):
        decoder.feed(b"x")


def test_uninteresting_events_are_skipped_but_never_answers() -> None:
    wanted = {"QueueCallerJoin", "UserEvent"}
    messages = replay(RECORDING, (), wanted)
    assert messages == [m for m in EXPECTED if m.event is None or m.event in wanted or m.get("ActionID")]
    decoder = Decoder(wanted)
    decoder.feed(RECORDING)
    assert decoder.counters.messages + decoder.counters.skipped == len(EXPECTED)
    assert decoder.feed(b"Event: QueueCallerJoin\r\n\r\n") == [{"Event": "QueueCallerJoin"}]
    assert decoder.feed(b"Event: VarSet\r\n\r\n") == []


def test_of_a_user_event_the_state_of_its_channel_is_left_out() -> None:
    channel = "Event: UserEvent\r\nTimestamp: 1.5\r\nChannel: PJSIP/1\r\nCallerIDName: ก\r\nLinkedid: 1.1\r\n"
    ours = {"UserEvent": "Hotline", "Fact": "ARRIVED", "Data": "1|Linkedid: 2"}
    text = channel + "".join(f"{key}: {value}\r\n" for key, value in ours.items())
    for cut in range(1, len(text.encode())):
        [message] = replay(text.encode() + b"\r\n", [cut])
        assert message == {"Event": "UserEvent", "Linkedid": "1.1"} | ours
    assert one("Event: UserEvent\r\nUserEvent: Missed\r\nAgent: 1001") == {
        "Event": "UserEvent",
        "UserEvent": "Missed",
        "Agent": "1001",
    }


def test_command_output_is_a_list_of_lines() -> None:
    message = one("Response: Success\r\nMessage: Command output follows\r\nOutput: a\r\nOutput: \r\nOutput: b: c")
    assert message["Output"] == ["a", "", "b: c"]
