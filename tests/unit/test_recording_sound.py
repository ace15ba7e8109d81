"""The sound of recordings as pure functions: wav files, sides, wave forms; and where in them something happened."""

import math
import struct
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest

from ami_listener.records import CallRecord, Conversation, Hold, Ring, Survey, Transfer
from crm.recordings.listening import ONE_LISTENING, Listening
from crm.recordings.sound import HEADER_BYTES, PEAKS, Peaks, interleaved, mixed, peaks_of, pieces, wav_header
from crm.recordings.timeline import MarkKind, PauseSpan, Touch, marks_of, parts_of, place, spans_of
from crm.recordings.web import size_text
from dialplan.prompts.audio import DECODED, encode_ulaw

AT = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def tone(hertz: float, seconds: float, level: float = 0.4) -> bytes:
    return encode_ulaw([level * math.sin(2 * math.pi * hertz * n / 8000) for n in range(int(8000 * seconds))])


@pytest.mark.parametrize("sides", [1, 2])
def test_a_wav_file_says_of_itself_what_it_is(sides: int) -> None:
    header = wav_header(800 * sides, sides)
    assert len(header) == HEADER_BYTES
    assert header[:4] == b"RIFF"
    assert struct.unpack("<I", header[4:8])[0] == HEADER_BYTES - 8 + 800 * sides
    assert struct.unpack("<HHIIHH", header[20:36]) == (7, sides, 8000, 8000 * sides, sides, 8)
    assert header[-8:-4] == b"data"
    assert struct.unpack("<I", header[-4:])[0] == 800 * sides


def test_each_side_is_found_again_and_the_shorter_is_silent_to_the_end() -> None:
    both = interleaved(b"\x01\x02\x03", b"\x11")
    assert both == b"\x01\x11\x02\xff\x03\xff"
    assert b"".join(pieces(BytesIO(b"\x01\x02\x03"), BytesIO(b"\x11"))) == both
    assert b"".join(pieces(BytesIO(b"\x01\x02"), None)) == b"\x01\x02"


def test_mixed_is_the_sum_of_both_and_never_more_than_full() -> None:
    left, right = tone(400, 0.1, 0.9), tone(700, 0.1, 0.9)
    heard = mixed(interleaved(left, right))
    for one, other, both in zip(left, right, heard, strict=True):
        wanted = max(-0.98, min(0.98, DECODED[one] + DECODED[other]))
        assert abs(DECODED[both] - wanted) < 0.05


def test_the_wave_form_shows_when_somebody_speaks() -> None:
    raw = b"\xff" * 8000 + tone(500, 1) + b"\xff" * 8000
    found = peaks_of(BytesIO(raw), len(raw))
    assert len(found) == PEAKS
    assert max(found[: PEAKS // 3]) == 0
    assert min(found[PEAKS // 3 + 1 : 2 * PEAKS // 3 - 1]) > 100
    shown = Peaks(found, b"")
    assert Peaks.of_text(shown.text()) == shown


def test_a_sound_shorter_than_the_wave_form_has_bars_is_no_fault() -> None:
    assert len(peaks_of(BytesIO(b"\x00" * 10), 10)) == PEAKS


def record() -> CallRecord:
    """Two agents: 20 s, a transfer that rings for 5 s, 10 s more."""
    call = CallRecord("c1", AT, "0812345678", "1169", "trunk")
    call.rings.append(Ring("enquiries", "1001", after(1), after(4), True))
    call.conversations += [
        Conversation("enquiries", "1001", after(4), after(24)), Conversation(None, "1002", after(29), after(39)),
    ]  # fmt: skip
    call.holds.append(Hold("1001", after(10), after(14)))
    call.transfers.append(Transfer("blind", "1001", "1002", after(24)))
    call.survey = Survey("scale-123", after(39), after(42), "1", "impressed")
    call.ended_at = after(45)
    return call


def test_the_sound_goes_on_only_while_somebody_talks() -> None:
    spans = spans_of(record())
    assert [(round((a - AT).total_seconds()), round((b - AT).total_seconds())) for a, b in spans] == [(4, 24), (29, 39)]
    assert place(spans, after(3)) is None
    assert place(spans, after(4)) == 0
    assert place(spans, after(26)) is None
    assert place(spans, after(30)) == 21
    assert place(spans, after(38), seconds=25) is None  # the disk was full by then


def test_marks_are_where_things_happened() -> None:
    """Ring, answer, hold, transfer, key: jump marks; what was left out, too."""
    marks = marks_of(record(), [PauseSpan(after(16), after(18), "somsri")], 30.0)
    told = [(mark.kind, mark.seconds) for mark in marks]
    assert told == [
        (MarkKind.RING, None), (MarkKind.ANSWER, 0), (MarkKind.HOLD, 6), (MarkKind.RESUME, 10), (MarkKind.PAUSE, 12),
        (MarkKind.CONTINUE, 14), (MarkKind.END, 20), (MarkKind.TRANSFER, 20), (MarkKind.ANSWER, 21 - 1),
        (MarkKind.END, 30), (MarkKind.SURVEY, None),
    ]  # fmt: skip
    keys = [Touch(after(3), None), Touch(after(5), None), Touch(after(26), "1001"), Touch(after(30), "1002")]
    pressed = [mark for mark in marks_of(record(), [], 30.0, keys) if mark.kind is MarkKind.TOUCH]
    assert [(mark.seconds, mark.who) for mark in pressed] == [(1, None), (21, "1002")], "the others are a menu's"
    assert parts_of(record(), 30.0) == [("1001", 0, 20), ("1002", 20, 30)]


def test_an_attended_transfer_has_no_gap() -> None:
    call = record()
    call.conversations[1].answered_at = after(23.9)
    assert len(spans_of(call)) == 1


def test_whoever_listens_is_told_once_a_listening() -> None:
    now = [AT]
    listening = Listening(lambda: now[0])
    assert listening.is_new(1, "c1")
    listening.noted(1, "c1")
    assert not listening.is_new(1, "c1")
    assert listening.is_new(2, "c1")
    assert listening.is_new(1, "c1", save=True)
    now[0] += ONE_LISTENING
    assert listening.is_new(1, "c1")


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (58_000, "58 kB"), (58_200_000, "58.2 MB"), (7e15, "7000.0 TB")]
)
def test_sizes_are_readable(size: float, text: str) -> None:
    assert size_text(int(size)) == text
