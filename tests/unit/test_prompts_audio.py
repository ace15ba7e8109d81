"""µ-law, wav reading and resampling without any sound library."""

import math
import struct
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.prompts import audio, music, signals
from dialplan.prompts.errors import AudioError


def tone(hertz: float, rate: int, seconds: float = 0.3, level: float = 0.5) -> list[float]:
    return [level * math.sin(2 * math.pi * hertz * n / rate) for n in range(int(rate * seconds))]


@pytest.fixture(scope="module")
def tune() -> list[float]:
    return music.compose()


def wav(samples: list[float], rate: int, bits: int = 16, channels: int = 1, extensible: bool = False) -> bytes:
    def packed(sample: float) -> bytes:
        if bits == 8:
            return bytes([round(sample * 127) + 128])
        return round(sample * ((1 << bits - 1) - 1)).to_bytes(bits // 8, "little", signed=True)

    data = b"".join(packed(sample) * channels for sample in samples)
    frame = channels * bits // 8
    head = struct.pack("<HHIIHH", 0xFFFE if extensible else 1, channels, rate, rate * frame, frame, bits)
    if extensible:
        head += struct.pack("<HHIH", 22, bits, 0, 1) + bytes(14)
    chunks = b"LIST\x03\x00\x00\x00abc\x00" + b"fmt " + struct.pack("<I", len(head)) + head
    chunks += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def level_at(samples: list[float], hertz: float, rate: int) -> float:
    """Amplitude of one frequency in the middle of the sound."""
    middle = samples[len(samples) // 4 : -len(samples) // 4]
    turn = sum(
        x * complex(math.cos(a), math.sin(a)) for n, x in enumerate(middle) for a in [2 * math.pi * hertz * n / rate]
    )
    return 2 * abs(turn) / len(middle)


@pytest.mark.parametrize(
    ("sample", "code"),
    [(0.0, 0xFF), (1.0, 0x80), (-1.0, 0x00), (5.0, 0x80), (-5.0, 0x00), (8 / 32768, 0xFE), (-8 / 32768, 0x7E)],
)
def test_ulaw_codes_of_g711(sample: float, code: int) -> None:
    assert audio.encode_ulaw([sample]) == bytes([code])


def test_every_ulaw_code_survives_decoding_and_encoding() -> None:
    codes = bytes(code for code in range(256) if code != 0x7F)  # 0x7F is the second zero
    assert audio.encode_ulaw(audio.decode_ulaw(codes)) == codes


def test_linear_is_the_same_sound_in_sixteen_bits() -> None:
    codes = bytes(range(256))
    samples = struct.unpack("<256h", audio.linear(codes))
    assert [sample / 32768 for sample in samples] == audio.decode_ulaw(codes)


@given(st.floats(-0.99, 0.99))
def test_ulaw_error_is_small_next_to_the_sample(sample: float) -> None:
    (back,) = audio.decode_ulaw(audio.encode_ulaw([sample]))
    assert abs(back - sample) <= abs(sample) / 16 + 5 / 32768


@pytest.mark.parametrize("rate", [8000, 11_025, 16_000, 22_050, 44_100, 48_000])
def test_resampling_keeps_the_telephone_band_and_drops_what_is_above(rate: int) -> None:
    heard = audio.resample(tone(1000, rate), rate)
    assert len(heard) == pytest.approx(0.3 * 8000, abs=1)
    assert level_at(heard, 1000, 8000) == pytest.approx(0.5, rel=0.02)
    if rate >= 16_000:
        aliased = audio.resample(tone(5000, rate), rate)
        assert level_at(aliased, 3000, 8000) < 0.005


@pytest.mark.parametrize(
    ("bits", "channels", "extensible"), [(8, 1, False), (16, 2, False), (24, 1, True), (32, 1, False)]
)
def test_studio_wav_formats(tmp_path: Path, bits: int, channels: int, extensible: bool) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav(tone(700, 48_000), 48_000, bits, channels, extensible))
    levels = audio.measure(audio.load_recording(path))
    assert levels.seconds == pytest.approx(0.3, abs=0.001)
    assert levels.rms == pytest.approx(0.5 / math.sqrt(2), rel=0.03)


def test_studio_ulaw_is_taken_as_it_is(tmp_path: Path) -> None:
    data = audio.encode_ulaw(tone(700, 8000))
    (tmp_path / "a.ulaw").write_bytes(data)
    assert audio.load_recording(tmp_path / "a.ulaw") == data


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"ID3 mp3", "not a wav"),
        (b"RIFF\0\0\0\0WAVE", "incomplete"),
        (wav(tone(700, 8000), 4000), "not PCM"),
        (wav(tone(700, 8000, 0.1), 8000), "0.10 s"),
        (wav([0.0] * 8000, 8000), "silent"),
    ],
)
def test_an_unusable_recording_says_why(tmp_path: Path, data: bytes, complaint: str) -> None:
    (tmp_path / "a.wav").write_bytes(data)
    with pytest.raises(AudioError, match=complaint):
        audio.load_recording(tmp_path / "a.wav")


def test_an_absent_recording_says_so(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="cannot be read"):
        audio.load_recording(tmp_path / "none.wav")


def test_nothing_has_no_level() -> None:
    assert audio.measure(b"") == audio.Levels(0.0, 0.0, 0.0)


def test_the_beep_is_one_soft_edged_tone() -> None:
    beep = signals.beep()
    assert beep[0] == beep[-1] == 0.0
    assert level_at(beep, signals.BEEP_HERTZ, 8000) == pytest.approx(signals.BEEP_LEVEL, rel=0.01)


def test_music_is_quiet_long_enough_and_in_the_telephone_band(tune: list[float]) -> None:
    levels = audio.measure(audio.encode_ulaw(tune))
    assert 60 <= levels.seconds <= 90
    assert 20 * math.log10(levels.rms) == pytest.approx(-20, abs=0.5)
    assert levels.peak < 0.7
    part = tune[80_000:84_000]
    band = sum(level_at(part, hertz, 8000) for hertz in range(300, 1400, 4))
    high = sum(level_at(part, hertz, 8000) for hertz in range(3400, 4000, 4))
    assert high < band / 20


def test_the_loop_has_no_seam(tune: list[float]) -> None:
    steps = [abs(b - a) for a, b in pairwise(tune)]
    assert abs(tune[0] - tune[-1]) <= max(steps)
