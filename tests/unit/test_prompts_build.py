"""Building and installing prompts: commands are pluggable, recordings win, and nothing missing goes unnoticed."""

import json
import math
import shutil
import sys
import wave
from array import array
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from dialplan.prompts import audio, build, install, numbers
from dialplan.prompts.catalogue import SHIPPED_SOUNDS, Prompt, load
from dialplan.prompts.errors import PromptsMissing, SynthesisError
from dialplan.prompts.manifest import read

LANGUAGES = ("th", "en")


def tone(hertz: float, rate: int, seconds: float = 0.3) -> list[float]:
    return [0.5 * math.sin(2 * math.pi * hertz * n / rate) for n in range(int(rate * seconds))]


def wav(samples: list[float], rate: int) -> bytes:
    buffer = BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(array("h", (int(sample * 32767) for sample in samples)).tobytes())
    return buffer.getvalue()


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A copy of the shipped set that may be damaged."""
    return Path(shutil.copytree(SHIPPED_SOUNDS, tmp_path / "shipped"))


@pytest.fixture
def voice(tmp_path: Path) -> build.Voice:
    """A synthesiser that hums and notes what it was asked to say; a converter that copies."""
    (tmp_path / "hum.wav").write_bytes(wav(tone(300, 16_000), 16_000))
    hum = tmp_path / "hum.py"
    hum.write_text(
        "import sys,shutil,pathlib\n"
        f"here = pathlib.Path({str(tmp_path)!r})\n"
        "with (here / 'said').open('a') as said: said.write(sys.argv[1] + '\\n')\n"
        "shutil.copy(here / 'hum.wav', sys.argv[2])\n",
        "utf-8",
    )
    copy = f"{sys.executable} -c 'import sys,shutil; shutil.copy(*sys.argv[1:])' {{in}} {{out}}"
    return build.Voice("hum", f"{{python}} {hum} {{text}} {{out}}", copy)


def builder(voice: build.Voice, tmp_path: Path, studio: Path | None = None) -> build.Builder:
    return build.Builder({"th": voice, "en": voice}, tmp_path / "cache", studio, lambda: tone(440, 8000))


def said(tmp_path: Path) -> list[str]:
    path = tmp_path / "said"
    return path.read_text("utf-8").splitlines() if path.exists() else []


def test_the_shipped_set_is_whole_and_up_to_date(tmp_path: Path) -> None:
    """H2, H8: a prompt is missed here or at start, never by a caller."""
    manifest = install.install_prompts(tmp_path, LANGUAGES)
    for language in LANGUAGES:
        assert set(manifest.prompts[language]) == load(language).ids
        assert numbers.vocabulary(language) <= set(manifest.prompts[language])
        assert (tmp_path / "sounds" / language / "hotline" / "greeting.ulaw").stat().st_size > 8000
    assert list((tmp_path / "moh").glob("*.ulaw"))
    assert install.verify_installed(tmp_path) == manifest


def test_every_shipped_prompt_is_audible_unclipped_and_of_sensible_length() -> None:
    for language in LANGUAGES:
        for name, prompt in load(language).prompts.items():
            levels = audio.measure((SHIPPED_SOUNDS / language / f"{name}.ulaw").read_bytes())
            assert 0.15 < levels.seconds < 20, name
            assert levels.peak < 0.75, name  # -3 dB
            assert levels.rms > 0.08 or (prompt.sound or "").startswith("silence"), name
            if not prompt.sound and prompt.phonemes:
                syllables = len([word for word in prompt.phonemes.split() if word not in "|/"])
                assert 1.2 < syllables / levels.seconds < 7, name


def test_the_shipped_set_is_small() -> None:
    assert sum(path.stat().st_size for path in SHIPPED_SOUNDS.rglob("*.ulaw")) < 6_000_000


def test_installing_twice_changes_nothing(tmp_path: Path) -> None:
    install.install_prompts(tmp_path, LANGUAGES)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.ulaw")}
    install.install_prompts(tmp_path, LANGUAGES)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.ulaw")} == before


def test_all_missing_and_damaged_prompts_are_named_at_once(shipped: Path, tmp_path: Path) -> None:
    (shipped / "th" / "greeting.ulaw").unlink()
    (shipped / "en" / "num-7.ulaw").write_bytes(b"\xff" * 100)
    (shipped / "moh" / "calm.ulaw").unlink()
    manifest = json.loads((shipped / "manifest.json").read_text("utf-8"))
    del manifest["prompts"]["th"]["today"]
    manifest["prompts"]["en"]["tomorrow"]["text_sha256"] = "other"
    (shipped / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(PromptsMissing) as caught:
        install.install_prompts(tmp_path / "target", LANGUAGES, shipped=shipped)
    assert sorted(problem.split(":")[0] for problem in caught.value.problems) == [
        "en/num-7", "en/tomorrow", "moh/calm", "th/greeting", "th/today",
    ]  # fmt: skip
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize("text", [None, "{", "{}", '{"prompts": {"th": {"a": {}}}, "music": {}}', "[]"])
def test_a_set_without_a_usable_manifest_is_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "manifest.json").write_text(text, "utf-8")
    with pytest.raises(PromptsMissing, match=r"manifest\.json"):
        install.install_prompts(tmp_path / "target", LANGUAGES, shipped=tmp_path)


def test_what_is_damaged_after_installing_is_found(tmp_path: Path) -> None:
    install.install_prompts(tmp_path, ("th",))
    (tmp_path / "sounds" / "th" / "hotline" / "beep.ulaw").write_bytes(b"")
    (tmp_path / "moh" / "calm.ulaw").unlink()
    with pytest.raises(PromptsMissing) as caught:
        install.verify_installed(tmp_path)
    assert len(caught.value.problems) == 2


def test_a_studio_recording_replaces_a_prompt(tmp_path: Path) -> None:
    studio = tmp_path / "studio"
    (studio / "th").mkdir(parents=True)
    (studio / "th" / "greeting.wav").write_bytes(wav(tone(440, 44_100, 1.0), 44_100))
    (studio / "th" / "today.ulaw").write_bytes(audio.encode_ulaw(tone(440, 8000)))
    manifest = install.install_prompts(tmp_path / "target", LANGUAGES, studio)
    assert manifest.prompts["th"]["greeting"].source == "studio"
    assert manifest.prompts["th"]["greeting"].seconds == pytest.approx(1.0, abs=0.01)
    assert {"greeting", "today"}.isdisjoint(manifest.synthetic("th"))
    assert "greeting" in manifest.synthetic("en")
    assert install.verify_installed(tmp_path / "target") == manifest


def test_unusable_studio_recordings_are_named_with_the_reason(tmp_path: Path) -> None:
    studio = tmp_path / "studio"
    (studio / "th").mkdir(parents=True)
    (studio / "th" / "greeting.wav").write_bytes(b"mp3")
    (studio / "th" / "today.ulaw").write_bytes(b"\xff" * 8000)
    with pytest.raises(PromptsMissing) as caught:
        install.install_prompts(tmp_path / "target", LANGUAGES, studio)
    text = " ".join(caught.value.problems)
    assert "th/greeting: greeting.wav not a wav" in text
    assert "th/today: today.ulaw almost silent" in text


def test_an_absent_studio_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PromptsMissing, match="does not exist"):
        install.install_prompts(tmp_path / "target", LANGUAGES, tmp_path / "none")


def test_sounds_shared_by_several_installations_are_left_alone(tmp_path: Path) -> None:
    shared = tmp_path / "share"
    (shared / "digits").mkdir(parents=True)
    (shared / "hello.gsm").write_bytes(b"gsm")
    (tmp_path / "data" / "sounds").mkdir(parents=True)
    (tmp_path / "data" / "sounds" / "en").symlink_to(shared)
    install.install_prompts(tmp_path / "data", LANGUAGES)
    ours = tmp_path / "data" / "sounds" / "en"
    assert not ours.is_symlink()
    assert (ours / "hello.gsm").read_bytes() == b"gsm"
    assert (ours / "digits").is_dir()
    assert (ours / "hotline" / "greeting.ulaw").is_file()
    assert not (shared / "hotline").exists()


def test_a_prompt_is_spoken_once_and_then_kept(voice: build.Voice, tmp_path: Path) -> None:
    one = builder(voice, tmp_path)
    data, source, command = one.sound("en", Prompt("a", "two words 'and' {out}"))
    assert (source, command) == ("synthetic", "hum")
    assert audio.measure(data).seconds == pytest.approx(0.3, abs=0.001)
    assert one.sound("en", Prompt("a", "two words 'and' {out}"))[0] == data
    assert said(tmp_path)[0].startswith("two words 'and'")
    assert len(said(tmp_path)) == 1
    one.sound("en", Prompt("a", "other words"))
    other = build.Voice("hum", voice.synthesise + " x", voice.convert)
    builder(other, tmp_path).sound("en", Prompt("a", "other words"))
    assert len(said(tmp_path)) == 3


def test_studio_recordings_are_used_by_the_builder(voice: build.Voice, tmp_path: Path) -> None:
    studio = tmp_path / "studio" / "en"
    studio.mkdir(parents=True)
    (studio / "a.wav").write_bytes(wav(tone(440, 8000), 8000))
    assert builder(voice, tmp_path, tmp_path / "studio").sound("en", Prompt("a", "x"))[1] == "studio"
    assert said(tmp_path) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda v: build.Voice("x", "no-such-program {out}", v.convert), "no-such-program is not installed"),
        (lambda v: build.Voice("x", "{python} -c 'raise SystemExit(\"no voice\")' {out}", v.convert), "no voice"),
        (lambda v: build.Voice("x", "{python} -c pass {out}", v.convert), "made no sound"),
        (lambda v: build.Voice("x", "{python} -c pass", v.convert), "has no {out}"),
        (lambda v: build.Voice("x", "say {phonemes} {out}", v.convert), "no phonemes"),
    ],
)
def test_a_failing_command_says_what_is_wrong(
    voice: build.Voice, tmp_path: Path, change: Callable[[build.Voice], build.Voice], complaint: str
) -> None:
    with pytest.raises(SynthesisError, match=complaint):
        builder(change(voice), tmp_path).sound("en", Prompt("a", "x"))


def test_building_a_language_keeps_the_other_and_drops_strays(
    voice: build.Voice, shipped: Path, tmp_path: Path
) -> None:
    (shipped / "th" / "stray.ulaw").write_bytes(b"x")
    studio = tmp_path / "studio" / "th"
    studio.mkdir(parents=True)
    for name in load("th").ids:  # every prompt recorded: nothing is synthesised
        (studio / f"{name}.ulaw").write_bytes(audio.encode_ulaw(tone(440, 8000)))
    before = read(shipped).prompts["en"]
    manifest = build.build(builder(voice, tmp_path, tmp_path / "studio"), shipped, ["th"])
    assert manifest.prompts["en"] == before
    assert manifest.synthetic("th") == []
    assert not (shipped / "th" / "stray.ulaw").exists()
    assert read(shipped) == manifest


def test_everything_that_cannot_be_built_is_named(tmp_path: Path) -> None:
    broken = build.Voice("x", "no-such-program {out}", "")
    with pytest.raises(PromptsMissing) as caught:
        build.build(builder(broken, tmp_path), tmp_path / "out", ["en"])
    assert len(caught.value.problems) == len([p for p in load("en").prompts.values() if not p.sound])


def test_the_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        build.main(["--synthesiser", "say {text} {out}"])
    places = ["--cache", str(tmp_path / "cache"), "--out", str(tmp_path / "out")]
    assert build.main(["--synthesiser", "no-such-program {out}", "--language", "en", *places]) == 1
    assert "no-such-program is not installed" in capsys.readouterr().err
